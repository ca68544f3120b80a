"""The evaluation as one HTML file that needs nothing else: tables, curves, what was found for what, and a map."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from mriembed.evaluation.evaluation import Evaluation, RetrievalResult
from mriembed.evaluation.figures import curves_figure, map_figure, picture
from mriembed.evaluation.gallery import Score
from mriembed.evaluation.metrics import nearest
from mriembed.evaluation.volume_trials import Ordering
from mriembed.templates import render

_SHOWN = 12  # queries of a contact sheet
_NEIGHBOURS = 5


@dataclass(frozen=True)
class _Trial:
    """The scores of one trial, one for each method."""

    name: str
    scores: list[Score]


@dataclass(frozen=True)
class _Tile:
    """A slice of a contact sheet. `kind`: query, hit, miss (nearest, and another slice) or other."""

    kind: str
    picture: str
    name: str
    distance: float | None = None
    typical_of: str = ""


@dataclass(frozen=True)
class _ContactSheet:
    """Queries with their nearest slices, and the map of the gallery as SVG."""

    title: str
    rows: list[list[_Tile]]
    map: str


def html_report(evaluation: Evaluation) -> str:
    """The report's text."""
    return render(
        "evaluation.html.j2",
        evaluation=evaluation,
        facts=_facts(evaluation),
        trials=[_Trial(name, list(scores)) for name, scores in groupby(evaluation.scores, lambda score: score.trial)],
        curves=curves_figure(evaluation.curves) if evaluation.curves else "",
        sheets=[_contact_sheet(found, evaluation.orderings) for found in evaluation.found],
        neighbours=_NEIGHBOURS,
    )


def _facts(evaluation: Evaluation) -> dict[str, str]:
    model = evaluation.model
    matrix = f"{model.matrix} x {model.matrix}" if model.matrix else "as measured"
    return {
        "weights": f"{model.weights_source} (SHA-256 {model.weights_sha256[:16]}…)",
        "network": f"{model.num_coils} virtual coils, matrix {matrix}, {model.embed_dim} components, "
        f"{model.parameters:,} weights",
        "run": f"{evaluation.created}, seed {evaluation.plan.seed}; mriembed {model.mriembed_version}",
        "machine": evaluation.machine,
    }


def _contact_sheet(found: RetrievalResult, orderings: Sequence[Ordering]) -> _ContactSheet:
    """Queries, evenly drawn from the acquisitions, with their nearest slices by the model's first precision.

    Each distance says what it is typical of, where that was measured.
    """
    method = found.gallery.methods[0]
    meaning = orderings[0].as_distances("this evaluation") if orderings else None
    embeddings, query_embeddings = found.gallery.rows(method), found.queries.rows(method)
    chosen = np.unique(np.linspace(0, len(query_embeddings) - 1, _SHOWN).astype(int))
    closest = nearest(embeddings, query_embeddings[chosen], _NEIGHBOURS)
    pictures, query_pictures = found.gallery.pictures, found.queries.pictures
    rows = []
    for query, neighbours in zip(chosen, closest, strict=True):
        label = found.queries.labels[query]
        name = found.names[found.gallery.labels.index(label)]
        tiles = [_Tile("query", picture(query_pictures[query]), name)]
        for place, number in enumerate(neighbours):
            hit = found.gallery.labels[number] in (label, *found.repeated.get(label, ()))
            kind = "hit" if hit else "miss" if place == 0 else "other"
            distance = 1 - float(query_embeddings[query] @ embeddings[number])
            typical_of = "" if meaning is None else meaning.typical_of(distance)
            tiles.append(_Tile(kind, picture(pictures[number]), found.names[number], distance, typical_of))
        rows.append(tiles)
    return _ContactSheet(found.title, rows, map_figure(embeddings, found.gallery.pictures))
