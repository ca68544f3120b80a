import math

import numpy as np
import pytest
import torch

from mriembed.simulation.excitation import random_excitation, relative_flip_angles, sinc_pulse_profile


def drawn(subjects: int, slices: int = 1, seed: int = 0) -> torch.Tensor:
    return random_excitation(subjects, slices, 64, torch.Generator().manual_seed(seed))


def test_a_pulse_excites_its_fourier_transform_side_lobes_with_their_signs() -> None:
    """By numerical integration of a finely sampled pulse, in float64."""
    time = np.linspace(-1, 1, 20001)
    for time_bandwidth, window in ((1.5, 0.0), (4.0, 0.3), (12.0, 0.5)):
        pulse = (1 - window + window * np.cos(math.pi * time)) * np.sinc(time_bandwidth / 2 * time)
        distance = np.linspace(0, 2.5, 101)
        waves = np.cos(2 * math.pi * (time_bandwidth / 4 * distance)[:, None] * time)
        expected = (waves * pulse).mean(1)
        arguments = [torch.tensor([value], dtype=torch.float32) for value in (time_bandwidth, window)]
        found = sinc_pulse_profile(torch.from_numpy(distance).float()[None], *arguments)[0]
        np.testing.assert_allclose(found, expected / expected.max(), rtol=0, atol=0.01)
        assert window > 0 or expected.min() < -0.05  # or signs would not be tested


def test_the_nominal_width_is_that_at_half_of_the_magnitude_and_bandwidth_steepens_the_edge() -> None:
    distance = torch.tensor([[0.5, 1.0, 1.5]]).expand(2, 3)
    blunt, steep = sinc_pulse_profile(distance, torch.tensor([6.0, 12.0]), torch.tensor([0.5, 0.5]))
    for profile in (blunt, steep):
        assert 0.45 < float(profile[1]) < 0.55
    assert steep[0] > blunt[0]
    assert steep[2] < blunt[2]


def test_factors_are_those_of_a_transmit_field_where_nothing_is_selected() -> None:
    drawn_factors = drawn(400)
    factors = drawn_factors.abs()
    assert float(factors.max()) <= 1.3
    whole = factors.amin((1, 2)) >= 0.7
    assert torch.equal(drawn_factors[whole].real, factors[whole])
    assert 0.6 < float(whole.float().mean()) < 0.8
    step = (factors[whole][:, 1:] - factors[whole][:, :-1]).abs().max()
    assert float(step) < 0.03  # smooth


def test_some_slices_have_a_slab_and_some_a_band() -> None:
    factors = drawn(400).abs()
    slab = (factors < 0.1).float().mean((1, 2)) > 0.25  # dark on both sides
    band = (factors.amin((1, 2)) < 0.35) & (factors[:, [0, 0, -1, -1], [0, -1, 0, -1]].amin(1) > 0.5)
    assert 0.05 < float(slab.float().mean()) < 0.25
    assert 0.05 < float(band.float().mean()) < 0.25


def test_slices_of_a_body_resemble_each_other_but_are_not_the_same() -> None:
    factors = drawn(200, 2).abs().flatten(1)
    distance = torch.cdist(factors[0::2], factors[1::2])
    own, others = distance.diagonal(), distance[~torch.eye(200, dtype=torch.bool)]
    assert float(own.min()) > 0.1
    assert float(own.mean()) < 0.9 * float(others.mean())


def test_the_seed_decides() -> None:
    assert torch.equal(drawn(3), drawn(3))
    assert not torch.equal(drawn(3), drawn(3, seed=1))


def test_a_slab_keeps_a_phase_that_grows_along_its_normal() -> None:
    factors = drawn(400)
    slabs = factors[(factors.abs() < 0.1).float().mean((1, 2)) > 0.25]
    bright = (slabs.abs() > 0.6) & (slabs.real > 0)
    largest = torch.where(bright, slabs.angle().abs(), 0).amax((1, 2))
    assert 0.1 < float(largest.median()) < 0.4
    assert float(largest.max()) < 0.8


def test_variants_of_a_protocol_excite_one_place_by_pulses_of_their_own() -> None:
    variants = torch.arange(100) < 50
    factors = random_excitation(100, 4, 64, torch.Generator().manual_seed(2), variants=variants).unflatten(0, (100, 4))
    selective = factors.abs().amin((2, 3)) < 0.5
    assert bool(selective[variants].float().mean() > 0.95)
    assert float(selective[~variants].float().mean()) < 0.5
    middle = (factors.abs() - factors.abs().amin((2, 3), keepdim=True)).flatten(2)
    similarity = torch.nn.functional.cosine_similarity(middle[:, 0], middle[:, 1], dim=1)
    assert float(similarity[variants].min()) > 0.8
    assert float(similarity[variants].max()) < 1 - 1e-6
    assert float(similarity[~variants].mean()) < float(similarity[variants].mean())


@pytest.mark.parametrize("deviation", [0.15, 0.4])
@pytest.mark.parametrize("shape", [(48, 48), (30, 48), (48, 31)])
def test_flip_angles_are_nominal_on_average_within_the_body_and_deviate_by_as_much_as_is_asked_for(
    deviation: float, shape: tuple[int, int]
) -> None:
    y, x = np.meshgrid(*(np.linspace(-1, 1, count) for count in shape), indexing="ij")
    body = torch.from_numpy(((y / 0.8) ** 2 + (x / 0.6) ** 2 < 1)[None].repeat(20, 0))
    field = relative_flip_angles(body, deviation, torch.Generator().manual_seed(0))
    assert field.shape == (20, *shape)
    within = torch.stack([one[body[0]] for one in field]).double()
    np.testing.assert_allclose(within.mean(1), 1, atol=1e-5)
    np.testing.assert_allclose((within - 1).abs().amax(1), deviation, rtol=1e-4)
    assert float((field - 1).abs().max()) <= deviation + 1e-6


def test_transmit_fields_are_smooth_and_differ() -> None:
    """A wave over the field of view changes by at most 2 pi / 48 of its amplitude from pixel to pixel."""
    body = torch.ones(20, 48, 48, dtype=torch.bool)
    field = relative_flip_angles(body, 0.3, torch.Generator().manual_seed(0))
    steepest = max(float(field.diff(dim=axis).abs().max()) for axis in (1, 2))
    assert steepest < 2 * (2 * math.pi / 48) * 0.3
    assert float(torch.corrcoef(field.flatten(1)).fill_diagonal_(0).abs().mean()) < 0.6


def test_without_a_body_flip_angles_are_finite() -> None:
    field = relative_flip_angles(torch.zeros(1, 8, 8, dtype=torch.bool), 0.3, torch.Generator().manual_seed(0))
    assert bool(torch.isfinite(field).all())
