from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from torch.nn import functional as F

from mriembed import (
    CoilPreprocessor,
    Embedder,
    EmbeddingPipeline,
    MRIEmbeddingModel,
    read_description,
    save_model_file,
)
from mriembed.evaluation.methods import (
    DeployedModel,
    PrincipalComponents,
    Thumbnail,
    random_weights,
    root_sum_of_squares,
)
from mriembed.simulation import simulate_images, simulate_kspace


def kspace(slices: int, size: int = 64, seed: int = 0) -> np.ndarray:
    generator = torch.Generator().manual_seed(seed)
    return simulate_kspace(simulate_images(slices, 1, size, generator), 4, generator).numpy()


def image(samples: np.ndarray) -> np.ndarray:
    axes = (-2, -1)
    return np.fft.fftshift(np.fft.ifft2(np.fft.ifftshift(samples, axes), norm="ortho"), axes)


def test_pictures_are_root_sum_of_squares_images_with_the_longer_side_filling_them() -> None:
    samples = kspace(2)[:, :, :, 16:48]
    expected = np.sqrt((np.abs(image(samples)) ** 2).sum(1))
    found = root_sum_of_squares(samples, 64)
    np.testing.assert_allclose(found[:, :, 16:48], expected, rtol=0, atol=1e-5)
    assert np.abs(found[:, :, :16]).max() == 0
    halved = expected.reshape(2, 32, 2, 16, 2).mean((2, 4))
    np.testing.assert_allclose(root_sum_of_squares(samples, 32)[:, :, 8:24], halved, rtol=0, atol=1e-5)


def test_products_of_thumbnails_are_normalized_correlations() -> None:
    samples = kspace(3)
    rows = Thumbnail().embed(samples)
    small = np.sqrt((np.abs(image(samples)) ** 2).sum(1)).reshape(3, 32, 2, 32, 2).mean((2, 4)).reshape(3, -1)
    np.testing.assert_allclose(rows @ rows.T, np.corrcoef(small), rtol=0, atol=1e-5)


def test_principal_components_are_those_of_scikit_learn() -> None:
    examples, samples = kspace(80), kspace(5, seed=1)
    pictures = [root_sum_of_squares(part, 64).reshape(len(part), -1) for part in (examples, samples)]
    unit = [part / np.linalg.norm(part, axis=1, keepdims=True) for part in pictures]
    scores = PCA(64, svd_solver="full").fit(unit[0]).transform(unit[1])
    scores /= np.linalg.norm(scores, axis=1, keepdims=True)
    rows = PrincipalComponents([examples[:40], examples[40:]]).embed(samples)
    np.testing.assert_allclose(rows @ rows.T, scores @ scores.T, rtol=0, atol=1e-3)


def test_the_deployed_model_is_the_embedder(model_file: Path) -> None:
    embedder = Embedder.load(model_file)
    samples = kspace(2)
    rows = DeployedModel("model", embedder).embed(samples)
    np.testing.assert_allclose(rows, embedder.embed_kspace(samples), rtol=0, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, rtol=1e-6)


def test_random_weights_are_of_the_same_architecture_and_are_not_the_models(model_file: Path) -> None:
    method = random_weights(read_description(model_file), seed=1)
    rows = method.embed(kspace(2))
    assert rows.shape == (2, 256)
    assert np.abs(rows - DeployedModel("model", Embedder.load(model_file)).embed(kspace(2))).max() > 0.01


def test_random_weights_take_every_argument_of_the_network(tmp_path: Path) -> None:
    def pipeline() -> EmbeddingPipeline:
        torch.manual_seed(5)
        model = MRIEmbeddingModel(embed_dim=12, widths=(8, 8, 16, 24), dropout=0.2, normalize=False, use_mlp_head=True)
        return EmbeddingPipeline(model, CoilPreprocessor(3, matrix=24)).eval()

    save_model_file(pipeline(), tmp_path / "model.pt", weights_source="a test")
    rows = random_weights(read_description(tmp_path / "model.pt"), seed=5).embed(kspace(2))
    with torch.no_grad():
        expected = F.normalize(pipeline().embed_kspace(torch.from_numpy(kspace(2))), dim=1)
    np.testing.assert_allclose(rows, expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("method", [Thumbnail(), PrincipalComponents([kspace(20)])])
def test_rows_have_unit_length(method: Thumbnail | PrincipalComponents) -> None:
    np.testing.assert_allclose(np.linalg.norm(method.embed(kspace(4)), axis=1), 1, rtol=1e-5)
