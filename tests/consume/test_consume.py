"""The installed library, used by programs that know nothing of torch."""

import os
import re
import subprocess
import sysconfig
from pathlib import Path

import numpy as np
import pytest

import mriembed

PROGRAM = Path(sysconfig.get_path("scripts")) / "mriembed"


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("consume")
    location = subprocess.run([PROGRAM, "cmake-dir"], check=True, capture_output=True, text=True).stdout.strip()
    source = Path(__file__).parent
    subprocess.run(["cmake", "-S", source, "-B", folder, f"-Dmriembed_DIR={location}"], check=True, capture_output=True)
    result = subprocess.run(["cmake", "--build", folder], check=False, capture_output=True, text=True)
    assert result.returncode == 0, result.stdout + result.stderr
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "model.pt"
    mriembed.export_model(path, embed_dim=64)
    return path


def run(program: Path, model: Path, kspace: np.ndarray, folder: Path) -> subprocess.CompletedProcess[str]:
    kspace.tofile(folder / "samples")
    command: list[str | Path] = [program, model, folder / "samples", *map(str, kspace.shape), folder / "embedding"]
    return subprocess.run(command, check=False, capture_output=True, text=True)


@pytest.mark.parametrize("language", ["cpp", "c"])
def test_a_program_that_links_the_library_equals_the_binding(
    build: Path, model: Path, tmp_path: Path, language: str
) -> None:
    rng = np.random.default_rng(0)
    kspace = (rng.normal(size=(12, 40, 33)) + 1j * rng.normal(size=(12, 40, 33))).astype(np.complex64)
    result = run(build / f"embed_slice_{language}", model, kspace, tmp_path)
    assert result.returncode == 0, result.stderr
    expected = mriembed.Embedder.load(model).embed_kspace(kspace[None])[0]
    np.testing.assert_array_equal(np.fromfile(tmp_path / "embedding", np.float32), expected)


def test_pkg_config_alone_builds_a_c_program(model: Path, tmp_path: Path) -> None:
    def pkg_config(*options: str) -> list[str]:
        folder = subprocess.check_output([PROGRAM, "pkg-config-dir"], text=True).strip()
        command = ["pkg-config", *options, "mriembed"]
        return subprocess.check_output(command, env=os.environ | {"PKG_CONFIG_PATH": folder}, text=True).split()

    source = Path(__file__).parents[2] / "cpp" / "examples" / "embed_slice.c"
    (libraries,) = pkg_config("--variable=libdir")
    flags = ["-std=c99", *pkg_config("--cflags", "--libs"), f"-Wl,-rpath,{libraries}"]
    subprocess.run(["cc", source, "-o", tmp_path / "embed_slice", *flags], check=True)
    kspace = np.random.default_rng(0).normal(size=(12, 40, 66)).view(np.complex128).astype(np.complex64)
    result = run(tmp_path / "embed_slice", model, kspace, tmp_path)
    assert result.returncode == 0, result.stderr
    expected = mriembed.Embedder.load(model).embed_kspace(kspace[None])[0]
    np.testing.assert_array_equal(np.fromfile(tmp_path / "embedding", np.float32), expected)
    assert pkg_config("--modversion") == [mriembed.__version__]


def test_the_headers_tell_the_version(tmp_path: Path) -> None:
    include = Path(mriembed.__file__).parent / "include"
    source = tmp_path / "version.c"
    macros = ["MRIEMBED_VERSION", *(f"MRIEMBED_VERSION_{part}" for part in ("MAJOR", "MINOR", "PATCH"))]
    source.write_text('#include "mriembed/version.h"\n' + " ".join(macros))
    text = subprocess.check_output(["cc", "-E", "-P", f"-I{include}", source], text=True)
    version = mriembed.__version__
    assert text.split() == [f'"{version}"', *version.split(".")]


@pytest.mark.parametrize("language", ["cpp", "c"])
def test_errors_cross_the_border_with_code_and_message(build: Path, model: Path, tmp_path: Path, language: str) -> None:
    program = build / f"embed_slice_{language}"
    result = run(program, tmp_path / "absent.pt", np.ones((1, 8, 8), np.complex64), tmp_path)
    assert (result.returncode, "absent.pt" in result.stderr) == (3, True)
    result = run(program, model, np.zeros((1, 8, 8), np.complex64), tmp_path)
    assert (result.returncode, "slice 0 is all zero" in result.stderr) == (4, True)
    assert not (tmp_path / "embedding").exists()


def test_a_c_program_finds_the_noisy_coil_without_a_model(build: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    kspace = rng.normal(size=(6, 64, 64)) + 1j * rng.normal(size=(6, 64, 64))
    kspace[4] *= 4
    kspace[:, 32, 32] += 1000
    kspace.astype(np.complex64).tofile(tmp_path / "samples")
    command: list[str | Path] = [build / "check_slice_c", tmp_path / "samples", "6", "64", "64"]
    result = subprocess.run(command, check=False, capture_output=True, text=True)
    assert result.returncode == 10, result.stderr
    assert re.fullmatch(r"high_noise: coil 4, slice -1: [34]\.\d\d \(limit 2\.00\)\n", result.stdout)


def test_no_compile_command_of_the_consumer_names_torch(build: Path) -> None:
    assert "torch" not in (build / "compile_commands.json").read_text()


def test_the_library_exports_nothing_but_its_own_interface() -> None:
    (library,) = (Path(mriembed.__file__).parent / "lib").glob("libmriembed.so*")
    listing = subprocess.run(
        ["nm", "-DC", "--defined-only", library], check=True, capture_output=True, text=True
    ).stdout
    names = [line.split(maxsplit=2)[2] for line in listing.splitlines()]
    assert any(name.startswith("mriembed::Embedder::load") for name in names)
    foreign = [name for name in names if not re.match(r"(typeinfo (name )?for |vtable for )?mriembed(::|_)", name)]
    assert foreign == []


def test_public_headers_name_no_torch_hdf5_or_json() -> None:
    for header in (Path(mriembed.__file__).parent / "include" / "mriembed").iterdir():
        includes = re.findall(r"#include [<\"]([^>\"]+)", header.read_text())
        assert not [name for name in includes if re.search(r"torch|ATen|c10|hdf5|H5|json|highway", name)], header
