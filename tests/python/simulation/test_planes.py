import math

import pytest
import torch

from mriembed.simulation.planes import pixel_points, tilted_directions

AXIS = torch.linspace(-1, 1, 5)


def points(degrees: float, about_y: bool, height: float = 0.25) -> torch.Tensor:
    directions = tilted_directions(torch.tensor([[math.radians(degrees)]]), torch.tensor([[about_y]]))
    found = pixel_points(AXIS, torch.tensor([[height]]), directions)
    assert found.shape == (1, 3, 1, 5, 5)
    return found[0, :, 0]


@pytest.mark.parametrize("about_y", [True, False])
def test_a_tilt_of_no_degrees_leaves_the_plane_where_it_is(about_y: bool) -> None:
    y, x, z = points(0, about_y)
    assert torch.equal(y, AXIS[:, None].expand(5, 5))
    assert torch.equal(x, AXIS.expand(5, 5))
    assert torch.equal(z, torch.full((5, 5), 0.25))


@pytest.mark.parametrize("about_y", [True, False])
def test_a_tilted_plane_meets_the_other_one_in_the_axis_of_rotation_at_the_angle(about_y: bool) -> None:
    y, x, z = points(6, about_y)
    turned, still = (x.mT, y.mT) if about_y else (y, x)
    rise = (z.mT if about_y else z) - 0.25
    assert torch.equal(still, AXIS.expand(5, 5))
    torch.testing.assert_close(rise, math.tan(math.radians(6)) * turned)
    torch.testing.assert_close(turned[2], torch.zeros(5))


def test_distances_within_a_slice_do_not_change_when_it_is_tilted() -> None:
    flat, tilted = (points(degrees, False).flatten(1).T for degrees in (0, 20))
    torch.testing.assert_close(torch.cdist(tilted, tilted), torch.cdist(flat, flat), rtol=0, atol=1e-5)


def test_each_slice_has_its_own_tilt() -> None:
    directions = tilted_directions(torch.tensor([[0.1, -0.3]]), torch.tensor([[True, False]]))
    torch.testing.assert_close(directions[0, 0], torch.tensor([[1, 0, 0], [0, math.cos(0.1), math.sin(0.1)]]))
    torch.testing.assert_close(directions[0, 1], torch.tensor([[math.cos(0.3), 0, -math.sin(0.3)], [0, 1, 0]]))
