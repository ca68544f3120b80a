import math
from collections.abc import Callable

import numpy as np
import pytest
import torch

from mriembed.simulation.contrast import (
    Sequences,
    inversion_recovery,
    inversion_recovery_of_scaled_pulses,
    random_contrast,
    random_sequences,
    spin_echo,
    spin_echo_of_scaled_pulses,
    spoiled_gradient_echo,
)

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


def test_of_about_half_of_the_subjects_all_slices_have_one_sequence() -> None:
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


def test_varied_sequences_stay_within_their_share_and_leave_the_tissue_alone() -> None:
    sequences = random_sequences(200, torch.Generator().manual_seed(0))
    varied = sequences.varied(0.5, torch.Generator().manual_seed(1))
    factors = varied.parameters / sequences.parameters
    assert torch.equal(varied.kind, sequences.kind)
    assert bool((factors[0] == 1).all())
    assert 1 / 1.5 - 1e-4 <= float(factors.min()) < 0.7
    assert 1.45 < float(factors.max()) <= 1.5 + 1e-4


def test_other_sequences_are_of_another_kind() -> None:
    sequences = random_sequences(300, torch.Generator().manual_seed(0))
    others = sequences.others(torch.Generator().manual_seed(1))
    kinds = [(each.kind * 3).floor().clamp(max=2) for each in (sequences, others)]
    assert not bool((kinds[0] == kinds[1]).any())
    assert torch.equal(sequences.parameters[0], others.parameters[0])


def test_sequences_give_the_signal_of_their_kind() -> None:
    tissue = (torch.full((3, 1, 1), 0.8), torch.full((3, 1, 1), 900.0), torch.full((3, 1, 1), 80.0))
    parameters = torch.tensor([0.5, 20.0, 5.0, 30.0, 2000.0, 90.0, 5000.0, 20.0, 400.0])[:, None].expand(9, 3)
    found = Sequences(parameters, torch.tensor([0.1, 0.5, 0.9])).signal(*tissue).flatten().tolist()
    e1 = math.exp(-20 / 900)
    angle = math.radians(30)
    gradient = 0.8 * math.sin(angle) * (1 - e1) / (1 - math.cos(angle) * e1) * math.exp(-5 / 40)
    spin = 0.8 * (1 - math.exp(-2000 / 900)) * math.exp(-90 / 80)
    inversion = 0.8 * (1 - 2 * math.exp(-400 / 900) + math.exp(-5000 / 900)) * math.exp(-20 / 80)
    assert found == pytest.approx([gradient, spin, inversion], rel=1e-4)


def turned(magnetization: np.ndarray, radians: float) -> np.ndarray:
    """A pulse along x turns the magnetization (x, y, z) about x."""
    cosine, sine = math.cos(radians), math.sin(radians)
    result: np.ndarray = np.array([[1, 0, 0], [0, cosine, sine], [0, -sine, cosine]]) @ magnetization
    return result


def crushed(magnetization: np.ndarray) -> np.ndarray:
    result: np.ndarray = magnetization * np.array([0, 0, 1])
    return result


def recovered(magnetization: np.ndarray, time: float, t1: float) -> np.ndarray:
    """Longitudinal relaxation; transverse magnetization does not outlive a TR."""
    kept = math.exp(-time / t1)
    return np.array([0, 0, 1 - (1 - magnetization[2]) * kept])


def echo(magnetization: np.ndarray, radians: float) -> float:
    """The y part of what a pulse along x refocuses of transverse magnetization that crushers turn by all angles."""
    sum_of_parts = 0.0
    for turn in np.linspace(0, 2 * math.pi, 360, endpoint=False):
        around_z = np.array([[math.cos(turn), math.sin(turn), 0], [-math.sin(turn), math.cos(turn), 0], [0, 0, 1]])
        sum_of_parts += (around_z @ turned(around_z @ magnetization, radians))[1]
    return sum_of_parts / 360


@pytest.mark.parametrize("scale", [0.6, 0.85, 1.0, 1.13, 1.4])
@pytest.mark.parametrize("inverted", [False, True])
def test_signals_of_scaled_pulses_are_those_of_the_steady_state_of_the_bloch_equations(
    scale: float, inverted: bool
) -> None:
    t1, t2, tr, te, ti = 900.0, 80.0, 1500.0, 20.0, 400.0
    excitation, half_turn = scale * math.pi / 2, scale * math.pi
    magnetization = np.array([0.0, 0.0, 1.0])
    for _ in range(30):
        if inverted:
            magnetization = recovered(crushed(turned(magnetization, half_turn)), ti, t1)
        excited = turned(magnetization, excitation)
        signal = abs(echo(crushed_longitudinal(excited), half_turn)) * math.copysign(1, magnetization[2])
        left = crushed(turned(crushed(excited), half_turn))
        magnetization = recovered(left, tr - ti if inverted else tr, t1)
    expected = 0.8 * signal * math.exp(-te / t2)
    arguments = (number(0.8), number(t1), number(t2), number(tr), number(te))
    if inverted:
        found = inversion_recovery_of_scaled_pulses(*arguments, number(ti), number(scale))
    else:
        found = spin_echo_of_scaled_pulses(*arguments, number(scale))
    assert float(found) == pytest.approx(expected, rel=1e-4)


def crushed_longitudinal(magnetization: np.ndarray) -> np.ndarray:
    """The transverse part alone: what a refocusing pulse excites of the longitudinal one is crushed."""
    result: np.ndarray = magnetization * np.array([1, 1, 0])
    return result


@pytest.mark.parametrize(
    ("scaled", "nominal"),
    [(spin_echo_of_scaled_pulses, spin_echo), (inversion_recovery_of_scaled_pulses, inversion_recovery)],
)
def test_pulses_of_their_nominal_angles_give_the_nominal_signal(
    scaled: Callable[..., torch.Tensor], nominal: Callable[..., torch.Tensor]
) -> None:
    arguments = [ONE, T1, T2, number(1500.0), number(20.0)] + ([number(400.0)] if nominal is inversion_recovery else [])
    torch.testing.assert_close(scaled(*arguments, ONE), nominal(*arguments), rtol=1e-5, atol=1e-6)


def test_flip_angles_change_the_signal_of_each_kind_as_its_equation_says() -> None:
    tissue = (torch.full((3, 1, 1), 0.8), torch.full((3, 1, 1), 900.0), torch.full((3, 1, 1), 80.0))
    parameters = torch.tensor([0.5, 20.0, 5.0, 30.0, 2000.0, 90.0, 5000.0, 20.0, 400.0])[:, None].expand(9, 3)
    sequences = Sequences(parameters, torch.tensor([0.1, 0.5, 0.9]))
    nominal = sequences.signal(*tissue)
    torch.testing.assert_close(sequences.signal(*tissue, torch.ones(3, 1, 1)), nominal, rtol=1e-5, atol=1e-6)
    found = sequences.signal(*tissue, torch.full((3, 1, 1), 0.7)).flatten().tolist()
    e1, angle = math.exp(-20 / 900), math.radians(21)
    gradient = 0.8 * math.sin(angle) * (1 - e1) / (1 - math.cos(angle) * e1) * math.exp(-5 / 40)
    scale = number(0.7)
    values = (number(0.8), number(900.0), number(80.0))
    spin = spin_echo_of_scaled_pulses(*values, number(2000.0), number(90.0), scale)
    inversion = inversion_recovery_of_scaled_pulses(*values, number(5000.0), number(20.0), number(400.0), scale)
    assert found == pytest.approx([gradient, float(spin), float(inversion)], rel=1e-4)
