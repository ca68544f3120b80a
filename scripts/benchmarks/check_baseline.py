"""For check_rates.py: which faults the distance between embeddings alone would find."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from mriembed import DEFAULT_WEIGHTS, Embedder, export_model
from mriembed.simulation.acquisition import reacquire
from mriembed.simulation.faults import FaultyScan, RawSlices
from mriembed.simulation.perturbation import Perturbation

REPEAT = Perturbation(noise=0.02, shift=0.01, rotation=1.0)


class Baseline:
    """What the embedding alone finds: faulty scans farther from the faultless one than 99 % of its repeats."""

    def __init__(self, drawn: list[RawSlices], folder: Path) -> None:
        export_model(folder / "model.pt", weights=DEFAULT_WEIGHTS)
        self._embedder = Embedder.load(folder / "model.pt")
        self._references = [embedded(self._embedder, raw) for raw in drawn]
        repeats = [self._distance(number, repeat(raw, number)) for number, raw in enumerate(drawn)]
        self.farthest = float(np.quantile(repeats, 0.99))

    def _distance(self, number: int, scan: RawSlices) -> float:
        return 1 - float(self._references[number] @ embedded(self._embedder, scan))

    def found(self, numbers: list[int], made: list[FaultyScan]) -> float:
        """The share of scans, made of the drawn ones of these numbers."""
        distances = [self._distance(number, scan.raw) for number, scan in zip(numbers, made, strict=True)]
        return float(np.mean(np.array(distances) > self.farthest))


def embedded(embedder: Embedder, scan: RawSlices) -> np.ndarray:
    """Of the last slice, which each fault that lasts has changed, without prewhitening."""
    result: np.ndarray = embedder.embed_kspace(scan.kspace[-1:])[0]
    return result


def repeat(scan: RawSlices, number: int) -> RawSlices:
    """The last slice, scanned again in the same session."""
    generator = torch.Generator().manual_seed(number)
    return RawSlices(reacquire(torch.from_numpy(scan.kspace[-1:]), REPEAT, generator).numpy(), None)
