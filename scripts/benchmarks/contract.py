"""What the choices of the preprocessing contract do to what a network learns: a table for the model card, and JSON.

    contract.py [--steps 400] --json FILE

One network for each choice is trained for a short while, all on the same acquisitions in the same order, and then has
to find 300 simulated slices that no training sees, each acquired again three times at each level, or by any 4 of its
coils. Everything is in PyTorch; `matrices.py` compares what needs no training of its own.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from machine import processor, today, versions
from torch import Tensor
from torch.nn import functional as F

from mriembed import CoilPreprocessor, MRIEmbeddingModel
from mriembed.evaluation.metrics import recall_at_1
from mriembed.evaluation.simulated import simulated_kspace
from mriembed.simulation.acquisition import reacquire
from mriembed.simulation.perturbation import SAME_SESSION, Perturbation
from mriembed.training.losses import loss_of_views, make_loss
from mriembed.training.recipe import Recipe
from mriembed.training.simulated_pairs import simulated_pairs
from mriembed.training.trainer import learning_rate

MOST_COILS = 16
SLICES, REPEATS = 300, 3


def as_specified(virtual: Tensor) -> Tensor:
    return virtual


def arbitrary(virtual: Tensor) -> Tensor:
    """What the eigenvectors have by chance."""
    angle = 2 * torch.pi * torch.rand(*virtual.shape[:2], 1, 1)
    return virtual * torch.polar(torch.ones_like(angle), angle)


def of_the_sum(virtual: Tensor) -> Tensor:
    """The pixels' sum, not weighted with their magnitude, becomes real."""
    total = virtual.sum((2, 3), keepdim=True)
    return virtual * total.conj() / total.abs().clamp(min=1e-20)


def against_the_first(virtual: Tensor) -> Tensor:
    """Each pixel's phase against that of the first virtual coil, which takes the object's phase away."""
    first = virtual[:, :1]
    return virtual * first.conj() / first.abs().clamp(min=1e-20)


def magnitudes(virtual: Tensor) -> Tensor:
    return virtual.abs().to(virtual.dtype)


@dataclass(frozen=True)
class Choice:
    name: str
    coils: int
    phases: Callable[[Tensor], Tensor] = as_specified

    def __call__(self, stacked: Tensor) -> Tensor:
        """Channels of this choice from the contract's with MOST_COILS: compression by PCA is nested."""
        virtual = torch.complex(stacked[:, : self.coils], stacked[:, MOST_COILS : MOST_COILS + self.coils])
        virtual = self.phases(virtual)
        energy = virtual.abs().square().sum(1).mean((1, 2))
        virtual = virtual / energy.sqrt()[:, None, None, None]
        return torch.cat([virtual.real, virtual.imag], 1)


CHOICES = (
    Choice("8 virtual coils, as specified", 8),
    Choice("4 virtual coils", 4),
    Choice("12 virtual coils", 12),
    Choice("16 virtual coils", 16),
    Choice("phases: arbitrary, as the eigenvectors come", 8, arbitrary),
    Choice("phases: of the plain sum of the pixels", 8, of_the_sum),
    Choice("phases: of each pixel against the first virtual coil", 8, against_the_first),
    Choice("phases: none, magnitudes alone", 8, magnitudes),
)


@dataclass
class Contestant:
    choice: Choice
    model: MRIEmbeddingModel
    optimizer: torch.optim.AdamW


def made(choice: Choice, recipe: Recipe) -> Contestant:
    torch.manual_seed(recipe.seed)
    model = MRIEmbeddingModel(embed_dim=recipe.embed_dim).materialize(2 * choice.coils)
    model.to(memory_format=torch.channels_last)
    return Contestant(choice, model, torch.optim.AdamW(model.parameters(), weight_decay=recipe.weight_decay))


def train(contestants: list[Contestant], recipe: Recipe) -> None:
    preprocessor = CoilPreprocessor(MOST_COILS, "pca", recipe.matrix)
    loss_function = make_loss(recipe.loss, recipe.temperature)
    labels = torch.arange(recipe.pairs)
    for step in range(recipe.steps):
        with torch.no_grad():
            parts = [
                simulated_pairs(
                    recipe.bodies // recipe.parts,
                    recipe.slices,
                    preprocessor,
                    recipe.matrix,
                    torch.Generator().manual_seed(step * recipe.parts + part),
                )
                for part in range(recipe.parts)
            ]
            views = torch.cat([part[view] for view in (0, 1) for part in parts])
        for contestant in contestants:
            contestant.optimizer.param_groups[0]["lr"] = learning_rate(recipe, step)
            channels = contestant.choice(views).contiguous(memory_format=torch.channels_last)
            with torch.autocast("cpu", torch.bfloat16):
                embeddings = contestant.model(channels, False)
            first, second = F.normalize(embeddings.float(), dim=1).split(recipe.pairs)
            contestant.optimizer.zero_grad(set_to_none=True)
            loss_of_views(loss_function, first, second, labels).backward()
            torch.nn.utils.clip_grad_norm_(contestant.model.parameters(), 1.0)
            contestant.optimizer.step()


def acquisitions(kspace: Tensor, generator: torch.Generator) -> Iterator[tuple[str, Tensor]]:
    for _ in range(REPEATS):
        for name in ("medium", "hard"):
            yield name, reacquire(kspace, SAME_SESSION[name], generator)
        yield "any 4 coils", reacquire(kspace, Perturbation(), generator)[:, :4]


def recalls(contestants: list[Contestant], recipe: Recipe) -> list[dict[str, float]]:
    """Recall at 1 of each network, at the matrix of model files."""
    preprocessor = CoilPreprocessor(MOST_COILS, "pca", recipe.model_matrix)
    generator = torch.Generator().manual_seed(recipe.seed)
    galleries: list[list[Tensor]] = [[] for _ in contestants]
    queries: list[dict[str, list[Tensor]]] = [{} for _ in contestants]
    labels: dict[str, list[int]] = {}

    def embedded(kspace: Tensor) -> list[Tensor]:
        stacked = preprocessor.prepare_kspace(kspace)[0]
        return [contestant.model.embed(contestant.choice(stacked)) for contestant in contestants]

    for kspace, numbers in simulated_kspace(SLICES, recipe.seed):
        for gallery, rows in zip(galleries, embedded(kspace), strict=True):
            gallery.append(rows)
        for name, again in acquisitions(kspace, generator):
            labels.setdefault(name, []).extend(numbers)
            for found, rows in zip(queries, embedded(again), strict=True):
                found.setdefault(name, []).append(rows)
    return [
        {
            name: recall_at_1(
                (torch.cat(rows) @ torch.cat(gallery).T).numpy(), np.array(labels[name])[:, None] == np.arange(SLICES)
            )
            for name, rows in found.items()
        }
        for gallery, found in zip(galleries, queries, strict=True)
    ]


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--json", type=Path, required=True)
    options = parser.parse_args()
    recipe = Recipe(steps=options.steps)
    contestants = [made(choice, recipe) for choice in CHOICES]
    started = time.monotonic()
    train(contestants, recipe)
    minutes = (time.monotonic() - started) / 60
    rows = recalls(contestants, recipe)
    print("| choice | " + " | ".join(rows[0]) + " |")
    print("|---" * (1 + len(rows[0])) + "|")
    for contestant, row in zip(contestants, rows, strict=True):
        print(f"| {contestant.choice.name} | " + " | ".join(f"{value:.3f}" for value in row.values()) + " |")
    content = {
        "machine": processor(),
        "date": today(),
        "versions": versions(["mriembed", "numpy", "pytorch-metric-learning"]),
        "recipe": json.loads(recipe.to_json()),
        "minutes of training": round(minutes, 1),
        "slices": SLICES,
        "acquisitions of each": REPEATS,
        "recall at 1": {contestant.choice.name: row for contestant, row in zip(contestants, rows, strict=True)},
    }
    options.json.write_text(json.dumps(content, indent=1))


if __name__ == "__main__":
    main()
