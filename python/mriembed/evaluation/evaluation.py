"""The whole evaluation of a model file: every trial, every method, in one run."""

from __future__ import annotations

import json
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import torch

from mriembed._build_info import SOURCE_REVISION, VERSION
from mriembed.embedder import Embedder
from mriembed.errors import InvalidArgumentError
from mriembed.evaluation.contrast_trials import ContrastScore, contrast_trials
from mriembed.evaluation.gallery import Gallery, Score
from mriembed.evaluation.measured import RepeatedScan, measured_trials, scans_of_one_slice
from mriembed.evaluation.methods import DeployedModel, Method, PrincipalComponents, Thumbnail, random_weights
from mriembed.evaluation.registered_thumbnail import RegisteredThumbnail
from mriembed.evaluation.simulated import Curve, example_kspace, robustness_curves, simulated_trials, variants_trials
from mriembed.evaluation.single_change_trials import single_change_trials
from mriembed.evaluation.volume_trials import Ordering, VolumeScore, volume_trials
from mriembed.model_description import ModelDescription
from mriembed.scans import ScanSlice


@dataclass(frozen=True)
class Plan:
    """What an evaluation does.

    Attributes:
        simulated: simulated slices of each trial; 0 leaves them out.
        single_changes: simulated slices of the trials of tilt, transmit field and ghost; 0 leaves them out.
        variants: simulated slices that differ by variants of a protocol; 0 leaves them out.
        curve: simulated slices of the curves; 0 leaves them out.
        volumes: simulated subjects with slices at known positions; 0 leaves them out.
        contrasts: simulated subjects scanned by other sequence parameters; 0 leaves them out.
        repeats: acquisitions of each measured slice at each level.
        examples: simulated slices that the principal components are fitted to.
        precisions: of the model.
        threads: CPU threads of the model; 0: as many as torch would take.
        seed: decides slices and acquisitions.
    """

    simulated: int = 1000
    single_changes: int = 200
    variants: int = 300
    curve: int = 200
    volumes: int = 12
    contrasts: int = 25
    repeats: int = 20
    examples: int = 500
    precisions: tuple[str, ...] = ("float32",)
    threads: int = 0
    seed: int = 0


@dataclass(frozen=True)
class RetrievalResult:
    """Slices scanned again, and the gallery they were looked for in; for the report's pictures."""

    title: str
    gallery: Gallery
    queries: Gallery
    names: list[str]  # of the gallery's slices
    repeated: Mapping[int, Sequence[int]]  # for a label, the labels of repeated scans of the slice


@dataclass(frozen=True)
class Evaluation:
    """What came out."""

    model: ModelDescription
    plan: Plan
    machine: str  # processor, threads, torch; precisions that were computed in another one there
    created: str
    scores: list[Score]  # another session first
    volumes: list[VolumeScore]
    orderings: list[Ordering]
    contrasts: list[ContrastScore]
    repeated_scans: list[RepeatedScan]
    curves: list[Curve]
    found: list[RetrievalResult]  # not part of the JSON

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
            "volumes": [asdict(score) for score in self.volumes],
            "orderings": [asdict(ordering) for ordering in self.orderings],
            "contrasts": [asdict(score) for score in self.contrasts],
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
    allow_unsealed: bool = False,
    on_progress: Callable[[str, int, int], None] = lambda _name, _done, _of: None,
) -> Evaluation:
    """Runs every trial through libmriembed, and the baselines.

    Args:
        model: the model file. It must have coil compression: acquisitions differ in their number of coils.
        plan: what is done.
        slices: measured slices; without them only simulated ones are tried.
        pairs: which of them are repeated scans of one slice.
        allow_unsealed: also load a TorchScript file without a seal, see `Embedder.load`.
        on_progress: called with a trial's name, how many of its slices are done, and how many there are.

    Raises:
        InvalidArgumentError: the model has no coil compression.
        ModelFileError, InvalidArgumentError, BadInputError: see `Embedder`.
    """
    embedders = _loaded(model, plan, allow_unsealed)
    description = next(iter(embedders.values())).info
    embeddings: list[Method] = [
        *(DeployedModel(f"model, {name}", embedder) for name, embedder in embedders.items()),
        Thumbnail(),
        PrincipalComponents(example_kspace(plan.examples)),
        random_weights(description),
    ]
    trials = _Trials(plan, embeddings, on_progress)
    trials.find_simulated_slices()
    trials.find_measured_slices(slices, pairs)
    trials.measure_distances()
    trials.find_variants()
    trials.draw_curves()
    return Evaluation(
        description,
        plan,
        _machine(embedders),
        datetime.now(timezone.utc).isoformat(timespec="seconds"),
        sorted(trials.scores, key=lambda score: "same session" in score.trial),
        trials.volumes,
        trials.orderings,
        trials.contrasts,
        trials.repeated,
        trials.curves,
        trials.found,
    )


def _loaded(model: Path, plan: Plan, allow_unsealed: bool) -> dict[str, Embedder]:
    """The model in each precision of the plan."""
    embedders = {
        precision: Embedder.load(model, precision=precision, threads=plan.threads, allow_unsealed=allow_unsealed)
        for precision in plan.precisions
    }
    info = next(iter(embedders.values())).info
    if info.coil_compression == "none":
        raise InvalidArgumentError(
            f"{model}: takes {info.num_coils} coils only; a model with coil compression is needed, because "
            "acquisitions differ in their number of coils"
        )
    return embedders


class _Trials:
    """The trials of a plan, and what they have given so far. A trial that the plan leaves out gives nothing.

    Each trial draws from a seed of its own: what one gives does not depend on the others.
    """

    def __init__(self, plan: Plan, embeddings: Sequence[Method], on_progress: Callable[[str, int, int], None]) -> None:
        self.scores: list[Score] = []
        self.volumes: list[VolumeScore] = []
        self.orderings: list[Ordering] = []
        self.contrasts: list[ContrastScore] = []
        self.curves: list[Curve] = []
        self.repeated: list[RepeatedScan] = []
        self.found: list[RetrievalResult] = []
        self._plan = plan
        self._embeddings = embeddings
        self._methods = [*embeddings, RegisteredThumbnail()]
        self._on_progress = on_progress

    def find_simulated_slices(self) -> None:
        """In another session and in the same one, and after single changes."""
        plan = self._plan
        if plan.simulated:
            count = self._counter("simulated slices", plan.simulated)
            simulated, gallery, queries = simulated_trials(self._methods, plan.simulated, plan.seed, count)
            self.scores += simulated
            names = [f"slice {label}" for label in gallery.labels]
            self.found.append(RetrievalResult("Simulated slices", gallery, queries, names, {}))
        if plan.single_changes:
            count = self._counter("single changes", plan.single_changes)
            self.scores += single_change_trials(self._methods, plan.single_changes, plan.seed, count)

    def find_measured_slices(self, slices: Sequence[ScanSlice], pairs: Sequence[tuple[int, int]]) -> None:
        """Each of them acquired again, and by its repeated scans."""
        if not slices:
            return
        count = self._counter("measured slices", len(slices))
        measured, self.repeated, gallery, queries = measured_trials(
            self._methods, slices, pairs, self._plan.repeats, self._plan.seed, count
        )
        self.scores += measured
        names = [scan.name for scan in slices]
        self.found.append(RetrievalResult("Measured slices", gallery, queries, names, scans_of_one_slice(pairs)))

    def measure_distances(self) -> None:
        """From slice to slice of a volume, and from contrast to contrast."""
        plan = self._plan
        if plan.volumes:
            count = self._counter("volumes", plan.volumes)
            self.volumes, self.orderings = volume_trials(self._methods, plan.volumes, plan.seed, count)
        if plan.contrasts:
            count = self._counter("contrasts", plan.contrasts)
            self.contrasts = contrast_trials(self._methods, plan.contrasts, plan.seed, count)

    def find_variants(self) -> None:
        """Slices that differ by variants of a protocol."""
        plan = self._plan
        if plan.variants:
            count = self._counter("variants", plan.variants)
            self.scores += variants_trials(self._methods, plan.variants, plan.seed, count)

    def draw_curves(self) -> None:
        """Of the embeddings alone, as single perturbations grow."""
        plan = self._plan
        if plan.curve:
            count = self._counter("robustness curves", plan.curve)
            self.curves = robustness_curves(self._embeddings, plan.curve, plan.seed, count)

    def _counter(self, name: str, total: int) -> Callable[[int], None]:
        """Adds up what a trial has done, and tells it."""
        done = 0

        def count(more: int) -> None:
            nonlocal done
            done += more
            self._on_progress(name, done, total)

        return count


def _machine(embedders: Mapping[str, Embedder]) -> str:
    """Where the figures come from, and which of the precisions were computed in another one there."""
    replaced = [
        f"{precision} computed in {embedder.compute_dtype}"
        for precision, embedder in embedders.items()
        if embedder.compute_dtype != precision
    ]
    return ", ".join([processor_name(), f"{torch.get_num_threads()} threads", f"torch {torch.__version__}", *replaced])


def processor_name() -> str:
    """As Linux gives it; elsewhere as Python does."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
