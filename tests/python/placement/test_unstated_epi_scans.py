"""Echo-planar scans whose headers say nothing of it, as of users' own sequences, against k-space in closed form.

The header says "cartesian", no line is marked as reversed and there are no navigators. Time stamps tell that lines
follow each other faster than excitations do; without them, the lines' neighbours tell what was reversed.
"""

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from acquisitions import acquisitions_of
from epi_scan import Epi, scan_of, slice_of
from mriembed import _scans, live
from mriembed.programs import scan_reader_program
from mriembed.scans import read_slices
from program import PROGRAM
from raw_scan import RawScan, write_raw_scan
from test_epi_scans import cartesian
from test_random_scans import TOLERANCE, distance

ECHO_SPACING, REPETITION = 0.8, 100.0  # milliseconds
TICK = 2.5  # milliseconds


def unstated(epi: Epi, seed: int, *, between_lines: float = ECHO_SPACING) -> RawScan:
    """`between_lines` in milliseconds; infinite: no line has a time stamp."""
    scan = scan_of(epi, slice_of(seed=seed))
    ticks = [0 if np.isinf(between_lines) else int(line * between_lines / TICK) for line in range(len(scan.readouts))]
    readouts = [
        replace(readout, time_stamp=1_000_000 + tick) for readout, tick in zip(scan.readouts, ticks, strict=True)
    ]
    return replace(scan, readouts=readouts, trajectory="cartesian", trajectory_times={})


def with_slices(scan: RawScan, others: RawScan) -> RawScan:
    """The scan, and a second one as a further slice."""
    second = [
        replace(readout, slice=1, time_stamp=readout.time_stamp + int(REPETITION / TICK)) for readout in others.readouts
    ]
    return replace(scan, readouts=scan.readouts + second)


def stored(path: Path, index: int = 0) -> NDArray[np.complex64]:
    """K-space as the reader gives it to the preprocessing."""
    return _scans.Scan(str(path), str(scan_reader_program()), False, "", "").read(index)


def warnings_of(path: Path) -> list[str]:
    command = [str(PROGRAM), "inspect", "--json", str(path)]
    found: list[str] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)["warnings"]
    return found


# Evenly spaced samples: a header that says nothing cannot tell how ramps were sampled.
FLAT = Epi(ramp_up=60, flat_top=500, ramp_down=60, oversampling=1.0, navigators=0, marked=False)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("phase", "shift"), [(0.7, 0.2), (1.3, 0.4), (0.0, 0.0)])
def test_reversed_lines_are_turned_and_the_ghost_is_corrected(
    phase: float, shift: float, seed: int, tmp_path: Path
) -> None:
    epi = replace(FLAT, phase=phase, shift=shift)
    write_raw_scan(tmp_path / "scan.h5", unstated(epi, seed))
    found = read_slices(tmp_path / "scan.h5")[0].kspace
    assert distance(found, cartesian(epi, slice_of(seed=seed))) <= TOLERANCE


def test_all_slices_are_corrected_as_the_first_one_shows(tmp_path: Path) -> None:
    write_raw_scan(tmp_path / "scan.h5", with_slices(unstated(FLAT, 1), unstated(FLAT, 2)))
    found = read_slices(tmp_path / "scan.h5")
    assert len(found) == 2
    for one, seed in zip(found, (1, 2), strict=True):
        assert distance(one.kspace, cartesian(FLAT, slice_of(seed=seed))) <= TOLERANCE


def test_slices_of_a_stream_have_the_bits_of_those_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "scan.h5"
    write_raw_scan(path, with_slices(unstated(FLAT, 1), unstated(FLAT, 2)))
    header, lines = acquisitions_of(path)
    scan = live.LiveScan(header)
    slices = [part for line in lines for part in scan.add(line)] + scan.end()
    assert len(slices) == 2
    for index, part in enumerate(slices):
        assert np.array_equal(part.kspace, stored(path, index))


def kspace_as_it_is(scan: RawScan) -> NDArray[np.complex64]:
    lines = sorted(scan.readouts, key=lambda readout: readout.step_1)
    return np.stack([line.samples for line in lines], 1)


def forward(seed: int, *, between_lines: float) -> RawScan:
    """The same lines, all read out in one direction."""
    scan = unstated(FLAT, seed, between_lines=between_lines)
    expected = cartesian(replace(FLAT, phase=0, shift=0), slice_of(seed=seed))
    lines = [replace(readout, samples=expected[:, readout.step_1].astype(np.complex64)) for readout in scan.readouts]
    return replace(scan, readouts=lines)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("phase", "shift"), [(0.7, 0.2), (1.3, 0.4), (0.0, 0.0)])
@pytest.mark.parametrize("between_lines", [8.0, np.inf])
def test_reversed_lines_are_turned_without_times_too(
    between_lines: float, phase: float, shift: float, seed: int, tmp_path: Path
) -> None:
    epi = replace(FLAT, phase=phase, shift=shift)
    write_raw_scan(tmp_path / "scan.h5", unstated(epi, seed, between_lines=between_lines))
    found = read_slices(tmp_path / "scan.h5")[0].kspace
    assert distance(found, cartesian(epi, slice_of(seed=seed))) <= TOLERANCE


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("between_lines", [ECHO_SPACING, 2.1, 8.0, np.inf])
def test_lines_in_one_direction_stay_as_they_are(between_lines: float, seed: int, tmp_path: Path) -> None:
    scan = forward(seed, between_lines=between_lines)
    write_raw_scan(tmp_path / "scan.h5", scan)
    assert np.array_equal(stored(tmp_path / "scan.h5"), kspace_as_it_is(scan))
    assert not any("EPI" in warning or "reverse" in warning for warning in warnings_of(tmp_path / "scan.h5"))


def test_arrays_of_lines_as_they_were_measured_are_warned_of(tmp_path: Path) -> None:
    np.save(tmp_path / "epi.npy", kspace_as_it_is(unstated(FLAT, 0)))
    np.save(tmp_path / "forward.npy", kspace_as_it_is(forward(0, between_lines=np.inf)))
    says = "every second line fits the lines beside it only if it is reversed"
    assert [any(says in one for one in warnings_of(tmp_path / name)) for name in ("epi.npy", "forward.npy")] == [
        True,
        False,
    ]


def test_what_was_done_is_said(tmp_path: Path) -> None:
    write_raw_scan(tmp_path / "scan.h5", unstated(FLAT, 0))
    said = warnings_of(tmp_path / "scan.h5")
    assert any("the header calls the readout Cartesian" in warning for warning in said)
    assert any("no line is marked as reversed, but by the image every second one is" in warning for warning in said)
