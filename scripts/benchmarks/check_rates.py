#!/usr/bin/env python3
"""How often `mriembed_cli check` finds a fault that is there, and one that is not.

Draws simulated scans (one slice, 8 to 32 coils with gains of their own, half of them with a noise
measurement), checks them as they are, and again with each fault of `mriembed.simulation.faults`. Prints a table, and
writes it with the distribution of the figures of faultless scans. With --measured it takes scans of yours instead, of
which it estimates the noise. --coils, --slices, --filled and --faults choose others. A fault that a scan is too small
for is left out: coils that fail between slices need --slices.

Each scan is also compared with a reference (`check --reference`): another object, protocol and noise, the same array
(check_reference.py). It counts the findings against the reference, without a fault and with changes of the noise.

Beside it stands what the embedding of the default model alone would find: a distance from the faultless scan above that
of 99 % of its repeats, each with new noise and moved by up to a degree and 1 % of the field of view. --no-baseline
leaves it out.

    scripts/benchmarks/check_rates.py --scans 500 --seed 1 -o check.json
    scripts/benchmarks/check_rates.py --coils 2 --faults ghost --references 0 -o two_coils.json
    scripts/benchmarks/check_rates.py --slices 4 --faults "failing between slices" --references 0 -o slices.json
    scripts/benchmarks/check_rates.py --measured SCAN.npy ... -o measured.json
"""

import argparse
import json
import platform
import tempfile
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import numpy as np
import torch
from check_against_reference import against_references
from check_baseline import Baseline
from check_figures import extremes, judged_ghosts, names_the_fault, quantiles, says_not_judged, without_noise
from drawn_scans import DrawnScan, Kind, checked, draw_scan, measured_scan

from mriembed import __version__
from mriembed.simulation.faults import FAULTS, FaultyScan, with_fault


def of_fault(
    fault: str, drawn: list[DrawnScan], seed: int, baseline: Baseline | None, folder: Path
) -> dict[str, Any] | None:
    """What is found of these scans with the fault; None if it can be made in none of them."""
    made: list[FaultyScan] = []
    numbers = []
    for number, scan in enumerate(drawn):
        random = np.random.default_rng([seed, number, 7])
        noise_sd = scan.noise_sd if np.isfinite(scan.noise_sd).all() else None
        try:
            made.append(with_fault(scan.raw, fault, random, noise_sd=noise_sd))
            numbers.append(number)
        except ValueError:
            continue  # no noise level is known, or there are too few slices, coils or lines
    if not made:
        return None
    results = checked([scan.raw for scan in made], folder)
    hits = np.array([names_the_fault(result, scan.coils) for result, scan in zip(results, made, strict=True)])
    said = np.array([says_not_judged(result, fault, scan.coils) for result, scan in zip(results, made, strict=True)])
    with_noise = np.array([scan.raw.noise is not None for scan in made])
    return {
        "fault": fault,
        "scans": len(made),
        "found": float(hits.mean()),
        "found_with_noise_measurement": float(hits[with_noise].mean()) if with_noise.any() else None,
        "found_without": float(hits[~with_noise].mean()) if (~with_noise).any() else None,
        "not_found_and_said_not_judged": float((~hits & said).mean()),
        "found_by_embedding": None if baseline is None else baseline.found(numbers, made),
        "ghosts_judged": judged_ghosts(results),
        "noise_unknown": without_noise(results),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scans", type=int, default=500, help="faultless ones; of each fault as many (%(default)s)")
    parser.add_argument("--faulty", type=int, help="scans of each fault, where it shall be less")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--coils", type=int, nargs="+", default=[8, 12, 16, 20, 32], help="numbers to choose from")
    parser.add_argument("--faults", nargs="+", choices=FAULTS, default=FAULTS, metavar="FAULT", help="all by default")
    parser.add_argument("--size", type=int, default=128, help="lines, and samples of a readout (%(default)s)")
    parser.add_argument("--slices", type=int, default=1, help="neighbouring ones of each scan (%(default)s)")
    parser.add_argument("--filled", action="store_true", help="objects fill the field of view")
    parser.add_argument("--measured", nargs="+", type=Path, help="NumPy files of measured k-space, faultless ones")
    parser.add_argument("--no-baseline", action="store_true", help="leave out the embedding's distances")
    parser.add_argument("--references", type=int, default=400, help="scans that get one, at most (%(default)s)")
    parser.add_argument("-o", "--output", type=Path, required=True)
    arguments = parser.parse_args()
    faulty = arguments.faulty or arguments.scans
    if arguments.slices < 1 or (arguments.filled and arguments.slices > 1):
        parser.error("--slices must be at least 1, and 1 with --filled")

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if arguments.measured:
            drawn = [measured_scan(file) for file in arguments.measured]
        else:
            scans = Kind(arguments.size, tuple(arguments.coils), arguments.slices, arguments.filled)
            drawn = [draw_scan(arguments.seed, number, scans) for number in range(arguments.scans)]
        clean = checked([scan.raw for scan in drawn], folder)
        figures = [extremes(result) for result in clean]
        baseline = None if arguments.no_baseline else Baseline([scan.raw for scan in drawn[:faulty]], folder)
        with_reference = None
        if not arguments.measured and arguments.references > 0:
            with_reference = against_references(
                drawn[: arguments.references], faulty, arguments.seed, arguments.size, folder
            )
        table: list[dict[str, Any]] = []
        for fault in arguments.faults:
            found = of_fault(fault, drawn[:faulty], arguments.seed, baseline, folder)
            if found is not None:
                table.append(found)
                print(f"{fault:24}{found['found']:8.3f}  {found['found_by_embedding']}", flush=True)

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
        "slices": None if arguments.measured else arguments.slices,
        "filled": arguments.filled,
        "limits": clean[0]["limits"],
        "coils": sorted({len(result["coils"]) for result in clean}),
        "faultless_scans": len(clean),
        "false_alarms": false_alarms,
        "ghosts_judged": judged_ghosts(clean),
        "noise_unknown": without_noise(clean),
        "figures_of_faultless_scans": {figure: quantiles([f[figure] for f in figures]) for figure in figures[0]},
        "distance_of_repeats": None if baseline is None else {"99 %": baseline.farthest},
        "faults": table,
        "with_reference": with_reference,
    }
    arguments.output.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()
