"""Slices and arguments that the preprocessor refuses."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

from coil_samples import separated_kspace, without_signal
from mriembed import CoilPreprocessor
from preprocessed_arrays import prepared
from reference import centred_fft2


def edited(edit: Callable[[np.ndarray], None]) -> np.ndarray:
    kspace = separated_kspace(3, 4, 10, 10)
    edit(kspace)
    return kspace


@pytest.mark.parametrize("compression", ["pca", "none"])
@pytest.mark.parametrize("where", ["cropped readout", "cropped matrix", "low-resolution image"])
def test_a_slice_without_signal_where_it_is_needed_is_refused_by_its_number(where: str, compression: str) -> None:
    kspace = without_signal(where, 4)
    preprocessor = CoilPreprocessor(4, compression, 40)
    with pytest.raises(ValueError, match=f"slice 1 has no signal left inside the {where}"):
        prepared(preprocessor, kspace, None, 48 if where == "cropped readout" else None)


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (lambda k: k.__setitem__(1, 0), "slice 1 is all zero"),
        (lambda k: k.__setitem__((2, 3, 4, 5), np.nan), "slice 2 holds NaN or infinite"),
        (lambda k: k.__setitem__((0, 0, 0, 0), complex(0, np.inf)), "slice 0 holds NaN or infinite"),
    ],
)
def test_a_slice_without_finite_signal_is_refused_by_its_number(
    edit: Callable[[np.ndarray], None], expected: str
) -> None:
    for call in (CoilPreprocessor(4), CoilPreprocessor(4).preprocess_images):
        with pytest.raises(ValueError, match=expected):
            call(torch.from_numpy(edited(edit)))


@pytest.mark.parametrize("size", [16, 64, 97])
def test_signal_only_outside_the_cropped_readout_is_refused(size: int) -> None:
    images = np.zeros((2, 2, size, size), np.complex64)
    images[0] = 1
    images[1, ..., 0] = 1
    kspace = torch.from_numpy(centred_fft2(images).astype(np.complex64))
    with pytest.raises(ValueError, match="slice 1 has no signal left inside the cropped readout"):
        CoilPreprocessor(2).preprocess_kspace(kspace, None, size // 2)


def test_signal_only_outside_the_cropped_phase_encoding_is_refused() -> None:
    images = np.zeros((2, 2, 40, 40), np.complex64)
    images[0] = 1
    images[1, :, 2] = 1
    kspace = torch.from_numpy(centred_fft2(images).astype(np.complex64))
    for readout_width in (None, 20):
        with pytest.raises(ValueError, match="slice 1 has no signal left inside the cropped phase encoding"):
            CoilPreprocessor(2).preprocess_kspace(kspace, None, readout_width, 20)


@pytest.mark.parametrize("height", [0, 41])
def test_a_phase_height_that_cannot_be_is_refused(height: int) -> None:
    kspace = torch.ones(1, 2, 40, 40, dtype=torch.complex64)
    with pytest.raises(ValueError, match=r"phase height must lie in 1\.\.40 lines"):
        CoilPreprocessor(2).preprocess_kspace(kspace, None, None, height)


def test_a_square_field_of_view_that_does_not_hold_the_slice_is_refused() -> None:
    kspace = torch.ones(1, 2, 40, 30, dtype=torch.complex64)
    with pytest.raises(ValueError, match=r"the square field of view \(39, 40\) does not hold the slice"):
        CoilPreprocessor(2, "pca", 32).preprocess_kspace(kspace, None, None, None, (39, 40))


def test_signal_only_outside_the_matrix_is_refused() -> None:
    kspace = np.zeros((1, 2, 96, 96), np.complex64)
    kspace[..., 2] = 1  # farther out than the echo is looked for
    with pytest.raises(ValueError, match="slice 0 has no signal left inside the cropped matrix"):
        CoilPreprocessor(2, "pca", 24).preprocess_kspace(torch.from_numpy(kspace))
    with pytest.raises(ValueError, match="slice 0 has no signal left inside the low-resolution image"):
        CoilPreprocessor(2, "pca", 96).preprocess_kspace(torch.from_numpy(kspace))


@pytest.mark.parametrize(
    ("arguments", "error", "expected"),
    [
        ((torch.ones(1, 4, 8, 8),), TypeError, "expected a complex tensor"),
        ((torch.ones(4, 8, 8, dtype=torch.complex64),), ValueError, "expected 4 dimensions"),
        ((torch.ones(1, 4, 0, 8, dtype=torch.complex64),), ValueError, "without empty axes"),
        ((torch.ones(1, 4, 8, 8, dtype=torch.complex64), torch.eye(3)), ValueError, r"covariance \(4, 4\)"),
        ((torch.ones(1, 4, 8, 8, dtype=torch.complex64), torch.ones(4, 4)), ValueError, "not positive definite"),
        ((torch.ones(1, 4, 8, 8, dtype=torch.complex64), torch.zeros(4, 4)), ValueError, "no noise power"),
        ((torch.ones(1, 4, 8, 8, dtype=torch.complex64), None, 9), ValueError, "readout width must lie in 1..8"),
        ((torch.ones(1, 4, 8, 8, dtype=torch.complex64), None, 0), ValueError, "readout width must lie in 1..8"),
    ],
)
def test_wrong_input_is_refused_with_what_was_expected(
    arguments: tuple[object, ...], error: type[Exception], expected: str
) -> None:
    with pytest.raises(error, match=expected):
        CoilPreprocessor(4)(*arguments)


def test_without_compression_exactly_the_number_of_coils_is_demanded() -> None:
    for coils in (3, 5):
        with pytest.raises(ValueError, match="exactly 4 coils"):
            CoilPreprocessor(4, "none")(torch.ones(1, coils, 8, 8, dtype=torch.complex64))


@pytest.mark.parametrize("wrong", [{"num_coils": 0}, {"coil_compression": "svd"}, {"matrix": 7}])
def test_arguments_out_of_range_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"must (be|lie)"):
        CoilPreprocessor(**wrong)  # type: ignore[arg-type]
