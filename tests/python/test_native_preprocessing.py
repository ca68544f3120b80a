"""The library's own preprocessing on a CPU against the scripted one that the model file carries."""

from pathlib import Path

import numpy as np
import pytest
import torch

import mriembed
from coil_samples import coil_mixture, complex_normal, without_signal
from mriembed import BadInputError, Embedder, EmbeddingPipeline, InvalidArgumentError
from mriembed.model import MRIEmbeddingModel
from mriembed.preprocessing import CoilPreprocessor
from reference import centred_fft2
from scripted_pipeline import ScriptedPipeline
from write_preprocessing_vectors import slice_images

Embedders = tuple[Embedder, ScriptedPipeline]


@pytest.fixture(scope="module", params=["pca", "none"])
def both_preparations(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Embedders:
    """The same model with the library's own preprocessing and with the scripted one."""
    torch.manual_seed(3)
    pipeline = EmbeddingPipeline(MRIEmbeddingModel(), CoilPreprocessor(5, request.param)).eval()
    file = tmp_path_factory.mktemp("preprocessing") / "model.pt"
    mriembed.save_model_file(pipeline, file, weights_source="a test")
    return Embedder.load(file, threads=2), ScriptedPipeline(file)


def usual_coils(embedders: Embedders, otherwise: int) -> int:
    return 5 if embedders[0].info.coil_compression == "none" else otherwise


@pytest.mark.parametrize("shape", [(1, 1), (1, 17), (23, 1), (2, 3), (13, 31), (64, 48), (37, 101), (128, 96)])
@pytest.mark.parametrize("coils", [1, 3, 5, 8, 40])
def test_the_library_s_preparation_equals_the_scripted_one(
    both_preparations: Embedders, shape: tuple[int, int], coils: int
) -> None:
    native, scripted = both_preparations
    coils = usual_coils(both_preparations, coils)
    samples = coil_mixture(2, coils, *shape) + 0.02 * complex_normal(2, coils, *shape, seed=9)
    noise = complex_normal(coils, 4 * coils + 50, seed=5).astype(np.complex128)
    covariance = noise @ noise.conj().T
    np.testing.assert_allclose(native.embed_images(samples), scripted.embed_images(samples), rtol=0, atol=1e-5)
    for width in {None, shape[1], max(1, shape[1] // 2), max(1, shape[1] - 1)}:
        for psi in (None, covariance):
            np.testing.assert_allclose(
                native.embed_kspace(samples, psi, width), scripted.embed_kspace(samples, psi, width), rtol=0, atol=1e-5
            )


@pytest.mark.parametrize("matrix", [None, 16, 40])
@pytest.mark.parametrize("compression", ["pca", "none"])
@pytest.mark.parametrize("shape", [(33, 40), (64, 48), (96, 96), (20, 61)])
def test_both_crop_y_and_take_pixels_of_any_shape(
    tmp_path: Path, shape: tuple[int, int], compression: str, matrix: int | None
) -> None:
    pipeline = EmbeddingPipeline(MRIEmbeddingModel(), CoilPreprocessor(5, compression, matrix)).eval()
    mriembed.save_model_file(pipeline, tmp_path / "model.pt", weights_source="a test")
    native = Embedder.load(tmp_path / "model.pt", threads=2)
    scripted = ScriptedPipeline(tmp_path / "model.pt")
    samples = coil_mixture(2, 5 if compression == "none" else 9, *shape)
    height, width = shape
    for crop_x, crop_y, aspect in [
        (None, height - 1, 1.0),
        (None, height // 2, 1.0),
        (width // 2, 2 * height // 3, 1.0),
        (None, None, 1.31),
        (width // 2, None, 0.77),
        (width - 3, height // 2, 2.5),
    ]:
        arguments = (samples, None, crop_x, crop_y, aspect)
        np.testing.assert_allclose(
            native.embed_kspace(*arguments), scripted.embed_kspace(*arguments), rtol=0, atol=1e-5
        )


def test_both_refuse_a_slice_outside_the_cropped_phase_encoding(both_preparations: Embedders) -> None:
    coils = usual_coils(both_preparations, 9)
    images = np.ones((2, coils, 40, 40), np.complex64)
    images[1, :, 8:] = 0
    kspace = centred_fft2(images).astype(np.complex64)
    for embedder in both_preparations:
        for width in (None, 30):
            with pytest.raises(BadInputError, match="slice 1 has no signal left inside the cropped phase encoding"):
                embedder.embed_kspace(kspace, None, width, 20)


@pytest.mark.parametrize(("height", "aspect"), [(-1, 1.0), (41, 1.0), (None, 0.0), (None, float("nan")), (None, 65.0)])
def test_extents_that_cannot_be_are_refused(both_preparations: Embedders, height: int | None, aspect: float) -> None:
    samples = coil_mixture(1, usual_coils(both_preparations, 9), 40, 40)
    with pytest.raises(InvalidArgumentError, match=r"phase height must|pixel aspect must"):
        both_preparations[0].embed_kspace(samples, None, None, height, aspect)


@pytest.mark.parametrize("order", ["coils last", "x before y", "every other sample", "one coil repeated"])
def test_the_library_s_preparation_reads_any_strides(both_preparations: Embedders, order: str) -> None:
    native, scripted = both_preparations
    coils = usual_coils(both_preparations, 9)
    samples = coil_mixture(2, coils, 20, 26)
    strided = {
        "coils last": np.moveaxis(np.ascontiguousarray(np.moveaxis(samples, 1, -1)), -1, 1),
        "x before y": np.ascontiguousarray(samples.swapaxes(2, 3)).swapaxes(2, 3),
        "every other sample": np.repeat(samples, 2, axis=3)[..., ::2],
        "one coil repeated": np.broadcast_to(samples[:, :1], samples.shape),
    }[order]
    for width in (None, 11):
        np.testing.assert_allclose(
            native.embed_kspace(strided, None, width), scripted.embed_kspace(strided, None, width), rtol=0, atol=1e-5
        )


@pytest.mark.parametrize("size", [1e-30, 1e-20, 1e-10, 1e10, 1e20, 1e30])
@pytest.mark.parametrize("width", [None, 20])
def test_the_library_s_preparation_takes_samples_of_any_size(
    both_preparations: Embedders, size: float, width: int | None
) -> None:
    native, _ = both_preparations
    samples = coil_mixture(2, usual_coils(both_preparations, 9), 24, 33)
    expected = native.embed_kspace(samples, None, width)
    scaled = (samples * np.float64(size)).astype(np.complex64)
    np.testing.assert_allclose(native.embed_kspace(scaled, None, width), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("size", [0, 1e-38, 1e-25, 1e-12, 1e-6, 1e20])
@pytest.mark.parametrize("width", [None, 20])
def test_the_library_s_preparation_takes_calibration_lines_of_any_size_beside_the_others(
    both_preparations: Embedders, size: float, width: int | None
) -> None:
    native, scripted = both_preparations
    samples = complex_normal(2, usual_coils(both_preparations, 9), 60, 33)
    samples *= np.linspace(2, 1, samples.shape[1], dtype=np.float32)[:, None, None]
    samples[1, :, 18:42] *= np.float32(size)
    np.testing.assert_allclose(
        native.embed_kspace(samples, None, width), scripted.embed_kspace(samples, None, width), rtol=0, atol=1e-5
    )


def test_a_spike_outside_the_matrix_does_not_spoil_the_next_slice(tmp_path: Path) -> None:
    """So large that whether the matrix holds any signal is decided by all samples, which takes the memory of others."""
    pipeline = EmbeddingPipeline(MRIEmbeddingModel(), CoilPreprocessor(4, "pca", 16)).eval()
    mriembed.save_model_file(pipeline, tmp_path / "model.pt", weights_source="a test")
    native, scripted = Embedder.load(tmp_path / "model.pt"), ScriptedPipeline(tmp_path / "model.pt")
    samples = coil_mixture(1, 6, 128, 128)
    samples[0, 2, 3, 5] = 100 * np.abs(samples).max()
    expected = scripted.embed_kspace(samples)
    for _ in range(3):
        np.testing.assert_allclose(native.embed_kspace(samples), expected, rtol=0, atol=1e-5)


def undersampled(samples: np.ndarray, factor: int, calibration: int) -> np.ndarray:
    """Every `factor`-th line from the second on, and the ACS lines."""
    lines = np.arange(samples.shape[2])
    measured = (lines % factor == 1) | (np.abs(2 * (lines - lines.size // 2) + 1) <= calibration)
    result: np.ndarray = np.where(measured[:, None], samples, 0).astype(np.complex64)
    return result


@pytest.mark.parametrize("compression", ["pca", "none"])
@pytest.mark.parametrize("shape", [(160, 40), (131, 71)])
def test_both_fill_lines_of_slices_far_larger_than_the_matrix(
    tmp_path: Path, shape: tuple[int, int], compression: str
) -> None:
    """The library fills those lines only that the matrix may keep."""
    torch.manual_seed(3)
    pipeline = EmbeddingPipeline(MRIEmbeddingModel(), CoilPreprocessor(5, compression, 20)).eval()
    mriembed.save_model_file(pipeline, tmp_path / "model.pt", weights_source="a test")
    native, scripted = Embedder.load(tmp_path / "model.pt", threads=2), ScriptedPipeline(tmp_path / "model.pt")
    coils = 5 if compression == "none" else 9
    samples = np.roll(coil_mixture(1, coils, *shape), 5, axis=2) + 0.01 * complex_normal(1, coils, *shape, seed=4)
    for factor, calibration, width, height in [
        (2, 16, None, None),
        (3, 24, shape[1] // 2, None),
        (4, 90, None, None),
        (3, 24, None, shape[0] - 30),
    ]:
        arguments = (undersampled(samples, factor, calibration), None, width, height)
        np.testing.assert_allclose(
            native.embed_kspace(*arguments), scripted.embed_kspace(*arguments), rtol=0, atol=1e-5
        )


def test_both_judge_the_matrix_of_an_undersampled_slice_by_all_lines(tmp_path: Path) -> None:
    """A spike beside the matrix leaves as good as nothing in it, or enough."""
    pipeline = EmbeddingPipeline(MRIEmbeddingModel(), CoilPreprocessor(4, "pca", 16)).eval()
    mriembed.save_model_file(pipeline, tmp_path / "model.pt", weights_source="a test")
    native, scripted = Embedder.load(tmp_path / "model.pt"), ScriptedPipeline(tmp_path / "model.pt")
    samples = undersampled(coil_mixture(1, 6, 128, 128), 2, 24)
    for spike, fault in [(1e3, ""), (1e6, "cropped matrix")]:
        samples[0, 2, 5, 5] = spike * np.abs(samples[:, :, 52:76]).max()
        if fault:
            for embedder in (native, scripted):
                with pytest.raises(BadInputError, match=fault):
                    embedder.embed_kspace(samples)
        else:
            expected = scripted.embed_kspace(samples)
            for _ in range(2):
                np.testing.assert_allclose(native.embed_kspace(samples), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_the_library_s_preparation_gives_the_same_bits_again(model_file: Path, threads: int) -> None:
    embedder = Embedder.load(model_file, threads=threads)
    samples = coil_mixture(3, 20, 48, 50)
    first = embedder.embed_kspace(samples, None, 31)
    for _ in range(5):
        np.testing.assert_array_equal(embedder.embed_kspace(samples, None, 31), first)


@pytest.mark.parametrize("width", [None, 6])
@pytest.mark.parametrize("height", [9, 60])  # line 4 lies in the calibration region, and does not
@pytest.mark.parametrize(
    ("fault", "covariance"),
    [
        ({1: 0.0}, None),
        ({2: np.nan}, None),
        ({0: np.inf, 1: 0.0}, None),
        ({1: 0.0, 2: np.nan}, "good"),
        ({2: np.nan}, "not positive definite"),
        ({}, "not positive definite"),
        ({}, "no power"),
        ({}, "not finite"),
    ],
)
def test_faults_are_reported_in_the_words_of_the_scripted_preparation(
    both_preparations: Embedders, fault: dict[int, float], covariance: str | None, height: int, width: int | None
) -> None:
    samples = coil_mixture(3, 5, height, 12)
    for index, value in fault.items():
        if value == 0:
            samples[index] = 0
        else:
            samples[index, 3, 4, 5] = value
    covariances: dict[str | None, np.ndarray | None] = {
        None: None,
        "good": np.eye(5),
        "not positive definite": np.ones((5, 5)),
        "no power": np.zeros((5, 5)),
        "not finite": np.full((5, 5), np.nan),
    }
    psi = covariances[covariance]
    texts = []
    for embedder in both_preparations:
        with pytest.raises(mriembed.Error) as raised:
            embedder.embed_kspace(samples, psi, width)
        texts.append((type(raised.value), str(raised.value)))
    assert texts[0] == texts[1]


@pytest.mark.parametrize("compression", ["pca", "none"])
@pytest.mark.parametrize("where", ["cropped readout", "cropped matrix", "low-resolution image"])
def test_a_slice_without_signal_where_it_is_needed_is_refused_in_the_same_words(
    tmp_path: Path, where: str, compression: str
) -> None:
    torch.manual_seed(3)
    pipeline = EmbeddingPipeline(MRIEmbeddingModel(), CoilPreprocessor(5, compression, 40)).eval()
    mriembed.save_model_file(pipeline, tmp_path / "model.pt", weights_source="a test")
    samples = without_signal(where, 5)
    width = samples.shape[3] // 2 if where == "cropped readout" else None
    expected = f"slice 1 has no signal left inside the {where}"
    with pytest.raises(ValueError, match=expected):
        pipeline.embed_kspace(torch.from_numpy(samples), None, width)
    for threads in (1, 2):
        embedder = Embedder.load(tmp_path / "model.pt", threads=threads)
        with pytest.raises(mriembed.BadInputError, match=expected):
            embedder.embed_kspace(samples, None, width)


@pytest.mark.parametrize("matrix", [None, 48])
def test_unitary_mixing_and_displaced_kspace_do_not_change_the_embedding(tmp_path: Path, matrix: int | None) -> None:
    torch.manual_seed(3)
    pipeline = EmbeddingPipeline(MRIEmbeddingModel(), CoilPreprocessor(8, "pca", matrix)).eval()
    mriembed.save_model_file(pipeline, tmp_path / "model.pt", weights_source="a test")
    embedder = Embedder.load(tmp_path / "model.pt")
    samples = coil_mixture(2, 8, 64, 64)
    samples[:, :, np.abs(np.arange(64) - 32) > 20] = 0  # nothing leaves the echo window when k-space is displaced
    samples[:, :, :, np.abs(np.arange(64) - 32) > 20] = 0
    expected = embedder.embed_kspace(samples)
    mixing, _ = np.linalg.qr(complex_normal(8, 8, seed=2))
    phases = np.exp(1j * np.arange(8)).reshape(8, 1, 1)
    for changed in (
        samples[:, ::-1],
        (samples * phases).astype(np.complex64),
        np.einsum("ij,bjyx->biyx", mixing, samples).astype(np.complex64),
        np.roll(samples, (3, -2), axis=(2, 3)),
    ):
        np.testing.assert_allclose(embedder.embed_kspace(changed), expected, rtol=0, atol=1e-5)


def test_a_smooth_phase_changes_the_embedding_by_little(model_file: Path) -> None:
    embedder = Embedder.load(model_file)
    images, other = (slice_images(6, 96, 96, seed).astype(np.complex64) for seed in (0, 1))
    y, x = (np.mgrid[:96, :96] - 48) / 48
    turned = (images * np.exp(1j * (1.3 * y - 0.9 * x + 0.8 * x * y - 0.7 * y * y))).astype(np.complex64)
    plain, shifted, elsewhere = embedder.embed_images(np.stack([images, turned, other]))
    assert 1 - plain @ shifted < 0.1 * (1 - plain @ elsewhere)
