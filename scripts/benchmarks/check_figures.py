"""For check_rates.py: figures and findings in what `mriembed_cli check --json` says of a scan."""

from __future__ import annotations

from typing import Any

import numpy as np

LEVELS = [0, 0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999, 1]
GAINS = "noise and gain"
# What `check` says it could not judge, where it cannot find a fault.
NOT_JUDGED = {
    "weak element": GAINS,
    "strong element": GAINS,
    "noise x 3": GAINS,
    "noise x 10": GAINS,
    "correlated pair": "noise correlation",
    "ghost": "ghosts",
    "motion": "motion",
    "several shifts": "motion",
    "slow drift": "motion",
    "rotation": "motion",
    "RF tone": "interference",
}


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
        "scan_noise": _scan_noise_ratio(result),
        "signal_change": max(slice_["signal_change"] for slice_ in result["slices"]),
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


def _scan_noise_ratio(result: dict[str, Any]) -> float:
    """The largest noise in the scan over that of the noise measurement, over the median of the coils; 1: not known."""
    ratios = [coil["scan_noise"] / coil["noise"] for coil in result["coils"] if coil["scan_noise"]]
    return max(ratios) / float(np.median(ratios)) if ratios else 1.0


def names_the_fault(result: dict[str, Any], coils: tuple[int, ...]) -> bool:
    """A finding, of one of the coils at fault where there are any."""
    if not coils:
        return bool(result["findings"])
    return any(channel in coils for finding in result["findings"] for channel in finding["channels"])


def says_not_judged(result: dict[str, Any], fault: str, coils: tuple[int, ...]) -> bool:
    """Whether `check` says that it cannot judge what the fault changes: of all coils, or of one of these."""
    if fault not in NOT_JUDGED:
        return False
    parts = [part for part in result["not_judged"].split("; ") if NOT_JUDGED[fault] in part]
    named = [f"coil {coil}" for coil in coils]
    return any(": coil" not in part or any(name in part.split(": ")[1].split(", ") for name in named) for part in parts)


def judged_ghosts(results: list[dict[str, Any]]) -> float:
    """Share of the slices in which ghosts are judged."""
    return float(np.mean([slice_["ghost_is_judged"] for result in results for slice_ in result["slices"]]))


def without_noise(results: list[dict[str, Any]]) -> float:
    """Share of the scans in which no coil's noise is known."""
    return float(np.mean([all(coil["noise"] is None for coil in result["coils"]) for result in results]))


def quantiles(values: list[float]) -> dict[str, float]:
    """Of nothing, none."""
    return dict(zip(map(str, LEVELS), np.quantile(values, LEVELS).tolist(), strict=True)) if values else {}
