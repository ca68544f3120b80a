"""For check_rates.py: what `mriembed_cli check --reference` finds of simulated scans."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from check_figures import quantiles
from check_reference import reference_scan, write_raw
from drawn_scans import DrawnScan, run

from mriembed.simulation.faults import FaultyScan, with_fault

FINDINGS = ("noise_increase", "noise_decrease")
FAULTLESS = "faultless"
FAULTS = ("noise x 3 in all coils", "weak array", "noise x 3", "weak element")


def against_references(drawn: list[DrawnScan], faulty: int, seed: int, size: int, folder: Path) -> dict[str, Any]:
    """What is found of faultless scans and of those with another noise, each compared with a reference of its own."""
    results: dict[str, list[dict[str, Any]]] = {kind: [] for kind in (FAULTLESS, *FAULTS)}
    named: dict[str, list[bool]] = {kind: [] for kind in (FAULTLESS, *FAULTS)}
    for number, scan in enumerate(drawn):
        random = np.random.default_rng([seed, number, 11])
        measured = scan.raw.noise is not None
        assert scan.covariance is not None
        path = reference_scan(folder / "reference.h5", scan.covariance, size=size, measured=measured, random=random)
        reference = folder / "reference.json"
        reference.write_text(json.dumps(run([path])[0]) + "\n")
        made = {FAULTLESS: FaultyScan(scan.raw, FAULTLESS, ())}
        if number < faulty:
            made |= {fault: with_fault(scan.raw, fault, random, noise_sd=scan.noise_sd) for fault in FAULTS}
        for kind, one in made.items():
            (result,) = run([write_raw(folder / "scan.h5", one.raw), "--reference", reference])
            results[kind].append(result)
            named[kind].append(_names(result, one))
    report: dict[str, Any] = {}
    for kind, found in results.items():
        for noise in ("measured", "estimated"):
            chosen = [place for place, one in enumerate(found) if one["noise_is_measured"] == (noise == "measured")]
            of_noise = [found[place] for place in chosen]
            changes = [one["reference"]["noise_change"] for one in of_noise]
            report[f"{kind}, {noise} noise"] = {
                "scans": len(of_noise),
                "not_compared": sum(change is None for change in changes),
                "found": float(np.mean([named[kind][place] for place in chosen])),
                "change_of_array": quantiles([change for change in changes if change is not None]),
                "highest_change_of_a_coil": quantiles(
                    [max(_coil_changes(one)) for one in of_noise if _coil_changes(one)]
                ),
                "lowest_change_of_a_coil": quantiles(
                    [min(_coil_changes(one)) for one in of_noise if _coil_changes(one)]
                ),
            }
    return report


def _names(result: dict[str, Any], scan: FaultyScan) -> bool:
    """Whether a finding against the reference names the coil at fault, or all coils; of a faultless scan: anything."""
    channels = [finding["channels"] for finding in result["findings"] if finding["fault"] in FINDINGS]
    return bool(channels) if scan.fault == FAULTLESS else list(scan.coils) in channels


def _coil_changes(result: dict[str, Any]) -> list[float]:
    return [coil["noise_change"] for coil in result["coils"] if coil["noise_change"] is not None]
