import math

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from mriembed.evaluation.metrics import alignment, mean_average_precision, nearest, recall_at_1, uniformity


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
