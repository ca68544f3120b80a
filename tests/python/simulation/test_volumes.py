import math

import pytest
import torch

from mriembed.simulation.anatomy import random_anatomy
from mriembed.simulation.coils import random_sensitivities
from mriembed.simulation.contrast import random_sequences
from mriembed.simulation.excitation import transmit_field
from mriembed.simulation.interpolation import between_planes
from mriembed.simulation.planes import tilted_directions
from mriembed.simulation.volumes import random_volume


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_slices_lie_at_their_positions_in_millimetres() -> None:
    positions = torch.tensor([0.0, 1.0, 5.0, 40.0])
    for seed in range(10):
        volume = random_volume(positions, 24, seeded(seed))
        millimetres = volume.heights[0] * volume.field_of_view / 2
        torch.testing.assert_close(millimetres - millimetres[0], positions, rtol=1e-4, atol=1e-3)
        assert 200 <= volume.field_of_view <= 320
        assert float(volume.heights.abs().max()) <= 0.6 + 1e-5


def test_a_body_cut_twice_at_one_position_gives_one_slice() -> None:
    volume = random_volume(torch.tensor([0.0, 7.0, 7.0, 8.0]), 48, seeded())
    images = volume.images(random_sequences(1, seeded(1)))
    assert images.shape == (4, 1, 48, 48)
    torch.testing.assert_close(images[1], images[2])
    assert not torch.allclose(images[1], images[3], atol=0.05)
    torch.testing.assert_close(images.abs().square().mean((1, 2, 3)), torch.ones(4))


def test_slices_resemble_each_other_the_less_the_farther_they_are_apart() -> None:
    similarity = []
    for seed in range(6):
        volume = random_volume(torch.arange(0.0, 41.0, 4.0), 96, seeded(seed))
        rows = volume.images(random_sequences(1, seeded(seed + 100))).abs().flatten(1)
        correlation = torch.corrcoef(rows)
        similarity.append(torch.stack([correlation.diagonal(step).mean() for step in (1, 2, 5, 10)]))
    mean = torch.stack(similarity).mean(0)
    assert bool((mean[1:] < mean[:-1]).all())
    assert 0.8 < float(mean[0]) < 0.99
    assert float(mean[3]) < 0.85


@pytest.mark.parametrize("size", [48, 49])
def test_a_tilt_of_no_degrees_is_no_tilt(size: int) -> None:
    positions = torch.tensor([0.0, 7.0, 20.0, 33.0])
    about_y = torch.tensor([True, False, True, False])
    parallel = random_volume(positions, size, seeded())
    tilted = random_volume(positions, size, seeded(), directions=tilted_directions(torch.zeros(4), about_y))
    for name in ("density", "t1", "t2"):
        one, other = (getattr(volume.anatomy, name) for volume in (parallel, tilted))
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-5 * float(one.max()))
    assert torch.equal(parallel.transmit, tilted.transmit)


@pytest.mark.parametrize("about_y", [True, False])
def test_each_line_of_a_tilted_slice_is_that_of_a_parallel_slice_at_its_height(about_y: bool) -> None:
    """A line is parallel to the axis of the tilt. It lies at d cos(a) in the parallel slice d sin(a) above."""
    size, degrees = 64, 6.0
    axis = (torch.arange(size) - size // 2) * (2.0 / size)
    lines = torch.tensor([10, 20, 32, 44, 55])
    field = random_volume(torch.zeros(2), size, seeded()).field_of_view
    rise = axis[lines] * (math.sin(math.radians(degrees)) * field / 2)
    # The farthest slices stay the same ones, so that the body does: the first is the lowest, and the last the highest.
    ends = torch.tensor([0.0, 60.0])
    positions = torch.cat([ends[:1], 30 + rise, torch.tensor([30.0]), ends[1:]])
    angles = torch.zeros(len(positions))
    angles[-2] = math.radians(degrees)
    directions = tilted_directions(angles, torch.full((len(positions),), about_y))
    anatomy = random_volume(positions, size, seeded(), directions=directions).anatomy
    for tissue in (anatomy.density, anatomy.t1, anatomy.t2):
        slices = tissue.mT if about_y else tissue  # lines are rows
        inside = tissue[-2] > 0.1 * tissue.max()
        inside = inside.mT if about_y else inside
        errors, changes = [], []
        for index, line in enumerate(lines.tolist()):
            row = float(axis[line]) * math.cos(math.radians(degrees)) * size / 2 + size // 2
            below = min(int(row), size - 2)
            expected = torch.lerp(slices[1 + index, below], slices[1 + index, below + 1], row - below)
            errors.append((slices[-2, line] - expected).abs()[inside[line]])
            changes.append((slices[-2, line] - slices[3, line]).abs()[inside[line]])
        assert float(torch.cat(errors).mean()) < 0.1 * float(torch.cat(changes).mean())


def test_parts_of_a_volume_are_its_slices() -> None:
    volume = random_volume(torch.tensor([0.0, 7.0, 9.0, 20.0]), 24, seeded())
    part = volume.part(slice(1, 3))
    assert part.positions.tolist() == [7.0, 9.0]
    assert torch.equal(part.heights, volume.heights[:, 1:3])
    sequences = random_sequences(1, seeded(1))
    assert torch.equal(part.images(sequences), volume.images(sequences)[1:3])


def test_other_flip_angles_give_other_images_and_nominal_ones_the_same() -> None:
    volume = random_volume(torch.tensor([0.0, 9.0]), 32, seeded())
    for seed in range(6):  # sequences of all kinds
        sequences = random_sequences(1, seeded(seed))
        nominal = volume.images(sequences)
        torch.testing.assert_close(volume.images(sequences, torch.ones(2, 32, 32)), nominal, rtol=1e-4, atol=1e-5)
        gradient = torch.linspace(0.7, 1.3, 32).expand(2, 32, 32)
        assert float((volume.images(sequences, gradient) - nominal).abs().mean()) > 0.01


def test_images_of_volumes_have_no_background_phase() -> None:
    images = random_volume(torch.tensor([0.0, 9.0]), 32, seeded()).images(random_sequences(1, seeded()))
    assert float(images.imag.abs().max()) == 0


def test_texture_of_solid_subjects_has_the_same_power_at_every_height() -> None:
    heights = torch.linspace(-0.5, 0.5, 41)[None].expand(30, 41)
    density = random_anatomy(30, 41, 32, seeded(), phantoms=0.0, heights=heights).density
    inside = density.unflatten(0, (30, 41))[:, :, 12:20, 12:20]
    power = inside.var((2, 3)).mean(0)
    assert float(power.std() / power.mean()) < 0.35


def test_an_array_is_one_for_all_slices_of_a_session() -> None:
    heights = torch.tensor([[0.0, 0.0, 0.01, 0.5]])
    maps = random_sensitivities(1, 5, 24, seeded(), heights=heights)
    assert maps.shape == (4, 5, 24, 24)
    torch.testing.assert_close(maps[0], maps[1])
    near, far = (float((maps[0] - maps[other]).abs().mean()) for other in (2, 3))
    assert 0 < near < 0.1 * far
    single = random_sensitivities(1, 5, 24, seeded())[0]
    ratio = maps[0] / single
    torch.testing.assert_close(ratio, ratio[:1, :1, :1].expand_as(ratio), rtol=1e-3, atol=1e-3)


def test_the_transmit_field_is_smooth_along_the_normal() -> None:
    heights = torch.tensor([[0.0, 0.02, 0.9]]).expand(20, 3)
    field = transmit_field(heights, 24, seeded())
    assert 0.7 <= float(field.min()) < float(field.max()) <= 1.3
    near, far = ((field[:, 0] - field[:, other]).abs().mean() for other in (1, 2))
    assert float(near) < 0.1 * float(far)


def test_planes_are_interpolated_linearly() -> None:
    planes = torch.tensor([[[1.0], [3.0], [7.0]]])
    found = between_planes(planes, torch.tensor([[0.0, 0.25, 1.5, 2.0, 5.0, -1.0]]))
    assert found[0, :, 0].tolist() == pytest.approx([1.0, 1.5, 5.0, 7.0, 7.0, 1.0])
