"""The evaluation as text for a terminal."""

from __future__ import annotations

from mriembed.evaluation.evaluation import Evaluation


def table(evaluation: Evaluation) -> str:
    """The scores as text, one trial after the other, another session first."""
    lines = []
    trial = ""
    asked = 0
    repeated = bool(evaluation.repeated_scans)
    for score in evaluation.scores:
        if score.trial != trial:
            trial = score.trial
            asked = score.queries
            lines.append(f"\n{trial}: {score.queries} queries among {score.gallery} slices")
            strict = "  itself" if repeated else ""
            lines.append(f"  {'method':28}  recall@1{strict}     mAP  alignment  uniformity")
        strict = f"  {score.recall_of_itself:6.3f}" if repeated else ""
        fewer = "" if score.queries == asked else f"  ({score.queries} of the queries)"
        lines.append(
            f"  {score.method:28}  {score.recall_at_1:8.3f}{strict}  {score.mean_average_precision:6.3f}"
            f"  {_number(score.alignment):>9}  {_number(score.uniformity):>10}{fewer}"
        )
    lines += _volumes(evaluation) + _orderings(evaluation) + _contrasts(evaluation)
    if repeated:
        lines.append(f"\nrepeated scans: {len(evaluation.repeated_scans)} pairs")
        for method in evaluation.repeated_scans[0].found:
            hits = sum(pair.found[method] for pair in evaluation.repeated_scans)
            lines.append(f"  {method:28}  {hits} of {len(evaluation.repeated_scans)} find their other scan")
    for curve in evaluation.curves:
        lines.append(f"\n{curve.perturbation} ({curve.unit}): recall@1")
        lines.append(f"  {'method':28}" + "".join(f"  {value:6g}" for value in curve.values))
        for method, recalls in curve.recall_at_1.items():
            lines.append(f"  {method:28}" + "".join(f"  {recall:6.3f}" for recall in recalls))
    lines.append(f"\n{evaluation.machine}")
    return "\n".join(lines).lstrip("\n")


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _volumes(evaluation: Evaluation) -> list[str]:
    if not evaluation.volumes:
        return []
    first = evaluation.volumes[0]
    spacings = "".join(f"  {spacing:>4} mm" for spacing in first.spacing)
    lines = [
        f"\nsimulated volumes, another session, medium: {first.queries} queries in {first.subjects} subjects; "
        "exact slice",
        f"  {'method':28}{spacings}  neighbour is nearest  Spearman",
    ]
    for score in evaluation.volumes:
        exact = "".join(f"  {value:7.3f}" for value in score.exact)
        lines.append(f"  {score.method:28}{exact}  {score.neighbour_is_nearest:20.3f}  {score.spearman:8.3f}")
    return lines


def _orderings(evaluation: Evaluation) -> list[str]:
    lines = []
    for ordering in evaluation.orderings:
        state = "medians are ordered" if ordering.is_ordered else "medians are not ordered"
        lines.append(f"\ndistances by {ordering.method}: {state}")
        lines.append(f"  {'':52}  {'10 %':>6}  median    90 %  overlap with the class before")
        for each in [*ordering.classes, *ordering.others]:
            lines.append(
                f"  {each.name:52}  {each.deciles[0]:6.3f}  {each.median:6.3f}  {each.deciles[-1]:6.3f}"
                f"  {_number(each.overlap)}"
            )
        below = ", ".join(f"{each.below_threshold:.0%} of {each.name}" for each in ordering.classes)
        lines.append(f"  below the threshold of {ordering.threshold:.3g}: {below}")
    return lines


def _contrasts(evaluation: Evaluation) -> list[str]:
    if not evaluation.contrasts:
        return []
    first = evaluation.contrasts[0]
    lines = [
        f"\nsimulated contrasts, another session, easy: {first.queries} queries among {first.gallery} slices",
        f"  {'method':28}  {'change':24}  ranks first  median rank  90 % up to",
    ]
    for score in evaluation.contrasts:
        lines.append(
            f"  {score.method:28}  {score.change:24}  {score.first:11.3f}  {score.median_rank:11g}  {score.rank_90:10g}"
        )
    return lines
