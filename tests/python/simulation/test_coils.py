import math

import torch

from mriembed.simulation.coils import loop_sensitivity, random_sensitivities


def test_the_field_on_the_axis_of_a_loop_is_that_of_the_textbook() -> None:
    """B = mu_0 I R^2 / (2 (R^2 + d^2)^(3/2)) along the axis (Jackson, Classical Electrodynamics, section 5.5)."""
    radius = 1.0
    distance = torch.tensor([1.0, 2.0, 3.0, 5.0])
    points = torch.stack([distance, torch.zeros(4), torch.zeros(4)], 1)
    field = loop_sensitivity(points, torch.zeros(1, 3), torch.tensor([[1.0, 0.0, 0.0]]), torch.tensor([radius]))[0]
    expected = 2 * math.pi * radius**2 / (radius**2 + distance**2) ** 1.5
    torch.testing.assert_close(field.real, expected, rtol=0.02, atol=0)
    torch.testing.assert_close(field.imag, torch.zeros(4), rtol=0, atol=1e-4)


def test_a_loop_that_faces_along_the_main_field_receives_nothing_from_its_axis() -> None:
    points = torch.tensor([[0.0, 0.0, 1.0], [0.0, 0.0, 2.5]])
    field = loop_sensitivity(points, torch.zeros(1, 3), torch.tensor([[0.0, 0.0, 1.0]]), torch.ones(1))
    torch.testing.assert_close(field.abs(), torch.zeros(1, 2), rtol=0, atol=1e-5)


def test_far_from_a_loop_the_field_falls_with_the_third_power_of_distance() -> None:
    points = torch.tensor([[8.0, 0.0, 0.0], [16.0, 0.0, 0.0]])
    field = loop_sensitivity(points, torch.zeros(1, 3), torch.tensor([[1.0, 0.0, 0.0]]), torch.full((1,), 0.5))[0].abs()
    torch.testing.assert_close(field[0] / field[1], torch.tensor(8.0), rtol=0.02, atol=0)


def test_turning_loop_and_point_together_about_the_main_field_turns_the_phase_only() -> None:
    turn = torch.tensor(0.7)
    rotation = torch.tensor([[turn.cos(), -turn.sin(), 0.0], [turn.sin(), turn.cos(), 0.0], [0.0, 0.0, 1.0]])
    centre, normal = torch.tensor([[1.3, 0.2, 0.1]]), torch.tensor([[-1.0, 0.0, 0.0]])
    points = torch.tensor([[0.2, -0.4, 0.0], [0.5, 0.5, 0.0]])
    plain = loop_sensitivity(points, centre, normal, torch.full((1,), 0.5))
    turned = loop_sensitivity(points @ rotation.T, centre @ rotation.T, normal @ rotation.T, torch.full((1,), 0.5))
    expected = plain * torch.polar(torch.tensor(1.0), -turn)  # B_x - i B_y turns backwards
    # The sixteen corners of the two loops do not lie alike.
    torch.testing.assert_close(turned, expected, rtol=0, atol=0.02 * float(plain.abs().max()))


def test_mirrored_loops_have_mirrored_magnitudes() -> None:
    points = torch.tensor([[0.3, 0.5, 0.0], [-0.2, 0.1, 0.0]])
    mirror = torch.tensor([-1.0, 1.0, 1.0])
    centre, normal = torch.tensor([[1.2, 0.4, 0.0]]), torch.tensor([[-0.8, -0.6, 0.0]])
    one = loop_sensitivity(points, centre, normal, torch.full((1,), 0.4)).abs()
    other = loop_sensitivity(points * mirror, centre * mirror, normal * mirror, torch.full((1,), 0.4)).abs()
    torch.testing.assert_close(one, other, rtol=0.02, atol=0)


def test_arrays_have_unit_mean_energy_are_smooth_and_see_different_sides() -> None:
    maps = random_sensitivities(3, 8, 64, torch.Generator().manual_seed(0))
    assert maps.shape == (3, 8, 64, 64)
    torch.testing.assert_close(maps.abs().square().sum(1).mean([1, 2]), torch.ones(3))
    step = (maps[..., 1:, :] - maps[..., :-1, :]).abs().amax() / maps.abs().amax()
    assert float(step) < 0.35  # the steepest place is beside a coil
    brightest = maps.abs().flatten(2).argmax(2)
    assert all(len(row.unique()) >= 6 for row in brightest)


def test_the_seed_decides() -> None:
    first, again = (random_sensitivities(1, 4, 16, torch.Generator().manual_seed(3)) for _ in range(2))
    assert torch.equal(first, again)
    assert not torch.equal(first, random_sensitivities(1, 4, 16, torch.Generator().manual_seed(4)))


def test_each_loop_may_have_points_of_its_own() -> None:
    points = torch.randn(2, 5, 3, generator=torch.Generator().manual_seed(0))
    centre, normal = (
        torch.tensor([[1.3, 0.2, 0.1], [0.0, -1.4, 0.0]]),
        torch.tensor([[-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]),
    )
    together = loop_sensitivity(points, centre, normal, torch.full((2,), 0.5))
    for loop in range(2):
        alone = loop_sensitivity(points[loop], centre[loop : loop + 1], normal[loop : loop + 1], torch.full((1,), 0.5))
        torch.testing.assert_close(together[loop], alone[0])
