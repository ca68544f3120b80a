"""Scans with several peculiarities at once, against k-space in closed form."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from combined_scans import Line, Matrix, Scan
from mriembed.scans import read_slices
from raw_scan import (
    CALIBRATION,
    CALIBRATION_AND_IMAGING,
    NAVIGATION,
    NOISE,
    Limits,
    RawScan,
    Readout,
    write_raw_scan,
)
from test_random_scans import TOLERANCE, distance

SLAB = Matrix((32, 24, 6), (32, 24, 6))
Lines = tuple[Line, ...]


def lines_of(y: range, z: range = range(1), **all_lines: object) -> Lines:
    return tuple(Line(step, partition, **all_lines) for partition in z for step in y)  # type: ignore[arg-type]


def every(matrix: Matrix, **all_lines: object) -> Lines:
    _, height, depth = matrix.encoded
    return lines_of(range(-(height // 2), height - height // 2), range(-(depth // 2), depth - depth // 2), **all_lines)


def shuffled(lines: Lines, seed: int = 1) -> Lines:
    return tuple(lines[index] for index in np.random.default_rng(seed).permutation(len(lines)))


def each(lines: Lines, change: Callable[[int, Line], Line]) -> Lines:
    return tuple(change(index, line) for index, line in enumerate(lines))


def alternately_reversed(lines: Lines) -> Lines:
    return each(lines, lambda index, line: replace(line, reverse=index % 2 == 1))


def of(name: str, number: int, lines: Lines, **also: int) -> Lines:
    counters = tuple(sorted({name: number, **also}.items(), key=lambda item: _ORDER.index(item[0])))
    return each(lines, lambda _, line: replace(line, counters=counters))


_ORDER = ("slice", "contrast", "repetition", "set")


def averaged(lines: Lines, count: int) -> Lines:
    """Averages differ, and have the mean of one."""
    factors = 1 + 0.2 * (np.arange(count) - (count - 1) / 2)
    return tuple(
        replace(line, average=average, factor=complex(factor))
        for line in lines
        for average, factor in enumerate(factors)
    )


def in_ellipse(matrix: Matrix, lines: Lines) -> Lines:
    _, height, depth = matrix.encoded
    return tuple(line for line in lines if (2 * line.y / height) ** 2 + (2 * line.z / depth) ** 2 <= 1)


def with_readouts(*extra: Readout) -> Callable[[RawScan], RawScan]:
    """These among the others, one behind each of the first ones."""

    def change(scan: RawScan) -> RawScan:
        readouts = list(scan.readouts)
        for index, readout in enumerate(extra):
            readouts.insert(2 * index + 1, readout)
        return replace(scan, readouts=readouts)

    return change


def loud(flags: int, samples: int = 32, coils: int = 3, **header: int) -> Readout:
    random = np.random.default_rng(flags % 97)
    parts = 1e3 * random.standard_normal((2, coils, samples))
    return Readout((parts[0] + 1j * parts[1]).astype(np.complex64), samples // 2, flags=flags, **header)  # type: ignore[arg-type]


OVERSAMPLED_Z = Matrix((32, 24, 9), (32, 24, 6))
OVERSAMPLED = Matrix((64, 36, 8), (32, 24, 6))
RECTANGLE = Matrix((64, 30, 1), (32, 20, 1), (64, 40, 1), (6.0, 8.0, 5.0))
ODD = Matrix((66, 41, 1), (33, 27, 1))
FLAT = Matrix()
SQUARE = Matrix((48, 48, 1), (48, 48, 1))


def two_echoes() -> Lines:
    first = each(of("contrast", 0, every(FLAT)), lambda _, line: replace(line, first=-10))
    second = each(of("contrast", 1, every(FLAT)), lambda _, line: replace(line, last=9, reverse=True))
    return tuple(line for pair in zip(first, second, strict=True) for line in pair)


def with_limits_of_the_matrix(scan: RawScan) -> RawScan:
    """Whatever lines were measured."""
    _, height, depth = scan.encoded.matrix
    limits_1, limits_2 = (Limits(0, size - 1, size // 2) for size in (height, depth))
    readouts = [
        replace(
            readout,
            step_1=readout.step_1 + height // 2 - (scan.limits_1.center if scan.limits_1 else 0),
            step_2=readout.step_2 + depth // 2 - (scan.limits_2.center if scan.limits_2 else depth // 2),
        )
        for readout in scan.readouts
    ]
    return replace(scan, limits_1=limits_1, limits_2=limits_2 if depth > 1 else None, readouts=readouts)


COMPLETE = {
    "3D, partial Fourier along y and z": Scan(SLAB, lines_of(range(-5, 12), range(-1, 3))),
    "3D, partial Fourier along both from the other end": Scan(SLAB, lines_of(range(-12, 7), range(-3, 2))),
    "3D, partial Fourier along y, slab oversampling": Scan(OVERSAMPLED_Z, lines_of(range(-7, 12), range(-4, 5))),
    "slab oversampling, partial Fourier along z": Scan(OVERSAMPLED_Z, lines_of(range(-12, 12), range(-2, 5))),
    "slab oversampling, partitions in reversed order": Scan(OVERSAMPLED_Z, every(OVERSAMPLED_Z)[::-1]),
    "oversampling along all axes, interpolated": Scan(
        replace(OVERSAMPLED, recon=(64, 48, 12)), shuffled(every(OVERSAMPLED))
    ),
    "oversampling along all axes, lower resolution along y alone": Scan(
        replace(OVERSAMPLED, recon=(32, 12, 6)), every(OVERSAMPLED)
    ),
    "offset steps along y and z, partial Fourier along y": Scan(
        replace(SLAB, offset_y=5, offset_z=3), lines_of(range(-6, 12), range(-3, 3))
    ),
    "two slabs, shuffled": Scan(SLAB, shuffled(of("slice", 0, every(SLAB)) + of("slice", 1, every(SLAB)))),
    "a slab with reversed lines, discarded samples and averages": Scan(
        SLAB, alternately_reversed(averaged(each(every(SLAB), lambda _, line: replace(line, discard=(3, 5))), 2))
    ),
    "a slab whose partitions are averaged differently": Scan(
        SLAB, averaged(lines_of(range(-12, 12), range(-3, 0)), 3) + lines_of(range(-12, 12), range(3))
    ),
    "a slab of two contrasts with short echoes": Scan(
        SLAB,
        each(of("contrast", 0, every(SLAB)), lambda _, line: replace(line, first=-9))
        + each(of("contrast", 1, every(SLAB)), lambda _, line: replace(line, last=11, reverse=True)),
    ),
    "a slab of an odd number of lines and partitions": Scan(
        Matrix((32, 25, 7), (32, 25, 7)), every(Matrix((32, 25, 7), (32, 25, 7)))
    ),
    "navigators with their flag between the lines": Scan(
        SLAB, every(SLAB), change=with_readouts(*[loud(NAVIGATION) for _ in range(20)])
    ),
    "navigators of another length": Scan(
        FLAT, every(FLAT), change=with_readouts(*[loud(NAVIGATION, 20) for _ in range(10)])
    ),
    "two contrasts, the second one reversed, other centre samples": Scan(FLAT, two_echoes()),
    "three contrasts of other lengths": Scan(
        FLAT,
        of("contrast", 0, every(FLAT))
        + each(of("contrast", 1, every(FLAT)), lambda _, line: replace(line, first=-6))
        + each(of("contrast", 2, every(FLAT)), lambda _, line: replace(line, last=6)),
    ),
    "phase oversampling, rectangular field of view, interpolated": Scan(RECTANGLE, every(RECTANGLE)),
    "the same with partial Fourier and reversed lines": Scan(RECTANGLE, alternately_reversed(lines_of(range(-6, 15)))),
    "half a readout, lines reversed in turn": Scan(
        FLAT, alternately_reversed(each(every(FLAT), lambda _, line: replace(line, first=-4)))
    ),
    "half a readout from the other end, all reversed, discarded samples": Scan(
        FLAT,
        each(every(FLAT), lambda _, line: replace(line, last=4, reverse=True, discard=(2, 6))),
    ),
    "ragged readouts, averaged, reversed in turn": Scan(
        FLAT,
        alternately_reversed(averaged(each(every(FLAT), lambda index, line: replace(line, first=-16 + index % 5)), 2)),
    ),
    "odd matrices, oversampled along both axes": Scan(ODD, shuffled(every(ODD))),
    "odd matrices, partial Fourier, offset steps": Scan(replace(ODD, offset_y=4), lines_of(range(-9, 21))),
    "readouts shorter than the matrix at both ends": Scan(
        FLAT, each(every(FLAT), lambda _, line: replace(line, first=-11, last=10))
    ),
    "slices in turn, some of the numbers missing": Scan(
        FLAT,
        tuple(
            line
            for lines in zip(*[of("slice", number, every(FLAT)) for number in (1, 4, 9)], strict=True)
            for line in lines
        ),
    ),
    "slices, repetitions and sets, averaged and shuffled": Scan(
        FLAT,
        shuffled(
            sum(
                (
                    of("slice", slice_, averaged(every(FLAT), 2), repetition=repetition, set=set_)
                    for slice_ in range(2)
                    for repetition in range(2)
                    for set_ in range(2)
                ),
                (),
            )
        ),
    ),
    "two shots of turbo spin echoes, from outside to inside": Scan(
        SQUARE,
        tuple(
            replace(line, segment=echo)
            for shot in range(2)
            for echo, line in enumerate(sorted(every(SQUARE)[shot::2], key=lambda one: -abs(one.y)))
        ),
    ),
    "lines from the last to the first": Scan(FLAT, every(FLAT)[::-1]),
    "a view-shared order: centre first, then outwards": Scan(
        FLAT, tuple(sorted(every(FLAT), key=lambda line: abs(line.y)))
    ),
    "without limits, a slab in any order": Scan(SLAB, shuffled(every(SLAB)), limits=False),
    "without limits, oversampled along all axes": Scan(OVERSAMPLED, every(OVERSAMPLED), limits=False),
    "partial Fourier whose limits are those of the matrix": Scan(
        FLAT, lines_of(range(-5, 12)), change=with_limits_of_the_matrix
    ),
    "slices of partial Fourier from the other end, whose limits are those of the matrix": Scan(
        FLAT,
        of("slice", 0, lines_of(range(-12, 3))) + of("slice", 1, lines_of(range(-12, 3))),
        change=with_limits_of_the_matrix,
    ),
    "a slab of partial Fourier along y and z without limits": Scan(
        SLAB, lines_of(range(-5, 12), range(-1, 3)), limits=False
    ),
    "an elliptical slab, oversampled along z": Scan(OVERSAMPLED_Z, in_ellipse(OVERSAMPLED_Z, every(OVERSAMPLED_Z))),
    "an elliptical slab, readouts short": Scan(
        Matrix((32, 24, 12), (32, 24, 12)),
        each(
            in_ellipse(Matrix((32, 24, 12)), every(Matrix((32, 24, 12)))),
            lambda _, line: replace(line, first=-10),
        ),
    ),
}


@pytest.mark.parametrize("kind", COMPLETE)
def test_what_was_measured_is_found_at_its_place(kind: str, tmp_path: Path) -> None:
    scan = COMPLETE[kind]
    write_raw_scan(tmp_path / "scan.h5", scan.raw())
    found = [one.kspace for one in read_slices(tmp_path / "scan.h5")]
    answers = scan.answer()
    assert len(found) == len(answers)
    if scan.matrix.encoded[2] > 1:  # an outer partition holds little but ringing: the slab counts
        assert distance(np.stack(found), np.stack(answers)) <= TOLERANCE
    else:
        assert max(distance(*pair) for pair in zip(found, answers, strict=True)) <= TOLERANCE


def accelerated(y: int, lines: Lines, acs: range, flags: int = CALIBRATION_AND_IMAGING) -> Lines:
    """Every y-th line, and all of the calibration's."""
    return tuple(
        replace(line, flags=flags if line.y in acs else 0) for line in lines if line.y % y == 0 or line.y in acs
    )


def separate(y: int, lines: Lines, acs: range) -> Lines:
    imaging = tuple(line for line in lines if line.y % y == 0)
    return tuple(replace(line, flags=CALIBRATION) for line in lines if line.y in acs) + imaging


ACCELERATED = {
    "averages with the ACS of one of them": Scan(
        SQUARE,
        tuple(replace(line, flags=CALIBRATION) for line in every(SQUARE) if abs(line.y) < 10)
        + averaged(tuple(line for line in every(SQUARE) if line.y % 2 == 0), 3),
    ),
    "sets and averages with ACS of the first set": Scan(
        SQUARE,
        tuple(replace(line, flags=CALIBRATION) for line in of("set", 0, every(SQUARE)) if abs(line.y) < 10)
        + averaged(tuple(line for line in of("set", 0, every(SQUARE)) if line.y % 2 == 0), 2),
    ),
    "phase oversampling and partial Fourier": Scan(
        Matrix((48, 48, 1), (48, 36, 1)), accelerated(2, lines_of(range(-12, 24)), range(-10, 10))
    ),
    "3-fold, partial Fourier, reversed lines": Scan(
        SQUARE, alternately_reversed(accelerated(3, lines_of(range(-15, 24)), range(-12, 12)))
    ),
    "short echoes and separate ACS": Scan(
        SQUARE, each(separate(2, every(SQUARE), range(-10, 10)), lambda _, line: replace(line, first=-16))
    ),
    "variable density": Scan(
        SQUARE,
        tuple(
            replace(line, flags=CALIBRATION_AND_IMAGING if abs(line.y) < 9 else 0)
            for line in every(SQUARE)
            if abs(line.y) < 9 or (abs(line.y) < 17 and line.y % 2 == 0) or line.y % 4 == 0
        ),
    ),
    "odd matrix, oversampled readout": Scan(
        Matrix((66, 47, 1), (33, 47, 1)), accelerated(2, every(Matrix((66, 47, 1))), range(-10, 10))
    ),
    "slices in turn with ACS first": Scan(
        SQUARE,
        sum((separate(2, of("slice", number, every(SQUARE)), range(-10, 10)) for number in (0, 3)), ()),
    ),
}


@pytest.mark.parametrize("kind", ACCELERATED)
def test_measured_lines_of_an_accelerated_scan_are_found_at_their_places(kind: str, tmp_path: Path) -> None:
    """Missing lines stay zero here: the library fills them after coil compression."""
    scan = ACCELERATED[kind]
    write_raw_scan(tmp_path / "scan.h5", replace(scan.raw(), acceleration=2, calibration_mode="embedded"))
    found = [one.kspace for one in read_slices(tmp_path / "scan.h5")]
    imaging = replace(scan, lines=tuple(replace(line, flags=0) for line in scan.lines))
    once = tuple(
        line
        for index, line in enumerate(imaging.lines)
        if scan.lines[index].flags != CALIBRATION
        or all((line.y, line.counters) != (one.y, one.counters) for one in scan.lines if one.flags != CALIBRATION)
    )
    answers, full = replace(imaging, lines=once).answer(), scan.full()
    assert len(found) == len(answers)
    for one, answer, whole in zip(found, answers, full, strict=True):
        assert min(distance(one, answer), distance(one, whole)) <= TOLERANCE


REFUSED = {
    "partial Fourier that ends before the centre, whose limits are those of the matrix": (
        Scan(FLAT, lines_of(range(-12, 1))[::-1], change=with_limits_of_the_matrix),
        "undersampled: slice 0 has 13 of 24 lines;",
    ),
    "a scan that was stopped behind the centre": (
        Scan(FLAT, lines_of(range(-12, 6)), change=with_limits_of_the_matrix),
        "undersampled: slice 0 has 18 of 24 lines (the scan was stopped, or is partial Fourier",
    ),
    "a slice without some lines": (
        Scan(FLAT, of("slice", 0, every(FLAT)[:-4]) + of("slice", 1, every(FLAT))),
        "undersampled: slice 0 has 20 of 24 lines",
    ),
    "a keyhole, whose repetitions share the outer lines": (
        Scan(
            FLAT,
            of("repetition", 0, every(FLAT))
            + of("repetition", 1, lines_of(range(-5, 5)))
            + of("repetition", 2, lines_of(range(-5, 5))),
        ),
        "undersampled: slice 0 has 10 of 24 lines",
    ),
    "repetitions of another number of coils": (
        Scan(
            FLAT,
            of("repetition", 0, every(FLAT)) + of("repetition", 1, every(FLAT)),
            change=lambda scan: replace(
                scan,
                readouts=[
                    replace(readout, samples=readout.samples[: 3 - readout.repetition]) for readout in scan.readouts
                ],
            ),
        ),
        "acquisition 24 has 2 coils where the first imaging line has 3",
    ),
    "readouts longer than the matrix": (
        Scan(FLAT, each(every(FLAT), lambda _, line: replace(line, first=-18, last=22, reverse=True))),
        "acquisition 0 with 41 samples (centre 22) does not fit the encoded matrix's 32 samples",
    ),
    "a readout without phase encoding": (
        Scan(Matrix((32, 1, 1), (32, 1, 1)), (Line(0),)),
        "slices of 1 x 32 samples (y, x) are no images",
    ),
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_whole_image_is_refused_in_plain_words(kind: str, tmp_path: Path) -> None:
    scan, says = REFUSED[kind]
    write_raw_scan(tmp_path / "scan.h5", scan.raw())
    with pytest.raises(ValueError, match=re.escape(says)):
        list(read_slices(tmp_path / "scan.h5"))


def test_whitening_takes_noise_of_another_bandwidth_and_reversed_averages_together(tmp_path: Path) -> None:
    random = np.random.default_rng(4)
    mixing = np.eye(3) + 0.4 * random.standard_normal((3, 3))
    white = random.standard_normal((2, 3, 4000))
    noise = Readout((mixing @ (white[0] + 1j * white[1])).astype(np.complex64), 0, flags=NOISE, sample_time=2.5)
    scan = Scan(FLAT, alternately_reversed(averaged(every(FLAT), 2)))
    raw = scan.raw()
    write_raw_scan(tmp_path / "scan.h5", replace(raw, readouts=[noise, *raw.readouts]))
    (found,) = [one.kspace for one in read_slices(tmp_path / "scan.h5")]
    covariance = noise.samples @ noise.samples.conj().T / (noise.samples.shape[1] - 1)
    whitened = np.tensordot(np.linalg.inv(np.linalg.cholesky(covariance)), scan.answer()[0], 1)
    assert distance(found, whitened) <= TOLERANCE
