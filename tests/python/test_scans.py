from pathlib import Path

import numpy as np
import pytest

from mriembed import BadInputError, InvalidArgumentError
from mriembed.scans import ScanSlice, find_scans, read_slices
from raw_scans import read_raw_scan


def ifft(samples: np.ndarray) -> np.ndarray:
    axes = (-2, -1)
    return np.fft.fftshift(np.fft.ifft2(np.fft.ifftshift(samples, axes), norm="ortho"), axes)


def drawn(shape: tuple[int, ...]) -> np.ndarray:
    random = np.random.default_rng(0)
    return random.standard_normal((*shape, 2)).astype(np.float32).view(np.complex64)[..., 0]


def test_raw_scans_come_prewhitened_and_without_oversampling(phantom: Path) -> None:
    raw = read_raw_scan(phantom)
    slices = read_slices(phantom)
    assert [scan.name for scan in slices] == [phantom.name, f"{phantom.name}:1", f"{phantom.name}:2"]
    assert raw.noise_covariance is not None
    whitening = np.linalg.inv(np.linalg.cholesky(raw.noise_covariance))
    for scan, kspace in zip(slices, raw.kspace, strict=True):
        images = np.tensordot(whitening, ifft(kspace), 1)[:, :, 32:96]
        np.testing.assert_allclose(ifft(scan.kspace), images, rtol=0, atol=1e-4 * np.abs(images).max())
        assert scan.kspace.dtype == np.complex64


def test_slices_on_square_pixels_show_the_same_place_in_the_middle() -> None:
    kspace = drawn((2, 12, 16))
    for aspect, shape in ((1.0, (12, 16)), (1.5, (18, 16)), (0.5, (12, 32))):
        square = ScanSlice(kspace, Path("scan.h5"), 3, aspect).with_square_pixels()
        assert (square.pixel_aspect, square.index) == (1.0, 3)
        assert square.kspace.shape[1:] == shape
        rows, columns = (slice(length // 2 - old // 2, length // 2 - old // 2 + old)
                         for length, old in zip(shape, (12, 16), strict=True))  # fmt: skip
        assert np.array_equal(square.kspace[:, rows, columns], kspace)
        assert np.linalg.norm(square.kspace) == pytest.approx(np.linalg.norm(kspace))


def test_numpy_files_hold_kspace_unless_their_names_say_images(tmp_path: Path) -> None:
    samples = drawn((3, 12, 10))
    np.save(tmp_path / "my_images.npy", samples)
    kspace = read_slices(tmp_path / "my_images.npy")[0].kspace
    images = read_slices(tmp_path / "my_images.npy", image_files=["*images*"])[0].kspace
    np.testing.assert_allclose(kspace, samples, rtol=0, atol=1e-5)
    np.testing.assert_allclose(ifft(images), samples, rtol=0, atol=1e-5)


def test_folders_are_searched_to_any_depth_by_the_endings_of_scans(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    for name in ("b.npy", "deep/a.h5", "deep/er/c.hdr", "deep/er/c.cfl", "notes.txt"):
        (tmp_path / name).touch()
    found = [file.relative_to(tmp_path).as_posix() for file in find_scans([tmp_path, tmp_path / "notes.txt"])]
    assert found == ["b.npy", "deep/a.h5", "deep/er/c.hdr", "notes.txt"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidArgumentError, match="empty: no scans here"):
        find_scans([tmp_path / "empty"])
    with pytest.raises(InvalidArgumentError, match="gone: there is no such file or folder"):
        find_scans([tmp_path / "gone"])


def test_files_that_cannot_be_used_are_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "cut.npy").write_bytes(b"\x93NUMPY\x01\x00")
    (tmp_path / "cut.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + b"\0" * 100)
    np.save(tmp_path / "network_input.npy", np.ones((1, 4, 8, 8), np.float32))
    zero = drawn((1, 2, 8, 8)).repeat(2, 0)
    zero[1] = 0
    np.save(tmp_path / "zero.npy", zero)
    for name, reason in (
        ("cut.npy", ""),
        ("cut.h5", ""),
        ("network_input.npy", "network input; k-space or coil images are needed"),
        ("zero.npy", "slice 1 is all zero"),
        ("none.npy", ""),
    ):
        with pytest.raises(BadInputError, match=rf"{name}: .*{reason}"):
            read_slices(tmp_path / name)
