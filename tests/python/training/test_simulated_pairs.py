import numpy as np
import pytest
import torch

from mriembed import CoilPreprocessor
from mriembed.training import simulated_pairs as simulated_pairs_module
from mriembed.training.graded_slices import GradedSlices
from mriembed.training.simulated_pairs import simulated_pairs


def drawn(
    seed: int, subjects: int = 6, slices: int = 2, *, strength: float = 1.0
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    preprocessor = CoilPreprocessor(4, "pca", 32)
    generator = torch.Generator().manual_seed(seed)
    return simulated_pairs(subjects, slices, preprocessor, 32, generator, strength=strength)


def test_pairs_are_network_input_of_unit_energy() -> None:
    for view in drawn(0)[:2]:
        assert view.shape == (12, 8, 32, 32)
        assert view.dtype == torch.float32
        torch.testing.assert_close(view.square().sum(1).mean((1, 2)), torch.ones(12))


def test_the_two_of_a_pair_differ_but_resemble_each_other_more_than_others() -> None:
    own, others = [], []
    for seed in range(8):
        first, second = (view.square().sum(1).sqrt().flatten(1).numpy() for view in drawn(seed)[:2])
        assert not np.allclose(first, second)
        similarity = np.corrcoef(first, second)[:12, 12:]
        own.append(np.diagonal(similarity).mean())
        others.append(similarity[~np.eye(12, dtype=bool)].mean())
    assert np.mean(own) > np.mean(others) + 0.15


def test_the_seed_decides() -> None:
    for first, again, other in zip(drawn(3), drawn(3), drawn(4), strict=True):
        assert torch.equal(first, again)
        assert not torch.equal(first, other)


def test_coordinates_name_bodies_positions_and_contrasts() -> None:
    for seed in range(12):
        coordinates = drawn(seed, 3, 4)[2]
        assert coordinates.shape == (12, 3)
        assert coordinates[:, 0].tolist() == [0.0] * 4 + [1.0] * 4 + [2.0] * 4
        within = coordinates.view(3, 4, 3)
        apart = within[:, :, 1].diff(dim=1)
        assert float(apart.min()) >= 0
        assert float(apart.amax()) <= 60 or bool((apart == 200).all())  # of one volume, or none near another
        assert 0 <= float(within[:, :, 2].amin()) <= float(within[:, :, 2].amax()) <= 10


def test_the_weaker_the_more_alike_are_the_two_of_a_pair() -> None:
    def likeness(strength: float) -> float:
        cosines = [
            torch.nn.functional.cosine_similarity(first.flatten(1), second.flatten(1)).mean()
            for first, second, _ in (drawn(seed, strength=strength) for seed in range(20))
        ]
        return float(torch.stack(cosines).mean())

    assert likeness(0.0) > likeness(0.5) + 0.02
    assert likeness(0.5) > likeness(1.0) + 0.02


class SameKspace(CoilPreprocessor):
    """Gives k-space itself, to see its coils."""

    def preprocess_kspace(self, kspace: torch.Tensor, *_: object) -> tuple[torch.Tensor, torch.Tensor]:
        return kspace, torch.ones(len(kspace))


def test_a_fifth_of_the_second_acquisitions_is_by_few_elements_and_none_of_the_weakest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn: list[int] = []

    class Recording(simulated_pairs_module._Arrays):
        def elements_of_a_large_array(self) -> torch.Tensor:
            array = super().elements_of_a_large_array()
            drawn.append(array.size(1))
            return array

    still = GradedSlices(torch.ones(1, 1, 24, 24), torch.zeros(1, 1), torch.zeros(1, 3))
    monkeypatch.setattr(simulated_pairs_module, "_slices", lambda *_: still)
    monkeypatch.setattr(simulated_pairs_module, "acquire", lambda _images, array, *_, heights: array)  # noqa: ARG005
    monkeypatch.setattr(simulated_pairs_module, "_Arrays", Recording)
    counts = {}
    for strength in (0.0, 1.0):
        drawn.clear()
        for seed in range(80):
            before = len(drawn)
            generator = torch.Generator().manual_seed(seed)
            _, second, _ = simulated_pairs(1, 1, SameKspace(2, "pca", 16), 16, generator, strength=strength)
            assert drawn[before:] in ([], [second.size(1)])
        assert set(drawn) <= set(range(2, 9))
        counts[strength] = len(drawn)
    assert counts[0.0] == 0
    assert 6 <= counts[1.0] <= 26  # 16 of 80, give or take three standard deviations
