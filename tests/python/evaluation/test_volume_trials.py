import numpy as np
import pytest

from mriembed.evaluation.methods import Thumbnail
from mriembed.evaluation.registered_thumbnail import RegisteredThumbnail
from mriembed.evaluation.volume_trials import Ordering, Places, VolumeScore, by_kind, volume_score, volume_trials


def places(step: int, subjects: int = 2) -> Places:
    position = np.arange(0, 41, step)
    return Places(np.repeat(np.arange(subjects), len(position)), np.tile(position, subjects))


def true_distance(asked: Places, held: Places) -> np.ndarray:
    apart = np.abs(asked.position[:, None] - held.position).astype(np.float32)
    return np.where(asked.subject[:, None] == held.subject, apart, 1000).astype(np.float32)


def test_distances_that_are_millimetres_are_perfect() -> None:
    asked, held = places(2), places(1)
    score = volume_score("a", true_distance(asked, held), asked, held)
    assert score.spacing == [1, 2, 4, 10]
    assert score.exact == [1.0, 1.0, 1.0, 1.0]
    assert score.neighbour_is_nearest == 1.0
    assert score.spearman == pytest.approx(1.0)
    assert (score.subjects, score.queries) == (2, 42)


def test_slices_that_are_taken_for_the_next_but_one_are_no_neighbours_and_not_exact() -> None:
    asked, held = places(2), places(1)
    apart = np.abs(asked.position[:, None] - held.position)
    distance = true_distance(asked, held) + 100 * (apart < 8)
    score = volume_score("a", distance.astype(np.float32), asked, held)
    assert score.exact[:3] == [0.0, 0.0, 0.0]
    assert score.neighbour_is_nearest == 0.0
    assert score.spearman < 0.5


def test_slices_of_another_body_at_the_same_position_do_not_count() -> None:
    asked, held = places(2), places(1)
    swapped = Places(1 - held.subject, held.position)
    score = volume_score("a", true_distance(asked, swapped), asked, held)
    assert score.exact == [0.0] * 4
    assert score.neighbour_is_nearest == 0.0


def test_kinds_of_pairs_are_told_by_body_and_offset() -> None:
    asked, held = places(2), places(1)
    kinds = by_kind(true_distance(asked, held), asked, held)
    assert set(kinds["exact"].tolist()) == {0}
    assert set(kinds["neighbour"].tolist()) == {5}
    assert kinds["other slice"].min() == 20
    assert set(kinds["other body"].tolist()) == {1000}
    assert len(kinds["exact"]) == 42
    assert len(kinds["neighbour"]) == 2 * (18 + 18)  # 0 to 34 mm have one above, 6 to 40 mm one below
    assert len(kinds["other body"]) == 2 * 21 * 41


@pytest.fixture(scope="module")
def trials() -> tuple[list[VolumeScore], list[Ordering]]:
    """Of a thumbnail and a registered one."""
    done: list[int] = []
    found = volume_trials([Thumbnail(), RegisteredThumbnail()], 2, 0, done.append)
    assert done == [1, 1]
    return found


def test_a_registered_thumbnail_finds_slices_of_simulated_volumes_in_another_session(
    trials: tuple[list[VolumeScore], list[Ordering]],
) -> None:
    (thumbnail, registered), orderings = trials
    assert registered.exact[2] > 0.8
    assert registered.exact[2] > thumbnail.exact[2]
    assert registered.exact == sorted(registered.exact)
    assert registered.neighbour_is_nearest > 0.8
    assert registered.spearman > 0.6
    for ordering in orderings:
        names = [each.name for each in ordering.classes]
        assert names == [
            "same slice, same session",
            "same slice, another session",
            "neighbouring slice (5 mm), another session",
            "other slice of the body (from 20 mm), another session",
            "other body, another session",
        ]
        medians = [each.median for each in ordering.classes]
        assert ordering.is_ordered == all(medians[i] < medians[i + 1] for i in range(4))
        assert ordering.classes[0].overlap is None
        below = [each.below_threshold for each in ordering.classes]
        assert below[1] > below[-1]
        assert ordering.as_distances("here").kinds[1].below_threshold == below[1]
        assert all(0 <= each.overlap <= 0.5 for each in ordering.classes[1:] if each.overlap is not None)
        assert all(each.deciles == sorted(each.deciles) for each in ordering.classes)
    assert orderings[1].classes[3].median < orderings[1].classes[4].median


def test_the_seed_decides_and_no_method_changes_another(trials: tuple[list[VolumeScore], list[Ordering]]) -> None:
    first = tuple(one[:1] for one in trials)
    again, other = (volume_trials([Thumbnail()], 2, seed, lambda _: None) for seed in (0, 1))
    assert first == again
    assert first != other
