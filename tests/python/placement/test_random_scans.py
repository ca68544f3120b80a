"""Random raw scans through the readers, against a placement from the format's words alone.

MRIEMBED_RANDOM_SCANS sets how many (60 by default, in about 15 seconds).
"""

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from numpy.typing import NDArray

from ellipses import drawn_body
from kspace_oracle import placed_slices
from mriembed.scans import read_slices
from raw_scan import write_raw_scan
from scan_plan import Plan, fully_sampled, plans, raw_scan

COUNT = int(os.environ.get("MRIEMBED_RANDOM_SCANS", "60"))
TOLERANCE = 2e-2

Complex = NDArray[np.complex128]


def distance(read: NDArray[np.complex64], expected: Complex) -> float:
    """Relative, up to one complex factor."""
    if read.shape != expected.shape:
        return float("inf")
    read = read.astype(np.complex128) / np.abs(read).max()
    factor = np.vdot(read, expected) / np.vdot(read, read)
    return float(np.linalg.norm(factor * read - expected) / np.linalg.norm(expected))


def expect_slices(read: list[NDArray[np.complex64]], expected: list[list[Complex]]) -> None:
    """Each slice that was read is one of the right answers for the slice at its place."""
    assert len(read) == len(expected)
    for index, (samples, answers) in enumerate(zip(read, expected, strict=True)):
        found = min(distance(samples, answer) for answer in answers)
        assert found <= TOLERANCE, f"slice {index}: {samples.shape} for {answers[0].shape}, distance {found:.3g}"


def check(plan: Plan, folder: Path) -> None:
    scan = raw_scan(plan)
    path = folder / "scan.h5"
    write_raw_scan(path, scan)
    answers = [[samples] for samples in placed_slices(scan)]
    if plan.acceleration > 1:  # lines that were not measured may be left out or completed
        for answer, full in zip(answers, placed_slices(fully_sampled(plan)), strict=True):
            answer.append(full)
    expect_slices([found.kspace for found in read_slices(path)], answers)


KINDS = {
    "plain": Plan(),
    "odd-matrix": Plan(kept=(32, 23, 1)),
    "oversampled-readout": Plan(oversampling=(2, 1, 1)),
    "oversampled-phase": Plan(oversampling=(1, 1.5, 1)),
    "oversampled-slab": Plan(kept=(32, 24, 4), oversampling=(1, 1, 1.5)),
    "oversampled-everywhere": Plan(kept=(32, 24, 4), oversampling=(2, 1.25, 2)),
    "interpolated": Plan(oversampling=(2, 1, 1), recon_factor=(2, 2)),
    "lower-resolution": Plan(recon_factor=(0.5, 0.5)),
    "unknown-fov": Plan(oversampling=(2, 1.5, 1), fov="none"),
    "copied-fov": Plan(oversampling=(2, 1, 1), fov="copied"),
    "unknown-fov-of-a-slab": Plan(kept=(32, 24, 4), oversampling=(1, 1, 1.5), fov="none-z"),
    "copied-fov-of-the-readout": Plan(oversampling=(2, 1.5, 1), fov="copied-x"),
    "copied-fov-of-phase-encoding": Plan(oversampling=(2, 1.5, 1), fov="copied-y"),
    "copied-fov-of-a-slab": Plan(kept=(32, 24, 4), oversampling=(2, 1, 1.5), fov="copied-z"),
    "short-echo": Plan(echo="short", echo_shift=7),
    "short-echo-of-the-kept-length": Plan(oversampling=(1.25, 1, 1), echo="short", echo_shift=8),
    "shifted-echo": Plan(echo="shifted", echo_shift=6),
    "ragged-echoes": Plan(echo="ragged", echo_shift=8),
    "discarded": Plan(discard=(2, 7)),
    "reversed": Plan(direction="reversed"),
    "reversed-mirrored": Plan(direction="reversed", mirrored=True),
    "reversed-discarded": Plan(direction="reversed", discard=(2, 7)),
    "alternating": Plan(direction="alternating", mirrored=True, discard=(0, 5)),
    "alternating-short": Plan(direction="alternating", mirrored=True, echo="short", echo_shift=5),
    "both-directions": Plan(direction="both", echo="short", echo_shift=5, mirrored=True),
    "no-limits": Plan(limits="none"),
    "offset-limits": Plan(limits="offset", limits_shift=5),
    "off-centre-limits": Plan(limits="off-centre", limits_shift=3),
    "partial-fourier": Plan(limits="partial", limits_shift=6),
    "reduced-phase-resolution": Plan(limits="reduced", limits_shift=4),
    "unset-centres": Plan(centres_unset=True),
    "offset-partitions": Plan(kept=(32, 24, 6), limits_z="offset"),
    "off-centre-partitions": Plan(kept=(32, 24, 6), limits_z="off-centre"),
    "partial-fourier-of-partitions": Plan(kept=(32, 24, 6), limits_z="partial"),
    "averages": Plan(averages=3),
    "averages-that-vary": Plan(averages=3, averages_vary=True),
    "labels": Plan(slices=2, contrasts=2, repetitions=2, sets=2),
    "noise": Plan(noise=2),
    "noise-discarded": Plan(noise=2, noise_discard=(5, 9)),
    "junk": Plan(junk=8),
    "junk-with-noise": Plan(junk=8, noise=1),
    "shuffled": Plan(slices=2, averages=2, noise=1, shuffled=True),
    "volume": Plan(kept=(32, 24, 6)),
    "shuffled-volume": Plan(kept=(32, 24, 6), repetitions=2, shuffled=True),
    "idle-z": Plan(slices=3, idle_z=True),
    "idle-z-with-limits": Plan(slices=3, repetitions=2, idle_z=True, idle_limits_z=True),
    "accelerated-idle-z-with-limits": Plan(coils=4, acceleration=2, idle_z=True, idle_limits_z=True),
    "embedded-calibration": Plan(coils=4, acceleration=2),
    "separate-calibration": Plan(coils=4, acceleration=2, calibration="separate"),
    "calibration-of-another-encoding-space": Plan(coils=4, acceleration=2, calibration="space"),
    "accelerated-volume": Plan(coils=4, kept=(32, 24, 4), acceleration=3, calibration="separate"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_scan_with_one_peculiarity_is_placed_right(kind: str, tmp_path: Path) -> None:
    check(KINDS[kind], tmp_path)


@settings(
    max_examples=COUNT,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(plan=plans())
def test_random_scans_are_placed_right(plan: Plan, tmp_path: Path) -> None:
    check(plan, tmp_path)


def test_the_expected_kspace_is_that_of_the_body() -> None:
    """Where nothing is missing, placement gives the body's k-space; cropping sharp edges rings a little."""
    plan = Plan(seed=1, coils=3, oversampling=(2, 1.5, 1), direction="alternating", discard=(2, 3))
    for recon_only in (plan, replace(plan, oversampling=(1, 1, 1))):
        (placed,) = placed_slices(raw_scan(recon_only))
        size = np.array([*recon_only.kept]) * [6.0, 6.0, 5.0]
        wave = np.array([0, 1, 0]) / (size * recon_only.oversampling)
        body = drawn_body(np.random.default_rng([1, 0, 0, 0, 0]), 3, tuple(size.tolist()), wave)
        y, x = np.meshgrid(np.arange(-12, 12), np.arange(-16, 16), indexing="ij")
        k = np.stack([x, y, 0 * x], axis=-1) / size
        exact = body.kspace(k.reshape(-1, 3)).reshape(placed.shape)
        assert distance(placed.astype(np.complex64), exact) < 2e-2
