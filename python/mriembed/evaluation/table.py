"""The evaluation as text for a terminal."""

from __future__ import annotations

from mriembed.evaluation.evaluation import Evaluation


def table(evaluation: Evaluation) -> str:
    """The scores as text, one trial after the other."""
    lines = []
    trial = ""
    repeated = bool(evaluation.repeated_scans)
    for score in evaluation.scores:
        if score.trial != trial:
            trial = score.trial
            lines.append(f"\n{trial}: {score.queries} queries among {score.gallery} slices")
            strict = "  itself" if repeated else ""
            lines.append(f"  {'method':24}  recall@1{strict}     mAP  alignment  uniformity")
        strict = f"  {score.recall_of_itself:6.3f}" if repeated else ""
        lines.append(
            f"  {score.method:24}  {score.recall_at_1:8.3f}{strict}  {score.mean_average_precision:6.3f}"
            f"  {score.alignment:9.3f}  {score.uniformity:10.3f}"
        )
    if repeated:
        lines.append(f"\nrepeated scans: {len(evaluation.repeated_scans)} pairs")
        for method in evaluation.repeated_scans[0].found:
            hits = sum(pair.found[method] for pair in evaluation.repeated_scans)
            lines.append(f"  {method:24}  {hits} of {len(evaluation.repeated_scans)} find their other scan")
    for curve in evaluation.curves:
        lines.append(f"\n{curve.perturbation} ({curve.unit}): recall@1")
        lines.append(f"  {'method':24}" + "".join(f"  {value:6g}" for value in curve.values))
        for method, recalls in curve.recall_at_1.items():
            lines.append(f"  {method:24}" + "".join(f"  {recall:6.3f}" for recall in recalls))
    lines.append(f"\n{evaluation.machine}")
    return "\n".join(lines).lstrip("\n")
