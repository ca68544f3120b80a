import numpy as np
import pytest
from numpy.typing import NDArray

from mriembed.simulation.moving_object import displace_lines, rotated


def blob(height: int, width: int, along_y: float, along_x: float) -> NDArray[np.complex128]:
    """k-space of a Gaussian of 2 pixels at a place in pixels from the centre of the field of view: its own formula."""
    k_y = ((np.arange(height) - height // 2) / height)[:, None]
    k_x = (np.arange(width) - width // 2) / width
    result: NDArray[np.complex128] = np.exp(-8 * np.pi**2 * (k_y**2 + k_x**2)) * np.exp(
        -2j * np.pi * (k_y * along_y + k_x * along_x)
    )
    return result


@pytest.mark.parametrize(("height", "width"), [(48, 40), (47, 41)])
def test_lines_are_those_of_the_displaced_object(height: int, width: int) -> None:
    kspace = np.stack([blob(height, width, 5, -3), blob(height, width, -4, 2)]).astype(np.complex64)
    lines = np.array([20, 21, 30])
    displacements = np.array([[1.5, 0.0], [0.0, -2.5], [-3.0, 1.0]])
    moved = kspace.copy()
    displace_lines(moved, lines, displacements)
    for coil, (y, x) in enumerate([(5, -3), (-4, 2)]):
        for line, (along_y, along_x) in zip(lines, displacements, strict=True):
            expected = blob(height, width, y + along_y, x + along_x)[line]
            np.testing.assert_allclose(moved[coil, line], expected, atol=1e-6)
    others = np.setdiff1d(np.arange(height), lines)
    np.testing.assert_array_equal(moved[:, others], kspace[:, others])


@pytest.mark.parametrize("size", [48, 47])
@pytest.mark.parametrize("degrees", [5.0, -5.0, 30.0])
def test_k_space_is_that_of_the_rotated_object(size: int, degrees: float) -> None:
    y, x = 6.0, -4.0
    angle = np.deg2rad(degrees)
    turned_y, turned_x = y * np.cos(angle) - x * np.sin(angle), x * np.cos(angle) + y * np.sin(angle)
    found = rotated(np.stack([blob(size, size, y, x)]).astype(np.complex64), degrees)
    assert found.dtype == np.complex64
    np.testing.assert_allclose(found[0], blob(size, size, turned_y, turned_x), atol=1e-3)
    assert np.abs(found[0] - blob(size, size, y, x)).max() > 0.1


def test_white_noise_stays_white_and_as_strong() -> None:
    random = np.random.default_rng(0)
    noise = (random.standard_normal((64, 64)) + 1j * random.standard_normal((64, 64))).astype(np.complex64)
    turned = rotated(noise, 5.0)
    assert np.linalg.norm(turned) == pytest.approx(np.linalg.norm(noise), rel=1e-5)
    for one, other in ((turned[1:], turned[:-1]), (turned[:, 1:], turned[:, :-1])):
        assert abs(np.vdot(one, other)) < 0.05 * np.linalg.norm(one) * np.linalg.norm(other)
