#!/usr/bin/env python3
"""How often `mriembed_cli check` finds a fault that is there, and one that is not.

Draws simulated scans (one slice, 8 to 32 coils with gains of their own, half of them with a noise
measurement), checks them as they are, and again with each fault of `mriembed.simulation.faults`. Prints a table, and
writes it with the distribution of the figures of faultless scans. With --measured it takes scans of yours instead, of
which it estimates the noise. --coils and --faults choose others.

Each scan is also compared with a reference (`check --reference`): another object, protocol and noise, the same array
(check_reference.py). It counts the findings against the reference, without a fault and with more noise in all coils.

Beside it stands what the embedding of the default model alone would find: a distance from the faultless scan above that
of 99 % of its repeats, each with new noise and moved by up to a degree and 1 % of the field of view. --no-baseline
leaves it out.

    scripts/benchmarks/check_rates.py --scans 500 --seed 1 -o check.json
    scripts/benchmarks/check_rates.py --coils 2 --faults ghost --references 0 -o two_coils.json
    scripts/benchmarks/check_rates.py --measured SCAN.npy ... -o measured.json
"""

import argparse
import json
import platform
import subprocess
import sysconfig
import tempfile
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import torch
from check_reference import NOISE_SAMPLES, reference_scan, write_raw

from mriembed import DEFAULT_WEIGHTS, Embedder, __version__, export_model
from mriembed.simulation import simulate_images, simulate_kspace
from mriembed.simulation.acquisition import reacquire
from mriembed.simulation.faults import FAULTS, FaultyScan, RawSlices, with_fault
from mriembed.simulation.perturbation import Perturbation

PROGRAM = Path(sysconfig.get_path("scripts")) / "mriembed_cli"
REPEAT = Perturbation(noise=0.02, shift=0.01, rotation=1.0)


@dataclass(frozen=True, eq=False)
class DrawnScan:
    """A faultless scan, the standard deviation of each coil's noise, and its covariance (None: not known)."""

    raw: RawSlices
    noise_sd: np.ndarray
    covariance: np.ndarray | None


def draw_scan(seed: int, number: int, size: int, numbers_of_coils: list[int]) -> DrawnScan:
    """Of size x size samples; always the same for the same arguments."""
    generator = torch.Generator().manual_seed(seed * 1_000_003 + number)
    random = np.random.default_rng([seed, number])
    coils = int(random.choice(numbers_of_coils))
    kspace = simulate_kspace(simulate_images(1, 1, size, generator), coils, generator).numpy()
    signal = np.sqrt(np.mean(np.abs(kspace) ** 2))
    # Preamplifiers differ by some per cent, the noise of neighbours is somewhat alike.
    gains = np.exp(0.1 * random.standard_normal(coils))
    mixing = np.eye(coils) + 0.1 * (
        random.standard_normal((coils, coils)) + 1j * random.standard_normal((coils, coils))
    ) / np.sqrt(coils)
    level = signal / random.uniform(5, 30)
    covariance = level**2 * (gains[:, None] * mixing) @ (gains[:, None] * mixing).conj().T
    root = np.linalg.cholesky(covariance) / np.sqrt(2)

    def noise(*shape: int) -> np.ndarray:
        white = random.standard_normal((coils, *shape)) + 1j * random.standard_normal((coils, *shape))
        return np.tensordot(root, white, 1)

    samples = (gains[:, None, None] * kspace[0] + noise(size, size)).astype(np.complex64)
    measured = noise(NOISE_SAMPLES).astype(np.complex64) if number % 2 == 0 else None
    return DrawnScan(RawSlices(samples[None], measured), np.sqrt(np.diag(covariance).real), covariance)


def measured_scan(file: Path) -> DrawnScan:
    """Of k-space (coils, y, x) or (slices, coils, y, x); the noise is NaN where it cannot be estimated."""
    kspace = np.load(file)
    noise = [np.nan if coil["noise"] is None else coil["noise"] for coil in run([file])[0]["coils"]]
    return DrawnScan(RawSlices(kspace.reshape(-1, *kspace.shape[-3:]), None), np.array(noise), None)


class Baseline:
    """What the embedding alone finds: faulty scans farther from the faultless one than 99 % of its repeats."""

    def __init__(self, drawn: list[DrawnScan], folder: Path) -> None:
        export_model(folder / "model.pt", weights=DEFAULT_WEIGHTS)
        self._embedder = Embedder.load(folder / "model.pt")
        self._references = [embedded(self._embedder, scan.raw) for scan in drawn]
        repeats = [self._distance(number, repeat(scan.raw, number)) for number, scan in enumerate(drawn)]
        self.farthest = float(np.quantile(repeats, 0.99))

    def _distance(self, number: int, scan: RawSlices) -> float:
        return 1 - float(self._references[number] @ embedded(self._embedder, scan))

    def found(self, numbers: list[int], made: list[FaultyScan]) -> float:
        """The share of scans, made of the drawn ones of these numbers."""
        distances = [self._distance(number, scan.raw) for number, scan in zip(numbers, made, strict=True)]
        return float(np.mean(np.array(distances) > self.farthest))


def embedded(embedder: Embedder, scan: RawSlices) -> np.ndarray:
    """Of the first slice, without prewhitening."""
    result: np.ndarray = embedder.embed_kspace(scan.kspace[:1])[0]
    return result


def repeat(scan: RawSlices, number: int) -> RawSlices:
    """The first slice, scanned again in the same session."""
    generator = torch.Generator().manual_seed(number)
    return RawSlices(reacquire(torch.from_numpy(scan.kspace[:1]), REPEAT, generator).numpy(), None)


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
    command = [str(PROGRAM), "check", "--json", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode not in (0, 10):
        raise SystemExit(done.stderr)
    return [json.loads(line) for line in done.stdout.splitlines()]


def extremes(result: dict[str, Any]) -> dict[str, float]:
    """The figures that limits are compared with, at their worst."""
    noise = np.array([coil["noise"] or np.nan for coil in result["coils"]])
    snr = np.array([np.nan if coil["snr"] is None else coil["snr"] for coil in result["coils"]])
    known = bool(np.isfinite(noise).any())
    return {
        "high_noise": float(np.nanmax(noise) / np.nanmedian(noise)) if known else 1.0,
        "low_noise": float(np.nanmin(noise) / np.nanmedian(noise)) if known else 1.0,
        "low_snr": float(np.nanmin(snr) / np.nanmedian(snr)) if known else 1.0,
        "no_signal": min(coil["echo_contrast"] or np.inf for coil in result["coils"]),
        "scan_noise": scan_noise_ratio(result),
        "coil_change": max(slice_["coil_change"] for slice_ in result["slices"]),
        "echo": max(max(abs(slice_["echo_y"]), abs(slice_["echo_x"])) for slice_ in result["slices"]),
        "correlation": max((coil["correlation"] or 0.0) for coil in result["coils"]),
        "interference": result["interference"]["level"],
        "spike": max(slice_["spike"]["level"] for slice_ in result["slices"]),
        "residual_spike": max(slice_["residual_spike"]["level"] for slice_ in result["slices"]),
        "ghost_phase": max(abs(slice_["ghost_phase"]) for slice_ in result["slices"]),
        "motion_level": max(slice_["motion_level"] for slice_ in result["slices"]),
        "clipped": max(coil["clipped"] for coil in result["coils"]),
    }


def scan_noise_ratio(result: dict[str, Any]) -> float:
    """The largest noise in the scan over that of the noise measurement, over the median of the coils; 1: not known."""
    ratios = [coil["scan_noise"] / coil["noise"] for coil in result["coils"] if coil["scan_noise"]]
    return max(ratios) / float(np.median(ratios)) if ratios else 1.0


def names_the_fault(result: dict[str, Any], coils: tuple[int, ...]) -> bool:
    """A finding, of one of the coils at fault where there are any."""
    if not coils:
        return bool(result["findings"])
    return any(channel in coils for finding in result["findings"] for channel in finding["channels"])


def judged_ghosts(results: list[dict[str, Any]]) -> float:
    """Share of the slices in which ghosts are judged."""
    return float(np.mean([slice_["ghost_is_judged"] for result in results for slice_ in result["slices"]]))


AGAINST_REFERENCE = ("noise_increase", "noise_decrease")
ALL_COILS_FAULT = "noise x 3 in all coils"
LEVELS = [0, 0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 1]


def against_references(drawn: list[DrawnScan], faulty: int, seed: int, size: int, folder: Path) -> dict[str, Any]:
    """What is found of faultless scans and of those with more noise in all coils, each compared with a reference."""
    results: dict[str, list[dict[str, Any]]] = {"faultless": [], ALL_COILS_FAULT: []}
    for number, scan in enumerate(drawn):
        random = np.random.default_rng([seed, number, 11])
        measured = scan.raw.noise is not None
        assert scan.covariance is not None
        path = reference_scan(folder / "reference.h5", scan.covariance, size=size, measured=measured, random=random)
        reference = folder / "reference.json"
        reference.write_text(json.dumps(run([path])[0]) + "\n")
        made = {"faultless": scan.raw}
        if number < faulty:
            made[ALL_COILS_FAULT] = with_fault(scan.raw, ALL_COILS_FAULT, random, noise_sd=scan.noise_sd).raw
        for kind, raw in made.items():
            results[kind] += run([write_raw(folder / "scan.h5", raw), "--reference", reference])
    report: dict[str, Any] = {}
    for kind, found in results.items():
        for noise in ("measured", "estimated"):
            of_noise = [one for one in found if one["noise_is_measured"] == (noise == "measured")]
            changes = [one["reference"]["noise_change"] for one in of_noise]
            report[f"{kind}, {noise} noise"] = {
                "scans": len(of_noise),
                "not_compared": sum(change is None for change in changes),
                "found": float(np.mean([findings_against_reference(one) > 0 for one in of_noise])),
                "found_in_array": float(np.mean([findings_against_reference(one, "array") > 0 for one in of_noise])),
                "change_of_array": quantiles([change for change in changes if change is not None]),
                "highest_change_of_a_coil": quantiles(
                    [max(coil_changes(one)) for one in of_noise if coil_changes(one)]
                ),
                "lowest_change_of_a_coil": quantiles([min(coil_changes(one)) for one in of_noise if coil_changes(one)]),
            }
    return report


def coil_changes(result: dict[str, Any]) -> list[float]:
    return [coil["noise_change"] for coil in result["coils"] if coil["noise_change"] is not None]


def findings_against_reference(result: dict[str, Any], of: str = "all") -> int:
    """`of`: "array" counts those of all coils together only."""
    found = [finding for finding in result["findings"] if finding["fault"] in AGAINST_REFERENCE]
    return sum(of == "all" or not finding["channels"] for finding in found)


def quantiles(values: list[float]) -> dict[str, float]:
    return dict(zip(map(str, LEVELS), np.quantile(values, LEVELS).tolist(), strict=True)) if values else {}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scans", type=int, default=500, help="faultless ones; of each fault as many (%(default)s)")
    parser.add_argument("--faulty", type=int, help="scans of each fault, where it shall be less")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--coils", type=int, nargs="+", default=[8, 12, 16, 20, 32], help="numbers to choose from")
    parser.add_argument("--faults", nargs="+", choices=FAULTS, default=FAULTS, metavar="FAULT", help="all by default")
    parser.add_argument("--size", type=int, default=128, help="lines, and samples of a readout (%(default)s)")
    parser.add_argument("--measured", nargs="+", type=Path, help="NumPy files of measured k-space, faultless ones")
    parser.add_argument("--no-baseline", action="store_true", help="leave out the embedding's distances")
    parser.add_argument("--references", type=int, default=400, help="scans that get one, at most (%(default)s)")
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    faulty = arguments.faulty or arguments.scans

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if arguments.measured:
            drawn = [measured_scan(file) for file in arguments.measured]
        else:
            drawn = [
                draw_scan(arguments.seed, number, arguments.size, arguments.coils) for number in range(arguments.scans)
            ]
        clean = checked([scan.raw for scan in drawn], folder)
        figures = [extremes(result) for result in clean]
        baseline = None if arguments.no_baseline else Baseline(drawn, folder)
        with_reference = None
        if not arguments.measured and arguments.references > 0:
            with_reference = against_references(
                drawn[: arguments.references], faulty, arguments.seed, arguments.size, folder
            )
        table: list[dict[str, Any]] = []
        for fault in arguments.faults:
            made, numbers = [], []
            for number, scan in enumerate(drawn[:faulty]):
                random = np.random.default_rng([arguments.seed, number, 7])
                noise_sd = scan.noise_sd if np.isfinite(scan.noise_sd).all() else None
                try:
                    made.append(with_fault(scan.raw, fault, random, noise_sd=noise_sd))
                    numbers.append(number)
                except ValueError:
                    if not arguments.measured:
                        raise  # of measured scans, those without a noise level miss the faults that need one
            if not made:
                continue
            results = checked([scan.raw for scan in made], folder)
            hits = np.array([names_the_fault(result, scan.coils) for result, scan in zip(results, made, strict=True)])
            by_embedding = None if baseline is None else baseline.found(numbers, made)
            with_noise = np.array([scan.raw.noise is not None for scan in made])
            table.append(
                {
                    "fault": fault,
                    "scans": len(made),
                    "found": float(hits.mean()),
                    "found_with_noise_measurement": float(hits[with_noise].mean()) if with_noise.any() else None,
                    "found_without": float(hits[~with_noise].mean()) if (~with_noise).any() else None,
                    "found_by_embedding": by_embedding,
                    "ghosts_judged": judged_ghosts(results),
                }
            )
            print(f"{fault:24}{hits.mean():8.3f}  {by_embedding}", flush=True)

    false_alarms = float(np.mean([bool(result["findings"]) for result in clean]))
    print(f"false alarms: {false_alarms:.4f} of {len(clean)} faultless scans")
    if with_reference is not None:
        for kind, of_kind in with_reference.items():
            print(f"with a reference, {kind}: found {of_kind['found']:.4f} of {of_kind['scans']}")
    report = {
        "mriembed": __version__,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "machine": f"{platform.machine()}, torch {torch.__version__}",
        "seed": arguments.seed,
        "size": None if arguments.measured else arguments.size,
        "limits": clean[0]["limits"],
        "coils": sorted({len(result["coils"]) for result in clean}),
        "faultless_scans": len(clean),
        "false_alarms": false_alarms,
        "ghosts_judged": judged_ghosts(clean),
        "noise_unknown": float(np.mean([all(c["noise"] is None for c in result["coils"]) for result in clean])),
        "figures_of_faultless_scans": {figure: quantiles([f[figure] for f in figures]) for figure in figures[0]},
        "distance_of_repeats": None if baseline is None else {"99 %": baseline.farthest},
        "faults": table,
        "with_reference": with_reference,
    }
    arguments.output.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
