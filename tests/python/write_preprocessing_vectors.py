"""Writes tests/preprocessing_vectors/: inputs and outputs that bind every implementation of docs/preprocessing.md.

Outputs come from the NumPy float64 implementation in reference.py. Run it again only for a new version:

    python tests/python/write_preprocessing_vectors.py

Each case of cases.json names its arguments; beside it lie NAME_input.npy, complex64 (coils, y, x), where it applies
NAME_noise_covariance.npy, complex128 (coils, coils), and NAME_output.npy, float64 (channels, y, x).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from reference import Reference, centred_fft2

VERSION = 4
FOLDER = Path(__file__).parents[1] / "preprocessing_vectors"

CASES: list[dict[str, Any]] = [
    {"name": "kspace", "coils": 6, "shape": (30, 26), "num_coils": 4, "matrix": 24},
    {"name": "odd_sizes_few_coils", "coils": 2, "shape": (27, 31), "num_coils": 4, "matrix": 25},
    {"name": "single_coil", "coils": 1, "shape": (26, 24), "num_coils": 3, "matrix": None},
    {"name": "noise_and_oversampling", "coils": 5, "shape": (22, 44), "num_coils": 3, "matrix": 28,
     "readout_width": 22, "noise": True},
    {"name": "displaced_echo", "coils": 4, "shape": (56, 48), "num_coils": 2, "matrix": 32, "displaced": (8, -6)},
    {"name": "empty_calibration_lines", "coils": 3, "shape": (40, 24), "num_coils": 2, "matrix": 20, "empty": True},
    {"name": "no_compression", "coils": 3, "shape": (20, 24), "num_coils": 3, "matrix": 16, "compression": "none"},
    {"name": "images", "coils": 4, "shape": (24, 20), "num_coils": 3, "matrix": 22, "domain": "image"},
    {"name": "phase_oversampling", "coils": 5, "shape": (45, 40), "num_coils": 3, "matrix": 24,
     "readout_width": 20, "phase_height": 30, "noise": True},
    {"name": "tall_pixels", "coils": 4, "shape": (24, 40), "num_coils": 2, "matrix": 20, "pixel_aspect": 1.5},
    {"name": "wide_pixels", "coils": 3, "shape": (42, 26), "num_coils": 3, "matrix": 28, "phase_height": 35,
     "pixel_aspect": 0.7},
    {"name": "accelerated", "coils": 6, "shape": (48, 40), "num_coils": 4, "matrix": 32, "factor": 2,
     "calibration": (15, 33)},
    {"name": "accelerated_oversampled", "coils": 5, "shape": (60, 56), "num_coils": 3, "matrix": 28, "factor": 3,
     "calibration": (20, 44), "readout_width": 28, "phase_height": 50, "noise": True},
    {"name": "partial_fourier", "coils": 4, "shape": (64, 36), "num_coils": 3, "matrix": 40, "last": 41,
     "displaced": (2, 0)},
    {"name": "accelerated_partial_fourier", "coils": 5, "shape": (64, 32), "num_coils": 5, "matrix": 64, "factor": 2,
     "calibration": (22, 42), "last": 48, "reversed": True, "compression": "none"},
    {"name": "accelerated_few_acs_lines", "coils": 5, "shape": (40, 36), "num_coils": 3, "matrix": 32, "factor": 2,
     "calibration": (17, 23)},
    {"name": "accelerated_too_few_acs_lines", "coils": 5, "shape": (42, 36), "num_coils": 3, "matrix": 32, "factor": 3,
     "calibration": (18, 24)},
]  # fmt: skip


def slice_images(
    coils: int, height: int, width: int, seed: int, *, noise: float = 0.01, turn: float = 0.0
) -> np.ndarray:
    """Coil images (coils, y, x) of a body of a few ellipses under smooth coils and a smooth phase, with noise.

    `turn` rotates the array, in radians.
    """
    rng = np.random.default_rng(seed)
    y, x = np.ogrid[:height, :width]
    y, x = (y - height // 2) * (2 / max(height, width)), (x - width // 2) * (2 / max(height, width))
    body = np.zeros((height, width))
    for _ in range(6):
        cy, cx = rng.uniform(-0.4, 0.4, 2)
        ry, rx = rng.uniform(0.1, 0.5, 2)
        inside = np.clip(6 * (1 - ((y - cy) / ry) ** 2 - ((x - cx) / rx) ** 2), -30, 30)
        body += rng.uniform(0.3, 1) / (1 + np.exp(-2 * inside))
    phase = np.exp(1j * (rng.uniform(-1, 1) * y * y + rng.uniform(-1, 1) * x * y + rng.uniform(-0.5, 0.5) * x))
    images = []
    for coil in range(coils):
        angle = 2 * np.pi * (coil + 0.3) / coils + turn
        towards = y * np.sin(angle) + x * np.cos(angle)
        images.append(body * phase * (1 + 0.05 * coil) * np.exp(0.9 * towards + 1j * (1.2 * towards + coil)))
    drawn = rng.normal(size=(2, coils, height, width))
    result: np.ndarray = np.array(images) + noise * (drawn[0] + 1j * drawn[1])
    return result


def written(case: dict[str, Any], seed: int) -> dict[str, Any]:
    """Writes a case's arrays; its entry of cases.json."""
    name, coils, (height, width) = case["name"], case["coils"], case["shape"]
    images = slice_images(coils, height, width, seed)
    domain = case.get("domain", "kspace")
    samples = images if domain == "image" else centred_fft2(images)
    if "displaced" in case:
        samples = np.roll(samples, case["displaced"], axis=(1, 2))
    if "empty" in case:
        samples[:, height // 2 - 12 : height // 2 + 12] = 0
    line = np.arange(height)
    first, end = case.get("calibration", (0, 0))
    measured = ((line % case.get("factor", 1) == 0) | ((line >= first) & (line < end))) & (
        line <= case.get("last", height)
    )
    samples[:, ~(measured[::-1] if "reversed" in case else measured)] = 0
    samples = samples.astype(np.complex64)
    np.save(FOLDER / f"{name}_input.npy", samples)
    covariance = None
    if "noise" in case:
        rng = np.random.default_rng(seed)
        mixing = np.eye(coils) + 0.2 * (rng.normal(size=(coils, coils)) + 1j * rng.normal(size=(coils, coils)))
        covariance = mixing @ mixing.conj().T
        np.save(FOLDER / f"{name}_noise_covariance.npy", covariance)
    compression = case.get("compression", "pca")
    reference = Reference(case["num_coils"], compression, case["matrix"])
    readout_width = case.get("readout_width")
    phase_height, pixel_aspect = case.get("phase_height"), case.get("pixel_aspect", 1.0)
    if domain == "image":
        output, energy_kept = reference.from_images(samples)
    else:
        output, energy_kept = reference.from_kspace(samples, covariance, readout_width, phase_height, pixel_aspect)
    np.save(FOLDER / f"{name}_output.npy", output)
    return {
        "name": name,
        "domain": domain,
        "num_coils": case["num_coils"],
        "coil_compression": compression,
        "matrix": case["matrix"],
        "readout_width": readout_width,
        "phase_height": phase_height,
        "pixel_aspect": pixel_aspect,
        "noise_covariance": covariance is not None,
        "energy_kept": energy_kept,
    }


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    cases = [written(case, seed) for seed, case in enumerate(CASES)]
    (FOLDER / "cases.json").write_text(json.dumps({"version": VERSION, "cases": cases}, indent=1) + "\n")
