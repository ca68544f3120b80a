import math

import pytest
import torch

from mriembed.simulation.contrast import inversion_recovery, random_contrast, spin_echo, spoiled_gradient_echo

T1 = torch.tensor([300.0, 900.0, 4000.0])
T2 = torch.tensor([40.0, 80.0, 500.0])
ONE = torch.ones(3)


def number(value: float) -> torch.Tensor:
    return torch.tensor(value)


def test_the_spoiled_gradient_echo_is_largest_at_the_ernst_angle() -> None:
    tr = number(20.0)
    angles = torch.linspace(0.01, math.pi / 2, 4000)[:, None]
    signal = spoiled_gradient_echo(ONE, T1, ONE * 1e9, tr, number(1.0), angles)
    best = angles[signal.argmax(0), 0]
    torch.testing.assert_close(best, torch.acos(torch.exp(-tr / T1)), rtol=0, atol=1e-3)


def test_a_full_excitation_after_long_waiting_gives_the_density() -> None:
    full = spoiled_gradient_echo(2 * ONE, T1, ONE * 1e9, number(1e6), number(1.0), number(math.pi / 2))
    torch.testing.assert_close(full, 2 * ONE)
    torch.testing.assert_close(spin_echo(2 * ONE, T1, ONE * 1e9, number(1e6), number(1.0)), 2 * ONE)


def test_the_spin_echo_halves_with_each_half_life_of_t2_and_recovers_with_t1() -> None:
    early = spin_echo(ONE, T1, T2, number(2000.0), number(10.0))
    late = spin_echo(ONE, T1, T2, number(2000.0), 10.0 + T2 * math.log(2))
    torch.testing.assert_close(late, early / 2)
    recovered = spin_echo(ONE, T1, ONE * 1e9, T1, number(1.0))
    torch.testing.assert_close(recovered, ONE * (1 - math.exp(-1)))


def test_inversion_recovery_is_null_at_t1_ln2_and_negative_before() -> None:
    long, short = number(1e7), number(1.0)
    null = inversion_recovery(ONE, T1, ONE * 1e9, long, short, T1 * math.log(2))
    torch.testing.assert_close(null, torch.zeros(3), rtol=0, atol=1e-6)
    assert bool((inversion_recovery(ONE, T1, T2, long, short, T1 * 0.5) < 0).all())
    torch.testing.assert_close(inversion_recovery(ONE, T1, ONE * 1e9, long, short, number(0.0)), -ONE)


def test_drawn_contrasts_are_finite_differ_and_follow_the_seed() -> None:
    density, t1, t2 = torch.full((60, 2, 2), 0.8), torch.full((60, 2, 2), 900.0), torch.full((60, 2, 2), 80.0)
    drawn = random_contrast(density, t1, t2, 1, torch.Generator().manual_seed(1))
    assert bool(torch.isfinite(drawn).all())
    assert bool((drawn.abs() <= 0.8).all())  # no sequence gives more than the density
    assert len(drawn[:, 0, 0].unique()) == 60
    torch.testing.assert_close(
        drawn, random_contrast(density, t1, t2, 1, torch.Generator().manual_seed(1)), rtol=0, atol=0
    )
    assert not torch.equal(drawn, random_contrast(density, t1, t2, 1, torch.Generator().manual_seed(2)))


@pytest.mark.parametrize("kind", [spin_echo, spoiled_gradient_echo, inversion_recovery])
def test_signals_scale_with_the_density(kind: object) -> None:
    arguments = [T1, T2, number(500.0), number(20.0)] + ([number(0.4)] if kind is not spin_echo else [])
    once, thrice = (kind(factor * ONE, *arguments) for factor in (1.0, 3.0))  # type: ignore[operator]
    torch.testing.assert_close(thrice, 3 * once)


def test_of_about_half_of_the_bodies_all_slices_have_one_sequence() -> None:
    flat = torch.ones(400, 1, 1)
    drawn = random_contrast(0.8 * flat, 900 * flat, 80 * flat, 4, torch.Generator().manual_seed(5)).reshape(100, 4)
    alike = (drawn == drawn[:, :1]).all(1)
    assert 0.35 < float(alike.float().mean()) < 0.65


def test_variants_have_one_sequence() -> None:
    flat = torch.ones(400, 1, 1)
    seeded = torch.Generator().manual_seed(5)
    variants = torch.arange(100) < 50
    drawn = random_contrast(0.8 * flat, 900 * flat, 80 * flat, 4, seeded, variants=variants).reshape(100, 4)
    alike = (drawn == drawn[:, :1]).all(1)
    assert bool(alike[variants].all())
    assert not bool(alike[~variants].all())
