import pytest
import torch

from mriembed.training.graded_slices import (
    GradedSlices,
    contrast_slices,
    protocol_slices,
    single_slices,
    volume_slices,
)

SUBJECTS, SLICES, SIZE = 5, 6, 24


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def by_subject(drawn: GradedSlices) -> tuple[torch.Tensor, torch.Tensor]:
    """Positions and contrasts in millimetres, (subjects, slices) each."""
    assert drawn.images.shape == (SUBJECTS * SLICES, 1, SIZE, SIZE)
    torch.testing.assert_close(drawn.images.abs().square().mean((1, 2, 3)), torch.ones(SUBJECTS * SLICES))
    coordinates = drawn.coordinates.view(SUBJECTS, SLICES, 3)
    assert torch.equal(coordinates[:, :, 0], torch.arange(float(SUBJECTS))[:, None].expand(-1, SLICES))
    return coordinates[:, :, 1], coordinates[:, :, 2]


def likeness(images: torch.Tensor) -> torch.Tensor:
    """Cosines of the magnitudes of each subject's slices with those of its other slices, (subjects, slices, slices)."""
    rows = torch.nn.functional.normalize(images.abs().flatten(1), dim=1).view(SUBJECTS, SLICES, -1)
    return rows @ rows.mT


@pytest.mark.parametrize("seed", range(6))
def test_slices_of_a_volume_follow_each_other_in_millimetres_and_lie_in_the_subject(seed: int) -> None:
    drawn = volume_slices(SUBJECTS, SLICES, SIZE, seeded(seed), phantoms=0.0)
    positions, contrasts = by_subject(drawn)
    spacing = (positions[:, -1] - positions[:, 0]) / (SLICES - 1)
    assert bool((spacing > 0.5).all())
    assert bool((spacing < 17).all())  # 1 to 15 mm, and a slice may lie 0.3 of it beside its place
    assert bool((positions.diff(dim=1) > 0).all())
    assert not contrasts.any()
    assert float(drawn.heights.abs().max()) <= 0.6 + 1e-5
    # Heights are millimetres over half of a field of view of 200 to 320 mm.
    half_field = positions.diff(dim=1) / drawn.heights.diff(dim=1)
    torch.testing.assert_close(half_field, half_field[:, :1].expand_as(half_field), rtol=1e-3, atol=0)
    assert bool((half_field > 99.9).all())
    assert bool((half_field < 160.1).all())


def test_neighbours_of_a_volume_are_more_alike_than_its_ends() -> None:
    alike = torch.cat(
        [likeness(volume_slices(SUBJECTS, SLICES, SIZE, seeded(seed), phantoms=0.0).images) for seed in range(4)]
    )
    assert float(alike[:, 0, 1].mean()) > float(alike[:, 0, -1].mean()) + 0.02


def test_every_second_slice_repeats_a_place_by_a_contrast_1_4_or_10_millimetres_away() -> None:
    seen = set()
    for seed in range(8):
        drawn = contrast_slices(SUBJECTS, SLICES, SIZE, seeded(seed), phantoms=0.0)
        positions, contrasts = by_subject(drawn)
        assert torch.equal(positions[:, 0::2], positions[:, 1::2])
        assert bool((positions[:, 0::2].diff(dim=1) > 0).all())
        assert torch.equal(drawn.heights[:, 0::2], drawn.heights[:, 1::2])
        assert not contrasts[:, 0::2].any()
        apart = contrasts[:, 1::2]
        assert torch.equal(apart, apart[:, :1].expand_as(apart))  # one change a subject
        seen |= set(apart[:, 0].tolist())
    assert seen == {1.0, 4.0, 10.0}


def test_the_farther_a_contrast_counts_the_less_alike_are_two_slices_of_one_place() -> None:
    found: dict[float, list[float]] = {}
    for seed in range(12):
        drawn = contrast_slices(SUBJECTS, SLICES, SIZE, seeded(seed), phantoms=0.0)
        contrasts = by_subject(drawn)[1]
        alike = likeness(drawn.images)
        for subject in range(SUBJECTS):
            found.setdefault(float(contrasts[subject, 1]), []).append(float(alike[subject, 0, 1]))
    small, middle, large = (sum(found[apart]) / len(found[apart]) for apart in (1.0, 4.0, 10.0))
    assert small > middle > large


def test_single_slices_count_as_far_from_all_others() -> None:
    positions, contrasts = by_subject(single_slices(SUBJECTS, SLICES, SIZE, seeded(0), phantoms=0.2))
    assert bool((positions.diff(dim=1) >= 200).all())
    assert not contrasts.any()


def test_slices_of_a_protocol_are_one_place_whose_pulses_differ_by_a_millimetre_each() -> None:
    drawn = protocol_slices(SUBJECTS, SLICES, SIZE, seeded(0))
    positions, contrasts = by_subject(drawn)
    assert not positions.any()
    assert torch.equal(contrasts.sort(1).values, torch.arange(float(SLICES)).expand(SUBJECTS, -1))
    assert any(not torch.equal(row, row.sort().values) for row in contrasts)
