import numpy as np
import pytest
import torch

from mriembed.simulation import anatomy
from mriembed.simulation.anatomy import Anatomy, displaced, displaced_points, ellipsoid_depth, random_anatomy
from mriembed.simulation.uniform_numbers import UniformNumbers


def drawn(subjects: int, slices: int, seed: int = 0) -> Anatomy:
    return random_anatomy(subjects, slices, 64, torch.Generator().manual_seed(seed))


def test_tissues_lie_in_the_ranges_of_tissues() -> None:
    anatomy = drawn(6, 2)
    assert anatomy.density.shape == anatomy.t1.shape == anatomy.t2.shape == (12, 64, 64)
    assert float(anatomy.density.min()) >= 0
    assert float(anatomy.density.max()) <= 1.5
    assert 50 <= float(anatomy.t1.min()) <= float(anatomy.t1.max()) <= 6000
    assert 5 <= float(anatomy.t2.min()) <= float(anatomy.t2.max()) <= 3000


def test_a_body_lies_in_air_and_fills_a_sensible_part_of_the_field_of_view() -> None:
    filled = (drawn(40, 1).density > 0.02).float()
    share = filled.mean((1, 2))
    assert float(share.min()) > 0.05
    assert float(share.max()) < 0.9
    assert float(filled[:, 0, 0].mean()) < 0.05  # the corner is air


def test_slices_of_a_body_resemble_each_other_more_than_those_of_others() -> None:
    images = drawn(20, 2).density.flatten(1)
    centred = images - images.mean(1, keepdim=True)
    similarity = torch.corrcoef(centred)
    own = torch.tensor([similarity[2 * body, 2 * body + 1] for body in range(20)])
    others = similarity[0::2, 1::2][~torch.eye(20, dtype=torch.bool)]
    assert float(own.mean()) > float(others.mean()) + 0.1


def test_the_seed_decides() -> None:
    assert torch.equal(drawn(2, 2).t1, drawn(2, 2).t1)
    assert not torch.equal(drawn(2, 2).t1, drawn(2, 2, seed=1).t1)


def test_some_subjects_are_phantoms_of_one_liquid() -> None:
    anatomy = drawn(100, 1)
    inside = anatomy.density > 0.3
    spread = torch.stack([anatomy.t1[body][inside[body]].std() / anatomy.t1[body].mean() for body in range(100)])
    assert 0.05 < float((spread < 0.12).float().mean()) < 0.35


def test_variants_are_one_slice() -> None:
    variants = torch.tensor([True, False])
    cut = random_anatomy(2, 3, 64, torch.Generator().manual_seed(0), variants=variants)
    for tissue in (cut.density, cut.t1, cut.t2):
        assert torch.equal(tissue[0], tissue[1])
        assert torch.equal(tissue[0], tissue[2])
        assert not torch.equal(tissue[3], tissue[4])


def test_slices_lie_as_far_apart_as_asked_for_and_in_the_order_in_which_they_were_drawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    heights: list[torch.Tensor] = []

    def kept(axis: torch.Tensor, z: torch.Tensor, uniform: UniformNumbers) -> torch.Tensor:
        heights.append(z)
        return displaced(axis, z, uniform)

    monkeypatch.setattr(anatomy, "displaced", kept)
    variants = torch.arange(200) < 20
    for apart in (0.0, 0.05):
        random_anatomy(200, 4, 8, torch.Generator().manual_seed(0), variants=variants, apart=apart)
    near, far = heights
    assert float(near[20:].sort(1).values.diff(dim=1).amin()) < 0.001
    assert float(far[20:].sort(1).values.diff(dim=1).amin()) >= 0.05 - 1e-6
    assert torch.equal(near.argsort(1), far.argsort(1))
    torch.testing.assert_close(near.mean(1), far.mean(1))
    assert torch.equal(near[:20], far[:20])


def test_space_is_displaced_by_a_sum_of_waves() -> None:
    subjects, slices, size, waves = 2, 3, 16, 6
    z = torch.tensor([[0.1, -0.4, 0.7], [0.0, 0.2, -0.9]])
    axis = (torch.arange(size) - size // 2) * (2.0 / size)
    places = displaced(axis, z, UniformNumbers(subjects, 7 * waves, torch.Generator().manual_seed(0)))
    drawn_again = UniformNumbers(subjects, 7 * waves, torch.Generator().manual_seed(0))
    wave = drawn_again(-4.5, 4.5, 3, waves).double().numpy()
    phase = drawn_again(0, 2 * np.pi, 2, waves).double().numpy()
    strength = drawn_again(-0.05, 0.05, 2, waves).double().numpy()
    y, x = np.meshgrid(axis.numpy(), axis.numpy(), indexing="ij")
    found = places.reshape(subjects, 3, slices, size, size).numpy()
    assert np.all(found[:, 2] == 1)
    for body in range(subjects):
        for index in range(slices):
            for direction, still in enumerate((y, x)):
                expected = still + sum(
                    strength[body, direction, w]
                    * np.cos(
                        wave[body, 0, w] * y
                        + wave[body, 1, w] * x
                        + wave[body, 2, w] * float(z[body, index])
                        + phase[body, direction, w]
                    )
                    for w in range(waves)
                )
                np.testing.assert_allclose(found[body, direction, index], expected, rtol=0, atol=2e-6)


def test_points_are_displaced_by_a_sum_of_waves() -> None:
    waves = 6
    points = torch.rand(2, 3, 50, generator=torch.Generator().manual_seed(1)) * 2 - 1
    found = displaced_points(points, UniformNumbers(2, 7 * waves, torch.Generator().manual_seed(0)))
    drawn_again = UniformNumbers(2, 7 * waves, torch.Generator().manual_seed(0))
    wave = drawn_again(-4.5, 4.5, 3, waves).double().numpy()
    phase = drawn_again(0, 2 * np.pi, 2, waves).double().numpy()
    strength = drawn_again(-0.05, 0.05, 2, waves).double().numpy()
    along = np.einsum("bdw,bdp->bwp", wave, points.double().numpy())[:, None] + phase[..., None]
    expected = points[:, :2].double().numpy() + (strength[..., None] * np.cos(along)).sum(2)
    np.testing.assert_allclose(found[:, :2], expected, rtol=0, atol=2e-6)
    assert bool((found[:, 2] == 1).all())


def test_depth_is_positive_within_an_ellipsoid_and_zero_on_its_surface() -> None:
    centre, axes, angle = torch.tensor([0.1, -0.2, 0.3]), torch.tensor([0.5, 0.2, 0.4]), torch.tensor(0.6)
    cosine, sine = torch.cos(angle), torch.sin(angle)
    turned: dict[str, tuple[float | torch.Tensor, float | torch.Tensor, float]] = {
        "end of the first axis": (0.5 * cosine, 0.5 * sine, 0.0),
        "end of the second axis": (-0.2 * sine, 0.2 * cosine, 0.0),
        "end of the third axis": (0.0, 0.0, 0.4),
        "centre": (0.0, 0.0, 0.0),
        "twice as far as the surface": (1.0 * cosine, 1.0 * sine, 0.0),
    }
    depths = {}
    for name, (y, x, z) in turned.items():
        place = torch.tensor([[[centre[0] + y], [centre[1] + x], [1.0]]])
        height = torch.tensor([[centre[2] + z]])
        depths[name] = float(ellipsoid_depth(place, height, centre[None, None], axes[None, None], angle[None, None]))
    expected = [0.0, 0.0, 0.0, 0.2, -0.2]  # the smaller axis within the slice, times 1 - radius
    np.testing.assert_allclose(list(depths.values()), expected, rtol=0, atol=1e-6)
