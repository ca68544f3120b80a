import math

import numpy as np
import pytest
from scipy.stats import norm, spearmanr
from sklearn.metrics import average_precision_score

from mriembed.evaluation.metrics import (
    alignment,
    best_threshold,
    mean_average_precision,
    nearest,
    overlap,
    ranks_of_relevant,
    recall_at_1,
    spearman,
    uniformity,
)


def test_recall_at_1_counts_queries_whose_nearest_row_is_relevant() -> None:
    similarity = np.array([[0.9, 0.1], [0.2, 0.3], [0.6, 0.5], [0.4, 0.4]])
    relevant = np.array([[True, False], [False, True], [False, True], [False, True]])
    assert recall_at_1(similarity, relevant) == 0.5  # the last one's rows are equally alike: the first counts


def test_mean_average_precision_is_that_of_scikit_learn() -> None:
    random = np.random.default_rng(0)
    similarity = random.standard_normal((40, 25))
    relevant = random.random((40, 25)) < 0.2
    relevant[:, 3] = True
    expected = np.mean([average_precision_score(row, score) for row, score in zip(relevant, similarity, strict=True)])
    assert mean_average_precision(similarity, relevant) == pytest.approx(expected)


def test_of_one_relevant_row_the_average_precision_is_one_over_its_rank() -> None:
    similarity = np.array([[0.4, 0.3, 0.2, 0.1]])
    for place in range(4):
        assert mean_average_precision(similarity, np.arange(4)[None] == place) == pytest.approx(1 / (place + 1))


def test_alignment_and_uniformity_of_rows_that_can_be_seen_through() -> None:
    axes = np.eye(4)
    assert alignment(axes, axes) == 0
    assert alignment(axes, -axes) == pytest.approx(4)
    assert alignment(axes, np.roll(axes, 1, 0)) == pytest.approx(2)
    assert uniformity(axes) == pytest.approx(-4)  # all distances squared are 2
    assert uniformity(np.ones((3, 1))) == pytest.approx(0)
    assert uniformity(np.array([[1.0], [-1.0]])) == pytest.approx(math.log(math.exp(-8)))


def test_the_nearest_rows_come_first() -> None:
    rows = np.eye(4, dtype=np.float32)
    queries = np.array([[0.1, 0.9, 0.3, 0.2]], np.float32)
    assert nearest(rows, queries, 3).tolist() == [[1, 2, 3]]


def test_spearman_is_that_of_scipy() -> None:
    random = np.random.default_rng(0)
    for ties in (1000, 4):
        first, second = random.integers(0, ties, 200), random.integers(0, ties, 200) + 0.3 * np.arange(200)
        assert spearman(first, second) == pytest.approx(spearmanr(first, second).statistic)
    assert spearman(np.array([1, 2, 3]), np.array([10.0, 100.0, 1000.0])) == pytest.approx(1)
    assert spearman(np.array([1, 1, 1]), np.array([1, 2, 3])) == 0


@pytest.mark.parametrize(
    ("nearer", "farther", "expected"),
    [
        ([0.1, 0.2], [0.3, 0.4], 0.0),
        ([0.3, 0.4], [0.1, 0.2], 0.5),  # the wrong way round: no threshold is better than taking all or none
        ([0.1, 0.2], [0.1, 0.2], 0.5 / 2 + 0.25),
        ([0.1, 0.2, 0.3, 0.6], [0.5, 0.7], 1 / 8),  # up to 0.3: one of four is missed
        ([0.1, 0.1, 0.1, 0.1], [0.1, 0.9], 1 / 4),  # up to 0.1: one of two is taken
    ],
)
def test_overlap_is_the_error_rate_of_the_best_threshold(
    nearer: list[float], farther: list[float], expected: float
) -> None:
    assert overlap(np.array(nearer), np.array(farther)) == pytest.approx(expected)


def test_overlap_of_two_normal_distributions_is_known() -> None:
    random = np.random.default_rng(0)
    found = overlap(random.standard_normal(20000), 2 + random.standard_normal(20000))
    assert found == pytest.approx(norm.cdf(-1), abs=0.006)


def test_ranks_count_those_that_are_as_alike() -> None:
    similarity = np.array([[0.9, 0.5, 0.1], [0.2, 0.2, 0.3], [0.4, 0.4, 0.4]])
    assert ranks_of_relevant(similarity, np.array([1, 1, 0])).tolist() == [2, 3, 3]


def test_the_best_threshold_is_where_fewest_are_on_the_wrong_side() -> None:
    assert best_threshold(np.array([0.1, 0.2, 0.3]), np.array([0.5, 0.6])) == 0.3
    assert best_threshold(np.array([0.1, 0.2, 0.9]), np.array([0.4, 0.5, 0.6])) == 0.2
    normal = np.random.default_rng(0).standard_normal(20000)
    assert best_threshold(normal, 2 + normal) == pytest.approx(1.0, abs=0.1)
