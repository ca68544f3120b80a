"""Model files of earlier preprocessing contracts go on giving the numbers that they gave.

`model_files/contract-1.pt` was written by mriembed 0.1.0 at revision 592c2c0756a5, before contract 2, and
`contract-2.pt` at revision 283bcb2ec6cf, before contract 3, both by
`export_model(path, num_coils=3, widths=(8, 8, 8, 8), embed_dim=8, matrix=48, seed=5)`.
"""

from pathlib import Path

import numpy as np
import pytest

import mriembed
from earlier_reference import Reference, centred_ifft2
from model_archives import description_inside, with_description
from mriembed import Embedder, ModelFileError

FOLDER = Path(__file__).parent / "model_files"


@pytest.fixture(scope="module", params=[1, 2])
def contract(request: pytest.FixtureRequest) -> int:
    number: int = request.param
    return number


@pytest.fixture(scope="module")
def file(contract: int) -> Path:
    return FOLDER / f"contract-{contract}.pt"


@pytest.fixture(scope="module")
def embedder(file: Path) -> Embedder:
    return Embedder.load(file)


@pytest.fixture(scope="module")
def kspace() -> np.ndarray:
    """(5 coils, 60, 40), whose central lines mix the coils in another way than the others do, and where phases of the
    whole image are not those at 48 x 48.
    """
    rng = np.random.default_rng(3)
    samples = rng.normal(size=(5, 60, 40)) + 1j * rng.normal(size=(5, 60, 40))
    samples[:, 18:42] *= np.array([3, 2, 1, 0.5, 0.2])[:, None, None]
    samples[:, :18] *= np.array([0.2, 0.5, 1, 3, 5])[:, None, None]
    return samples.astype(np.complex64)


def test_a_file_of_an_earlier_contract_says_so_and_verifies(embedder: Embedder, file: Path, contract: int) -> None:
    assert embedder.info.preprocessing_contract == contract
    assert mriembed.read_description(file).preprocessing_contract == contract
    assert embedder.verify().passed


def test_its_kspace_is_prepared_as_its_own_contract_says(embedder: Embedder, contract: int, kspace: np.ndarray) -> None:
    noise = np.diag([1.0, 2.0, 1.0, 3.0, 1.0]).astype(np.complex128)
    found = embedder.embed_kspace(kspace[None], noise, 31)[0]
    by_contract = {
        number: embedder.embed(Reference(3, "pca", 48, number).from_kspace(kspace, noise, 31)[0][None])[0]
        for number in (1, 2, 3)
    }
    np.testing.assert_allclose(found, by_contract.pop(contract), rtol=0, atol=1e-5)
    for other in by_contract.values():
        assert np.abs(found - other).max() > 1e-3


def test_its_images_are_prepared_as_its_own_contract_says(
    embedder: Embedder, contract: int, kspace: np.ndarray
) -> None:
    images = centred_ifft2(kspace).astype(np.complex64)
    expected, _ = Reference(3, "pca", 48, contract).from_images(images)
    np.testing.assert_allclose(embedder.embed_images(images[None]), embedder.embed(expected[None]), rtol=0, atol=1e-5)


def test_it_cannot_be_taken_for_a_file_of_another_contract(file: Path, contract: int, tmp_path: Path) -> None:
    for other in {1, 2, 3} - {contract}:
        content = description_inside(file)
        content["preprocessing"]["contract_version"] = other
        with pytest.raises(ModelFileError, match=f"follows contract {contract}, described is {other}"):
            Embedder.load(with_description(file, tmp_path / "other.pt", content))
