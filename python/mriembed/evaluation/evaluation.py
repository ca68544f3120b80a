"""The whole evaluation of a model file: every trial, every method, in one run."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from mriembed._build_info import SOURCE_REVISION, VERSION
from mriembed.embedder import Embedder
from mriembed.evaluation.collection import Collection, Score
from mriembed.evaluation.measured import RepeatedScan, measured_trials
from mriembed.evaluation.methods import DeployedModel, Method, PrincipalComponents, Thumbnail, random_weights
from mriembed.evaluation.simulated import Curve, example_kspace, robustness_curves, simulated_trials
from mriembed.model_file import ModelDescription
from mriembed.scans import ScanSlice

_EXAMPLES = 500  # simulated slices that PCA is fitted to


@dataclass(frozen=True)
class Plan:
    """What an evaluation does.

    Attributes:
        simulated: simulated slices of the trial at each level; 0 leaves it out.
        curve: simulated slices of the curves; 0 leaves them out.
        repeats: acquisitions of each measured slice at each level.
        precisions: of the model.
        threads: CPU threads of the model; 0: as many as torch would take.
        seed: decides slices and acquisitions.
    """

    simulated: int = 1000
    curve: int = 200
    repeats: int = 20
    precisions: tuple[str, ...] = ("float32",)
    threads: int = 0
    seed: int = 0


@dataclass(frozen=True)
class Found:
    """Slices scanned again, and the gallery they were looked for in; for the report's pictures."""

    title: str
    gallery: Collection
    queries: Collection
    names: list[str]  # of the gallery's slices


@dataclass(frozen=True)
class Evaluation:
    """What came out."""

    model: ModelDescription
    plan: Plan
    machine: str
    created: str
    scores: list[Score]
    repeated_scans: list[RepeatedScan]
    curves: list[Curve]
    found: list[Found]  # not part of the JSON

    def as_json(self) -> str:
        """All but the pictures."""
        content: dict[str, Any] = {
            "mriembed": VERSION,
            "source_revision": SOURCE_REVISION,
            "created": self.created,
            "machine": self.machine,
            "model": self.model.as_dict(),
            "plan": asdict(self.plan),
            "scores": [asdict(score) for score in self.scores],
            "repeated_scans": [asdict(pair) for pair in self.repeated_scans],
            "curves": [asdict(curve) for curve in self.curves],
        }
        return json.dumps(content, indent=1)


def evaluate(
    model: Path,
    plan: Plan,
    slices: Sequence[ScanSlice] = (),
    pairs: Sequence[tuple[int, int]] = (),
    *,
    on_progress: Callable[[str, int, int], None] = lambda _name, _done, _of: None,
) -> Evaluation:
    """Runs every trial through libmriembed, and the three baselines beside it.

    Args:
        model: the model file. It must have coil compression: acquisitions differ in their number of coils.
        plan: what is done.
        slices: measured slices; without them only simulated ones are tried.
        pairs: which of them are repeated scans of one slice.
        on_progress: called with a trial's name, how many of its slices are done, and how many there are.

    Raises:
        ModelFileError, InvalidArgumentError, BadInputError: see `Embedder`.
    """
    embedders = {
        precision: Embedder.load(model, precision=precision, threads=plan.threads) for precision in plan.precisions
    }
    description = next(iter(embedders.values())).info
    methods: list[Method] = [DeployedModel(f"model, {name}", embedder) for name, embedder in embedders.items()]
    methods += [Thumbnail(), PrincipalComponents(example_kspace(_EXAMPLES)), random_weights(description)]

    def counter(name: str, total: int) -> Callable[[int], None]:
        done = 0

        def count(more: int) -> None:
            nonlocal done
            done += more
            on_progress(name, done, total)

        return count

    found_scores: list[Score] = []
    curves: list[Curve] = []
    repeated: list[RepeatedScan] = []
    found: list[Found] = []
    if slices:
        count = counter("measured slices", len(slices))
        measured, repeated, gallery, queries = measured_trials(
            methods, slices, pairs, plan.repeats, plan.seed, lambda: count(1)
        )
        found_scores += measured
        found.append(Found("Measured slices", gallery, queries, [scan.name for scan in slices]))
    if plan.simulated:
        simulated, gallery, queries = simulated_trials(
            methods, plan.simulated, plan.seed, counter("simulated slices", plan.simulated)
        )
        found_scores += simulated
        names = [f"slice {label}" for label in gallery.labels]
        found.append(Found("Simulated slices", gallery, queries, names))
    if plan.curve:
        curves = robustness_curves(methods, plan.curve, plan.seed, counter("robustness curves", plan.curve))
    return Evaluation(
        description,
        plan,
        f"{_processor()}, {torch.get_num_threads()} threads, torch {torch.__version__}",
        datetime.now(timezone.utc).isoformat(timespec="seconds"),
        found_scores,
        repeated,
        curves,
        found,
    )


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
        lines.append(f"\n{curve.disturbance} ({curve.unit}): recall@1")
        lines.append(f"  {'method':24}" + "".join(f"  {value:6g}" for value in curve.values))
        for method, recalls in curve.recall_at_1.items():
            lines.append(f"  {method:24}" + "".join(f"  {recall:6.3f}" for recall in recalls))
    return "\n".join(lines).lstrip("\n")


def nearest(rows: NDArray[np.float32], queries: NDArray[np.float32], count: int) -> NDArray[np.intp]:
    """Numbers of the `count` most similar rows for each query, the most similar first."""
    order: NDArray[np.intp] = np.argsort(-(queries @ rows.T), axis=1, kind="stable")[:, :count]
    return order


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
