import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from coil_samples import covariance_of, separated_kspace
from mriembed import CoilPreprocessor
from mriembed.preprocessing import square_field_of_view
from preprocessed_arrays import images_of, prepared
from reference import Reference, centred_fft2, centred_ifft2
from write_preprocessing_vectors import slice_images

few = settings(max_examples=25, deadline=None, derandomize=True)
sizes = st.integers(8, 33)


def assert_agrees(
    preprocessor: CoilPreprocessor,
    kspace: np.ndarray,
    covariance: np.ndarray | None = None,
    readout_width: int | None = None,
) -> None:
    reference = Reference(preprocessor.num_coils, preprocessor.coil_compression, preprocessor.matrix)
    psi = None if covariance is None else torch.from_numpy(covariance)
    network_input, energy_kept = preprocessor.preprocess_kspace(torch.from_numpy(kspace), psi, readout_width)
    for index, one in enumerate(kspace):
        expected, expected_energy = reference.from_kspace(one, covariance, readout_width)
        np.testing.assert_allclose(network_input[index], expected, rtol=0, atol=3e-5 * np.abs(expected).max())
        assert float(energy_kept[index]) == pytest.approx(expected_energy, abs=1e-6)


@few
@given(coils=st.integers(1, 12), height=sizes, width=sizes, seed=st.integers(0, 1000))
def test_agrees_with_the_steps_as_documented(coils: int, height: int, width: int, seed: int) -> None:
    assert_agrees(CoilPreprocessor(6), separated_kspace(2, coils, height, width, seed))


@few
@given(
    height=sizes,
    width=sizes,
    share=st.floats(0.3, 1.0),
    matrix=st.one_of(st.none(), st.integers(8, 48)),
    whiten=st.booleans(),
)
def test_agrees_with_cropping_whitening_and_any_matrix(
    height: int, width: int, share: float, matrix: int | None, whiten: bool
) -> None:
    covariance = covariance_of(5) if whiten else None
    kspace = separated_kspace(1, 5, height, width)
    assert_agrees(CoilPreprocessor(4, "pca", matrix), kspace, covariance, max(1, int(share * width)))


@pytest.mark.parametrize("height", [23, 24, 25, 60, 61])
def test_virtual_coils_are_those_of_the_24_central_lines(height: int) -> None:
    kspace = separated_kspace(1, 5, height, 20)
    begin = max(0, height // 2 - 12)
    others = separated_kspace(1, 5, height, 20, seed=1)  # mixes the coils in another way
    others[:, :, begin : begin + 24] = kspace[:, :, begin : begin + 24]
    assert_agrees(CoilPreprocessor(3), others)
    _, kept = CoilPreprocessor(3).preprocess_kspace(torch.from_numpy(kspace))
    _, kept_of_others = CoilPreprocessor(3).preprocess_kspace(torch.from_numpy(others))
    assert float(kept_of_others) == pytest.approx(float(kept), abs=1e-6)


@pytest.mark.parametrize("readout_width", [None, 13])
def test_all_lines_serve_where_the_central_ones_hold_no_signal(readout_width: int | None) -> None:
    kspace = separated_kspace(2, 5, 48, 26)
    kspace[1, :, 12:36] = 0
    assert_agrees(CoilPreprocessor(3), kspace, covariance_of(5), readout_width)


@pytest.mark.parametrize("matrix", [None, 16, 31])
def test_agrees_without_compression(matrix: int | None) -> None:
    kspace = separated_kspace(2, 4, 24, 19)
    assert_agrees(CoilPreprocessor(4, "none", matrix), kspace)
    assert_agrees(CoilPreprocessor(4, "none", matrix), kspace, covariance_of(4), 12)


def test_images_join_after_the_transform() -> None:
    kspace = separated_kspace(2, 9, 20, 27)
    preprocessor = CoilPreprocessor(8)
    images = np.stack([centred_ifft2(one) for one in kspace]).astype(np.complex64)
    network_input, energy_kept = preprocessor.preprocess_images(torch.from_numpy(images))
    np.testing.assert_allclose(network_input, prepared(preprocessor, kspace), rtol=0, atol=1e-4)
    for index, one in enumerate(images):
        expected, energy = Reference().from_images(one)
        np.testing.assert_allclose(network_input[index], expected, rtol=0, atol=3e-5 * np.abs(expected).max())
        assert float(energy_kept[index]) == pytest.approx(energy, abs=1e-6)


def test_prewhitening_makes_noise_white() -> None:
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(5, 5)) + 1j * rng.normal(size=(5, 5))
    noise = mixing @ (rng.normal(size=(5, 64 * 64)) + 1j * rng.normal(size=(5, 64 * 64)))
    psi = noise @ noise.conj().T / (noise.shape[1] - 1)
    kspace = noise.reshape(1, 5, 64, 64).astype(np.complex64)
    white = images_of(kspace[0], covariance=psi).reshape(5, -1)
    covariance = white @ white.conj().T
    np.testing.assert_allclose(covariance / covariance[0, 0], np.eye(5), atol=1e-5)


@pytest.mark.parametrize("coils", [1, 2, 7])
def test_few_coils_fill_all_channels(coils: int) -> None:
    network_input, energy_kept = CoilPreprocessor(8).preprocess_kspace(
        torch.from_numpy(separated_kspace(1, coils, 12, 12))
    )
    assert network_input.shape == (1, 16, 12, 12)
    assert float(energy_kept) == 1.0
    assert bool((network_input[0].square().sum((1, 2)) > 0).all())


def test_the_result_has_unit_mean_energy_and_float32() -> None:
    network_input = CoilPreprocessor(8, "pca", 20)(torch.from_numpy(1e5 * separated_kspace(3, 12, 24, 31)))
    assert network_input.dtype == torch.float32
    torch.testing.assert_close(network_input.square().sum(1).mean((1, 2)), torch.ones(3))


@pytest.mark.parametrize(("height", "width"), [(40, 40), (40, 30), (31, 44), (48, 36)])
@pytest.mark.parametrize("matrix", [24, 25, 48, 63])
def test_a_matrix_keeps_values_and_places_of_a_smooth_image(height: int, width: int, matrix: int) -> None:
    square = max(height, width)

    def blob(rows: int, columns: int, pixel: float) -> np.ndarray:
        y, x = np.ogrid[:rows, :columns]
        y, x = (y - rows // 2) * pixel, (x - columns // 2) * pixel  # in pixels of the original image
        return np.exp(-((y - 2.5) ** 2 + (x + 1.5) ** 2) / (2 * (square / 12) ** 2))

    preprocessor = CoilPreprocessor(1, "none", matrix)
    network_input = preprocessor.preprocess_images(
        torch.from_numpy(blob(height, width, 1.0)[None, None].astype(np.complex64))
    )[0]
    expected = blob(matrix, matrix, square / matrix)
    expected /= np.sqrt(2 * np.mean(expected**2))  # magnitude and real part hold a half of the energy each
    np.testing.assert_allclose(network_input[0, 0], expected, rtol=0, atol=0.03 * expected.max())


def test_scripting_changes_nothing() -> None:
    kspace = torch.from_numpy(separated_kspace(3, 9, 18, 26))
    psi = torch.from_numpy(covariance_of(9))
    for num_coils, matrix in ((6, None), (6, 20), (1, 20), (2, None)):
        eager = CoilPreprocessor(num_coils, "pca", matrix)
        scripted = torch.jit.script(eager)
        for arguments in ((kspace,), (kspace, psi), (kspace, psi, 13), (kspace, None, 13)):
            torch.testing.assert_close(scripted(*arguments), eager(*arguments), rtol=0, atol=0)
            torch.testing.assert_close(scripted.preprocess_kspace(*arguments), eager.preprocess_kspace(*arguments))
        torch.testing.assert_close(scripted.preprocess_images(kspace), eager.preprocess_images(kspace), rtol=0, atol=0)


def test_a_slice_is_prepared_alike_in_any_batch() -> None:
    kspace = separated_kspace(5, 9, 18, 26)
    together = prepared(CoilPreprocessor(8), kspace)
    for index in range(5):
        alone = prepared(CoilPreprocessor(8), kspace[index : index + 1])
        np.testing.assert_allclose(alone[0], together[index], rtol=0, atol=1e-6 * np.abs(alone).max())


@few
@given(height=st.integers(1, 600), width=st.integers(1, 600), aspect=st.floats(1 / 16, 16))
def test_the_square_field_of_view_is_the_smallest_that_holds_the_slice(height: int, width: int, aspect: float) -> None:
    rows, columns = square_field_of_view(height, width, aspect)
    assert rows >= height
    assert columns >= width
    assert rows == height or columns == width
    assert abs(rows * aspect - columns) <= 0.5 * max(1, aspect) + 1e-6
    assert square_field_of_view(height, width, 1.0) == (max(height, width), max(height, width))


def test_air_stays_dark() -> None:
    images = slice_images(6, 96, 96, 0, noise=0.01)
    network_input = prepared(CoilPreprocessor(8, "pca", 96), centred_fft2(images)[None].astype(np.complex64))[0]
    body = np.abs(images).sum(0) > 0.5
    power = (network_input**2).sum(0)
    assert power[~body].mean() < 0.05 * power[body].mean()
