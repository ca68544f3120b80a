"""What decides a training run: the same recipe gives the same weights on the same machine."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from mriembed.errors import InvalidArgumentError

LOSSES = ("graded", "ntxent", "multi-similarity", "triplet")
"""Names of the losses in `mriembed.training.losses`."""


@dataclass(frozen=True)
class Recipe:
    """A training run.

    Attributes:
        steps: of the optimizer.
        bodies, slices: a step sees `bodies` simulated bodies, `slices` slices of each; every slice is scanned twice.
        parts: a step's pairs are drawn in this many parts, each from random numbers of its own, so that any number of
            processes that divides it sees the same pairs. All pairs of a part have one number of coils and one
            resolution. Each part takes as many operations, whatever its size: a GPU, which has a kernel to launch for
            each operation, draws few large parts sooner.
        num_coils: virtual coils. embed_dim: length of an embedding.
        matrix: pixels of a side that slices are brought to for training.
        enlarged: model files with these weights bring slices to a matrix so many times as large. (That a larger one may
            be an advantage: Touvron et al. 2019, arXiv:1906.06423.)
        loss: one of LOSSES. temperature: of the losses that have one.
        reach: of the graded loss, in millimetres.
        learning_rate, weight_decay: of Muon, see `mriembed.training.optimizer`. warm_up: steps until the rate is
            reached; it then falls as half a cosine.
        average_after: step after which the rate falls no further and the network of the run becomes the mean of the
            weights after each step, meant for data that differ from those of the training (Izmailov et al. 2018,
            arXiv:1803.05407; Cha et al. 2021, arXiv:2102.08604). Not reached: the network is that of the last step.
        precision: float32 or bfloat16, of the network's arithmetic; weights and optimizer are float32.
        measured_share: share of a step's pairs that come from measured scans, where there are any.
        hardest_after: step from which on the two acquisitions of a pair may differ by all that they ever may. Until
            then that grows in proportion.
        uses: steps that a simulated or measured pair is used in, each time as another mirror image, which is another
            anatomy: drawing pairs takes longer than learning from them.
        whitened_by: steps' worth of pairs, drawn after the last step, by which embeddings are whitened, see
            `mriembed.training.whitening`; 0: not whitened.
        begun_from: SHA-256 of the file with the weights that the run began from; empty: it began from random ones.
        seed: decides everything that is drawn.
    """

    steps: int = 6800
    bodies: int = 8
    slices: int = 8
    parts: int = 4
    num_coils: int = 8
    embed_dim: int = 256
    matrix: int = 64
    enlarged: float = 1.0
    loss: str = "graded"
    temperature: float = 0.05
    reach: float = 1.5
    learning_rate: float = 0.05
    weight_decay: float = 0.02
    warm_up: int = 100
    average_after: int = 5600
    precision: str = "bfloat16"
    measured_share: float = 0.0
    hardest_after: int = 4000
    uses: int = 4
    whitened_by: int = 64
    begun_from: str = ""
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("steps", "bodies", "slices", "parts", "num_coils", "embed_dim", "matrix", "uses"):
            if getattr(self, name) < 1:
                raise InvalidArgumentError(f"{name.replace('_', ' ')}: must be at least 1, not {getattr(self, name)}")
        if self.bodies % self.parts != 0:
            raise InvalidArgumentError(f"bodies: must be a multiple of the {self.parts} parts, not {self.bodies}")
        if self.pairs < 2:
            raise InvalidArgumentError(
                "bodies x slices: a step needs at least two pairs, one to be told from the other"
            )
        if self.matrix < 16:
            raise InvalidArgumentError(f"matrix: must be at least 16 pixels, not {self.matrix}")
        if not 0 <= self.measured_share <= 1:
            raise InvalidArgumentError(f"measured share: must lie from 0 to 1, not {self.measured_share}")
        if self.precision not in ("float32", "bfloat16"):
            raise InvalidArgumentError(f"precision: must be float32 or bfloat16, not {self.precision!r}")
        for name in ("weight_decay", "warm_up", "hardest_after", "whitened_by"):
            if not getattr(self, name) >= 0:
                raise InvalidArgumentError(f"{name.replace('_', ' ')}: must be at least 0, not {getattr(self, name)}")
        for name in ("enlarged", "temperature", "reach", "learning_rate"):
            if not getattr(self, name) > 0:
                raise InvalidArgumentError(f"{name.replace('_', ' ')}: must be above 0, not {getattr(self, name)}")

    @property
    def pairs(self) -> int:
        """Slices of a step, each scanned twice."""
        return self.bodies * self.slices

    @property
    def model_matrix(self) -> int:
        """Pixels of a side that model files with the trained weights bring slices to."""
        return round(self.enlarged * self.matrix)

    def to_json(self) -> str:
        """As one line of JSON."""
        return json.dumps(asdict(self))
