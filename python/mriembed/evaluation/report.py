"""The evaluation as one HTML file that needs nothing else: tables, curves, what was found for what, and a map."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import groupby

import numpy as np

from mriembed.evaluation.evaluation import Evaluation, RetrievalResult
from mriembed.evaluation.figures import curves_figure, map_figure, picture
from mriembed.evaluation.metrics import nearest
from mriembed.evaluation.volume_trials import Ordering

_SHOWN = 12  # queries of a contact sheet
_NEIGHBOURS = 5

_STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.5 system-ui, sans-serif; color: #1b1b1b; max-width: 1180px; margin: 2.5rem auto;
  padding: 0 1.5rem; }
h1 { font-size: 1.7rem; margin-bottom: .2rem; } h2 { margin-top: 2.6rem; border-bottom: 1px solid #ddd; }
h3 { margin-bottom: .3rem; } p.lead { color: #555; margin-top: 0; }
table { border-collapse: collapse; margin: .6rem 0 1.4rem; } th, td { padding: .25rem .6rem; text-align: right; }
th { border-bottom: 1px solid #999; font-weight: 600; }
td:first-child, th:first-child { text-align: left; white-space: nowrap; }
tr.model td { font-weight: 600; background: #eef5fb; } td.facts { text-align: left; font-weight: 400; }
.sheet { display: grid; gap: .5rem .7rem; justify-content: start; }
.sheet > div { width: 118px; font-size: 11px; line-height: 1.3; overflow-wrap: anywhere; color: #444; }
.sheet img { width: 112px; height: 112px; image-rendering: pixelated; border: 3px solid #ddd; background: black;
  display: block; }
.sheet .query img { border-color: #1b1b1b; } .sheet .hit img { border-color: #009e73; }
.sheet .miss img { border-color: #d55e00; } .sheet .gap { width: 20px; font-size: 20px; padding-top: 40px; }
.key span { display: inline-block; padding: 0 .5rem; border-left: 10px solid; margin-right: .8rem; }
svg { max-width: 100%; height: auto; }
.scores { display: grid; grid-template-columns: repeat(auto-fill, minmax(520px, 1fr)); column-gap: 2rem; }
"""


def html_report(evaluation: Evaluation) -> str:
    """The report's text."""
    model = evaluation.model
    matrix = f"{model.matrix} x {model.matrix}" if model.matrix else "as measured"
    facts = {
        "weights": f"{model.weights_source} (SHA-256 {model.weights_sha256[:16]}…)",
        "network": f"{model.num_coils} virtual coils, matrix {matrix}, {model.embed_dim} components, "
        f"{model.parameters:,} weights",
        "run": f"{evaluation.created}, seed {evaluation.plan.seed}; mriembed {model.mriembed_version}",
        "machine": evaluation.machine,
    }
    parts = [
        "<!doctype html><html lang=en><head><meta charset=utf-8>",
        "<meta name=viewport content='width=device-width, initial-scale=1'>",
        f"<title>mriembed evaluation</title><style>{_STYLE}</style></head><body>",
        "<h1>Are the embeddings any good?</h1>",
        "<p class=lead>Each slice is scanned again by the simulator and looked for among all slices by its embedding "
        "alone. Another session changes background phase, coil array, noise, matrix, sampling and position; the same "
        "session keeps phase and array.</p>",
        "<table>",
        *(f"<tr><td>{escape(name)}</td><td class=facts>{escape(text)}</td></tr>" for name, text in facts.items()),
        "</table>",
        *_score_tables(evaluation),
        *_volume_tables(evaluation),
        *_contrast_table(evaluation),
    ]
    if evaluation.curves:
        parts += [
            "<h2>How much perturbation they bear</h2>",
            f"<p>Share of {evaluation.plan.curve} simulated slices that are found, as one perturbation grows and all "
            "else stays.</p>",
            curves_figure(evaluation.curves),
        ]
    for found in evaluation.found:
        parts += _contact_sheet(found, evaluation.orderings)
        parts += [
            f"<h3>Map of {escape(found.title.lower())}</h3>",
            "<p>Neighbours here are neighbours among the model's embeddings, as far as a plane allows (t-SNE).</p>",
            map_figure(found.gallery.rows(found.gallery.methods[0]), found.gallery.pictures),
        ]
    return "\n".join([*parts, "</body></html>\n"])


def _score_tables(evaluation: Evaluation) -> list[str]:
    repeated = bool(evaluation.repeated_scans)
    parts = ["<h2>What is found</h2>"]
    if repeated:
        parts.append(
            "<p>recall@1: the nearest slice shows the same, be it in a repeated scan; itself: it is the very scan.</p>"
        )
    parts.append("<div class=scores>")
    for trial, group in groupby(evaluation.scores, lambda score: score.trial):
        scores = list(group)
        parts.append(f"<section><h3>{escape(trial)}: {scores[0].queries} queries among {scores[0].gallery} slices</h3>")
        names = ["method", "recall@1", *(["itself"] if repeated else []), "mAP", "alignment", "uniformity"]
        parts.append("<table><tr>" + "".join(f"<th>{name}</th>" for name in names) + "</tr>")
        for score in scores:
            values: list[float | None] = [score.recall_at_1, *([score.recall_of_itself] if repeated else [])]
            values += [score.mean_average_precision, score.alignment, score.uniformity]
            kind = " class=model" if score.method.startswith("model") else ""
            cells = "".join("<td></td>" if value is None else f"<td>{value:.3f}</td>" for value in values)
            fewer = "" if score.queries == scores[0].queries else f" ({score.queries} queries)"
            parts.append(f"<tr{kind}><td>{escape(score.method)}{fewer}</td>{cells}</tr>")
        parts.append("</table></section>")
    parts.append("</div>")
    if repeated:
        methods = list(evaluation.repeated_scans[0].found)
        parts.append(
            "<h3>Repeated scans: is the nearest other slice the other scan of it?</h3><table><tr><th>pair</th>"
        )
        parts += [f"<th>{escape(method)}</th>" for method in methods]
        parts.append("</tr>")
        for pair in evaluation.repeated_scans:
            marks = "".join(f"<td>{'yes' if pair.found[method] else 'no'}</td>" for method in methods)
            parts.append(f"<tr><td>{escape(pair.first)} → {escape(pair.second)}</td>{marks}</tr>")
        parts.append("</table>")
    return parts


def _volume_tables(evaluation: Evaluation) -> list[str]:
    if not evaluation.volumes:
        return []
    first = evaluation.volumes[0]
    parts = [
        "<h2>Slices of a volume</h2>",
        f"<p>{first.queries} slices of {first.bodies} simulated bodies, in another session at the medium level: the "
        "share whose exact slice is nearest, by the spacing of the gallery's slices; the share whose nearest other "
        "slice is a neighbour, at 4 mm; Spearman's correlation of distance with slice offset up to 20 mm.</p>",
        "<table><tr><th>method</th>",
        *(f"<th>{spacing} mm</th>" for spacing in first.spacing),
        "<th>neighbour is nearest</th><th>Spearman</th></tr>",
    ]
    for score in evaluation.volumes:
        values = [*score.exact, score.neighbour_is_nearest, score.spearman]
        kind = " class=model" if score.method.startswith("model") else ""
        cells = "".join(f"<td>{value:.3f}</td>" for value in values)
        parts.append(f"<tr{kind}><td>{escape(score.method)}</td>{cells}</tr>")
    parts.append("</table>")
    parts += [
        "<h2>What a distance means</h2>",
        "<p>Overlap: the smallest error rate of one threshold between a class and the one before, which count equally; "
        "0.5 means that no threshold helps.</p>",
    ]
    for ordering in evaluation.orderings:
        state = "ordered" if ordering.is_ordered else "not ordered"
        parts.append(f"<h3>{escape(ordering.method)}: medians are {state}</h3><table><tr><th>distance to</th>")
        parts += [f"<th>{10 * decile} %</th>" for decile in range(1, 10)]
        parts.append("<th>overlap</th></tr>")
        for each in [*ordering.classes, *ordering.others]:
            cells = "".join(f"<td>{value:.3f}</td>" for value in each.deciles)
            overlapping = "" if each.overlap is None else f"{each.overlap:.3f}"
            parts.append(f"<tr><td>{escape(each.name)}</td>{cells}<td>{overlapping}</td></tr>")
        parts.append("</table>")
    return parts


def _contrast_table(evaluation: Evaluation) -> list[str]:
    if not evaluation.contrasts:
        return []
    first = evaluation.contrasts[0]
    parts = [
        "<h2>The same slice by other contrast</h2>",
        f"<p>Where the slice ranks among {first.gallery} slices, in another session at the easy level; {first.queries} "
        "queries for each change.</p>",
        "<table><tr><th>method</th><th>change</th><th>ranks first</th><th>median rank</th><th>90 % up to</th></tr>",
    ]
    for score in evaluation.contrasts:
        kind = " class=model" if score.method.startswith("model") else ""
        parts.append(
            f"<tr{kind}><td>{escape(score.method)}</td><td>{escape(score.change)}</td><td>{score.first:.3f}</td>"
            f"<td>{score.median_rank:g}</td><td>{score.rank_90:g}</td></tr>"
        )
    return [*parts, "</table>"]


def _contact_sheet(found: RetrievalResult, orderings: Sequence[Ordering]) -> list[str]:
    """Queries, evenly drawn from the acquisitions, with their nearest slices by the model's first precision.

    Each distance says what it is typical of, where that was measured.
    """
    method = found.gallery.methods[0]
    meaning = orderings[0].as_distances("this evaluation") if orderings else None
    rows, query_rows = found.gallery.rows(method), found.queries.rows(method)
    chosen = np.unique(np.linspace(0, len(query_rows) - 1, _SHOWN).astype(int))
    closest = nearest(rows, query_rows[chosen], _NEIGHBOURS)
    pictures, query_pictures = found.gallery.pictures, found.queries.pictures
    parts = [
        f"<h2>{escape(found.title)}: what is found for what</h2>",
        "<p>On the left a slice scanned again in another session at the medium level, then the "
        f"{_NEIGHBOURS} nearest slices and their "
        "cosine distances, with what each is typical of. Root-sum-of-squares images.</p>",
        "<p class=key><span style='border-color:#1b1b1b'>scanned again</span>"
        "<span style='border-color:#009e73'>the slice, or a repeated scan of it</span>"
        "<span style='border-color:#ddd'>another</span>"
        "<span style='border-color:#d55e00'>another, and nearest</span></p>",
        f"<div class=sheet style='grid-template-columns: repeat({2 + closest.shape[1]}, auto)'>",
    ]
    for query, neighbours in zip(chosen, closest, strict=True):
        label = found.queries.labels[query]
        name = found.names[found.gallery.labels.index(label)]
        parts.append(f"<div class=query><img alt='' src='{picture(query_pictures[query])}'>{escape(name)}</div>")
        parts.append("<div class=gap>→</div>")
        for place, number in enumerate(neighbours):
            hit = found.gallery.labels[number] in (label, *found.repeated.get(label, ()))
            kind = "hit" if hit else "miss" if place == 0 else "other"
            distance = 1 - float(query_rows[query] @ rows[number])
            parts.append(
                f"<div class={kind}><img alt='' src='{picture(pictures[number])}'>"
                f"{distance:.3f} {escape(found.names[number])}"
                f"{'' if meaning is None else '<br><i>' + escape(meaning.typical_of(distance)) + '</i>'}</div>"
            )
    parts.append("</div>")
    return parts
