"""Random raw scans: what a scanner may vary, drawn by hypothesis, and the scan that a plan gives.

Each field of a plan has a plain value, which comes first, so that hypothesis shrinks a failure to the one that matters.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from ellipses import Body, drawn_body
from raw_scan import (
    CALIBRATION,
    CALIBRATION_AND_IMAGING,
    DUMMY,
    FEEDBACK,
    NAVIGATION,
    NOISE,
    PHASE_CORRECTION,
    REVERSE,
    Limits,
    RawScan,
    Readout,
    Space,
)

_PIXEL = 6.0  # mm
_SLAB = 5.0  # mm, of a partition or a 2D slice
_JUNK = (NAVIGATION, PHASE_CORRECTION, FEEDBACK, DUMMY, DUMMY | NOISE)


@dataclass(frozen=True)
class Plan:
    """How a scan is made.

    Attributes:
        kept: pixels of the final slices along x, y and partitions along z; partitions 1 is a 2D scan.
        oversampling: encoded over reconstructed field of view along x, y, z.
        recon_factor: reconstructed matrix over kept pixels along x and y: interpolation, or lower resolution.
        fov: what the header gives as fields of view: "both"; "none", 0, or "none-z", along z alone; "copied", one for
            both spaces, or "copied-x", "copied-y", "copied-z", along one axis alone.
        echo: "centred"; "short", without the first samples; "shifted", full-length with another centre; "ragged", short
            by another number of samples in each line.
        echo_shift: by so many samples, or fewer.
        discard: samples before and after a readout that are to be discarded.
        direction: of readouts: "forward", "reversed", "alternating" from line to line, "both" for every line.
        mirrored: reversed readouts leave out what comes first in time, not the same samples as forward ones.
        limits: of encoding step 1: "covering", "none", "offset" (a minimum above 0), "off-centre" (a centre beside the
            matrix's), "partial" (partial Fourier), "reduced" (phase resolution).
        limits_shift: by so many lines.
        limits_z: of encoding step 2, of those "covering", "offset", "off-centre" and "partial"; by one partition.
        centres_unset: center_sample and the limits' centers are 0, as some writers leave them.
        averages: of the lines; where they vary, of the central ones, and 1 elsewhere.
        slices, contrasts, repetitions, sets: how many of each.
        noise: lines of noise; noise_discard: samples to discard of each.
        junk: lines that are no image: navigators, phase correction, feedback, dummies.
        shuffled: the order of acquisitions.
        acceleration: along y, with `calibration` of so many lines: "embedded"; "separate"; "space", separate ones of an
            encoding space of their own, which is that of the image otherwise.
        idle_z: a 2D scan whose header gives z two partitions; idle_limits_z: and limits of both.
    """

    seed: int = 0
    coils: int = 2
    kept: tuple[int, int, int] = (32, 24, 1)
    oversampling: tuple[float, float, float] = (1, 1, 1)
    recon_factor: tuple[float, float] = (1, 1)
    fov: str = "both"
    echo: str = "centred"
    echo_shift: int = 0
    discard: tuple[int, int] = (0, 0)
    direction: str = "forward"
    mirrored: bool = False
    limits: str = "covering"
    limits_shift: int = 0
    limits_z: str = "covering"
    centres_unset: bool = False
    averages: int = 1
    averages_vary: bool = False
    slices: int = 1
    contrasts: int = 1
    repetitions: int = 1
    sets: int = 1
    noise: int = 0
    noise_discard: tuple[int, int] = (0, 0)
    junk: int = 0
    shuffled: bool = False
    acceleration: int = 1
    calibration: str = "embedded"
    calibration_lines: int = 8
    idle_z: bool = False
    idle_limits_z: bool = False

    @property
    def matrix(self) -> tuple[int, int, int]:
        """The encoded matrix."""
        x, y, z = (round(size * factor) for size, factor in zip(self.kept, self.oversampling, strict=True))
        return x, y, z


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Any plan whose parts go together."""
    coils = draw(st.integers(2, 4))
    volume = draw(st.sampled_from([False, False, True]))
    kept_x = 4 * draw(st.integers(4, 8))
    kept_y = draw(st.one_of(st.sampled_from([24, 20, 28, 32]), st.integers(17, 33)))
    factors_y = [1, 1.25, 1.5, 2] if kept_y % 4 == 0 else [1]
    oversampling = (
        draw(st.sampled_from([1, 2, 1.5, 1.25])),
        draw(st.sampled_from(factors_y)),
        draw(st.sampled_from([1, 1.5, 2])) if volume else 1,
    )
    kept = (kept_x, kept_y, draw(st.sampled_from([2, 4, 6])) if volume else 1)
    echo = draw(st.sampled_from(["centred", "short", "shifted", "ragged"]))
    direction = draw(st.sampled_from(["forward", "reversed", "alternating", "both"]))
    acceleration = draw(st.sampled_from([1, 1, 1, *range(2, coils + 1)]))
    averages = draw(st.integers(1, 3)) if acceleration == 1 else 1
    limits = "covering"
    if acceleration == 1:
        limits = draw(st.sampled_from(["covering", "none", "offset", "off-centre", "partial", "reduced"]))
    limits_z = "covering"
    if volume and limits != "none" and kept[2] * oversampling[2] >= 4 and acceleration == 1:
        limits_z = draw(st.sampled_from(["covering", "offset", "off-centre", "partial"]))
    idle_z = not volume and draw(st.sampled_from([False, False, False, True]))
    counts = draw(st.sampled_from([(1, 1, 1, 1), (2, 1, 1, 1), (1, 2, 1, 1), (1, 1, 2, 1), (1, 1, 1, 2), (2, 1, 2, 1)]))
    of_slab = ["none-z", "copied-z"] if volume else []
    fov = draw(st.sampled_from(["both", "both", "both", "none", "copied", "copied-x", "copied-y", *of_slab]))
    if fov == "copied" and oversampling[0] == oversampling[1]:
        fov = "both"  # a lower resolution along x and y looks the same
    recon_factors: list[tuple[float, float]] = [(1, 1)]
    if fov == "both":
        recon_factors += [(2, 2), (2, 1), (1, 2)]
        if kept_y % 4 == 0:
            recon_factors.append((0.5, 0.5))
    return Plan(
        seed=draw(st.integers(0, 2**31)),
        coils=coils,
        kept=kept,
        oversampling=oversampling,
        recon_factor=draw(st.sampled_from(recon_factors)),
        fov=fov,
        echo=echo,
        echo_shift=0 if echo == "centred" else draw(st.integers(1, kept_x // 4)),
        discard=draw(st.sampled_from([(0, 0), (3, 0), (0, 5), (2, 7)])),
        direction=direction,
        mirrored=direction != "forward" and draw(st.booleans()),
        limits=limits,
        limits_shift=0 if limits in ("covering", "none") else draw(st.integers(1, kept_y // 4)),
        limits_z=limits_z,
        averages=averages,
        averages_vary=averages > 1 and draw(st.booleans()),
        slices=counts[0],
        contrasts=counts[1],
        repetitions=counts[2],
        sets=counts[3],
        noise=draw(st.sampled_from([0, 0, 1, 3])),
        noise_discard=draw(st.sampled_from([(0, 0), (16, 0), (5, 9)])),
        junk=draw(st.sampled_from([0, 0, 4])),
        shuffled=draw(st.booleans()),
        acceleration=acceleration,
        calibration=draw(st.sampled_from(["embedded", "separate", "space"])),
        calibration_lines=draw(st.sampled_from([8, 10, 12])),
        idle_z=idle_z,
        idle_limits_z=idle_z and draw(st.booleans()),
    )


@dataclass(frozen=True, eq=False)
class _Scanner:
    """Measures readouts of a body."""

    plan: Plan
    body: Body
    random: np.random.Generator
    scale: float

    @cached_property
    def kspace(self) -> NDArray[np.complex128]:
        """(coils, partitions, lines, positions): whatever a readout may ask for, indexed from the centre of k-space."""
        nx, ny, nz = self.plan.matrix
        reach = (nx // 2 + self.plan.echo_shift + 1, ny // 2 + self.plan.limits_shift + 1, nz // 2 + 2)
        positions, lines, partitions = (np.fft.ifftshift(np.arange(-far, far + 1)) for far in reach)
        k = np.stack(np.meshgrid(partitions, lines, positions, indexing="ij")[::-1], axis=-1)
        shape = k.shape[:-1]
        samples = self.scale * self.body.kspace(k.reshape(-1, 3) / _encoded_fov(self.plan))
        return samples.reshape(-1, *shape)

    def readout(self, line: int, partition: int, reverse: bool) -> tuple[NDArray[np.complex64], int]:
        """The samples of a line in the order of time, and the index of the central one."""
        plan = self.plan
        nx = plan.matrix[0]
        first, count = -(nx // 2), nx
        shift = int(self.random.integers(0, plan.echo_shift + 1)) if plan.echo == "ragged" else plan.echo_shift
        if plan.echo != "centred":
            first += shift
        if plan.echo in ("short", "ragged"):
            count -= shift
        positions = np.arange(first, first + count)
        if reverse:
            positions = -positions if plan.mirrored else positions[::-1]
        samples = self.kspace[:, partition, line, positions]
        before, after = plan.discard[::-1] if reverse else plan.discard
        loud = (
            _garbage(self.random, self.scale, plan.coils, before),
            samples,
            _garbage(self.random, self.scale, plan.coils, after),
        )
        return np.concatenate(loud, axis=1).astype(np.complex64), before + int(np.flatnonzero(positions == 0)[0])


def _garbage(random: np.random.Generator, scale: float, coils: int, samples: int) -> NDArray[np.complex128]:
    """Louder than any body."""
    parts = random.standard_normal((2, coils, samples))
    return np.asarray(1e7 * scale * (parts[0] + 1j * parts[1]))


def _size(plan: Plan) -> NDArray[np.float64]:
    """Of what is reconstructed, in millimetres."""
    return np.array(plan.kept) * [_PIXEL, _PIXEL, _SLAB]


def _encoded_fov(plan: Plan) -> NDArray[np.float64]:
    return _size(plan) * plan.oversampling


def _steps_and_limits(size: int, kind: str, shift: int) -> tuple[range, Limits | None]:
    """The lines from the centre of k-space that are measured along an axis, and the limits of their encoding steps.

    The step of a line is its position plus the limits' center, or half the matrix where there are no limits.
    """
    first, last = -(size // 2), size - size // 2 - 1
    if kind == "none":
        return range(first, last + 1), None
    if kind == "offset":
        return range(first, last + 1), Limits(shift, shift + size - 1, shift + size // 2)
    if kind == "off-centre":
        return range(first + shift, last + shift + 1), Limits(0, size - 1, size // 2 - shift)
    if kind == "partial":
        return range(first + shift, last + 1), Limits(0, size - 1 - shift, size // 2 - shift)
    if kind == "reduced":
        return range(first + shift, last - shift + 1), Limits(0, size - 1 - 2 * shift, size // 2 - shift)
    return range(first, last + 1), Limits(0, size - 1, size // 2)


def _lines(plan: Plan) -> tuple[range, Limits | None]:
    return _steps_and_limits(plan.matrix[1], plan.limits, plan.limits_shift)


def _partitions(plan: Plan) -> tuple[range, Limits | None]:
    return _steps_and_limits(plan.matrix[2], "none" if plan.limits == "none" else plan.limits_z, 1)


def _flags_of(plan: Plan, line: int) -> list[int]:
    """With which flags a line is measured; it may be several times, or never."""
    if plan.acceleration == 1:
        return [0]
    half = plan.calibration_lines // 2
    central = -half <= line < plan.calibration_lines - half
    on_grid = line % plan.acceleration == 0
    if plan.calibration in ("separate", "space"):
        return [0] * on_grid + [CALIBRATION] * central
    if central:
        return [CALIBRATION_AND_IMAGING if on_grid else CALIBRATION]
    return [0] * on_grid


def _measured_volume(scanner: _Scanner, labels: dict[str, Any]) -> list[Readout]:
    plan = scanner.plan
    ny, nz = plan.matrix[1:]
    (lines, limits_1), (partitions, limits_2) = _lines(plan), _partitions(plan)
    center_1 = ny // 2 if limits_1 is None else limits_1.center
    center_2 = nz // 2 if limits_2 is None else limits_2.center
    readouts = []
    for partition in partitions:
        for line in lines:
            reversals = {
                "forward": [0],
                "reversed": [REVERSE],
                "alternating": [REVERSE if line % 2 else 0],
                "both": [0, REVERSE],
            }[plan.direction]
            averages = plan.averages if abs(line) < ny // 4 or not plan.averages_vary else 1
            for reversal in reversals:
                for flags in _flags_of(plan, line):
                    for average in range(averages):
                        samples, center_sample = scanner.readout(line, partition, bool(reversal))
                        if plan.averages > 1:  # no two averages are equal
                            samples = samples * np.complex64(1 + 0.2 * scanner.random.standard_normal())
                        before, after = plan.discard[::-1] if reversal else plan.discard
                        readouts.append(
                            Readout(
                                samples,
                                0 if plan.centres_unset else center_sample,
                                before,
                                after,
                                flags | reversal,
                                step_1=center_1 + line,
                                step_2=center_2 + partition,
                                average=average,
                                encoding_space=int(plan.calibration == "space" and not flags & CALIBRATION),
                                **labels,
                            )
                        )
    return readouts


def _noise(plan: Plan, random: np.random.Generator, scale: float) -> list[Readout]:
    mixing = np.eye(plan.coils) + 0.5 * random.standard_normal((plan.coils, plan.coils))
    before, after = plan.noise_discard
    lines = []
    for _ in range(plan.noise):
        white = random.standard_normal((2, plan.coils, 200))
        parts = (
            _garbage(random, scale, plan.coils, before),
            scale * 100 * (mixing @ (white[0] + 1j * white[1])),
            _garbage(random, scale, plan.coils, after),
        )
        samples = np.concatenate(parts, axis=1).astype(np.complex64)
        lines.append(Readout(samples, 100, before, after, NOISE))
    return lines


def _spaces(plan: Plan) -> tuple[Space, Space]:
    recon_fov, encoded_fov = _size(plan), _encoded_fov(plan)
    recon = [round(size * factor) for size, factor in zip(plan.kept, (*plan.recon_factor, 1), strict=True)]
    encoded = list(plan.matrix)
    if plan.idle_z:
        encoded[2] = recon[2] = 2
        encoded_fov[2] *= 2
    what, _, along = plan.fov.partition("-")
    axes = ["xyz".index(along)] if along else [0, 1, 2]
    if what == "none":
        recon_fov[axes] = encoded_fov[axes] = 0
    if what == "copied":
        encoded_fov[axes] = recon_fov[axes]
    return (
        Space((encoded[0], encoded[1], encoded[2]), tuple(encoded_fov.tolist())),
        Space((recon[0], recon[1], recon[2]), tuple(recon_fov.tolist())),
    )


def raw_scan(plan: Plan) -> RawScan:
    """The scan of a plan, always the same."""
    random = np.random.default_rng(plan.seed)
    scale = 10 ** random.uniform(-9, -1)
    readouts = _noise(plan, random, scale)
    wave = np.array([0, 1, 0]) / _encoded_fov(plan)
    width, height, depth = _size(plan).tolist()
    for index in np.ndindex(plan.slices, plan.contrasts, plan.repetitions, plan.sets):
        labels = dict(zip(("slice", "contrast", "repetition", "set"), index, strict=True))
        body = drawn_body(np.random.default_rng([plan.seed, *index]), plan.coils, (width, height, depth), wave)
        readouts += _measured_volume(_Scanner(plan, body, random, scale), labels)
    if plan.junk:
        template = readouts[-1]
        for flags in random.choice(_JUNK, plan.junk):
            samples = _garbage(random, scale, *template.samples.shape).astype(np.complex64)
            readouts.append(replace(template, samples=samples, flags=int(flags), average=0))
    if plan.shuffled:
        readouts = [readouts[index] for index in random.permutation(len(readouts))]
    encoded, recon = _spaces(plan)
    limits_1, limits_2 = _lines(plan)[1], _partitions(plan)[1]
    if plan.centres_unset:
        limits_1, limits_2 = (limits and replace(limits, center=0) for limits in (limits_1, limits_2))
    if plan.idle_limits_z:
        limits_2 = Limits(0, 1, 1)
    spaces = 2 if plan.calibration == "space" else 1
    mode = "embedded" if plan.calibration == "embedded" else "separate"
    return RawScan(encoded, recon, limits_1, limits_2, readouts, plan.acceleration, mode, encoding_spaces=spaces)


def fully_sampled(plan: Plan) -> RawScan:
    """The same scan without acceleration."""
    return raw_scan(replace(plan, acceleration=1, limits="covering"))
