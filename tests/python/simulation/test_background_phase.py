import math

import pytest
import torch

from mriembed.fourier import image_to_kspace, kspace_to_image
from mriembed.simulation.acquisition import acquire, with_factor
from mriembed.simulation.background_phase import (
    PhaseLimits,
    dipole_field,
    linear_field,
    low_frequency_field,
    quadratic_field,
    random_background_phase,
    susceptibility_field,
)
from mriembed.simulation.perturbation import ANY_PHASE, Perturbation


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def noise(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, dtype=torch.complex64, generator=seeded(7))


@pytest.mark.parametrize(("height", "width"), [(24, 24), (25, 24), (24, 27)])
@pytest.mark.parametrize("displacement", [(8, 0), (0, -3), (8, -3)])
def test_a_linear_phase_is_a_displaced_kspace(height: int, width: int, displacement: tuple[int, int]) -> None:
    kspace = noise(2, 3, height, width)
    radians = linear_field(torch.tensor([displacement, displacement], dtype=torch.float32), height, width)[:, None]
    found = with_factor(kspace, torch.polar(torch.ones_like(radians), radians))
    torch.testing.assert_close(found, torch.roll(kspace, displacement, (2, 3)), rtol=0, atol=2e-5)


def test_a_phase_leaves_the_root_sum_of_squares_as_it_is() -> None:
    kspace = noise(3, 4, 32, 40)
    phase = random_background_phase(torch.zeros(3, 1), 32, 40, ANY_PHASE, seeded())
    again = with_factor(kspace, phase)
    before, after = (kspace_to_image(k).abs().square().sum(1).sqrt() for k in (kspace, again))
    torch.testing.assert_close(after, before, rtol=1e-5, atol=1e-6)
    assert not torch.allclose(again, kspace, atol=0.1)


def test_phases_have_unit_magnitude_and_without_limits_there_are_none() -> None:
    heights = torch.tensor([[0.0, 0.1], [-0.3, 0.4]])
    phase = random_background_phase(heights, 20, 16, ANY_PHASE, seeded())
    assert phase.shape == (4, 1, 20, 16)
    torch.testing.assert_close(phase.abs(), torch.ones(4, 1, 20, 16))
    none = random_background_phase(heights, 20, 16, PhaseLimits(), seeded())
    torch.testing.assert_close(none, torch.ones(4, 1, 20, 16, dtype=torch.complex64))


def test_displacements_reach_their_limit_along_both_axes() -> None:
    """The energy of a constant image's k-space lies where the echo is."""
    phase = random_background_phase(torch.zeros(400, 1), 64, 64, PhaseLimits(linear=8.0), seeded())
    energy = image_to_kspace(phase)[:, 0].abs().square()
    peak = energy.flatten(1).argmax(1)
    for place in (peak // 64 - 32, peak % 64 - 32):
        assert int(place.max()) == 8
        assert int(place.min()) == -8
        # 0.3 of them are not displaced, nor are 1 in 16 of the others by as much as half a sample.
        assert float((place == 0).float().mean()) == pytest.approx(0.34, abs=0.08)


@pytest.mark.parametrize("family", ["linear", "quadratic", "low_frequency", "susceptibility"])
def test_every_family_is_left_out_now_and_then(family: str) -> None:
    phase = random_background_phase(torch.zeros(300, 1), 16, 16, PhaseLimits(**{family: 1.0}), seeded())
    constant = (phase - phase[:, :, 8:9, 8:9]).abs().amax((1, 2, 3)) < 1e-4
    assert float(constant.float().mean()) == pytest.approx(0.3, abs=0.09)


def test_the_field_outside_of_a_sphere_is_that_of_a_dipole() -> None:
    """Schenck 1996, doi:10.1118/1.597854: (a / r)^3 (3 cos^2 - 1) / 3 for a susceptibility of 1, and 0 inside."""
    size, radius = 96, 10.0
    position = torch.arange(size) - size / 2
    z, y, x = torch.meshgrid(position, position, position, indexing="ij")
    r = (z * z + y * y + x * x).sqrt()
    sphere = (r < radius).float()
    field = dipole_field(sphere[None], torch.tensor([[1.0, 0.0, 0.0]]))[0]
    volume = float(sphere.sum()) / (4 / 3 * math.pi)  # a^3 of the sphere that the voxels make
    expected = volume / r.clamp(min=1) ** 3 * (3 * (z / r.clamp(min=1)).square() - 1) / 3
    outside = (r > 14) & (r < 22)
    assert float((field - expected)[outside].abs().max()) < 0.03 * (2 / 3)
    assert float(field[r < 7].abs().mean()) < 0.01


def test_the_dipole_turns_with_the_main_field() -> None:
    susceptibility = torch.rand(1, 8, 8, 8, generator=seeded())
    along_z, along_x = (dipole_field(susceptibility, torch.eye(3)[axis : axis + 1]) for axis in (0, 2))
    turned = dipole_field(susceptibility.transpose(1, 3), torch.eye(3)[0:1]).transpose(1, 3)
    torch.testing.assert_close(along_x, turned, rtol=0, atol=1e-6)
    assert not torch.allclose(along_x, along_z, atol=1e-2)


def test_quadratic_terms_have_their_size_at_the_edge_of_the_field_of_view() -> None:
    coefficients = torch.tensor([[1.0, 2.0, 0.5, 0.25, 0.125, 4.0]])
    field = quadratic_field(coefficients, torch.tensor([[0.5]]), 16)
    assert float(field[0, 0, 8, 8]) == pytest.approx(4.0 * 0.25)
    x, y, z = -1.0, 0.5, 0.5
    expected = 1.0 * x * x + 2.0 * y * y + 0.5 * x * y + 0.25 * x * z + 0.125 * y * z + 4.0 * z * z
    assert float(field[0, 0, 12, 0]) == pytest.approx(expected)


def test_fields_change_little_from_slice_to_slice_and_much_from_session_to_session() -> None:
    heights = torch.tensor([[0.0, 0.02]]).expand(20, 2)
    for draw in (low_frequency_field, susceptibility_field):
        field = draw(heights, 24, seeded())
        assert field.shape == (20, 2, 24, 24)
        between_slices = (field[:, 0] - field[:, 1]).square().mean().sqrt()
        between_sessions = (field[1:, 0] - field[:-1, 0]).square().mean().sqrt()
        assert float(between_slices) < 0.15 * float(between_sessions)


def test_fields_change_all_the_way_through_the_field_of_view() -> None:
    heights = torch.linspace(-1, 1, 9)[None]
    for draw in (low_frequency_field, susceptibility_field):
        change = draw(heights, 24, seeded())[0].diff(dim=0).square().mean((1, 2)).sqrt()
        assert float(change.min()) > 0.2 * float(change.mean())


def test_the_mean_of_a_dipole_field_is_zero() -> None:
    field = dipole_field(1 + torch.rand(1, 8, 9, 10, generator=seeded()), torch.tensor([[0.0, 1.0, 0.0]]))
    assert abs(float(field.mean())) < 1e-6


def test_susceptibility_fields_are_scaled_to_their_limit() -> None:
    field = susceptibility_field(torch.zeros(30, 1), 32, seeded())
    torch.testing.assert_close(field.abs().amax((1, 2, 3)), torch.ones(30))


def test_the_anatomy_does_not_decide_the_phase() -> None:
    images = torch.rand(2, 1, 1, 32, 32, generator=seeded()).to(torch.complex64) + 0.5
    maps = torch.ones(1, 1, 32, 32, dtype=torch.complex64)
    perturbation = Perturbation(phase=ANY_PHASE)
    first, second = (kspace_to_image(acquire(image, maps, perturbation, seeded(3))) / image for image in images)
    torch.testing.assert_close(first, second, rtol=0, atol=1e-4)
    other = kspace_to_image(acquire(images[0], maps, perturbation, seeded(4))) / images[0]
    assert float((other - first).abs().mean()) > 0.3


def test_the_echo_is_displaced_before_the_matrix_cuts_kspace_off() -> None:
    """A line beyond the matrix comes into it when k-space is displaced, and none comes in from the other side."""
    kspace = torch.zeros(1, 1, 48, 48, dtype=torch.complex64)
    kspace[..., 24 - 18, 24] = 1
    image = kspace_to_image(kspace)
    maps = torch.ones(1, 1, 32, 32, dtype=torch.complex64)
    limits = PhaseLimits(linear=8.0)
    places = []
    for seed in range(40):
        found = acquire(image, maps, Perturbation(phase=limits), seeded(seed))[0, 0].abs()
        energy = float(found.square().sum())
        if energy > 0.2 * (32 / 48) ** 2:
            places.append(int(found.sum(1).argmax()) - 16)
    assert len(places) > 5
    assert min(places) >= -16
    assert max(places) <= -10
