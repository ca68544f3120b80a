"""What an acquisition of a training pair may differ in from one that has nothing wrong with it."""

from __future__ import annotations

from mriembed.simulation.perturbation import ANY_PHASE, Perturbation

FULL = Perturbation(phase=ANY_PHASE)
"""A fully sampled acquisition without noise or motion, as the scans that one searches in often are."""


def view(strength: float) -> Perturbation:
    """The limits at `strength` from 0 (but for the phase, `FULL`) to 1, which goes about as far as "hard" trials do."""
    return Perturbation(
        gain=2.0**strength,
        noise=0.1 * strength,
        undersampling=1 + 2 * strength,
        partial_fourier=1 - 0.3 * strength,
        shift=0.1 * strength,
        rotation=15 * strength,
        scaling=1.1**strength,
        resolution=1 - 0.5 * strength,
        phase=ANY_PHASE,
        weighting=0.4 * strength,
    )
