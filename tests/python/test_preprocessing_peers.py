"""Coil images of the preprocessor beside those of BART and of ismrmrd's reconstruction."""

import subprocess
from pathlib import Path

import h5py
import numpy as np
import pytest

from coil_samples import separated_kspace
from preprocessed_arrays import images_of
from raw_scans import read_raw_scan


def bart_ifft(kspace: np.ndarray, folder: Path) -> np.ndarray:
    """`bart fft -u -i 3` of (coils, y, x)."""
    coils, height, width = kspace.shape
    (folder / "in.hdr").write_text(f"# Dimensions\n{width} {height} 1 {coils}\n")
    kspace.astype(np.complex64).tofile(folder / "in.cfl")
    subprocess.run(["bart", "fft", "-u", "-i", "3", "in", "out"], cwd=folder, check=True)
    return np.fromfile(folder / "out.cfl", np.complex64).reshape(coils, height, width)


def assert_equal_up_to_scale(ours: np.ndarray, theirs: np.ndarray, tolerance: float) -> None:
    ours = ours * np.sqrt(np.mean(np.abs(theirs) ** 2) / np.mean(np.abs(ours) ** 2))
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=tolerance * np.abs(theirs).max())


@pytest.mark.parametrize("size", [(32, 32), (31, 24), (17, 45)])
def test_agrees_with_bart_on_generated_data(size: tuple[int, int], tmp_path: Path) -> None:
    kspace = separated_kspace(1, 4, *size)[0]
    assert_equal_up_to_scale(images_of(kspace), bart_ifft(kspace, tmp_path), 1e-5)


def test_agrees_with_bart_on_measured_data(shared_data: Path, tmp_path: Path) -> None:
    for name in ("twixtools-phantom-2ch/v1_gre.npy", "sigpy-brain-8ch-us/cartesian_ksp.npy"):
        kspace = np.load(shared_data / name).astype(np.complex64)
        assert_equal_up_to_scale(images_of(kspace), bart_ifft(kspace, tmp_path), 1e-5)


def peer_reconstruction(path: Path) -> np.ndarray:
    """Root-sum-of-squares image by ismrmrd_recon_cartesian_2d, which adds it to the file."""
    subprocess.run(["ismrmrd_recon_cartesian_2d", str(path)], check=True, stdout=subprocess.DEVNULL)
    with h5py.File(path) as file:
        return np.asarray(file["dataset/cpp/data"]).squeeze()


def with_slice_only(path: Path, index: int, to: Path) -> Path:
    """A copy with the lines of one slice: the peer's reconstruction knows no others."""
    with h5py.File(path) as file, h5py.File(to, "w") as copy:
        file.copy("dataset/xml", copy.create_group("dataset"), "xml")
        lines = file["dataset/data"]
        wanted = [i for i, head in enumerate(lines["head"]) if head["idx"]["slice"] == index]
        copy["dataset"].create_dataset("data", data=lines[wanted], dtype=lines.dtype, maxshape=(None,), chunks=(1,))
    return to


def assert_agrees_with_peer(path: Path) -> None:
    scan = read_raw_scan(path)
    assert len(scan.kspace) == 1
    ours = np.sqrt(np.sum(np.abs(images_of(scan.kspace[0], scan.readout_width)) ** 2, axis=0))
    assert_equal_up_to_scale(ours, peer_reconstruction(path), 1e-5)


@pytest.mark.parametrize("matrix", ["64", "48"])
def test_agrees_with_the_ismrmrd_reconstruction_on_generated_data(tmp_path: Path, matrix: str) -> None:
    path = tmp_path / "phantom.h5"
    command = ["ismrmrd_generate_cartesian_shepp_logan", "-m", matrix, "-c", "8", "-o", str(path)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    assert_agrees_with_peer(path)


@pytest.mark.parametrize("index", [0, 1])
def test_agrees_with_the_ismrmrd_reconstruction_on_measured_data(shared_data: Path, tmp_path: Path, index: int) -> None:
    path = shared_data / "twixtools-phantom-2ch/gre_2slices_os2.ismrmrd.h5"
    assert_agrees_with_peer(with_slice_only(path, index, tmp_path / "slice.h5"))
