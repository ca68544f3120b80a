"""Scans for check_rates.py, simulated or measured, and what `mriembed_cli check` says of them."""

from __future__ import annotations

import json
import subprocess
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from check_reference import NOISE_SAMPLES

from mriembed.fourier import image_to_kspace, kspace_to_image
from mriembed.simulation import acquire, random_volume, simulate_images, simulate_kspace
from mriembed.simulation.coils import random_sensitivities
from mriembed.simulation.contrast import random_sequences
from mriembed.simulation.faults import RawSlices
from mriembed.simulation.perturbation import ANOTHER_SESSION, Perturbation

PROGRAM = Path(sysconfig.get_path("scripts")) / "mriembed_cli"
SPACING_MM = (3.0, 10.0)  # of neighbouring slices
# Objects that fill the field of view: how they do, in turn.
FILLINGS = ("no dark parts", "larger than the field of view", "fine texture")
LEAST_MAGNITUDE = 0.5  # of an object without dark parts; 1 is the root mean square before
TEXTURE = 0.3  # standard deviation of its magnitude from pixel to pixel, relative
SNR = (5.0, 30.0)
SNR_OF_FILLED = (20.0, 600.0)  # from noise in most of the outer lines to signal in all of them


@dataclass(frozen=True, eq=False)
class DrawnScan:
    """A faultless scan, the standard deviation of each coil's noise, and its covariance (None: not known)."""

    raw: RawSlices
    noise_sd: np.ndarray
    covariance: np.ndarray | None


@dataclass(frozen=True)
class Kind:
    """What scans are drawn.

    Attributes:
        size: lines, and samples of a readout.
        coils: numbers of coils to choose from.
        slices: 1, or neighbouring slices of one object.
        filled: the object fills the field of view, in one of FILLINGS in turn, with an SNR up to 20 times as high.
    """

    size: int
    coils: tuple[int, ...]
    slices: int = 1
    filled: bool = False


def draw_scan(seed: int, number: int, kind: Kind) -> DrawnScan:
    """Always the same for the same arguments."""
    generator = torch.Generator().manual_seed(seed * 1_000_003 + number)
    random = np.random.default_rng([seed, number])
    coils = int(random.choice(kind.coils))
    if kind.slices > 1:
        kspace = _neighbouring_slices(kind, coils, random.uniform(*SPACING_MM), generator)
    elif kind.filled:
        kspace = filled_slice(FILLINGS[number // 2 % len(FILLINGS)], kind.size, coils, generator)
    else:
        kspace = simulate_kspace(simulate_images(1, 1, kind.size, generator), coils, generator).numpy()
    signal = np.sqrt(np.mean(np.abs(kspace) ** 2))
    # Preamplifiers differ by some per cent, the noise of neighbours is somewhat alike.
    gains = np.exp(0.1 * random.standard_normal(coils))
    mixing = np.eye(coils) + 0.1 * (
        random.standard_normal((coils, coils)) + 1j * random.standard_normal((coils, coils))
    ) / np.sqrt(coils)
    snr = np.exp(random.uniform(*np.log(SNR_OF_FILLED))) if kind.filled else random.uniform(*SNR)
    level = signal / snr
    covariance = level**2 * (gains[:, None] * mixing) @ (gains[:, None] * mixing).conj().T
    root = np.linalg.cholesky(covariance) / np.sqrt(2)

    def noise(*shape: int) -> np.ndarray:
        white = random.standard_normal((coils, *shape)) + 1j * random.standard_normal((coils, *shape))
        return np.tensordot(root, white, 1)

    samples = [gains[:, None, None] * of_slice + noise(kind.size, kind.size) for of_slice in kspace]
    measured = noise(NOISE_SAMPLES).astype(np.complex64) if number % 2 == 0 else None
    raw = RawSlices(np.stack(samples).astype(np.complex64), measured)
    return DrawnScan(raw, np.sqrt(np.diag(covariance).real), covariance)


def _neighbouring_slices(kind: Kind, coils: int, spacing: float, generator: torch.Generator) -> np.ndarray:
    volume = random_volume(spacing * torch.arange(kind.slices), kind.size, generator)
    sensitivities = random_sensitivities(1, coils, kind.size, generator, heights=volume.heights)
    images = volume.images(random_sequences(1, generator))
    phase = Perturbation(phase=ANOTHER_SESSION["medium"].phase)
    result: np.ndarray = acquire(images, sensitivities, phase, generator, heights=volume.heights).numpy()
    return result


def filled_slice(filling: str, size: int, coils: int, generator: torch.Generator) -> np.ndarray:
    """k-space (1, coils, size, size) of an object that fills the field of view, see FILLINGS.

    Of an object larger than the field of view, the readout's filter cuts off what lies outside along x, and what lies
    outside along y wraps around.
    """
    if filling == "larger than the field of view":
        images = simulate_images(1, 1, 2 * size, generator)
        wide = kspace_to_image(simulate_kspace(images, coils, generator))[..., size // 2 : size // 2 + size]
        folded = torch.roll(wide[:, :, :size] + wide[:, :, size:], size // 2, dims=2)
        larger: np.ndarray = image_to_kspace(folded).numpy()
        return larger
    image = simulate_images(1, 1, size, generator)
    image = image + (LEAST_MAGNITUDE - image.abs()).clamp(min=0)
    if filling == "fine texture":
        image = image * (1 + TEXTURE * torch.randn(image.shape, generator=generator))
    result: np.ndarray = simulate_kspace(image, coils, generator).numpy()
    return result


def measured_scan(file: Path) -> DrawnScan:
    """Of k-space (coils, y, x) or (slices, coils, y, x); the noise is NaN where it cannot be estimated."""
    kspace = np.load(file)
    noise = [np.nan if coil["noise"] is None else coil["noise"] for coil in run([file])[0]["coils"]]
    return DrawnScan(RawSlices(kspace.reshape(-1, *kspace.shape[-3:]), None), np.array(noise), None)


def checked(scans: list[RawSlices], folder: Path) -> list[dict[str, Any]]:
    """What `check --json` says of each."""
    found: list[dict[str, Any]] = [{} for _ in scans]
    without_noise = []
    for number, scan in enumerate(scans):
        path = folder / f"{number}.npy"
        np.save(path, scan.kspace)
        if scan.noise is None:
            without_noise.append(number)
            continue
        np.save(folder / "noise.npy", scan.noise)
        found[number] = run([path, "--noise", folder / "noise.npy"])[0]
    if without_noise:
        for number, result in zip(
            without_noise, run([folder / f"{number}.npy" for number in without_noise]), strict=True
        ):
            found[number] = result
    return found


def run(arguments: list[Any]) -> list[dict[str, Any]]:
    """`check --json` with these arguments."""
    command = [str(PROGRAM), "check", "--json", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 10):
        raise SystemExit(done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]
