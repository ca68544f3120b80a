"""How fast `mriembed train` is here, and what of a step's time and operations goes into drawing its pairs.

    python scripts/benchmarks/training_speed.py [--device cuda] [--subjects N] [--shards N] [--json FILE]

Takes steps of the recipe as it is from where it is hardest, in one process. On a GPU every operation is at least one
kernel to launch, and a small step takes as long as its launches do: their share tells what a larger batch would gain.
Stages are timed each by itself, by 16 coils, for the pairs of one shard of a step.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from machine import processor, today, versions
from torch.utils._python_dispatch import TorchDispatchMode

from mriembed import CoilPreprocessor
from mriembed.malloc_tuning import keep_freed_memory
from mriembed.simulation.acquisition import acquire
from mriembed.simulation.coils import random_sensitivities
from mriembed.training.graded_slices import volume_slices
from mriembed.training.process_group import ProcessGroup, process_group
from mriembed.training.recipe import Recipe
from mriembed.training.simulated_pairs import simulated_pairs
from mriembed.training.trainer import Progress, train
from mriembed.training.view import view

COILS = 16  # of the stages' arrays; pairs are by 1 to 32


class Operations(TorchDispatchMode):
    """Counts torch's operations, but those that only look at a tensor in another way."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.count = 0

    def __torch_dispatch__(
        self,
        operation: torch._ops.OpOverload,
        types: object,
        arguments: tuple[object, ...] = (),
        keywords: dict[str, object] | None = None,
    ) -> object:
        returned = operation._schema.returns
        views = any(value.alias_info is not None and not value.alias_info.is_write for value in returned)
        self.count += not views
        return operation(*arguments, **(keywords or {}))


@dataclass(frozen=True)
class Speed:
    """Medians over the steps, and counts, which vary a little with what is drawn.

    Attributes:
        operations: of one step. operations_drawing: of drawing one shard, times the shards.
    """

    pairs_per_second: float
    drawing_share: float
    operations: int
    operations_drawing: int
    stages_ms: dict[str, float]


def steps(recipe: Recipe, group: ProcessGroup, count: int) -> list[Progress]:
    """What each of so many steps from the start tells, but for the first two."""
    progress: list[Progress] = []
    with tempfile.TemporaryDirectory() as folder:
        train(recipe, Path(folder), group, stop_after=count + 2, checkpoint_seconds=1e9, on_step=progress.append)
    return progress[2:]


def operations_of_step(recipe: Recipe, group: ProcessGroup) -> int:
    """Of one step, with all that it draws."""
    counts: list[int] = []
    with tempfile.TemporaryDirectory() as folder, Operations() as operations:
        train(
            recipe,
            Path(folder),
            group,
            stop_after=3,
            checkpoint_seconds=1e9,
            on_step=lambda _: counts.append(operations.count),
        )
    return counts[1] - counts[0]


def drawing(recipe: Recipe, device: torch.device) -> Callable[[], object]:
    """Draws the pairs of one shard."""
    preprocessor = CoilPreprocessor(recipe.num_coils, "pca", recipe.matrix)
    generator = torch.Generator(device).manual_seed(recipe.seed)
    subjects = recipe.subjects // recipe.shards
    return lambda: simulated_pairs(subjects, recipe.slices, preprocessor, recipe.matrix, generator)


def stages(recipe: Recipe, device: torch.device, rounds: int) -> dict[str, float]:
    """Median milliseconds of each stage of drawing the pairs of one shard."""
    preprocessor = CoilPreprocessor(recipe.num_coils, "pca", recipe.matrix)
    generator = torch.Generator(device).manual_seed(recipe.seed)
    subjects, finer = recipe.subjects // recipe.shards, 2 * round(0.75 * recipe.matrix)
    images = volume_slices(subjects, recipe.slices, finer, generator, phantoms=0.2).images
    arrays = random_sensitivities(subjects, COILS, recipe.matrix, generator)
    kspace = acquire(images, arrays, view(1.0), generator)
    works: dict[str, Callable[[], object]] = {
        "images": lambda: volume_slices(subjects, recipe.slices, finer, generator, phantoms=0.2),
        "coil arrays": lambda: random_sensitivities(subjects, COILS, recipe.matrix, generator),
        "acquisition": lambda: acquire(images, arrays, view(1.0), generator),
        "preparation": lambda: preprocessor.preprocess_kspace(kspace),
    }
    times: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            begun = time.perf_counter()
            work()
            if device.type == "cuda":
                torch.cuda.synchronize()
            times[name].append(1e3 * (time.perf_counter() - begun))
    return {name: statistics.median(measured[1:]) for name, measured in times.items()}


def main() -> None:
    """Prints the figures, and writes them."""
    recipe = Recipe()
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--subjects", type=int, default=recipe.subjects, help="simulated subjects of a step")
    parser.add_argument("--shards", type=int, default=recipe.shards, help="shards of a step")
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="float32")
    parser.add_argument("--steps", type=int, default=20, help="steps to take, 1 or more")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures here, too")
    options = parser.parse_args()
    if options.steps < 1:
        parser.error(f"--steps must be at least 1, not {options.steps}")
    recipe = Recipe(
        subjects=options.subjects,
        shards=options.shards,
        precision=options.precision,
        average_after=0,
        hardest_after=0,
    )
    keep_freed_memory()  # as the command does
    with process_group(options.device) as group:
        progress = steps(recipe, group, options.steps)
        with torch.no_grad():
            draw = drawing(recipe, group.device)
            with Operations() as operations:
                draw()
            stages_ms = stages(recipe, group.device, rounds=15)
        speed = Speed(
            statistics.median(step.pairs_per_second for step in progress),
            statistics.median(step.drawing_share for step in progress),
            operations_of_step(recipe, group),
            recipe.shards * operations.count,
            stages_ms,
        )
    gpu = f"{torch.cuda.get_device_name()}, " if options.device == "cuda" else ""
    machine = f"{gpu}{processor()}, {torch.get_num_threads()} threads"
    print(f"{machine}, torch {torch.__version__}, {today()}")
    print(f"{recipe.pairs} pairs a step, drawn in {recipe.shards} shards; network in {recipe.precision}")
    print(f"pairs per second           {speed.pairs_per_second:.0f}")
    print(f"share of time for drawing  {speed.drawing_share:.0%}")
    print(f"operations of a step       {speed.operations}, about {speed.operations_drawing} of them for drawing")
    for name, milliseconds in speed.stages_ms.items():
        print(f"  {name:24s} {milliseconds:.1f} ms for {recipe.pairs // recipe.shards} slices")
    if options.json:
        content = {
            "machine": machine,
            "date": today(),
            "versions": versions(("mriembed", "numpy")),
            "recipe": asdict(recipe),
            "speed": asdict(speed),
        }
        options.json.write_text(json.dumps(content, indent=2) + "\n")


if __name__ == "__main__":
    main()
