import numpy as np
import torch

from mriembed import CoilPreprocessor
from mriembed.simulation.slices import SimulatedSlices
from mriembed.training.simulated_pairs import simulated_pairs, with_shared_phase


def drawn(seed: int, bodies: int = 6, slices: int = 2) -> tuple[torch.Tensor, torch.Tensor]:
    preprocessor = CoilPreprocessor(4, "pca", 32)
    return simulated_pairs(bodies, slices, preprocessor, 32, torch.Generator().manual_seed(seed))


def test_pairs_are_stacked_channels_of_unit_energy() -> None:
    for view in drawn(0):
        assert view.shape == (12, 8, 32, 32)
        assert view.dtype == torch.float32
        torch.testing.assert_close(view.square().sum(1).mean((1, 2)), torch.ones(12))


def test_the_two_of_a_pair_differ_but_resemble_each_other_more_than_others() -> None:
    own, others = [], []
    for seed in range(8):
        first, second = (view.square().sum(1).sqrt().flatten(1).numpy() for view in drawn(seed))
        assert not np.allclose(first, second)
        similarity = np.corrcoef(first, second)[:12, 12:]
        own.append(np.diagonal(similarity).mean())
        others.append(similarity[~np.eye(12, dtype=bool)].mean())
    assert np.mean(own) > np.mean(others) + 0.15


def test_the_seed_decides() -> None:
    for first, again, other in zip(drawn(3), drawn(3), drawn(4), strict=True):
        assert torch.equal(first, again)
        assert not torch.equal(first, other)


def test_any_number_of_coils_from_one_to_many_occurs() -> None:
    """A pair by a single coil leaves the virtual coils after the first empty."""
    used = {int((view.abs().amax((0, 2, 3)) > 0).sum()) for seed in range(60) for view in drawn(seed, 1, 2)}
    assert used == {2, 4, 6, 8}


def test_slices_have_a_background_phase_each_and_variants_of_a_slice_share_one() -> None:
    drawn = SimulatedSlices(torch.ones(6, 1, 16, 16, dtype=torch.complex64), torch.tensor([True, False]))
    images = with_shared_phase(drawn, 3, torch.Generator().manual_seed(0))
    torch.testing.assert_close(images.abs(), torch.ones(6, 1, 16, 16))
    assert torch.equal(images[0], images[1])
    assert torch.equal(images[0], images[2])
    assert not torch.allclose(images[3], images[4], atol=0.1)
