"""What decides a training run: the same recipe gives the same weights on the same machine."""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import asdict, dataclass, field, fields
from typing import TypeVar

from mriembed.errors import InvalidArgumentError

LOSSES = ("graded", "ntxent", "multi-similarity", "triplet")
"""Names of the losses in `mriembed.training.losses`."""

Value = TypeVar("Value", int, float, str)


def _option(default: Value, text: str, choices: tuple[str, ...] = ()) -> Value:
    """A field that is also an option of `mriembed train`; `text` describes both."""
    chosen: Value = field(default=default, metadata={"help": text, "choices": choices or None})
    return chosen


@dataclass(frozen=True)
class Recipe:
    """A training run. `mriembed train --help` describes the fields; the others are described here.

    Attributes:
        measured_share: share of a step's pairs that come from measured scans, where there are any.
        begun_from: SHA-256 of the file with the weights that the run began from; empty: it began from random ones.
    """

    steps: int = _option(6800, "steps of the optimizer; 0: only whiten and centre the weights of --begin")
    subjects: int = _option(8, "simulated subjects in a step")
    slices: int = _option(8, "slices of each subject; each slice is acquired twice")
    # Each shard has random numbers of its own, one number of coils and one resolution. It takes as many operations,
    # whatever its size: a GPU, which has a kernel to launch for each operation, draws few large shards sooner.
    shards: int = _option(4, "parts of a step that processes can share; few are faster on a GPU")
    num_coils: int = _option(8, "virtual coils")
    embed_dim: int = _option(256, "length of an embedding")
    antialiased_stage: int = _option(2, "stage that halves the image by means of 2 x 2 pixels; 0: none")
    matrix: int = _option(64, "side of the square to which slices are resampled in training, in pixels")
    # That a larger one may be an advantage: Touvron et al. 2019, arXiv:1906.06423.
    inference_matrix_scale: float = _option(1.0, "matrix of model files, as a multiple of --matrix")
    loss: str = _option("graded", "loss function", LOSSES)
    temperature: float = _option(0.05, "temperature of the losses graded and ntxent")
    reach: float = _option(1.5, "reach of the loss graded, in millimetres")
    learning_rate: float = _option(0.05, "highest learning rate of Muon; it falls as half a cosine")
    weight_decay: float = _option(0.02, "weight decay of Muon")
    warm_up: int = _option(100, "steps until the learning rate is reached")
    # The mean is meant for data that differ from those of the training (Izmailov et al. 2018, arXiv:1803.05407; Cha et
    # al. 2021, arXiv:2102.08604). Where this step is not reached, the network is that of the last step.
    average_after: int = _option(
        5600, "step after which the learning rate stays and weights are averaged; about three quarters of --steps"
    )
    precision: str = _option(
        "bfloat16",
        "data type in which the network computes; weights and optimizer are float32",
        ("float32", "bfloat16"),
    )
    measured_share: float = 0.0
    hardest_after: int = _option(
        4000, "step from which on the perturbations have their full strength; about two thirds of --steps"
    )
    # A mirror image is another anatomy, and drawing pairs takes longer than learning from them.
    uses: int = _option(4, "steps in which a pair is used, mirrored each time")
    whitened_by: int = _option(256, "steps whose pairs whiten the embeddings at the end; 0: no whitening")
    centred_by: int = _option(64, "steps whose pairs centre the embeddings after that; 0: no centring")
    begun_from: str = ""
    seed: int = _option(0, "seed of everything that is drawn")

    def __post_init__(self) -> None:
        for name in ("subjects", "slices", "shards", "num_coils", "embed_dim", "matrix", "uses"):
            if getattr(self, name) < 1:
                raise InvalidArgumentError(f"{name.replace('_', ' ')}: must be at least 1, not {getattr(self, name)}")
        if self.steps == 0 and not self.begun_from:
            raise InvalidArgumentError("steps: must be at least 1 without weights to begin from, not 0")
        if self.subjects % self.shards != 0:
            raise InvalidArgumentError(f"subjects: must be a multiple of the {self.shards} shards, not {self.subjects}")
        if self.pairs < 2:
            raise InvalidArgumentError(
                "subjects x slices: a step needs at least two pairs, one to be told from the other"
            )
        if self.matrix < 16:
            raise InvalidArgumentError(f"matrix: must be at least 16 pixels, not {self.matrix}")
        if not 0 <= self.antialiased_stage <= 3:
            raise InvalidArgumentError(f"antialiased stage: must lie from 0 to 3, not {self.antialiased_stage}")
        if not 0 <= self.measured_share <= 1:
            raise InvalidArgumentError(f"measured share: must lie from 0 to 1, not {self.measured_share}")
        if self.precision not in ("float32", "bfloat16"):
            raise InvalidArgumentError(f"precision: must be float32 or bfloat16, not {self.precision!r}")
        for member in fields(self):
            value = getattr(self, member.name)
            if isinstance(value, float) and not math.isfinite(value):
                raise InvalidArgumentError(f"{member.name.replace('_', ' ')}: must be finite, not {value}")
        for name in ("steps", "weight_decay", "warm_up", "average_after", "hardest_after", "whitened_by", "centred_by"):
            if not getattr(self, name) >= 0:
                raise InvalidArgumentError(f"{name.replace('_', ' ')}: must be at least 0, not {getattr(self, name)}")
        for name in ("inference_matrix_scale", "temperature", "reach", "learning_rate"):
            if not getattr(self, name) > 0:
                raise InvalidArgumentError(f"{name.replace('_', ' ')}: must be above 0, not {getattr(self, name)}")

    @property
    def pairs(self) -> int:
        """Slices of a step, each scanned twice."""
        return self.subjects * self.slices

    @property
    def model_matrix(self) -> int:
        """Pixels of a side that model files with the trained weights bring slices to."""
        return round(self.inference_matrix_scale * self.matrix)

    def to_json(self) -> str:
        """As one line of JSON."""
        return json.dumps(asdict(self))


def add_recipe_options(parser: argparse.ArgumentParser) -> None:
    """An option for each field of a recipe that has a help text, with the default of the recipe."""
    for member in fields(Recipe):
        if "help" in member.metadata:
            name = "--" + member.name.replace("_", "-")
            parser.add_argument(name, type=type(member.default), default=member.default, **member.metadata)


def recipe_of(options: argparse.Namespace, *, measured_share: float, begun_from: str) -> Recipe:
    """The recipe that these options of `add_recipe_options` ask for."""
    given = {member.name: getattr(options, member.name) for member in fields(Recipe) if "help" in member.metadata}
    return Recipe(**given, measured_share=measured_share, begun_from=begun_from)
