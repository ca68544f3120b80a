from itertools import product

import numpy as np
import pytest
import torch

from mriembed.fourier import centred_fft, centred_ifft, centred_resize, image_to_kspace, kspace_to_image


def samples(*shape: int) -> np.ndarray:
    parts = np.random.default_rng(0).standard_normal((2, *shape))
    complex_samples: np.ndarray = parts[0] + 1j * parts[1]
    return complex_samples


def centred_dft(length: int) -> np.ndarray:
    """The matrix of docs/preprocessing.md: index j stands for the position j - length // 2."""
    position = np.arange(length) - length // 2
    matrix: np.ndarray = np.exp(-2j * np.pi * np.outer(position, position) / length) / np.sqrt(length)
    return matrix


@pytest.mark.parametrize("length", range(1, 9))
@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_transform_along_an_axis_is_its_sum(axis: int, length: int) -> None:
    shape = [3, 4, 2]
    shape[axis] = length
    given = samples(*shape)
    for transform, matrix in ((centred_fft, centred_dft(length)), (centred_ifft, centred_dft(length).conj())):
        expected = np.moveaxis(np.tensordot(matrix, given, (1, axis)), 0, axis)
        np.testing.assert_allclose(transform(torch.from_numpy(given), axis), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("stack", [(2, 3), (2,), ()])
@pytest.mark.parametrize(("height", "width"), [*product((4, 5, 6, 7), (4, 5, 6, 7)), (1, 1), (1, 8), (8, 1)])
def test_images_and_kspace_are_transformed_along_both_axes(height: int, width: int, stack: tuple[int, ...]) -> None:
    given = samples(*stack, height, width)
    forward = np.einsum("yj,xk,...jk->...yx", centred_dft(height), centred_dft(width), given)
    backward = np.einsum("yj,xk,...jk->...yx", centred_dft(height).conj(), centred_dft(width).conj(), given)
    before = given.copy()
    np.testing.assert_allclose(image_to_kspace(torch.from_numpy(given)), forward, rtol=0, atol=1e-12)
    np.testing.assert_allclose(kspace_to_image(torch.from_numpy(given)), backward, rtol=0, atol=1e-12)
    np.testing.assert_array_equal(given, before)


@pytest.mark.parametrize(("before", "after"), list(product(range(1, 8), range(1, 8))))
def test_a_resized_axis_keeps_its_centre(before: int, after: int) -> None:
    given = samples(2, before, 3)
    expected = np.zeros((2, after, 3), complex)
    for index in range(after):
        source = index - after // 2 + before // 2
        if 0 <= source < before:
            expected[:, index] = given[:, source]
    np.testing.assert_array_equal(centred_resize(torch.from_numpy(given), 1, after), expected)
