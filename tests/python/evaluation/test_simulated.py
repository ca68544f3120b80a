import numpy as np
import torch

from mriembed.evaluation.methods import Thumbnail
from mriembed.evaluation.simulated import (
    robustness_curves,
    simulated_batches,
    simulated_kspace,
    simulated_trials,
    variants_trials,
)
from mriembed.fourier import image_to_kspace, kspace_to_image


def test_slices_follow_the_seed_and_their_number() -> None:
    first, again, other = (list(simulated_kspace(25, seed)) for seed in (0, 0, 1))
    assert [len(labels) for _, labels in first] == [20, 5]
    assert first[1][1] == [20, 21, 22, 23, 24]
    assert first[0][0].shape[2:] == (96, 96)
    assert 8 <= first[0][0].shape[1] <= 32
    assert all(np.array_equal(one[0], two[0]) for one, two in zip(first, again, strict=True))
    assert not np.array_equal(first[0][0][0, 0], other[0][0][0, 0])


def test_other_sessions_come_first_and_harder_ones_find_fewer() -> None:
    done: list[int] = []
    scores, gallery, queries = simulated_trials([Thumbnail()], 40, 0, done.append)
    assert [score.trial for score in scores] == [
        "simulated, another session, easy",
        "simulated, another session, medium",
        "simulated, another session, hard",
        "simulated, phase alone",
        "simulated, array alone",
        "simulated, same session, easy",
        "simulated, same session, medium",
        "simulated, same session, hard",
    ]
    assert all(score.queries == score.gallery == 40 for score in scores)
    recall = {score.trial.removeprefix("simulated, "): score.recall_at_1 for score in scores}
    for kind in ("another session", "same session"):
        assert recall[f"{kind}, easy"] > recall[f"{kind}, hard"] > 0
    assert recall["phase alone"] == 1.0  # a thumbnail does not know of phases
    assert recall["array alone"] < 1.0
    assert sum(done) == len(gallery.labels) == len(queries.labels) == 40


def test_galleries_hold_the_slices_under_their_array_and_phase() -> None:
    batch = next(iter(simulated_batches(20, 0)))
    received = kspace_to_image(batch.kspace).abs().square().sum(1).sqrt()
    fine = image_to_kspace(batch.images * batch.phase)[:, :, 24:120, 24:120] * (96 / 144)
    expected = kspace_to_image(fine) * batch.sensitivities
    torch.testing.assert_close(received, expected.abs().square().sum(1).sqrt(), rtol=1e-3, atol=1e-3)
    torch.testing.assert_close(batch.phase.abs(), torch.ones_like(batch.phase.abs()))


def test_curves_begin_where_nothing_is_disturbed() -> None:
    curves = robustness_curves([Thumbnail()], 20, 0, lambda _: None)
    assert [curve.perturbation for curve in curves] == [
        "displaced k-space",
        "background phase",
        "noise",
        "undersampling",
        "coils",
        "matrix",
        "rotation",
    ]
    for curve in curves:
        recalls = curve.recall_at_1[Thumbnail.name]
        assert len(recalls) == len(curve.values)
        assert recalls[0] == 1.0
    fewest = {curve.perturbation: min(curve.recall_at_1[Thumbnail.name]) for curve in curves}
    assert fewest["displaced k-space"] == fewest["background phase"] == 1.0
    assert fewest["coils"] < 1.0
    assert fewest["rotation"] < 1.0


def test_variants_of_a_protocol_are_found_by_whole_phantoms_and_taken_for_each_other() -> None:
    done: list[int] = []
    scores = variants_trials([Thumbnail()], 20, 0, done.append)
    assert [score.trial for score in scores] == [
        "simulated variants, same session, medium",
        "simulated variants, same session, any 4 coils",
    ]
    assert all(score.queries == score.gallery == 24 for score in scores)
    assert sum(done) == 20
    assert all(1 / 24 < score.recall_at_1 < 1 for score in scores)
