"""Model files of earlier preprocessing contracts go on giving the numbers that they gave.

`model_files/contract-1.pt` was written by mriembed 0.1.0 at revision 592c2c0756a5, before contract 2:
`export_model(path, num_coils=3, widths=(8, 8, 8, 8), embed_dim=8, matrix=48, seed=5)`.
"""

from pathlib import Path

import numpy as np
import pytest

import mriembed
from model_archives import description_inside, with_description
from mriembed import Embedder, ModelFileError
from reference import Reference, centred_ifft2

CONTRACT_1 = Path(__file__).parent / "model_files" / "contract-1.pt"


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder.load(CONTRACT_1)


@pytest.fixture(scope="module")
def kspace() -> np.ndarray:
    """(5 coils, 60, 40), whose central lines mix the coils in another way than the others do."""
    rng = np.random.default_rng(3)
    samples = rng.normal(size=(5, 60, 40)) + 1j * rng.normal(size=(5, 60, 40))
    samples[:, 18:42] *= np.array([3, 2, 1, 0.5, 0.2])[:, None, None]
    samples[:, :18] *= np.array([0.2, 0.5, 1, 3, 5])[:, None, None]
    return samples.astype(np.complex64)


def test_a_file_of_contract_1_says_so_and_verifies(embedder: Embedder) -> None:
    assert embedder.info.preprocessing_contract == 1
    assert mriembed.read_description(CONTRACT_1).preprocessing_contract == 1
    assert embedder.verify().passed


def test_its_virtual_coils_come_from_all_lines(embedder: Embedder, kspace: np.ndarray) -> None:
    noise = np.diag([1.0, 2.0, 1.0, 3.0, 1.0]).astype(np.complex128)
    found = embedder.embed_kspace(kspace[None], noise, 31)[0]
    expected, other = (
        embedder.embed(Reference(3, "pca", 48, contract).from_kspace(kspace, noise, 31)[0][None])[0]
        for contract in (1, 2)
    )
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5)
    assert np.abs(found - other).max() > 1e-3


def test_its_virtual_coils_of_images_come_from_all_lines(embedder: Embedder, kspace: np.ndarray) -> None:
    images = centred_ifft2(kspace).astype(np.complex64)
    expected, _ = Reference(3, "pca", 48, contract=1).from_images(images)
    np.testing.assert_allclose(embedder.embed_images(images[None]), embedder.embed(expected[None]), rtol=0, atol=1e-5)


def test_it_cannot_be_taken_for_a_file_of_contract_2(tmp_path: Path) -> None:
    content = description_inside(CONTRACT_1)
    content["preprocessing"]["contract_version"] = 2
    with pytest.raises(ModelFileError, match="other calibration lines than contract 2, which takes 24"):
        Embedder.load(with_description(CONTRACT_1, tmp_path / "later.pt", content))
