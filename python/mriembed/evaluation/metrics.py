"""How well embeddings find what belongs together: retrieval, alignment and uniformity, on rows of unit length."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def recall_at_1(similarity: NDArray[Any], relevant: NDArray[np.bool_]) -> float:
    """Share of the queries whose most similar gallery row is a relevant one.

    Args:
        similarity: (queries, gallery), larger is more alike. Where two are equally alike, the first counts.
        relevant: (queries, gallery).
    """
    nearest = similarity.argmax(1)
    return float(relevant[np.arange(len(relevant)), nearest].mean())


def mean_average_precision(similarity: NDArray[Any], relevant: NDArray[np.bool_]) -> float:
    """Mean over the queries of the average precision (Manning et al. 2008, Introduction to Information Retrieval, 8.4).

    Of a query with one relevant row this is 1 / its rank.
    """
    order = np.argsort(-similarity, axis=1, kind="stable")
    hits = np.take_along_axis(relevant, order, 1)
    ranks = np.arange(1, hits.shape[1] + 1)
    precision = np.cumsum(hits, 1) / ranks
    return float(((precision * hits).sum(1) / hits.sum(1)).mean())


def alignment(first: NDArray[Any], second: NDArray[Any]) -> float:
    """Mean squared distance of rows that belong together (Wang and Isola 2020, arXiv:2005.10242); 0 is best."""
    return float(np.square(first - second).sum(1).mean())


def uniformity(rows: NDArray[Any]) -> float:
    """Logarithm of the mean of exp(-2 d^2) over all pairs of rows (same source); lower is more evenly spread."""
    squared = 2 - 2 * (rows @ rows.T)
    pairs = squared[np.triu_indices(len(rows), 1)]
    return float(np.log(np.exp(-2 * pairs).mean()))


def nearest(rows: NDArray[Any], queries: NDArray[Any], count: int) -> NDArray[np.intp]:
    """Numbers of the `count` most similar rows for each query, the most similar first."""
    order: NDArray[np.intp] = np.argsort(-(queries @ rows.T), axis=1, kind="stable")[:, :count]
    return order


def spearman(first: NDArray[Any], second: NDArray[Any]) -> float:
    """Correlation of the ranks of two samples (n,), ties sharing their mean rank (Spearman 1904)."""
    ranks = [_ranks(values) for values in (first, second)]
    centred = [values - values.mean() for values in ranks]
    scale = np.sqrt(np.square(centred[0]).sum() * np.square(centred[1]).sum())
    return float((centred[0] * centred[1]).sum() / scale) if scale > 0 else 0.0


def overlap(nearer: NDArray[Any], farther: NDArray[Any]) -> float:
    """The smallest error rate of one threshold between two classes of distances, both classes weighted equally.

    The threshold takes distances up to it for the nearer class. 0: the classes are apart; 0.5: no threshold helps.
    """
    return float(_error_rates(nearer, farther)[1].min())


def best_threshold(nearer: NDArray[Any], farther: NDArray[Any]) -> float:
    """The threshold of `overlap`: with the smallest error rate, the first among equals."""
    thresholds, rates = _error_rates(nearer, farther)
    return float(thresholds[rates.argmin()])


def ranks_of_relevant(similarity: NDArray[Any], relevant: NDArray[np.intp]) -> NDArray[np.intp]:
    """Rank of one gallery row for each query, from 1; others that are equally alike rank before it.

    Args:
        similarity: (queries, gallery).
        relevant: (queries,), numbers of gallery rows.
    """
    own = similarity[np.arange(len(similarity)), relevant]
    before: NDArray[np.intp] = (similarity >= own[:, None]).sum(1)
    return before


def _error_rates(nearer: NDArray[Any], farther: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """All thresholds that matter, and the error rate of each."""
    thresholds = np.concatenate([[-np.inf], np.sort(np.concatenate([nearer, farther]))])
    missed = 1 - np.searchsorted(np.sort(nearer), thresholds, side="right") / len(nearer)
    taken = np.searchsorted(np.sort(farther), thresholds, side="right") / len(farther)
    return thresholds, (missed + taken) / 2


def _ranks(values: NDArray[Any]) -> NDArray[np.float64]:
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    mean: NDArray[np.float64] = last - (counts - 1) / 2
    return mean[place]
