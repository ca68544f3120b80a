"""Reads tests/preprocessing_vectors, the published vectors of docs/preprocessing.md."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parents[1] / "preprocessing_vectors"
PUBLISHED_VERSION: int = json.loads((FOLDER / "cases.json").read_text())["version"]


@dataclass(frozen=True)
class Vector:
    """One case: its arguments, input (coils, y, x) and float64 output (channels, y, x)."""

    name: str
    domain: str
    num_coils: int
    compression: str
    matrix: int | None
    readout_width: int | None
    phase_height: int | None
    pixel_aspect: float
    samples: np.ndarray
    noise_covariance: np.ndarray | None
    output: np.ndarray
    energy_kept: float

    def __str__(self) -> str:
        return self.name


def published_vectors() -> list[Vector]:
    content = json.loads((FOLDER / "cases.json").read_text())
    return [
        Vector(
            case["name"],
            case["domain"],
            case["num_coils"],
            case["coil_compression"],
            case["matrix"],
            case["readout_width"],
            case["phase_height"],
            case["pixel_aspect"],
            np.load(FOLDER / f"{case['name']}_input.npy"),
            np.load(FOLDER / f"{case['name']}_noise_covariance.npy") if case["noise_covariance"] else None,
            np.load(FOLDER / f"{case['name']}_output.npy"),
            case["energy_kept"],
        )
        for case in content["cases"]
    ]
