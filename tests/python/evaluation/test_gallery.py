import numpy as np
import pytest

from mriembed.evaluation.gallery import Gallery, scores


class ByHand:
    """Takes its rows from the first pixels' real parts."""

    def __init__(self, name: str) -> None:
        self.name = name

    def embed(self, kspace: np.ndarray) -> np.ndarray:
        rows = kspace[:, 0, 0, :3].real
        result: np.ndarray = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return result


def slices(*rows: tuple[float, float, float]) -> np.ndarray:
    samples = np.full((len(rows), 1, 8, 8), 0.1, np.complex64)
    samples[:, 0, 0, :3] = rows
    return samples


def test_scores_count_the_scan_itself_and_repeated_scans_of_it() -> None:
    methods = [ByHand("a"), ByHand("b")]
    gallery, queries = Gallery(methods), Gallery(methods)
    gallery.add(slices((1, 0, 0), (0.9, 0.1, 0), (0, 0, 1)), [0, 1, 2])
    queries.add(slices((1, 0, 0), (1, 0, 0), (0.6, 0, 0.8)), [0, 1, 2])
    queries.add(slices((0.8, 0, 0.6)), [2])
    plain = scores("trial", gallery, queries)
    assert [score.method for score in plain] == ["a", "b"]
    assert (plain[0].queries, plain[0].gallery, plain[0].trial) == (4, 3, "trial")
    assert plain[0].recall_at_1 == plain[0].recall_of_itself == 0.5
    assert plain[0].mean_average_precision == pytest.approx((1 + 1 / 2 + 1 + 1 / 3) / 4)
    repeated = scores("trial", gallery, queries, {0: [1], 1: [0]})
    assert repeated[0].recall_at_1 == 0.75  # 1's query finds 0, which shows the same slice
    assert repeated[0].recall_of_itself == 0.5
    assert repeated[0].mean_average_precision == pytest.approx((1 + 1 + 1 + 1 / 3) / 4)
    first, second = np.array([1, 0, 0]), np.array([0.9, 0.1, 0]) / np.hypot(0.9, 0.1)
    expected = (0 + np.sum((first - second) ** 2) + (2 - 2 * 0.8) + (2 - 2 * 0.6)) / 4
    assert plain[0].alignment == pytest.approx(expected, rel=1e-5)


def test_pictures_are_kept_for_the_report() -> None:
    gallery = Gallery([ByHand("a")])
    gallery.add(slices((1, 0, 0)), [5])
    gallery.add(slices((1, 0, 0), (0, 1, 0)), [6, 7])
    assert gallery.pictures.shape == (3, 64, 64)
    assert gallery.labels == [5, 6, 7]
    assert gallery.rows("a").shape == (3, 3)
