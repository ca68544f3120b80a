import numpy as np
import pytest
import torch
from torch.nn import functional as F

from mriembed.simulation.interpolation import between_planes, interpolated


@pytest.mark.parametrize(("count", "size"), [(3, 64), (24, 50), (5, 33), (2, 7), (30, 20)])
@pytest.mark.parametrize("corners", [True, False])
def test_it_is_the_cubic_convolution_of_torch(count: int, size: int, corners: bool) -> None:
    coarse = torch.randn(2, 3, count, count, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    expected = F.interpolate(coarse, size=(size, size), mode="bicubic", align_corners=corners)
    torch.testing.assert_close(interpolated(coarse, size, corners=corners), expected, rtol=0, atol=1e-12)


def test_a_constant_field_stays_constant() -> None:
    field = interpolated(torch.full((1, 4, 4), 2.5), 17)
    torch.testing.assert_close(field, torch.full((1, 17, 17), 2.5))


def test_between_two_planes_lies_their_linear_interpolation_and_beyond_the_ends_the_end_planes() -> None:
    planes = torch.randn(2, 4, 3, 5, generator=torch.Generator().manual_seed(0))
    places = torch.tensor([[0.0, 0.25, 2.0, 2.9], [-1.0, 1.5, 3.0, 7.0]])
    found = between_planes(planes, places)
    assert found.shape == (2, 4, 3, 5)
    for subject in range(2):
        for y in range(3):
            for x in range(5):
                expected = np.interp(places[subject], range(4), planes[subject, :, y, x])
                np.testing.assert_allclose(found[subject, :, y, x], expected, rtol=0, atol=1e-6)
