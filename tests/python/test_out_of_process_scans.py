"""HDF5 scans, whose samples come from another process, give what the same scans give as MRD streams, bit for bit."""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import h5py
import numpy as np
import pytest

from mrd_stream import measurement, session
from mriembed import _scans
from mriembed.programs import scan_reader_program


def opened(path: Path, noise: str = "") -> _scans.Scan:
    return _scans.Scan(str(path), str(scan_reader_program()), False, "", noise)


@pytest.fixture(scope="module")
def scans(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """One scan as HDF5 and as a stream: measurements of changing matrices and repetitions, one of them with noise."""
    folder = tmp_path_factory.mktemp("scans")
    options = (["-m", "32", "-r", "3"], ["-m", "128", "-r", "2"], ["-m", "24", "-C"], ["-m", "96"], ["-m", "48"])
    hdf5, stream = folder / "scan.h5", folder / "scan.mrd"
    parts = []
    with h5py.File(hdf5, "w") as file:
        for number, own in enumerate(options):
            part = folder / f"{number}.h5"
            generate: list[str | Path] = ["ismrmrd_generate_cartesian_shepp_logan", "-c", "8", *own, "-o", part]
            subprocess.run(generate, check=True, stdout=subprocess.DEVNULL)
            with h5py.File(part) as source:
                source.copy("dataset", file, f"scan_{number}")
            parts.append(session(*measurement(part)))
    stream.write_bytes(b"".join(parts))
    return hdf5, stream


@pytest.mark.parametrize("stride", [1, 3, 7])
def test_slices_of_changing_sizes(scans: tuple[Path, Path], stride: int) -> None:
    hdf5, stream = map(opened, scans)
    assert hdf5.slices == stream.slices == 8
    with_noise = set()
    for index in range(0, 10 * hdf5.slices, stride):
        index %= hdf5.slices
        assert np.array_equal(hdf5.read(index), stream.read(index))
        found, expected = hdf5.noise_covariance, stream.noise_covariance  # of this slice's measurement
        assert (found is None) == (expected is None)
        assert found is None or expected is None or np.array_equal(found, expected)
        with_noise.add(found is not None)
    assert with_noise == {False, True}


def test_the_noise_of_another_scan(scans: tuple[Path, Path], tmp_path: Path) -> None:
    noisy = tmp_path / "noise.h5"
    generate: list[str | Path] = ["ismrmrd_generate_cartesian_shepp_logan", "-c", "8", "-m", "16", "-C", "-o", noisy]
    subprocess.run(generate, check=True, stdout=subprocess.DEVNULL)
    hdf5, stream = (opened(scan, noise=str(noisy)) for scan in scans)
    assert np.array_equal(hdf5.read(0), stream.read(0))
    assert hdf5.noise_covariance is not None
    assert stream.noise_covariance is not None
    assert hdf5.noise_covariance.shape == (8, 8)
    assert np.array_equal(hdf5.noise_covariance, stream.noise_covariance)


def test_scans_read_in_turn(scans: tuple[Path, Path]) -> None:
    one, other, stream = opened(scans[0]), opened(scans[0]), opened(scans[1])
    for index in range(stream.slices):
        first, last = stream.read(index), stream.read(stream.slices - 1 - index)
        assert np.array_equal(one.read(index), first)
        assert np.array_equal(other.read(stream.slices - 1 - index), last)


def test_scans_read_at_once(scans: tuple[Path, Path]) -> None:
    stream = opened(scans[1])
    expected = [stream.read(index).tobytes() for index in range(stream.slices)]

    def read_all(_: int) -> list[bytes]:
        scan = opened(scans[0])
        return [scan.read(index).tobytes() for index in range(scan.slices)]

    with ThreadPoolExecutor(4) as threads:
        assert all(found == expected for found in threads.map(read_all, range(8)))
