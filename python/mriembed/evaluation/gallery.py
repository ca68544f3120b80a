"""Slices embedded by every method, and the scores of one gallery of them against another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mriembed.evaluation.methods import Matcher, Method, describe, root_sum_of_squares, similarity
from mriembed.evaluation.metrics import alignment, mean_average_precision, recall_at_1, uniformity

_PICTURE = 64


class Gallery:
    """What each method keeps of slices, which are given away again; a small picture of each is kept.

    Attributes:
        labels: which slice each row is.
    """

    def __init__(self, methods: Sequence[Method]) -> None:
        self._methods = {method.name: method for method in methods}
        self._rows: dict[str, list[NDArray[np.float32]]] = {method.name: [] for method in methods}
        self._pictures: list[NDArray[np.float32]] = []
        self.labels: list[int] = []

    def add(self, kspace: NDArray[np.complex64], labels: Sequence[int]) -> None:
        """Takes in k-space (slices, coils, y, x)."""
        for name, method in self._methods.items():
            self._rows[name].append(describe(method, kspace))
        self._pictures.append(root_sum_of_squares(kspace, _PICTURE))
        self.labels += labels

    @property
    def methods(self) -> list[str]:
        """Their names."""
        return list(self._rows)

    def is_embedding(self, method: str) -> bool:
        """Whether rows of a method are embeddings, of unit length."""
        return not isinstance(self._methods[method], Matcher)

    def rows(self, method: str) -> NDArray[np.float32]:
        """(slices, length), or what a matcher compares, (slices, ...)."""
        return np.concatenate(self._rows[method])

    def similarity(self, method: str, queries: Gallery, chosen: NDArray[np.intp] | None = None) -> NDArray[np.float32]:
        """Similarities (queries, slices) of another gallery's slices, or of some of these, to the slices here."""
        rows = queries.rows(method)
        return similarity(self._methods[method], rows if chosen is None else rows[chosen], self.rows(method))

    def queries_taken(self, method: str, count: int) -> NDArray[np.intp]:
        """Which of `count` queries a method is asked: all, or as many as a matcher takes, evenly spread."""
        compared = self._methods[method]
        taken = min(count, compared.most_queries) if isinstance(compared, Matcher) else count
        return np.unique(np.linspace(0, count - 1, taken).round().astype(np.intp))

    @property
    def pictures(self) -> NDArray[np.float32]:
        """Root-sum-of-squares images, (slices, 64, 64)."""
        return np.concatenate(self._pictures)


@dataclass(frozen=True)
class Score:
    """How one method did in one trial.

    `recall_at_1` counts what shows the same slice, in a repeated scan of it, too; `recall_of_itself` only the very scan
    that was scanned again. They differ where there are repeated scans. Matchers have no alignment and no uniformity,
    and `queries` tells how many of the trial's queries they were asked.
    """

    trial: str
    method: str
    queries: int
    gallery: int
    recall_at_1: float
    recall_of_itself: float
    mean_average_precision: float
    alignment: float | None
    uniformity: float | None


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
        taken = gallery.queries_taken(method, len(asked))
        alike = gallery.similarity(method, queries, taken)
        embedding = gallery.is_embedding(method)
        found.append(
            Score(
                trial,
                method,
                len(taken),
                len(held),
                recall_at_1(alike, same[taken]),
                recall_at_1(alike, itself[taken]),
                mean_average_precision(alike, same[taken]),
                alignment(queries.rows(method), gallery.rows(method)[itself.argmax(1)]) if embedding else None,
                uniformity(gallery.rows(method)) if embedding else None,
            )
        )
    return found
