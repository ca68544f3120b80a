"""How much two acquisitions of one slice may differ, and the named levels of it that an evaluation uses."""

from __future__ import annotations

from dataclasses import dataclass


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
    """

    fewest_coils: float = 1.0
    gain: float = 1.0
    noise: float = 0.0
    undersampling: float = 1.0
    partial_fourier: float = 1.0
    shift: float = 0.0
    rotation: float = 0.0
    scaling: float = 1.0


LEVELS = {
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
