"""The training loop: draws pairs, steps the optimizer, keeps checkpoints."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import torch
from torch import Tensor
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel

from mriembed.checkpoint import load_weights, steps_of
from mriembed.errors import Error, InvalidArgumentError
from mriembed.model import MRIEmbeddingModel
from mriembed.preprocessing import CoilPreprocessor
from mriembed.training.centring import centre
from mriembed.training.losses import COORDINATES, loss_of_views, make_loss
from mriembed.training.measured_pairs import MeasuredPairs
from mriembed.training.optimizer import Optimizer
from mriembed.training.process_group import ProcessGroup
from mriembed.training.recipe import Recipe
from mriembed.training.run_folder import Checkpoint, RunFolder
from mriembed.training.simulated_pairs import simulated_pairs
from mriembed.training.whitening import whiten, within_pair_whitening

_LARGEST_GRADIENT = 1.0
_FIRST_STRENGTH = 0.35  # of what acquisitions differ in, at the first step
_ORIENTATIONS = 8  # in which a pair looks like another one: mirror images and quarter turns


class TrainingError(Error, RuntimeError):
    """Training cannot go on; the text says where and what is left."""


@dataclass(frozen=True)
class Progress:
    """What a run tells after a step."""

    step: int  # steps done
    steps: int
    loss: float
    learning_rate: float
    pairs_per_second: float  # of this step
    drawing_share: float  # of this step's time that went into drawing the pairs


def train(
    recipe: Recipe,
    folder: Path,
    group: ProcessGroup,
    *,
    measured: MeasuredPairs | None = None,
    begin: Path | None = None,
    checkpoint_seconds: float = 60.0,
    stop_after: int | None = None,
    on_step: Callable[[Progress], None] | None = None,
) -> Path | None:
    """Trains a network, or goes on with the run in `folder`, bit for bit as if it had never stopped.

    Args:
        recipe: what decides the result.
        folder: of the run; made if it does not exist, in a folder that does.
        group: this process and the others; each must call this function.
        measured: source of measured pairs, for `recipe.measured_share` above 0.
        begin: file with the weights to begin from, whose digest is `recipe.begun_from`; None: random weights.
        checkpoint_seconds: time between checkpoints.
        stop_after: leave the run, with a checkpoint, once so many steps are done.
        on_step: called in the leading process after each step.

    Returns:
        The file with the weights, or None where the run was left before its end.

    Raises:
        TrainingError: the loss or the weights became NaN or infinite; the last checkpoint is kept.
        InvalidArgumentError: the processes or the pairs do not fit the recipe; see `RunFolder`, too.
        ModelFileError, OSError: see `RunFolder` and `load_weights`.
        KeyboardInterrupt: Ctrl-C; the text says from which step the run can go on.
    """
    _refuse_what_does_not_fit(recipe, group, measured, begin)
    model = _network(recipe, begin)
    run = RunFolder(folder)
    checkpoint = run.open(recipe) if group.leads else None
    group.wait()
    if not group.leads:
        checkpoint = run.open(recipe)
    group.wait()
    loop = _Loop(recipe, group, measured, checkpoint, model)
    begun = time.monotonic() - (checkpoint.seconds if checkpoint else 0.0)
    try:
        end = recipe.steps if stop_after is None else min(recipe.steps, stop_after)
        _run_steps(loop, run, end, begun, checkpoint_seconds, on_step)
        group.wait()
        if loop.step < recipe.steps:
            return None
        weights = loop.trained_weights()
        if group.leads:
            before = steps_of(begin) if begin is not None else ""
            run.finish(recipe, loop.step, weights, time.monotonic() - begun, before)
    except KeyboardInterrupt:
        if not group.leads:
            raise
        raise KeyboardInterrupt(
            f"{folder}: interrupted after step {loop.step}; the same command continues from step {run.last_step()}"
        ) from None
    group.wait()
    return run.weights_file


def _refuse_what_does_not_fit(
    recipe: Recipe, group: ProcessGroup, measured: MeasuredPairs | None, begin: Path | None
) -> None:
    if recipe.shards % group.size != 0:
        raise InvalidArgumentError(
            f"{group.size} processes cannot share the {recipe.shards} shards of a step evenly; shards must be a "
            f"multiple of {group.size}"
        )
    if recipe.measured_share > 0 and measured is None:
        raise InvalidArgumentError(f"a measured share of {recipe.measured_share} needs measured pairs")
    if (recipe.begun_from == "") != (begin is None):
        raise InvalidArgumentError("a recipe that names the weights it began from needs their file, another needs none")


def _network(recipe: Recipe, begin: Path | None) -> MRIEmbeddingModel:
    """The network before the first step."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.seed)
        model = MRIEmbeddingModel(embed_dim=recipe.embed_dim, antialiased_stage=recipe.antialiased_stage).materialize(
            2 * recipe.num_coils
        )
    if begin is not None:
        load_weights(model, begin)
    return model


def _run_steps(
    loop: _Loop,
    run: RunFolder,
    end: int,
    begun: float,
    checkpoint_seconds: float,
    on_step: Callable[[Progress], None] | None,
) -> None:
    """Up to step `end`, with checkpoints. `begun`: when training began, less its time before."""
    last_saved = time.monotonic()
    while loop.step < end:
        progress = loop.run_step()
        if not math.isfinite(progress.loss):
            saved = run.last_step()
            kept = f"the last good checkpoint, of step {saved}, is kept" if saved else "there is no checkpoint yet"
            raise TrainingError(f"{run.path}: step {progress.step}: the loss became {progress.loss}; {kept}")
        if not loop.group.leads:
            continue
        if on_step is not None:
            on_step(progress)
        now = time.monotonic()
        if now - last_saved >= checkpoint_seconds or loop.step == end:
            run.save(loop.recipe, loop.checkpoint(now - begun))
            last_saved = now


def learning_rate(recipe: Recipe, step: int) -> float:
    """Of step `step`, counted from 0: a linear warm-up, then half a cosine to zero, or to where averaging begins."""
    if step < recipe.warm_up:
        return recipe.learning_rate * (step + 1) / recipe.warm_up
    falling = min(step, max(recipe.warm_up, recipe.average_after))
    done = (falling - recipe.warm_up) / max(1, recipe.steps - recipe.warm_up)
    return recipe.learning_rate * 0.5 * (1 + math.cos(math.pi * done))


def strength(recipe: Recipe, step: int) -> float:
    """By what share of their limits the acquisitions of step `step`, counted from 0, may differ at most."""
    if step >= recipe.hardest_after:
        return 1.0
    return _FIRST_STRENGTH + (1 - _FIRST_STRENGTH) * step / recipe.hardest_after


def _oriented(slices: Tensor, orientation: int) -> Tensor:
    """(B, channels, y, x) slices mirrored along y, along x and across the diagonal, as the three bits say."""
    axes = [axis for bit, axis in ((1, 2), (2, 3)) if orientation & bit]
    mirrored = slices.flip(axes) if axes else slices
    return mirrored.transpose(2, 3) if orientation & 4 else mirrored


class _Loop:
    """Network and optimizer, and what a step does with them."""

    def __init__(
        self,
        recipe: Recipe,
        group: ProcessGroup,
        measured: MeasuredPairs | None,
        checkpoint: Checkpoint | None,
        model: MRIEmbeddingModel,
    ) -> None:
        self.recipe = recipe
        self.group = group
        self.measured = measured
        self.step = checkpoint.step if checkpoint else 0
        self.model = model
        self.model.to(group.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.preprocessor = CoilPreprocessor(recipe.num_coils, "pca", recipe.matrix)
        self.loss = make_loss(recipe.loss, recipe.temperature, recipe.reach)
        self.optimizer = Optimizer(self.model, recipe.learning_rate, recipe.weight_decay)
        self.average = AveragedModel(self.model)
        self.drawn: dict[int, tuple[int, tuple[Tensor, Tensor, Tensor]]] = {}  # of each shard: its number, the pairs
        if checkpoint is not None:
            self.model.load_state_dict(checkpoint.weights)
            self.average.load_state_dict(checkpoint.average)
            self.optimizer.load(checkpoint.optimizer)

    def run_step(self) -> Progress:
        """One step of the optimizer on all processes. A loss that is not finite leaves the weights as they are."""
        begun = time.perf_counter()
        first, second, coordinates = self._draw()
        drawn = time.perf_counter()
        rate = learning_rate(self.recipe, self.step)
        embeddings = F.normalize(self._embedded(self.model, torch.cat([first, second])), dim=1)
        everyone = [self.group.gathered(part) for part in torch.split(embeddings, len(first))]
        loss = loss_of_views(self.loss, everyone[0], everyone[1], coordinates)
        self.model.zero_grad(set_to_none=True)
        loss.backward()
        self.group.sum_gradients(self.model.parameters())
        norm = torch.nn.utils.clip_grad_norm_(self.model.parameters(), _LARGEST_GRADIENT)
        value = float(loss.detach())
        if math.isfinite(value) and not bool(torch.isfinite(norm)):
            value = math.nan
        if math.isfinite(value):
            self.optimizer.step(rate)
            self.step += 1
            if self.step > self.recipe.average_after:
                self.average.update_parameters(self.model)
        took = time.perf_counter() - begun
        step = self.step if math.isfinite(value) else self.step + 1
        return Progress(step, self.recipe.steps, value, rate, self.recipe.pairs / took, (drawn - begun) / took)

    def _embedded(self, model: torch.nn.Module, slices: Tensor) -> Tensor:
        """Embeddings before they are normalized, float32."""
        views = slices.contiguous(memory_format=torch.channels_last)
        with torch.autocast(views.device.type, torch.bfloat16, enabled=self.recipe.precision == "bfloat16"):
            embeddings: Tensor = model(views, False).float()
        return embeddings

    def _draw(self) -> tuple[Tensor, Tensor, Tensor]:
        """Pairs that are this process's share of the step, and the coordinates of all processes' pairs."""
        mine = self.recipe.shards // self.group.size
        with torch.no_grad():
            drawn = [self._shard(shard) for shard in range(self.group.rank * mine, (self.group.rank + 1) * mine)]
        first, second, coordinates = (torch.cat(tensors) for tensors in zip(*drawn, strict=True))
        return first, second, self.group.gathered(coordinates)

    def _shard(self, shard: int) -> tuple[Tensor, Tensor, Tensor]:
        """A shard of this step's pairs, drawn some steps ago or now, as mirror images of this step's own.

        Parts are drawn anew in turn, so that steps take about equally long.
        """
        uses = self.recipe.uses
        number, use = divmod(self.step + shard * uses // self.recipe.shards, uses)
        if self.drawn.get(shard, (-1,))[0] != number:
            self.drawn[shard] = (number, self._draw_shard(shard, number))
        first, second, coordinates = self.drawn[shard][1]
        order = torch.randperm(_ORIENTATIONS, generator=torch.Generator().manual_seed(self._seed(shard, number)))
        orientation = int(order[use % _ORIENTATIONS])
        return _oriented(first, orientation), _oriented(second, orientation), coordinates

    def _seed(self, shard: int, number: int) -> int:
        return _mixed(self.recipe.seed, number * self.recipe.shards + shard)

    def _draw_shard(self, shard: int, number: int) -> tuple[Tensor, Tensor, Tensor]:
        """Pairs that depend on the seed, the shard and its number only, and the coordinates of each slice."""
        recipe = self.recipe
        generator = torch.Generator(self.group.device).manual_seed(self._seed(shard, number))
        count = recipe.pairs // recipe.shards
        measured = round(recipe.measured_share * count)
        first, second, coordinates = [], [], []
        if measured > 0 and self.measured is not None:
            views = self.measured.pairs(measured, self.preprocessor, generator)
            first.append(views[0])
            second.append(views[1])
            # Each a subject of its own, beyond the numbers of simulated ones.
            subjects_of_slices = (recipe.subjects + views[2]).to(torch.float32)[:, None]
            coordinates.append(F.pad(subjects_of_slices, (0, COORDINATES - 1)))
        if measured < count:
            subjects = recipe.subjects // recipe.shards
            step = max(0, number * recipe.uses - shard * recipe.uses // recipe.shards)  # the first one that uses it
            simulated = simulated_pairs(
                subjects, recipe.slices, self.preprocessor, recipe.matrix, generator, strength=strength(recipe, step)
            )
            first.append(simulated[0][measured:])
            second.append(simulated[1][measured:])
            own = simulated[2][measured:]
            own[:, 0] += shard * subjects
            coordinates.append(own)
        return torch.cat(first), torch.cat(second), torch.cat(coordinates)

    def checkpoint(self, seconds: float) -> Checkpoint:
        """The state after the steps done so far."""
        return Checkpoint(
            self.step, self.model.state_dict(), self.average.state_dict(), self.optimizer.state(), seconds
        )

    def trained_weights(self) -> dict[str, Tensor]:
        """What the run is for: the mean of the weights, or the last ones where none was begun, whitened and centred."""
        averaged = int(self.average.n_averaged) > 0
        model = copy.deepcopy(self.model)
        if averaged:
            model.load_state_dict(self.average.module.state_dict())
        head = cast(torch.nn.Linear, model.head)
        unseen = self.recipe.steps  # beyond all numbers that steps draw
        if self.recipe.whitened_by > 0:
            pairs = self._embedded_pairs(model, unseen, self.recipe.whitened_by)
            whiten(head, within_pair_whitening(pairs[:, 0], pairs[:, 1]))
            unseen += self.recipe.whitened_by
        if self.recipe.centred_by > 0:
            centre(head, self._embedded_pairs(model, unseen, self.recipe.centred_by).flatten(0, 1))
        return model.state_dict()

    def _embedded_pairs(self, model: MRIEmbeddingModel, first: int, count: int) -> Tensor:
        """Embeddings (pairs, 2, embed_dim) of all processes' pairs in the steps of these numbers."""
        mine = self.recipe.shards // self.group.size
        embedded = []
        with torch.no_grad():
            for number in range(first, first + count):
                for shard in range(self.group.rank * mine, (self.group.rank + 1) * mine):
                    views = self._draw_shard(shard, number)
                    embedded.append(torch.stack([self._embedded(model, view) for view in views[:2]], 1))
            return self.group.gathered(torch.cat(embedded))


def _mixed(seed: int, index: int) -> int:
    """A seed for each index of a run's draws that no other run's draws share (SplitMix64, Steele et al. 2014)."""
    mask = (1 << 64) - 1
    value = (seed * 0x9E3779B97F4A7C15 + index * 0xD1B54A32D192ED03 + 0x632BE59BD9B4E019) & mask
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & mask
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & mask
    return (value ^ (value >> 31)) & ((1 << 63) - 1)
