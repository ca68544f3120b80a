import torch

from mriembed.simulation.excitation import random_excitation


def drawn(batch: int, seed: int = 0) -> torch.Tensor:
    return random_excitation(batch, 64, torch.Generator().manual_seed(seed))


def test_factors_are_those_of_a_transmit_field_where_nothing_is_selected() -> None:
    factors = drawn(400)
    assert float(factors.min()) >= 0
    assert float(factors.max()) <= 1.3
    whole = factors.amin((1, 2)) >= 0.7
    assert 0.6 < float(whole.float().mean()) < 0.8
    step = (factors[whole][:, 1:] - factors[whole][:, :-1]).abs().max()
    assert float(step) < 0.03  # smooth


def test_some_slices_have_a_slab_and_some_a_band() -> None:
    factors = drawn(400)
    slab = (factors < 0.05).float().mean((1, 2)) > 0.3  # dark on both sides
    band = (factors.amin((1, 2)) < 0.35) & (factors[:, [0, 0, -1, -1], [0, -1, 0, -1]].amin(1) > 0.6)
    assert 0.05 < float(slab.float().mean()) < 0.25
    assert 0.05 < float(band.float().mean()) < 0.25


def test_the_seed_decides() -> None:
    assert torch.equal(drawn(3), drawn(3))
    assert not torch.equal(drawn(3), drawn(3, seed=1))
