"""The published vectors (tests/preprocessing_vectors) bind every implementation of docs/preprocessing.md."""

from pathlib import Path

import numpy as np
import pytest
import torch

import mriembed
from mriembed import CoilPreprocessor, Embedder, EmbeddingPipeline, MRIEmbeddingModel
from mriembed.completion import complete_lines
from mriembed.preprocessing import PREPROCESSING_VERSION, square_field_of_view
from preprocessing_vectors import PUBLISHED_VERSION, Vector, published_vectors
from reference import Reference

every_vector = pytest.mark.parametrize("vector", published_vectors(), ids=str)


def test_page_and_package_have_the_version_of_the_vectors() -> None:
    page = Path(__file__).parents[2] / "docs" / "preprocessing.md"
    assert page.read_text().splitlines()[0] == f"# Preprocessing, version {PUBLISHED_VERSION}"
    assert PREPROCESSING_VERSION == PUBLISHED_VERSION


@every_vector
def test_the_reference_in_float64_agrees(vector: Vector) -> None:
    reference = Reference(vector.num_coils, vector.compression, vector.matrix)
    if vector.domain == "image":
        output, energy_kept = reference.from_images(vector.samples)
    else:
        output, energy_kept = reference.from_kspace(
            vector.samples, vector.noise_covariance, vector.readout_width, vector.phase_height, vector.pixel_aspect
        )
    np.testing.assert_allclose(output, vector.output, rtol=0, atol=1e-10)
    assert energy_kept == pytest.approx(vector.energy_kept, abs=1e-12)


@every_vector
@pytest.mark.parametrize("way", ["eager", "scripted"])
def test_the_preprocessor_agrees(vector: Vector, way: str) -> None:
    preprocessor = CoilPreprocessor(vector.num_coils, vector.compression, vector.matrix)
    module = torch.jit.script(preprocessor) if way == "scripted" else preprocessor
    samples = torch.from_numpy(vector.samples[None])
    if vector.domain == "image":
        output, energy_kept = module.preprocess_images(samples)
    else:
        psi = None if vector.noise_covariance is None else torch.from_numpy(vector.noise_covariance)
        _, height, width = vector.samples.shape
        square = square_field_of_view(vector.phase_height or height, vector.readout_width or width, vector.pixel_aspect)
        energy_kept = module.preprocess_kspace(samples, psi, vector.readout_width, vector.phase_height, square)[1]
        samples = complete_lines(preprocessor, samples, psi, vector.readout_width, vector.phase_height)
        output = module.preprocess_kspace(samples, psi, vector.readout_width, vector.phase_height, square)[0]
    np.testing.assert_allclose(output[0], vector.output, rtol=0, atol=1e-5 * np.abs(vector.output).max())
    assert float(energy_kept) == pytest.approx(vector.energy_kept, abs=1e-6)


@every_vector
def test_libmriembed_agrees(tmp_path: Path, vector: Vector) -> None:
    """libmriembed returns embeddings, so the network is applied to the vector's output as well."""
    torch.manual_seed(4)
    preprocessor = CoilPreprocessor(vector.num_coils, vector.compression, vector.matrix)
    pipeline = EmbeddingPipeline(MRIEmbeddingModel(), preprocessor).eval()
    mriembed.save_model_file(pipeline, tmp_path / "model.pt", weights_source="a test")
    with torch.no_grad():
        expected = pipeline.double()(torch.from_numpy(vector.output[None])).numpy()
    embedder = Embedder.load(tmp_path / "model.pt")
    if vector.domain == "image":
        found = embedder.embed_images(vector.samples[None])
    else:
        found = embedder.embed_kspace(
            vector.samples[None],
            vector.noise_covariance,
            vector.readout_width,
            vector.phase_height,
            vector.pixel_aspect,
        )
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
