import numpy as np

from mriembed.evaluation.methods import Thumbnail
from mriembed.evaluation.simulated import robustness_curves, simulated_kspace, simulated_trials, variants_trials


def test_slices_follow_the_seed_and_their_number() -> None:
    first, again, other = (list(simulated_kspace(25, seed)) for seed in (0, 0, 1))
    assert [len(labels) for _, labels in first] == [20, 5]
    assert first[1][1] == [20, 21, 22, 23, 24]
    assert first[0][0].shape[2:] == (96, 96)
    assert 8 <= first[0][0].shape[1] <= 32
    assert all(np.array_equal(one[0], two[0]) for one, two in zip(first, again, strict=True))
    assert not np.array_equal(first[0][0][0, 0], other[0][0][0, 0])


def test_every_level_looks_for_every_slice_and_harder_ones_find_fewer() -> None:
    done: list[int] = []
    scores, gallery, queries = simulated_trials([Thumbnail()], 40, 0, done.append)
    assert [score.trial for score in scores] == ["simulated, easy", "simulated, medium", "simulated, hard"]
    assert all(score.queries == score.gallery == 40 for score in scores)
    assert scores[0].recall_at_1 > scores[2].recall_at_1 > 1 / 40
    assert sum(done) == len(gallery.labels) == len(queries.labels) == 40


def test_curves_begin_where_nothing_is_disturbed() -> None:
    curves = robustness_curves([Thumbnail()], 20, 0, lambda _: None)
    assert [curve.perturbation for curve in curves] == ["noise", "undersampling", "coils", "matrix", "rotation"]
    for curve in curves:
        recalls = curve.recall_at_1[Thumbnail.name]
        assert len(recalls) == len(curve.values)
        assert recalls[0] == 1.0
    fewest = {curve.perturbation: min(curve.recall_at_1[Thumbnail.name]) for curve in curves}
    assert fewest["coils"] < 1.0
    assert fewest["rotation"] < 1.0


def test_variants_of_a_protocol_are_found_by_whole_phantoms_and_taken_for_each_other() -> None:
    done: list[int] = []
    scores = variants_trials([Thumbnail()], 20, 0, done.append)
    assert [score.trial for score in scores] == ["simulated variants, medium", "simulated variants, any 4 coils"]
    assert all(score.queries == score.gallery == 24 for score in scores)
    assert sum(done) == 20
    assert all(1 / 24 < score.recall_at_1 < 1 for score in scores)
