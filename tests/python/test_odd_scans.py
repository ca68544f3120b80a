"""Files that are not what they should be: `inspect` and `embed` name the true cause, in one line each."""

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

import mriembed
import small_scans
from mriembed.scans import read_slices
from program import PROGRAM


def write_raw(path: Path, header: str, **options: object) -> None:
    with h5py.File(path, "w", **options) as file:
        small_scans.write_raw(file, header, small_scans.raw_lines(2, 4))


def without_recon_space(path: Path) -> None:
    write_raw(path, re.sub("<reconSpace>.*</reconSpace>", "", small_scans.xml()))


def radial(path: Path) -> None:
    write_raw(path, small_scans.xml(trajectory="Radial"))


def cut_header(path: Path) -> None:
    write_raw(path, small_scans.xml()[:300])


def matrix_in_words(path: Path) -> None:
    write_raw(path, small_scans.xml().replace("<x>8</x>", "<x>eight</x>", 1))


def of_a_newer_hdf5(path: Path) -> None:
    write_raw(path, small_scans.xml())
    with path.open("r+b") as file:
        file.seek(8)
        file.write(b"\x09")  # the version of the superblock


def matlab_workspace(path: Path) -> None:
    with h5py.File(path, "w", userblock_size=512) as file:
        file["images"] = np.ones((8, 8))
    with path.open("r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file".ljust(512))


def bart_spokes(path: Path) -> None:
    spokes = np.ones((2, 12, 64)) / (1 + np.abs(np.arange(64) - 32))
    path.write_bytes(spokes.astype(np.complex64).tobytes())
    path.with_suffix(".hdr").write_text("# Dimensions\n1 64 12 2\n")


def pickled_objects(path: Path) -> None:
    np.save(path, np.array([{"kspace": 1}], dtype=object), allow_pickle=True)


def dicom_image(path: Path) -> None:
    path.write_bytes(bytes(128) + b"DICM" + bytes(1000))


ODD_FILES: dict[str, tuple[Callable[[Path], None], str]] = {
    "without-recon-space.h5": (without_recon_space, "its XML header has no <reconSpace> in <encoding>"),
    "radial.h5": (radial, 'its trajectory is non-Cartesian ("radial")'),
    "cut-header.h5": (cut_header, "its XML header is not well-formed XML"),
    "matrix-in-words.h5": (matrix_in_words, 'gives <x> of <matrixSize> as "eight"; a whole number'),
    "of-a-newer-hdf5.h5": (of_a_newer_hdf5, "the file is of a newer HDF5 format than HDF5 "),
    "matlab.mat": (matlab_workspace, "an HDF5 file without a scan"),
    "spokes.cfl": (bart_spokes, "radial or spiral k-space"),
    "objects.npy": (pickled_objects, "Python objects (pickle), which is never read"),
    "image.dcm": (dicom_image, "not a scan of a known format"),
}


@pytest.fixture(scope="module")
def odd_files(tmp_path_factory: pytest.TempPathFactory) -> dict[Path, str]:
    """Each file and what is wrong with it."""
    folder = tmp_path_factory.mktemp("odd")
    for name, (write, _) in ODD_FILES.items():
        write(folder / name)
    return {folder / name: reason for name, (_, reason) in ODD_FILES.items()}


def expect_one_line_each(errors: str, files: dict[Path, str]) -> None:
    lines = errors.splitlines()
    assert len(lines) == len(files), errors
    for line, (file, reason) in zip(lines, files.items(), strict=True):
        assert line.startswith(f"mriembed_cli: error: {file}: "), line
        assert reason in line


def test_inspect_names_the_cause(odd_files: dict[Path, str]) -> None:
    done = subprocess.run([PROGRAM, "inspect", *odd_files], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (4, "")
    expect_one_line_each(done.stderr, odd_files)


def test_embed_names_the_cause_and_goes_on(odd_files: dict[Path, str], tmp_path: Path) -> None:
    model, sound = tmp_path / "model.pt", tmp_path / "sound.npy"
    mriembed.export_model(model, num_coils=2, embed_dim=4, widths=(8, 8, 8, 8))
    np.save(sound, small_scans.samples(2, 16, 16))
    done = subprocess.run([PROGRAM, "embed", model, *odd_files, sound, "-o", "-"], capture_output=True, text=True)
    assert done.returncode == 4
    expect_one_line_each(done.stderr, odd_files)
    assert [json.loads(line)["file"] for line in done.stdout.splitlines()] == [str(sound)]


def prefixed(xml: str) -> str:
    return re.sub("<(/?)(?=[a-zA-Z])", r"<\1ns0:", xml).replace("xmlns=", "xmlns:ns0=")


SOUND_HEADERS: dict[str, Callable[[str], str]] = {
    "prefixed": prefixed,
    "capitals": lambda xml: xml.replace(">cartesian<", ">Cartesian<"),
    "no-patient-position": lambda xml: xml.replace(
        "<encoding>", "<measurementInformation><protocolName>t1</protocolName></measurementInformation><encoding>"
    ),
    "no-coil-name": lambda xml: xml.replace(
        "<encoding>",
        "<acquisitionSystemInformation><coilLabel><coilNumber>0</coilNumber></coilLabel></acquisitionSystemInformation>"
        "<encoding>",
    ),
}


@pytest.mark.parametrize("kind", SOUND_HEADERS)
def test_headers_that_differ_in_what_places_no_sample_are_read(kind: str, tmp_path: Path) -> None:
    write_raw(tmp_path / "plain.h5", small_scans.xml())
    write_raw(tmp_path / "scan.h5", SOUND_HEADERS[kind](small_scans.xml()))
    (plain,) = read_slices(tmp_path / "plain.h5")
    (read,) = read_slices(tmp_path / "scan.h5")
    np.testing.assert_array_equal(read.kspace, plain.kspace)


def test_scans_behind_a_user_block_are_read(tmp_path: Path) -> None:
    write_raw(tmp_path / "plain.h5", small_scans.xml())
    write_raw(tmp_path / "scan.mat", small_scans.xml(), userblock_size=512)
    (plain,) = read_slices(tmp_path / "plain.h5")
    (read,) = read_slices(tmp_path / "scan.mat")
    np.testing.assert_array_equal(read.kspace, plain.kspace)


@pytest.mark.parametrize("version", ["earliest", "v108", "v110", "v112", "v114", "latest"])
def test_scans_of_any_version_of_hdf5_are_read_or_refused_for_it(version: str, tmp_path: Path) -> None:
    """Which of them can be read depends on the HDF5 that mriembed was built with: 1.10 does not know v112."""
    write_raw(tmp_path / "scan.h5", small_scans.xml(), libver=(version, version if version != "earliest" else "v108"))
    try:
        (read,) = read_slices(tmp_path / "scan.h5")
    except mriembed.BadInputError as error:
        assert "is of a newer HDF5 format than HDF5 " in str(error)  # noqa: PT017
        assert version not in ("earliest", "v108", "v110")
    else:
        assert read.kspace.shape == (2, 4, 4)
