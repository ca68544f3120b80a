"""Echo-planar scans of several peculiarities, or with an incomplete header, against k-space in closed form."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from epi_scan import Epi, scan_of, slice_of
from mriembed.scans import read_slices
from raw_scan import PHASE_CORRECTION, RawScan, Readout, write_raw_scan
from test_epi_scans import cartesian, cartesian_slices
from test_random_scans import TOLERANCE, distance

COMBINED = {
    "three shots": Epi(shots=3),
    "four shots, first line reversed": Epi(shots=4, first_reversed=True),
    "two shots, partial Fourier": Epi(shots=2, first_line=10),
    "three shots, partial Fourier, uneven ramps": Epi(shots=3, first_line=12, ramp_up=60, ramp_down=180, delay=40),
    "two shots without navigators": Epi(shots=2, navigators=0),
    "four shots without navigators, partial Fourier": Epi(shots=4, navigators=0, first_line=8),
    "partial Fourier, discarded samples, first line reversed": Epi(first_line=9, discard=(4, 2), first_reversed=True),
    "two shots, more samples than the matrix": Epi(shots=2, samples=160, dwell_time=2.5),
    "without oversampling, partial Fourier": Epi(
        oversampling=1.0, samples=128, width=64, dwell_time=3.0, first_line=12
    ),
    "without oversampling or navigators, two shots": Epi(
        oversampling=1.0, samples=128, width=64, dwell_time=3.0, shots=2, navigators=0
    ),
    "flat top alone, two shots, partial Fourier": Epi(ramp_up=60, flat_top=500, ramp_down=60, shots=2, first_line=6),
    "two shots of four navigators, much drift": Epi(shots=2, navigators=4, drift=0.6),
    "two navigators, between which phases drift": Epi(navigators=2),
    "two shots of two navigators, between which phases drift": Epi(shots=2, navigators=2, drift=0.6),
    "five navigators, a large phase": Epi(navigators=5, phase=2.8, shift=0.6),
    "navigators that begin reversed, much drift": Epi(navigators=3, first_reversed=True, drift=0.6),
    "a readout late in its gradient": Epi(delay=60, ramp_up=100, flat_top=260, ramp_down=100),
}


@pytest.mark.parametrize("kind", COMBINED)
def test_the_kspace_is_that_of_a_cartesian_scan(kind: str, tmp_path: Path) -> None:
    body, epi = slice_of(), COMBINED[kind]
    write_raw_scan(tmp_path / "epi.h5", scan_of(epi, body))
    (found,) = read_slices(tmp_path / "epi.h5")
    assert distance(found.kspace, cartesian(epi, body)) <= TOLERANCE


def labelled(scan: RawScan, **counters: int) -> list[Readout]:
    return [replace(readout, **counters) for readout in scan.readouts]  # type: ignore[arg-type]


def test_repetitions_share_the_navigators_of_the_first_one(tmp_path: Path) -> None:
    bodies = [slice_of(seed=3), slice_of(seed=4)]
    scans = [scan_of(Epi(), body) for body in bodies]
    without = [readout for readout in labelled(scans[1], repetition=1) if not readout.flags & PHASE_CORRECTION]
    write_raw_scan(tmp_path / "epi.h5", replace(scans[0], readouts=scans[0].readouts + without))
    found = read_slices(tmp_path / "epi.h5")
    assert len(found) == 2
    for one, body in zip(found, bodies, strict=True):
        assert distance(one.kspace, cartesian(Epi(), body)) <= TOLERANCE


def test_slices_in_turn_have_phases_of_their_own(tmp_path: Path) -> None:
    kinds = [Epi(phase=0.9, shots=2), Epi(phase=-1.2, shift=-0.3, shots=2)]
    bodies = [slice_of(seed=5), slice_of(seed=6)]
    scans = [scan_of(epi, body) for epi, body in zip(kinds, bodies, strict=True)]
    pairs = zip(labelled(scans[0], slice=0), labelled(scans[1], slice=1), strict=True)
    write_raw_scan(tmp_path / "epi.h5", replace(scans[0], readouts=[line for pair in pairs for line in pair]))
    found = read_slices(tmp_path / "epi.h5")
    for one, epi, body in zip(found, kinds, bodies, strict=True):
        assert distance(one.kspace, cartesian(epi, body)) <= TOLERANCE


def test_averages_of_one_polarity_are_averaged_and_corrected(tmp_path: Path) -> None:
    body, epi = slice_of(), Epi()
    scan = scan_of(epi, body)
    both = labelled(scan, average=0) + labelled(scan, average=1)
    write_raw_scan(tmp_path / "epi.h5", replace(scan, readouts=both))
    (found,) = read_slices(tmp_path / "epi.h5")
    assert distance(found.kspace, cartesian(epi, body)) <= TOLERANCE


def test_lines_from_the_last_to_the_first_are_placed_as_others(tmp_path: Path) -> None:
    body, epi = slice_of(), Epi()
    scan = scan_of(epi, body)
    lines = [readout for readout in scan.readouts if not readout.flags & PHASE_CORRECTION]
    navigators = scan.readouts[: epi.navigators]
    write_raw_scan(tmp_path / "epi.h5", replace(scan, readouts=navigators + lines[::-1]))
    (found,) = read_slices(tmp_path / "epi.h5")
    assert distance(found.kspace, cartesian(epi, body)) <= TOLERANCE


@pytest.mark.parametrize("navigators", [0, 3])
def test_a_slab_with_partial_fourier_is_corrected(navigators: int, tmp_path: Path) -> None:
    body = slice_of(depth=60.0)
    epi = Epi(partitions=6, navigators=navigators, first_line=10, phase=0.8)
    write_raw_scan(tmp_path / "epi.h5", scan_of(epi, body))
    found, expected = read_slices(tmp_path / "epi.h5"), cartesian_slices(epi, body)
    assert distance(np.stack([one.kspace for one in found]), np.stack(expected)) <= TOLERANCE


def changed_times(**times: float | None) -> Callable[[RawScan], RawScan]:
    """Of the header's description; None takes one out."""

    def change(scan: RawScan) -> RawScan:
        all_times = {**scan.trajectory_times, **times}
        return replace(scan, trajectory_times={name: value for name, value in all_times.items() if value is not None})

    return change


def with_sample_time(scan: RawScan, microseconds: float) -> RawScan:
    return replace(scan, readouts=[replace(readout, sample_time=microseconds) for readout in scan.readouts])


INCOMPLETE: dict[str, tuple[Epi, Callable[[RawScan], RawScan], str]] = {
    "no dwell time, but that of the lines": (
        Epi(),
        lambda scan: with_sample_time(changed_times(dwellTime=None)(scan), 4.0),
        "sample_time_us of the lines is taken",
    ),
    "no dwell time, that of the lines in nanoseconds": (
        Epi(),
        lambda scan: with_sample_time(changed_times(dwellTime=None)(scan), 4000.0),
        "a dwell time of 4.000000 is taken",
    ),
    "no dwell time, but the delay": (
        Epi(delay=28),
        lambda scan: with_sample_time(changed_times(dwellTime=None)(scan), 0.0),
        "by acqDelayTime",
    ),
    "as many samples as without oversampling": (
        Epi(samples=160, dwell_time=2.5),
        changed_times(numSamples=80, dwellTime=5.0),
        "describes readouts of 80 samples, but lines have 160, which are taken",
    ),
    "some samples more than lines have": (
        Epi(samples=160, dwell_time=2.5),
        changed_times(numSamples=168),
        "describes readouts of 168 samples, but lines have 160, which are taken",
    ),
    "no number of samples": (Epi(), changed_times(numSamples=None), "the ghost is corrected"),
}


@pytest.mark.parametrize("navigators", [3, 0])
@pytest.mark.parametrize("kind", INCOMPLETE)
def test_what_the_description_of_the_gradient_lacks_is_told_by_the_lines(
    kind: str, navigators: int, tmp_path: Path
) -> None:
    epi, change, says = INCOMPLETE[kind]
    epi = replace(epi, navigators=navigators)
    body = slice_of()
    write_raw_scan(tmp_path / "epi.h5", change(scan_of(epi, body)))
    warnings: list[str] = []
    (found,) = read_slices(tmp_path / "epi.h5", on_warning=warnings.append)
    assert distance(found.kspace, cartesian(epi, body)) <= TOLERANCE
    if says.startswith("the ghost"):
        assert not any("samples" in warning for warning in warnings)
    else:
        assert any(says in warning for warning in warnings), warnings


def test_ramps_without_any_dwell_time_are_refused(tmp_path: Path) -> None:
    scan = with_sample_time(changed_times(dwellTime=None)(scan_of(Epi(), slice_of())), 0.0)
    write_raw_scan(tmp_path / "epi.h5", scan)
    with pytest.raises(ValueError, match="ramps, but no dwell time of the samples"):
        read_slices(tmp_path / "epi.h5")


@pytest.mark.parametrize("kind", [Epi(), Epi(navigators=0), Epi(shots=2), Epi(ramp_up=60, flat_top=500, ramp_down=60)])
def test_averages_of_both_polarities_are_corrected_each_by_its_own(kind: Epi, tmp_path: Path) -> None:
    body = slice_of()
    one, other = scan_of(kind, body), scan_of(replace(kind, first_reversed=True), body)
    write_raw_scan(tmp_path / "epi.h5", replace(one, readouts=labelled(one) + labelled(other, average=1)))
    (found,) = read_slices(tmp_path / "epi.h5")
    assert distance(found.kspace, cartesian(kind, body)) <= TOLERANCE


@pytest.mark.parametrize("navigators", [0, 3])
def test_partitions_of_both_polarities_are_corrected_each_by_its_own(navigators: int, tmp_path: Path) -> None:
    body, epi = slice_of(depth=60.0), Epi(partitions=6, navigators=navigators)
    one, other = scan_of(epi, body), scan_of(replace(epi, first_reversed=True), body)
    write_raw_scan(tmp_path / "epi.h5", replace(one, readouts=labelled(one) + labelled(other, average=1)))
    found, expected = read_slices(tmp_path / "epi.h5"), cartesian_slices(epi, body)
    assert distance(np.stack([part.kspace for part in found]), np.stack(expected)) <= TOLERANCE
