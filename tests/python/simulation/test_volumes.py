import pytest
import torch

from mriembed.simulation.anatomy import random_anatomy
from mriembed.simulation.coils import random_sensitivities
from mriembed.simulation.contrast import random_sequences
from mriembed.simulation.excitation import transmit_field
from mriembed.simulation.interpolation import between_planes
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


def test_images_of_volumes_have_no_background_phase() -> None:
    images = random_volume(torch.tensor([0.0, 9.0]), 32, seeded()).images(random_sequences(1, seeded()))
    assert float(images.imag.abs().max()) == 0


def test_texture_of_solid_bodies_has_the_same_power_at_every_height() -> None:
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
