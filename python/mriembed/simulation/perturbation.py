"""How much two acquisitions of one slice may differ, and the named levels of it that an evaluation uses.

Two acquisitions in the *same session* share background phase and array. In *another session* both are new.
"""

from __future__ import annotations

from dataclasses import dataclass

from mriembed.simulation.background_phase import PhaseLimits


@dataclass(frozen=True)
class Perturbation:
    """How much two acquisitions of one slice may differ. Each slice draws its own values up to these.

    Attributes:
        fewest_coils: smallest share of the coils that is kept; their order is always random.
        gain: largest factor by which a coil's gain changes, up or down; coil phases are always random.
        noise: largest standard deviation of the noise in the image, relative to the slice's mean magnitude where it is
            not dark, over all coils.
        undersampling: largest factor by which lines along y are left out; the central 8 % are always there.
        partial_fourier: smallest share of the lines along y that is measured.
        shift: largest shift along each axis, as a share of the field of view.
        rotation: largest rotation in degrees.
        scaling: largest factor by which the field of view changes, up or down.
        resolution: smallest share of the matrix that is measured along each axis.
        phase: limits of a new background phase; None: the phase is kept.
        weighting: of measured scans, largest standard deviation of the logarithm of a smooth new receive weighting of
            each coil; its phase varies by twice as many radians.
        single_channel: of simulated acquisitions with a new array, share that a body coil or a single loop receives.
    """

    fewest_coils: float = 1.0
    gain: float = 1.0
    noise: float = 0.0
    undersampling: float = 1.0
    partial_fourier: float = 1.0
    shift: float = 0.0
    rotation: float = 0.0
    scaling: float = 1.0
    resolution: float = 1.0
    phase: PhaseLimits | None = None
    weighting: float = 0.0
    single_channel: float = 0.0


SAME_SESSION = {
    "easy": Perturbation(fewest_coils=0.75, gain=1.25, noise=0.02, shift=0.02, rotation=3.0),
    "medium": Perturbation(fewest_coils=0.5, gain=1.5, noise=0.05, undersampling=2.0, shift=0.05, rotation=8.0),
    "hard": Perturbation(
        fewest_coils=0.25,
        gain=2.0,
        noise=0.1,
        undersampling=3.0,
        partial_fourier=0.7,
        shift=0.1,
        rotation=15.0,
        scaling=1.1,
    ),
}

ANY_PHASE = PhaseLimits(linear=8.0, quadratic=3.0, low_frequency=1.5, susceptibility=4.0)

ANOTHER_SESSION = {
    "easy": Perturbation(
        fewest_coils=0.75,
        gain=1.25,
        noise=0.02,
        shift=0.02,
        rotation=3.0,
        phase=PhaseLimits(linear=1.0, quadratic=1.0, low_frequency=0.5, susceptibility=1.0),
        weighting=0.2,
    ),
    "medium": Perturbation(
        fewest_coils=0.5,
        gain=1.5,
        noise=0.05,
        undersampling=2.0,
        shift=0.05,
        rotation=8.0,
        resolution=0.8,
        phase=PhaseLimits(linear=4.0, quadratic=2.0, low_frequency=1.0, susceptibility=2.5),
        weighting=0.3,
    ),
    "hard": Perturbation(
        fewest_coils=0.25,
        gain=2.0,
        noise=0.1,
        undersampling=3.0,
        partial_fourier=0.7,
        shift=0.1,
        rotation=15.0,
        scaling=1.1,
        resolution=0.6,
        phase=ANY_PHASE,
        weighting=0.5,
        single_channel=0.15,
    ),
}

# Levels of changes that are made alone.

# Degrees by which the plane of a slice is tilted about one of its axes. Chosen: from what hardly shows on a localizer
# to what a patient who was positioned anew has where nobody corrects for it.
TILT = {"easy": 1.0, "medium": 3.0, "hard": 6.0}

# Largest relative deviation of the flip angle from the nominal one within the body. In livers, 90 % of the measured
# ratios lie from 0.83 to 1.11 at 1.5 T (easy) and from 0.59 to 1.13 at 3 T (hard; Roberts et al. 2021,
# doi:10.1002/mrm.28549). Heads at 3 T lie between.
TRANSMIT_DEVIATION = {"easy": 0.15, "medium": 0.25, "hard": 0.4}

# Magnitude of the N/2 ghost relative to the image's. Chosen: from what a phase correction of EPI leaves to where it
# fails.
GHOST = {"easy": 0.02, "medium": 0.05, "hard": 0.1}
