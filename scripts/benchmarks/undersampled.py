"""How far completion of undersampled k-space moves a slice's embedding from that of the full scan.

    undersampled.py [SCAN ...] [--image-files PATTERN] [--pairs FILE] [--slices N] [--few] [--model FILE] [--json FILE]

Fully sampled scans, measured (SCAN: files or folders) and simulated in another session each, lose lines along y: every
R-th line stays and so do the ACS lines, or partial Fourier drops one end of k-space. Each method completes the
virtual coils that preprocessing would compute (docs/preprocessing.md, step 4), and the model embeds the result; of
"libmriembed" it is the library that completes the slices, as it does for its users.

Of each method the table says the cosine distance to the full scan's embedding as a share of the distance from there to
the nearest other slice (median and 95th percentile), the 95th percentile of the distance itself, the share of slices in
which it is at most a quarter of the distance to the nearest other one, and recall@1 among the full scans.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from line_completions import (
    Completion,
    Samples,
    Sampling,
    after_grappa,
    calibration_alone,
    conjugate_filled,
    density_compensated,
    grappa,
    homodyne,
    measured_part,
    zero_filled,
)
from machine import processor, today, versions
from numpy.typing import NDArray

from mriembed import DEFAULT_WEIGHTS, Embedder, export_model
from mriembed.evaluation.measured import read_pairs, scans_of_one_slice
from mriembed.preprocessing import CALIBRATION_LINES
from mriembed.scans import read_usable_slices
from mriembed.simulation.acquisition import acquire
from mriembed.simulation.background_phase import random_background_phase
from mriembed.simulation.coils import random_sensitivities
from mriembed.simulation.perturbation import ANY_PHASE, Perturbation
from mriembed.simulation.slices import LEAST_SPACING, simulate_images

_SUBJECTS, _SLICES = 5, 4  # of one array, as in an evaluation
_NOISE = 0.05  # see Perturbation
_SEED = 8_300_000_000  # far from the seeds of training and evaluation
_QUARTER = 0.25


@dataclass(frozen=True)
class Result:
    """One method in one gallery. Shares are of the distance to the nearest other slice."""

    gallery: str
    slices: int
    sampling: str
    virtual_coils: int
    method: str
    median_share: float
    percentile_95_share: float
    percentile_95_distance: float
    within_a_quarter: float
    recall_at_1: float


def virtual_coils(kspace: Samples, count: int) -> Samples:
    """Step 4 of the preprocessing."""
    coils, height, width = kspace.shape
    lines = min(height, CALIBRATION_LINES)
    first = height // 2 - lines // 2
    central = kspace[:, first : first + lines].reshape(coils, -1).astype(np.complex128)
    _, vectors = np.linalg.eigh(central @ central.conj().T)
    rows = vectors.conj().T[::-1][: min(coils, count)]
    virtual: Samples = (rows @ kspace.reshape(coils, -1)).reshape(-1, height, width).astype(np.complex64)
    return virtual


def accelerated_methods(most: bool) -> Iterator[tuple[int, str, Completion]]:
    """Virtual coils, name and completion."""
    yield 8, "zero-filled", zero_filled
    yield 8, "zero-filled, density-compensated", density_compensated
    yield 8, "calibration lines alone", calibration_alone
    kernels = [(8, 2, 5, 1e-3), (12, 2, 5, 1e-3), (8, 4, 5, 1e-3)]
    if most:
        kernels += [(8, 2, taps, 1e-3) for taps in (3, 7)]
        kernels += [(8, 2, 5, regularization) for regularization in (1e-1, 1e-2)]
    for coils, lines, taps, regularization in kernels:
        fill = partial(grappa, lines=lines, taps=taps, regularization=regularization)
        yield coils, f"GRAPPA {lines} x {taps}, {regularization:g}", fill
    yield 8, "GRAPPA 2 x 5, 0.001, unweighted", partial(grappa, lines=2, taps=5, regularization=1e-3, weighted=False)


def partial_methods() -> Iterator[tuple[int, str, Completion]]:
    yield 8, "zero-filled", zero_filled
    yield 8, "homodyne about the echo", partial(homodyne, about_echo=True)
    yield 8, "conjugate-filled about the centre", partial(conjugate_filled, about_echo=False)
    yield 8, "conjugate-filled about the echo", partial(conjugate_filled, about_echo=True)


def combined_methods() -> Iterator[tuple[int, str, Completion]]:
    fill = partial(grappa, lines=2, taps=5, regularization=1e-3)
    yield 8, "zero-filled", zero_filled
    for _, name, complete in partial_methods():
        yield 8, f"GRAPPA 2 x 5, 0.001, {name}", partial(after_grappa, fill=fill, complete=complete)


def simulated(count: int, matrix: int) -> list[Samples]:
    slices: list[Samples] = []
    for first in range(0, count, _SUBJECTS * _SLICES):
        generator = torch.Generator().manual_seed(_SEED + first)
        fine = 3 * matrix // 2
        images = simulate_images(_SUBJECTS, _SLICES, fine, generator, apart=LEAST_SPACING)
        coils = int(torch.randint(8, 33, (1,), generator=generator))
        arrays = random_sensitivities(_SUBJECTS, coils, matrix, generator).repeat_interleave(_SLICES, 0)
        phase = random_background_phase(torch.zeros(_SUBJECTS * _SLICES, 1), fine, fine, ANY_PHASE, generator)
        slices += list(acquire(images * phase, arrays, Perturbation(noise=_NOISE), generator).numpy())
    return slices[:count]


def without_zero_lines(kspace: Samples) -> Samples:
    """The same but for next to nothing in lines that are zero, which count as measured then."""
    least = np.complex64(1e-12 * np.abs(kspace).max())
    zero = np.logical_not(kspace.any((0, 2)))
    return np.where(zero[:, None], least, kspace)


class Embeddings:
    """Of slices of any shape, in batches of one shape."""

    def __init__(self, model: Path) -> None:
        self._embedder = Embedder.load(model)

    def of(self, slices: Sequence[Samples], *, complete: bool = False) -> NDArray[np.float64]:
        """`complete`: the library fills lines that are missing; otherwise what is zero stays next to zero."""
        taken = slices if complete else [without_zero_lines(kspace) for kspace in slices]
        rows = [self._embedder.embed_kspace(kspace[None])[0] for kspace in taken]
        found = np.stack(rows).astype(np.float64)
        found /= np.linalg.norm(found, axis=1, keepdims=True)
        return found


Cases = list[tuple[Sampling, list[tuple[int, str, Completion]]]]  # virtual coils, name and completion of each method


def usual_cases(most: bool) -> Cases:
    """What protocols measure."""
    cases: Cases = [
        (Sampling(f"R = {factor}, {lines} ACS lines", factor, lines), list(accelerated_methods(most)))
        for factor in (2, 3, 4)
        for lines in (24, 32)
    ]
    for name, share in (("6/8", 0.75), ("5/8", 0.625)):
        cases.append((Sampling(f"partial Fourier {name}", share=share), list(partial_methods())))
        cases.append((Sampling(f"R = 2, partial Fourier {name}", 2, share=share), list(combined_methods())))
    return cases


def few_line_cases() -> Cases:
    """2 to 4 ACS lines for each line of a gap: so few that zeros may be nearer to the missing lines than GRAPPA is."""
    fill = partial(grappa, lines=2, taps=5, regularization=1e-3)
    return [
        (
            Sampling(f"R = {factor}, {each * factor} ACS lines", factor, each * factor),
            [(8, "zero-filled", zero_filled), (8, "GRAPPA 2 x 5, 0.001", fill)],
        )
        for factor in (2, 3, 4, 5, 6)
        for each in (2, 3, 4)
    ]


def evaluate(
    gallery: str, slices: Sequence[Samples], alike: dict[int, list[int]], embeddings: Embeddings, cases: Cases
) -> Iterator[Result]:
    full = embeddings.of(slices)
    same = np.eye(len(slices), dtype=bool)
    for first, others in alike.items():
        same[first, others] = True
    nearest = np.where(same, np.inf, 1 - full @ full.T).min(1)
    compressed = {count: [virtual_coils(kspace, count) for kspace in slices] for count in (8, 12)}
    for sampling, methods in cases:
        for coils, name, complete in [*methods, (0, "libmriembed", measured_part)]:
            taken = compressed[coils] if coils else slices
            completed = embeddings.of([complete(kspace, sampling) for kspace in taken], complete=coils == 0)
            distances = 1 - (completed * full).sum(1)
            shares = distances / nearest
            best = (completed @ full.T).argmax(1)
            yield Result(
                gallery,
                len(slices),
                sampling.name,
                coils,
                name,
                float(np.median(shares)),
                float(np.percentile(shares, 95)),
                float(np.percentile(distances, 95)),
                float((shares <= _QUARTER).mean()),
                statistics.fmean(float(same[number, found]) for number, found in enumerate(best)),
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("scans", nargs="*", type=Path)
    parser.add_argument("--image-files", action="append", default=[], help="pattern of files that hold coil images")
    parser.add_argument("--pairs", type=Path, help="repeated scans, as of `mriembed evaluate`")
    parser.add_argument("--slices", type=int, default=100, help="simulated slices")
    parser.add_argument("--matrix", type=int, default=96, help="of the simulated slices")
    parser.add_argument("--most", action="store_true", help="all kernel sizes and regularizations")
    parser.add_argument("--few", action="store_true", help="few ACS lines instead of as many as protocols have")
    parser.add_argument("--model", type=Path, help="model file; without it, the package's default weights")
    parser.add_argument("--json", type=Path, help="file for the results")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as folder:
        model = options.model
        if model is None:
            model = Path(folder) / "default.pt"
            export_model(model, weights=DEFAULT_WEIGHTS)
        embeddings = Embeddings(model)
    galleries: list[tuple[str, list[Samples], dict[int, list[int]]]] = []
    if options.scans:
        scans = read_usable_slices(options.scans, image_files=options.image_files, on_refused=print)
        pairs = read_pairs(options.pairs, scans) if options.pairs else []
        galleries.append(("measured", [scan.kspace for scan in scans], scans_of_one_slice(pairs)))
    if options.slices:
        galleries.append(("simulated", simulated(options.slices, options.matrix), {}))

    cases = few_line_cases() if options.few else usual_cases(options.most)
    results = []
    print(
        "| gallery | sampling | coils | method | median share | 95 % | distance, 95 % | <= 1/4 | recall@1 |\n"
        + "|---" * 9
        + "|"
    )
    for name, slices, alike in galleries:
        for result in evaluate(name, slices, alike, embeddings, cases):
            results.append(asdict(result))
            print(
                f"| {name} {result.slices} | {result.sampling} | {result.virtual_coils} | {result.method} "
                f"| {result.median_share:.2g} | {result.percentile_95_share:.2g} "
                f"| {result.percentile_95_distance:.2g} | {result.within_a_quarter:.3f} | {result.recall_at_1:.3f} |",
                flush=True,
            )
    if options.json:
        content = {
            "date": today(),
            "machine": processor(),
            "versions": versions(["mriembed", "numpy"]),
            "matrix": options.matrix,
            "noise": _NOISE,
            "results": results,
        }
        options.json.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main()
