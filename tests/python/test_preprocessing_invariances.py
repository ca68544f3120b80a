"""What does not matter to the network input, or hardly."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from coil_samples import covariance_of, separated_kspace
from mriembed import CoilPreprocessor
from mriembed.preprocessing import square_field_of_view
from preprocessed_arrays import prepared
from reference import centred_fft2
from write_preprocessing_vectors import slice_images

few = settings(max_examples=25, deadline=None, derandomize=True)


@few
@given(order=st.permutations(range(10)))
def test_the_order_of_coils_does_not_matter(order: list[int]) -> None:
    kspace = separated_kspace(1, 10, 18, 21)
    preprocessor = CoilPreprocessor(8)
    np.testing.assert_allclose(
        prepared(preprocessor, kspace[:, order]), prepared(preprocessor, kspace), rtol=0, atol=1e-4
    )


@few
@given(phases=st.lists(st.floats(-np.pi, np.pi), min_size=10, max_size=10))
def test_constant_phases_of_the_coils_do_not_matter(phases: list[float]) -> None:
    kspace = separated_kspace(1, 10, 18, 21)
    rotated = (kspace * np.exp(1j * np.array(phases)).reshape(1, 10, 1, 1)).astype(np.complex64)
    preprocessor = CoilPreprocessor(8)
    np.testing.assert_allclose(prepared(preprocessor, rotated), prepared(preprocessor, kspace), rtol=0, atol=1e-4)


@few
@given(exponent=st.floats(-30, 30))
def test_the_global_scale_does_not_matter_from_1e_minus_30_to_1e30(exponent: float) -> None:
    kspace = separated_kspace(1, 10, 18, 21)
    scaled = (kspace / np.abs(kspace).max() * 10.0**exponent).astype(np.complex64)
    preprocessor = CoilPreprocessor(8)
    np.testing.assert_allclose(prepared(preprocessor, scaled), prepared(preprocessor, kspace), rtol=0, atol=1e-4)
    covariance = covariance_of(10)
    np.testing.assert_allclose(
        prepared(preprocessor, scaled, covariance * 10.0 ** (exponent / 2)),
        prepared(preprocessor, kspace, covariance),
        rtol=0,
        atol=1e-4,
    )


@few
@given(seed=st.integers(0, 1000))
def test_prewhitening_takes_any_mixing_of_the_coils_out(seed: int) -> None:
    rng = np.random.default_rng(seed)
    kspace = separated_kspace(1, 6, 20, 20)
    mixing = np.eye(6) + 0.3 * (rng.normal(size=(6, 6)) + 1j * rng.normal(size=(6, 6)))
    mixed = np.einsum("ij,bjyx->biyx", mixing, kspace).astype(np.complex64)
    preprocessor = CoilPreprocessor(6)
    np.testing.assert_allclose(
        prepared(preprocessor, mixed, mixing @ mixing.conj().T),
        prepared(preprocessor, kspace, np.eye(6, dtype=np.complex128)),
        rtol=0,
        atol=2e-4,
    )


def ellipses(ky: np.ndarray, kx: np.ndarray) -> np.ndarray:
    """k-space (coils, ky, kx) of ellipses seen by two coils, at places in cycles per millimetre: exact for any grid."""
    ky, kx = ky[:, None], kx[None, :]
    coils = []
    for seen in ([(1.0, 6, -9, 60, 80), (0.8, -18, 25, 14, 20)], [(0.9, 2, 4, 64, 76), (-0.5, 22, -20, 10, 16)]):
        total = np.zeros((ky.size, kx.size), complex)
        for density, x, y, radius_x, radius_y in seen:
            length = np.hypot(radius_x * kx, radius_y * ky)
            angle = np.linspace(0, np.pi, 400, endpoint=False) + np.pi / 800
            # The transform of a disc, J1(2 pi r) / r, by the integral of Bessel's function.
            bessel = np.cos(2 * np.pi * length[..., None] * np.sin(angle) - angle).mean(-1)
            disc = np.where(length < 1e-9, np.pi, bessel / np.maximum(length, 1e-9))
            total += density * radius_x * radius_y * disc * np.exp(-2j * np.pi * (kx * x + ky * y))
        coils.append(total)
    return np.array(coils)


@pytest.mark.parametrize(
    ("lines", "field", "oversampling"),
    [(96, 240.0, 1), (72, 240.0, 1), (120, 240.0, 1), (81, 202.5, 1), (108, 240.0, 1.5), (60, 200.0, 1.25)],
)
def test_an_object_has_the_same_shape_whatever_lines_it_was_measured_with(
    lines: int, field: float, oversampling: float
) -> None:
    """240 mm along x; along y another number of lines, another field of view, and phase oversampling."""
    samples, matrix = 96, 48

    def network_input(lines: int, field: float, oversampling: float) -> np.ndarray:
        ky = (np.arange(lines) - lines // 2) / (field * oversampling)
        kx = (np.arange(samples) - samples // 2) / 240.0
        kspace = torch.from_numpy(ellipses(ky, kx)[None].astype(np.complex64))
        height = round(lines / oversampling)
        square = square_field_of_view(height, samples, field / height / (240.0 / samples))
        network_input, _ = CoilPreprocessor(2, "pca", matrix).preprocess_kspace(kspace, None, None, height, square)
        return network_input[0].numpy()

    expected, found = network_input(96, 240.0, 1), network_input(lines, field, oversampling)
    assert np.linalg.norm(found - expected) < 0.05 * np.linalg.norm(expected)


def body_images(coils: int, size: int, seed: int = 0) -> np.ndarray:
    """(coils, y, x): a body under smooth coils, inside a field of view with air around it."""
    images: np.ndarray = slice_images(coils, size, size, seed, noise=0.0)
    return images


def channels_of(images: np.ndarray, num_coils: int = 8, matrix: int | None = 48) -> np.ndarray:
    preprocessor = CoilPreprocessor(num_coils, "pca", matrix)
    result: np.ndarray = preprocessor(torch.from_numpy(centred_fft2(images)[None].astype(np.complex64)))[0].numpy()
    return result


def difference(a: np.ndarray, b: np.ndarray) -> float:
    """Relative, in the root mean square."""
    return float(np.sqrt(np.mean((a - b) ** 2) / np.mean(b**2)))


@few
@given(seed=st.integers(0, 1000))
def test_a_unitary_mixing_of_the_coils_does_not_matter(seed: int) -> None:
    rng = np.random.default_rng(seed)
    mixing, _ = np.linalg.qr(rng.normal(size=(6, 6)) + 1j * rng.normal(size=(6, 6)))
    images = body_images(6, 64)
    mixed = np.einsum("ij,jyx->iyx", mixing, images)
    assert difference(channels_of(mixed), channels_of(images)) < 1e-4


@pytest.mark.parametrize("displaced", [(1, 0), (0, -1), (8, -3), (-8, 8)])
def test_a_displaced_echo_does_not_matter(displaced: tuple[int, int]) -> None:
    images = body_images(6, 96)
    y, x = np.ogrid[:96, :96]
    ramp = np.exp(2j * np.pi * (displaced[0] * (y - 48) + displaced[1] * (x - 48)) / 96)
    assert difference(channels_of(images * ramp), channels_of(images)) < 0.01


@pytest.mark.parametrize("fraction", [0.3, 0.5, 2.6])
def test_an_echo_between_samples_matters_little(fraction: float) -> None:
    images = body_images(6, 96)
    ramp = np.exp(2j * np.pi * fraction * (np.arange(96) - 48) / 96)
    assert difference(channels_of(images * ramp), channels_of(images)) < 0.06


@few
@given(seed=st.integers(0, 1000))
def test_a_smooth_phase_matters_little(seed: int) -> None:
    rng = np.random.default_rng(seed)
    y, x = (np.mgrid[:96, :96] - 48) / 48
    terms = (y, x, y * y, x * x, x * y, np.cos(2 * y + 1), np.sin(2 * x + y))
    phase = sum(rng.uniform(-1.5, 1.5) * term for term in terms)
    images = body_images(6, 96)
    plain = channels_of(images)
    turned = channels_of(images * np.exp(1j * phase))
    assert difference(turned, plain) < 0.15
    assert np.corrcoef(turned.ravel(), plain.ravel())[0, 1] > 0.99


def test_gains_and_another_array_matter_less_than_the_slice() -> None:
    images, others = body_images(6, 96), body_images(6, 96, seed=1)
    louder = images * np.array([2.0, 0.5, 1.5, 0.7, 1.0, 1.3])[:, None, None]
    turned = slice_images(9, 96, 96, 0, noise=0.0, turn=0.4)
    plain = channels_of(images)
    assert difference(channels_of(louder), plain) < 0.25
    assert difference(channels_of(turned), plain) < 0.25
    assert difference(channels_of(others), plain) > 0.5
