"""Echo-planar scans against k-space in closed form."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from ellipses import Body
from epi_scan import FIELD, LINES, SCANS, SLAB, Epi, positions, scan_of, slice_of
from kspace_oracle import placed_slices
from mriembed.scans import read_slices
from program import PROGRAM
from raw_scan import CALIBRATION, PHASE_CORRECTION, Limits, Readout, Space, write_raw_scan
from test_random_scans import TOLERANCE, distance

Complex = NDArray[np.complex128]


def cartesian_slices(epi: Epi, body: Body) -> list[Complex]:
    """The same lines, evenly spaced lines of one direction."""
    k = (np.arange(epi.width) - epi.width // 2) / (FIELD * epi.oversampling)
    readouts = []
    scan = scan_of(epi, body)
    measured = {(one.step_2, one.step_1) for one in scan.readouts if not one.flags & PHASE_CORRECTION}
    for partition, step in sorted(measured):
        ky, kz = (step - LINES // 2) / FIELD, (partition - epi.partitions // 2) / SLAB
        places = np.stack([k, np.full_like(k, ky), np.full_like(k, kz)], -1)
        samples = body.kspace(places).astype(np.complex64)
        readouts.append(Readout(samples, epi.width // 2, step_1=step, step_2=partition))
    return placed_slices(replace(scan, readouts=readouts))


def cartesian(epi: Epi, body: Body) -> Complex:
    return cartesian_slices(epi, body)[0]


def read(epi: Epi, body: Body, folder: Path) -> NDArray[np.complex64]:
    write_raw_scan(folder / "epi.h5", scan_of(epi, body))
    found = read_slices(folder / "epi.h5")
    assert len(found) == 1
    return found[0].kspace


@pytest.mark.parametrize("name", SCANS)
def test_an_echo_planar_scan_gives_the_kspace_of_a_cartesian_one(name: str, tmp_path: Path) -> None:
    body = slice_of()
    found, expected = read(SCANS[name], body, tmp_path), cartesian(SCANS[name], body)
    assert distance(found, expected) <= TOLERANCE


@pytest.mark.parametrize("seed", range(6))
def test_without_navigators_other_bodies_give_the_kspace_of_a_cartesian_scan_too(seed: int, tmp_path: Path) -> None:
    body, epi = slice_of(seed=seed), Epi(navigators=0, phase=0.3 + 0.2 * seed, shift=0.1 * seed)
    assert distance(read(epi, body, tmp_path), cartesian(epi, body)) <= TOLERANCE


def test_reversed_lines_that_are_not_marked_are_told_by_the_image(tmp_path: Path) -> None:
    body, epi = slice_of(), Epi(navigators=0, marked=False)
    assert distance(read(epi, body, tmp_path), cartesian(epi, body)) <= TOLERANCE


@pytest.mark.parametrize("seed", range(4))
def test_lines_that_all_have_one_direction_are_not_turned(seed: int, tmp_path: Path) -> None:
    """A readout whose gradient flies back after each line."""
    body, epi = slice_of(seed=seed), Epi(navigators=0, phase=0, shift=0)
    k = positions(epi) / (FIELD * epi.oversampling)
    scan = scan_of(epi, body)
    for index, readout in enumerate(scan.readouts):
        places = np.stack([k, np.full_like(k, (readout.step_1 - LINES // 2) / FIELD), np.zeros_like(k)], -1)
        scan.readouts[index] = replace(readout, samples=body.kspace(places).astype(np.complex64), flags=0)
    write_raw_scan(tmp_path / "epi.h5", scan)
    assert distance(read_slices(tmp_path / "epi.h5")[0].kspace, cartesian(epi, body)) <= TOLERANCE


@pytest.mark.parametrize("seed", range(3))
def test_partitions_of_a_slab_are_corrected_by_its_projection(seed: int, tmp_path: Path) -> None:
    body, epi = slice_of(seed=seed, depth=60.0), Epi(navigators=0, partitions=6, phase=0.4 + 0.3 * seed)
    write_raw_scan(tmp_path / "epi.h5", scan_of(epi, body))
    found, expected = read_slices(tmp_path / "epi.h5"), cartesian_slices(epi, body)
    assert len(found) == len(expected) == 6
    together = distance(np.stack([one.kspace for one in found]), np.stack(expected))
    assert together <= TOLERANCE


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("calibration", [16, 24])
def test_the_acs_lines_of_other_bodies_tell_the_phase_too(calibration: int, seed: int, tmp_path: Path) -> None:
    body = slice_of(seed=seed)
    epi = Epi(navigators=0, phase=0.3 + 0.6 * seed, shift=0.15 * seed, acceleration=2, calibration=calibration)
    assert distance(read(epi, body, tmp_path), cartesian(epi, body)) <= TOLERANCE


@pytest.mark.parametrize("noise", [0.01, 0.1])
@pytest.mark.parametrize(("navigators", "acceleration"), [(0, 1), (0, 2), (3, 1)])
def test_noise_does_not_hide_the_ghost(noise: float, navigators: int, acceleration: int, tmp_path: Path) -> None:
    """`noise` of each real and imaginary part, to the root mean square of the signal."""
    calibration = 24 if acceleration > 1 else 0
    body = slice_of()
    epi = Epi(navigators=navigators, phase=0.5, shift=0.1, acceleration=acceleration, calibration=calibration)
    scan, random = scan_of(epi, body), np.random.default_rng(0)
    level = noise * np.sqrt(np.mean([np.mean(np.abs(readout.samples) ** 2) for readout in scan.readouts[navigators:]]))
    for index, readout in enumerate(scan.readouts):
        drawn = random.standard_normal((2, *readout.samples.shape))
        samples = (readout.samples + level * (drawn[0] + 1j * drawn[1])).astype(np.complex64)
        scan.readouts[index] = replace(readout, samples=samples)
    write_raw_scan(tmp_path / "epi.h5", scan)
    by_noise_alone = np.sqrt(2) * noise
    assert distance(read_slices(tmp_path / "epi.h5")[0].kspace, cartesian(epi, body)) <= by_noise_alone


def test_navigators_of_another_readout_do_not_keep_the_image_from_being_read(tmp_path: Path) -> None:
    body, epi = slice_of(), Epi()
    scan = scan_of(epi, body)
    for index in range(epi.navigators):
        short = scan.readouts[index].samples[:, 20:70]
        scan.readouts[index] = replace(scan.readouts[index], samples=short, center_sample=25)
    write_raw_scan(tmp_path / "epi.h5", scan)
    assert distance(read_slices(tmp_path / "epi.h5")[0].kspace, cartesian(epi, body)) <= TOLERANCE


def test_navigators_of_both_directions_make_a_scan_echo_planar_that_its_header_names_cartesian(tmp_path: Path) -> None:
    body, epi = slice_of(), Epi(ramp_up=60, flat_top=500, ramp_down=60)
    scan = replace(scan_of(epi, body), trajectory="cartesian", trajectory_times={})
    write_raw_scan(tmp_path / "epi.h5", scan)
    assert distance(read_slices(tmp_path / "epi.h5")[0].kspace, cartesian(epi, body)) <= TOLERANCE


@pytest.mark.parametrize("unit", [1e-6, 1e-3, 1e3])
def test_a_dwell_time_may_be_in_another_unit_than_the_times_of_the_gradient(unit: float, tmp_path: Path) -> None:
    body, epi = slice_of(), Epi()
    scan = scan_of(epi, body)
    times = {**scan.trajectory_times, "dwellTime": unit * epi.dwell_time}
    write_raw_scan(tmp_path / "epi.h5", replace(scan, trajectory_times=times))
    assert distance(read_slices(tmp_path / "epi.h5")[0].kspace, cartesian(epi, body)) <= TOLERANCE


@pytest.mark.parametrize("navigators", [3, 0])
@pytest.mark.parametrize("samples", [80, 96])
def test_acs_lines_of_a_gradient_echo_calibrate_the_filling(samples: int, navigators: int, tmp_path: Path) -> None:
    body, epi = slice_of(coils=4), Epi(acceleration=2, navigators=navigators, phase=0.4)
    k = (np.arange(samples) - samples // 2) / (FIELD * epi.oversampling)
    acs = []
    for step in range(LINES // 2 - 12, LINES // 2 + 12):
        places = np.stack([k, np.full_like(k, (step - LINES // 2) / FIELD), np.zeros_like(k)], -1)
        signal = (1.7 * body.kspace(places)).astype(np.complex64)
        acs.append(Readout(signal, samples // 2, flags=CALIBRATION, step_1=step))
    scan = scan_of(epi, body)
    write_raw_scan(tmp_path / "epi.h5", replace(scan, readouts=acs + scan.readouts))
    warnings: list[str] = []
    (found,) = read_slices(tmp_path / "epi.h5", on_warning=warnings.append)
    assert any("measured in another way than the image (in one direction)" in warning for warning in warnings)
    expected = cartesian(replace(epi, acceleration=1), body)
    if navigators > 0:  # else nothing shows the ghost
        assert distance(found.kspace[:, :-1], expected[:, :-1]) <= TOLERANCE
    else:
        assert any("it is not corrected" in warning for warning in warnings)


def test_acs_lines_of_a_gradient_echo_may_have_an_encoding_space_of_their_own(tmp_path: Path) -> None:
    """As siemens_to_ismrmrd writes them; here of fewer lines than the image, numbered from 0."""
    body, epi = slice_of(coils=4), Epi(acceleration=2, phase=0.4)
    count, samples = 24, epi.samples
    k = (np.arange(samples) - samples // 2) / (FIELD * epi.oversampling)
    acs = []
    for step in range(count):
        places = np.stack([k, np.full_like(k, (step - count // 2) / FIELD), np.zeros_like(k)], -1)
        signal = (1.7 * body.kspace(places)).astype(np.complex64)
        acs.append(Readout(signal, samples // 2, flags=CALIBRATION, step_1=step, encoding_space=1))
    space = Space((epi.width, count, 24), (FIELD * epi.oversampling, FIELD, SLAB))
    scan = replace(scan_of(epi, body), calibration_space=(space, Limits(0, count - 1, count // 2)))
    write_raw_scan(tmp_path / "epi.h5", replace(scan, readouts=acs + scan.readouts))
    (found,) = read_slices(tmp_path / "epi.h5")
    expected = cartesian(replace(epi, acceleration=1), body)
    assert distance(found.kspace[:, :-1], expected[:, :-1]) <= TOLERANCE / 2


SAID = {
    "navigators": (Epi(), "notes", "the ghost is corrected by the navigator lines (3 of the first slice)"),
    "image": (Epi(navigators=0), "warnings", "there are no navigator lines; the ghost is corrected by the image"),
    "unmarked": (Epi(navigators=0, marked=False), "warnings", "no line is marked as reversed, but by the image"),
    "ramps": (Epi(), "notes", "samples are brought to even spacing"),
    "ACS lines": (
        Epi(navigators=0, acceleration=2, calibration=24),
        "warnings",
        "there are no navigator lines; the ghost is corrected by the image of the ACS lines",
    ),
    "slab": (
        Epi(navigators=0, partitions=4),
        "warnings",
        "there are no navigator lines; the ghost is corrected by the projection of the slab",
    ),
    "few ACS lines": (
        Epi(navigators=0, acceleration=2, calibration=8),
        "warnings",
        "too few neighbouring lines of both directions around the centre of k-space show the ghost: it is not",
    ),
}


@pytest.mark.parametrize("name", SAID)
def test_inspect_says_what_was_done(name: str, tmp_path: Path) -> None:
    epi, kind, text = SAID[name]
    write_raw_scan(tmp_path / "epi.h5", scan_of(epi, slice_of()))
    command = [str(PROGRAM), "inspect", "--json", str(tmp_path / "epi.h5")]
    facts = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert any(text in line for line in facts[kind])


def test_inspect_says_that_a_header_without_a_description_leaves_ramps_as_they_are(tmp_path: Path) -> None:
    scan = replace(scan_of(Epi(), slice_of()), trajectory_times={})
    write_raw_scan(tmp_path / "epi.h5", scan)
    command = [str(PROGRAM), "inspect", "--json", str(tmp_path / "epi.h5")]
    facts = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert any("the header does not describe the readout" in line for line in facts["warnings"])
