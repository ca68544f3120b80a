"""Slices embedded by every method, and the scores of one gallery of them against another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mriembed.evaluation.metrics import alignment, mean_average_precision, recall_at_1, uniformity
from mriembed.evaluation.methods import Method, root_sum_of_squares

_PICTURE = 64


class Gallery:
    """Embeddings, by each method, of slices that are given away again; a small picture of each is kept.

    Attributes:
        labels: which slice each row is.
    """

    def __init__(self, methods: Sequence[Method]) -> None:
        self._methods = methods
        self._rows: dict[str, list[NDArray[np.float32]]] = {method.name: [] for method in methods}
        self._pictures: list[NDArray[np.float32]] = []
        self.labels: list[int] = []

    def add(self, kspace: NDArray[np.complex64], labels: Sequence[int]) -> None:
        """Embeds k-space (slices, coils, y, x)."""
        for method in self._methods:
            self._rows[method.name].append(method.embed(kspace))
        self._pictures.append(root_sum_of_squares(kspace, _PICTURE))
        self.labels += labels

    @property
    def methods(self) -> list[str]:
        """Their names."""
        return list(self._rows)

    def rows(self, method: str) -> NDArray[np.float32]:
        """(slices, length)."""
        return np.concatenate(self._rows[method])

    @property
    def pictures(self) -> NDArray[np.float32]:
        """Root-sum-of-squares images, (slices, 64, 64)."""
        return np.concatenate(self._pictures)


@dataclass(frozen=True)
class Score:
    """How one method did in one trial.

    `recall_at_1` counts what shows the same slice, in a repeated scan of it, too; `recall_of_itself` only the very scan
    that was scanned again. They differ where there are repeated scans.
    """

    trial: str
    method: str
    queries: int
    gallery: int
    recall_at_1: float
    recall_of_itself: float
    mean_average_precision: float
    alignment: float
    uniformity: float


def scores(
    trial: str, gallery: Gallery, queries: Gallery, repeated: Mapping[int, Sequence[int]] | None = None
) -> list[Score]:
    """Every method's score at finding each query's slice in the gallery.

    Args:
        trial: name of the trial.
        gallery: one row a slice; its labels are unique.
        queries: acquisitions of those slices.
        repeated: for a label, the labels of other scans of the same slice.
    """
    held, asked = np.array(gallery.labels), np.array(queries.labels)
    itself = asked[:, None] == held[None, :]
    same = itself.copy()
    for label, others in (repeated or {}).items():
        same |= (asked == label)[:, None] & np.isin(held, others)[None, :]
    found = []
    for method in gallery.methods:
        rows, query_rows = gallery.rows(method), queries.rows(method)
        similarity = query_rows @ rows.T
        found.append(
            Score(
                trial,
                method,
                len(asked),
                len(held),
                recall_at_1(similarity, same),
                recall_at_1(similarity, itself),
                mean_average_precision(similarity, same),
                alignment(query_rows, rows[itself.argmax(1)]),
                uniformity(rows),
            )
        )
    return found
