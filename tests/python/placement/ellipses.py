"""Objects whose k-space is known in closed form: sums of ellipsoids, seen by coils whose sensitivities are few waves.

The Fourier transform of an ellipsoid is an elementary function, and a sensitivity that is a sum of plane waves shifts
it: so a sample of any coil at any place in k-space is exact, without a grid, an image or an FFT.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Complex = NDArray[np.complex128]
Real = NDArray[np.float64]


@dataclass(frozen=True)
class Ellipsoid:
    """Lengths in millimetres from the isocentre; `turn` about z in radians."""

    density: complex
    centre: tuple[float, float, float]
    semi_axes: tuple[float, float, float]
    turn: float

    def transform(self, k: Real) -> Complex:
        """At spatial frequencies (..., 3) in 1/mm."""
        cosine, sine = np.cos(self.turn), np.sin(self.turn)
        kx, ky, kz = np.moveaxis(k, -1, 0)
        a, b, c = self.semi_axes
        along = (a * (cosine * kx + sine * ky), b * (cosine * ky - sine * kx), c * kz)
        q = 2 * np.pi * np.sqrt(sum(part**2 for part in along))
        small = q < 1e-2
        safe = np.where(small, 1.0, q)
        shape = np.where(small, 1 / 3 - q**2 / 30, (np.sin(safe) - safe * np.cos(safe)) / safe**3)
        phase = np.exp(-2j * np.pi * (k @ np.array(self.centre)))
        return np.asarray(self.density * 4 * np.pi * a * b * c * shape * phase)


@dataclass(frozen=True, eq=False)
class Body:
    """Ellipsoids and the coils around them.

    Attributes:
        waves: (waves, 3) spatial frequencies in 1/mm. weights: (coils, waves); coil c is sensitive at r to
            sum over w of weights[c, w] exp(2 pi i waves[w] . r).
    """

    ellipsoids: tuple[Ellipsoid, ...]
    waves: Real
    weights: Complex

    def kspace(self, k: Real) -> Complex:
        """The coils' samples at spatial frequencies (n, 3) in 1/mm: (coils, n)."""
        seen = np.stack([sum(part.transform(k - wave) for part in self.ellipsoids) for wave in self.waves])
        return np.asarray(self.weights @ seen)


def drawn_body(random: np.random.Generator, coils: int, size: tuple[float, float, float], wave: Real) -> Body:
    """A body inside a box of this size in millimetres, and coils that mix the harmonics 0, 1, 2, ... of `wave`.

    `wave` is one line of k-space along the accelerated axis: the coils then hold the lines between two measured ones
    exactly, as in SMASH (Sodickson 1997), and a right reconstruction of undersampled scans gives the full k-space.
    """
    half = np.array(size) / 2
    ellipsoids = [Ellipsoid(1.0, tuple(half * random.uniform(-0.05, 0.05, 3)), tuple(half * (0.82, 0.72, 0.8)), 0.0)]
    for _ in range(4):
        ellipsoids.append(
            Ellipsoid(
                complex(random.uniform(0.3, 1) * np.exp(1j * random.uniform(-1, 1))),
                tuple(half * random.uniform(-0.4, 0.4, 3)),
                tuple(half * random.uniform(0.1, 0.35, 3)),
                float(random.uniform(0, np.pi)),
            )
        )
    harmonics: Real = np.arange(coils)[:, None] * wave
    mixing: Complex = np.linalg.qr(
        random.standard_normal((coils, coils)) + 1j * random.standard_normal((coils, coils))
    )[0]
    return Body(tuple(ellipsoids), harmonics, mixing + 0.3 * np.eye(coils))
