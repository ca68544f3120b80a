import json
import re
import subprocess
from pathlib import Path

import mriembed
from mriembed.openrecon.label import openrecon_label
from mriembed.programs import scan_reader_program
from packaging_texts import PACKAGING, REPOSITORY, dockerfile_stages
from program import PROGRAM

DOCKERFILE = PACKAGING / "container" / "Dockerfile"
BUILD, IMAGE = dockerfile_stages(DOCKERFILE.read_text(encoding="utf-8"))
COMMAND = json.loads(dict(IMAGE)["CMD"])
# Packages of Debian 12 that hold the libraries.
PACKAGE_OF_LIBRARY = {
    "libcrypto": "libssl3",
    "libhdf5_serial": "libhdf5-103-1",
    "libkissfft-float": "libkissfft-float131",
    "libpugixml": "libpugixml1v5",
}
LIBRARIES_OF_EVERY_IMAGE = {"libc", "libgcc_s", "libm", "libstdc++", "ld-linux-x86-64"}


def installed_packages(stage: list[tuple[str, str]]) -> set[str]:
    (command,) = [arguments for instruction, arguments in stage if "apt-get install" in arguments]
    return set(re.findall(r"\s([a-z0-9][a-z0-9.+-]+)", command.partition("--no-install-recommends")[2].split("&&")[0]))


def copied(stage: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Source in the repository and destination in the image."""
    pairs = []
    for instruction, arguments in stage:
        if instruction == "COPY" and not arguments.startswith("--from"):
            *sources, destination = arguments.split()
            pairs += [(source, destination) for source in sources]
    return pairs


def test_the_image_is_debian_12_for_x86_64() -> None:
    for stage in (BUILD, IMAGE):
        assert re.match(r"--platform=linux/amd64 debian:bookworm-slim( AS build)?$", dict(stage)["FROM"])


def test_the_container_runs_as_root_and_by_its_command_alone() -> None:
    assert not {"USER", "ENTRYPOINT", "HEALTHCHECK"} & {instruction for instruction, _ in IMAGE}


def test_the_command_refreshes_the_library_cache_and_becomes_the_service() -> None:
    assert COMMAND[:2] == ["/bin/bash", "-c"]
    first, _, service = COMMAND[2].partition(" && ")
    assert first == "/sbin/ldconfig"
    assert service.startswith("exec /opt/mriembed/bin/mriembed_cli serve /opt/mriembed/model.pt ")
    assert len(COMMAND) == 3


def test_the_service_returns_images_on_the_port_of_the_label() -> None:
    port = openrecon_label()["reconstruction"]["port"]
    assert f" --listen 0.0.0.0:{port}" in COMMAND[2]
    assert dict(IMAGE)["EXPOSE"] == str(port)
    assert COMMAND[2].endswith(" --return images")


def test_the_image_has_no_python() -> None:
    assert not [arguments for _, arguments in IMAGE if "python" in arguments or "pip " in arguments]


def test_the_native_build_has_no_torch_and_lies_where_the_command_looks() -> None:
    (build,) = [arguments for instruction, arguments in BUILD if "cmake -S" in arguments]
    assert "-DMRIEMBED_TORCH=OFF" in build
    assert "-DCMAKE_INSTALL_PREFIX=/opt/mriembed" in build
    assert ("COPY", "--from=build /opt/mriembed /opt/mriembed") in IMAGE


def test_the_image_has_the_libraries_that_the_programs_need() -> None:
    library = Path(mriembed.__file__).parent / "lib" / "libmriembed.so.0.1"
    files = [PROGRAM, scan_reader_program(), library]
    entries = subprocess.run(["readelf", "-d", *files], check=True, capture_output=True, text=True).stdout
    needed = {name.partition(".so")[0] for name in re.findall(r"NEEDED\).*\[(.+)\]", entries)}
    others = needed - LIBRARIES_OF_EVERY_IMAGE - {"libmriembed"}
    assert {PACKAGE_OF_LIBRARY[name] for name in others} == installed_packages(IMAGE)


def test_the_build_needs_no_package_that_setup_does_not_install() -> None:
    setup = (REPOSITORY / "scripts" / "setup").read_text(encoding="utf-8")
    (names,) = re.findall(r"system_packages=\(([^)]*)\)", setup)
    assert installed_packages(BUILD) <= set(names.split())


def test_what_is_copied_is_in_the_repository_and_in_the_context() -> None:
    context = DOCKERFILE.with_name("Dockerfile.dockerignore").read_text(encoding="utf-8").split()
    sources = [source for source, _ in copied(BUILD) + copied(IMAGE)]
    assert set(context) == {"*", *(f"!{source}" for source in sources)}
    assert [source for source in sources if not (REPOSITORY / source).exists()] in ([], ["model.pt"])


def test_the_license_goes_along() -> None:
    assert ("LICENSE", "/opt/mriembed/LICENSE") in copied(IMAGE)
