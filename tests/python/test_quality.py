"""`mriembed.quality` against its own definitions in NumPy, and arrays against files and the command line."""

from __future__ import annotations

import json
import subprocess
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

from check.check_scans import COILS, SIZE, faultless, join_measurements, write_scan
from mriembed.errors import BadInputError, InvalidArgumentError
from mriembed.quality import QualityLimits, ScanQuality, ScanQualityFigures, check_scan
from mriembed.simulation.faults import RawSlices
from program import PROGRAM

NAMES = ["H1", "H2", "", "H4", "H5", "H6"]


@pytest.fixture(scope="module")
def clean() -> RawSlices:
    return faultless()


@pytest.fixture(scope="module")
def noisy(clean: RawSlices) -> RawSlices:
    """Five times the noise in coil 3."""
    assert clean.noise is not None
    random = np.random.default_rng(8)
    sd = np.sqrt(24 / 2) * np.sqrt(np.mean(np.abs(clean.noise) ** 2))
    kspace, noise = clean.kspace.copy(), clean.noise.copy()
    for samples in (kspace[:, 3], noise[3]):
        samples += sd * (random.standard_normal(samples.shape) + 1j * random.standard_normal(samples.shape))
    return RawSlices(kspace, noise)


def covariance_of(noise: np.ndarray) -> np.ndarray:
    samples = noise.astype(np.complex128)
    result: np.ndarray = samples @ samples.conj().T / (samples.shape[1] - 1)
    return result


def gathered(raw: RawSlices) -> ScanQuality:
    quality = ScanQuality(raw.kspace.shape[1])
    if raw.noise is not None:
        quality.set_noise(covariance_of(raw.noise))
    for kspace in raw.kspace:
        quality.add_slice(kspace)
    return quality


def test_figures_follow_their_definitions(clean: RawSlices) -> None:
    assert clean.noise is not None
    figures = gathered(clean).figures()
    covariance = covariance_of(clean.noise)
    deviation = np.sqrt(np.diag(covariance).real)
    correlation = np.abs(covariance) / np.outer(deviation, deviation) - np.eye(COILS)
    power = np.mean(np.abs(clean.kspace.astype(np.complex128)) ** 2, axis=(0, 2, 3))
    signal = np.sqrt(power - deviation**2)
    for coil, found in enumerate(figures.coils):
        assert found.noise == pytest.approx(deviation[coil], rel=1e-12)
        assert not found.noise_is_estimated
        assert found.signal == pytest.approx(signal[coil], rel=1e-9)
        assert found.signal_share == pytest.approx(signal[coil] ** 2 / np.sum(signal**2), rel=1e-9)
        assert found.snr == pytest.approx(signal[coil] / deviation[coil], rel=1e-9)
        assert found.correlation == pytest.approx(correlation[coil].max(), rel=1e-9)
        assert found.correlated_with == correlation[coil].argmax()
        assert not found.is_zero
    assert [each.lines for each in figures.slices] == [SIZE, SIZE]
    combined = np.sum(np.abs(clean.kspace[0]) ** 2 / np.sum(np.abs(clean.kspace[0]) ** 2, (1, 2))[:, None, None], 0)
    peak = np.unravel_index(combined.argmax(), combined.shape)
    assert (figures.slices[0].echo_y, figures.slices[0].echo_x) == (peak[0] - SIZE // 2, peak[1] - SIZE // 2)


def test_a_coil_at_fault_is_found_by_its_number(clean: RawSlices, noisy: RawSlices) -> None:
    assert gathered(clean).findings() == []
    (finding,) = gathered(noisy).findings()
    assert (finding.fault, finding.coil, finding.slice) == ("high_noise", 3, None)
    assert finding.value == pytest.approx(5, rel=0.1)
    assert finding.limit == QualityLimits().high_noise == 2
    assert finding.severity == pytest.approx(finding.value / finding.limit)


def test_limits_are_those_given_for_the_array_or_for_each_coil(noisy: RawSlices) -> None:
    quality = gathered(noisy)
    assert quality.findings(QualityLimits(high_noise=8)) == []
    lenient = [QualityLimits(high_noise=8 if coil == 3 else 2) for coil in range(COILS)]
    assert quality.findings(of_coils=lenient) == []
    strict = [QualityLimits(high_noise=0.5) for _ in range(COILS)]
    assert {found.coil for found in quality.findings(of_coils=strict)} == set(range(COILS))
    with pytest.raises(InvalidArgumentError, match="limits of 2 coils for 6"):
        quality.findings(of_coils=strict[:2])


def test_noise_is_compared_with_that_of_a_reference(clean: RawSlices) -> None:
    reference = gathered(clean).figures()
    assert clean.noise is not None
    louder = replace(clean, kspace=2 * clean.kspace, noise=2 * clean.noise)
    (finding,) = gathered(louder).findings(reference=reference)
    assert (finding.fault, finding.coil) == ("noise_increase", None)
    assert finding.value == pytest.approx(2, rel=1e-6)
    assert finding.limit == QualityLimits().array_noise_increase
    assert gathered(louder).findings(QualityLimits(array_noise_increase=2.5, noise_increase=2.5), (), reference) == []
    fewer = replace(reference, coils=reference.coils[:2])
    with pytest.raises(InvalidArgumentError, match="a noise reference of 2 coils for 6"):
        gathered(louder).findings(reference=fewer)


def test_arrays_of_any_layout_and_precision_give_the_same_figures(clean: RawSlices) -> None:
    kspace = clean.kspace[0]
    turned = np.ascontiguousarray(kspace.transpose(2, 1, 0)).transpose(2, 1, 0)
    odd = np.zeros(kspace.shape, np.dtype([("kspace", np.complex64), ("flag", np.int16)]))
    odd["kspace"] = kspace

    def of(samples: np.ndarray) -> ScanQualityFigures:
        quality = ScanQuality(COILS)
        quality.add_slice(samples)
        return quality.figures()

    for other in (turned, kspace.astype(np.complex128), kspace[::-1][::-1], odd["kspace"]):
        assert of(other) == of(kspace)


def test_what_cannot_be_checked_is_refused_and_leaves_no_trace(clean: RawSlices) -> None:
    quality = gathered(clean)
    before = quality.figures()
    with pytest.raises(InvalidArgumentError, match="expected a complex array"):
        quality.add_slice(clean.kspace[0].real)
    with pytest.raises(InvalidArgumentError, match="expected 3 dimensions, got 4"):
        quality.add_slice(clean.kspace)
    with pytest.raises(InvalidArgumentError, match="it must have 6 coils"):
        quality.add_slice(clean.kspace[0, :2])
    broken = clean.kspace[0].copy()
    broken[2, 5, 5] = np.inf
    with pytest.raises(BadInputError, match="coil 2"):
        quality.add_slice(broken)
    with pytest.raises(InvalidArgumentError, match="a noise covariance of 2 x 2 for 6 coils"):
        quality.set_noise(np.eye(2))
    assert quality.figures() == before
    with pytest.raises(InvalidArgumentError, match="one at least"):
        ScanQuality(0)


def test_a_scan_has_the_figures_of_its_arrays_and_the_lines_of_the_command_line(
    tmp_path: Path, noisy: RawSlices
) -> None:
    (measurement,) = check_scan(write_scan(tmp_path / "noisy.h5", noisy, NAMES))
    assert measurement.coil_names == NAMES
    assert measurement.channels == list(range(COILS))
    assert measurement.dead_channels == []
    assert measurement.noise_is_measured
    expected = gathered(noisy).figures()
    assert measurement.figures.slices == expected.slices
    assert measurement.figures.interference == expected.interference
    for found, coil in zip(measurement.figures.coils, expected.coils, strict=True):
        assert asdict(found) == pytest.approx(asdict(coil), rel=1e-6)
    assert [found.fault for found in measurement.findings] == ["high_noise"]
    printed = subprocess.run([PROGRAM, "check", tmp_path / "noisy.h5"], check=False, capture_output=True, text=True)
    assert printed.stdout.splitlines() == [f"{tmp_path / 'noisy.h5'}: {line}" for line in measurement.lines]
    assert "coil 3 (H4)" in measurement.lines[0]
    assert measurement.not_judged == ""


def test_each_measurement_of_a_file_is_checked(tmp_path: Path, clean: RawSlices, noisy: RawSlices) -> None:
    one = write_scan(tmp_path / "one.h5", clean)
    two = write_scan(tmp_path / "two.h5", replace(noisy, noise=None))
    joined = join_measurements(tmp_path / "both.h5", one, two)
    checked = check_scan(joined)
    assert [each.measurement for each in checked] == [0, 1]
    assert [each.noise_is_measured for each in checked] == [True, False]
    assert [len(each.findings) for each in checked] == [0, 1]
    (second,) = check_scan(joined, group="scan_2")
    assert second.figures == checked[1].figures


def test_a_limits_file_replaces_limits_by_coil_name(tmp_path: Path, noisy: RawSlices) -> None:
    scan = write_scan(tmp_path / "noisy.h5", noisy, NAMES)
    limits = tmp_path / "limits.json"
    limits.write_text(json.dumps({"coils": [{"name": "H4", "high_noise": 9}]}))
    (measurement,) = check_scan(scan, limits=limits)
    assert measurement.findings == []
    with pytest.raises(InvalidArgumentError, match=r"missing\.json"):
        check_scan(scan, limits=tmp_path / "missing.json")


def test_a_scan_is_compared_with_the_output_of_an_earlier_check(tmp_path: Path, clean: RawSlices) -> None:
    assert clean.noise is not None
    louder = replace(clean, kspace=3 * clean.kspace, noise=3 * clean.noise)
    first = write_scan(tmp_path / "first.h5", clean, NAMES)
    second = write_scan(tmp_path / "second.h5", louder, NAMES)
    reference = tmp_path / "reference.json"
    printed = subprocess.run([PROGRAM, "check", "--json", first], check=False, capture_output=True, text=True)
    reference.write_text(printed.stdout)
    (measurement,) = check_scan(second, reference=reference)
    assert [found.fault for found in measurement.findings] == ["noise_increase"]
    assert measurement.array_noise_change == pytest.approx(3, rel=1e-5)
    assert measurement.noise_change == pytest.approx([3] * COILS, rel=1e-5)
    assert measurement.lines == ["noise of all coils: 3.00 x the reference's (limit 1.50)"]
    (alone,) = check_scan(second)
    assert (alone.findings, alone.noise_change, alone.array_noise_change) == ([], [None] * COILS, None)
    with pytest.raises(InvalidArgumentError, match=r"missing\.json"):
        check_scan(second, reference=tmp_path / "missing.json")


def test_the_error_of_a_scan_carries_the_slice_at_fault(tmp_path: Path, clean: RawSlices) -> None:
    kspace = np.stack([clean.kspace[0]] * 3)
    kspace[1, 0, 5, 7] = np.nan
    np.save(tmp_path / "broken.npy", kspace)
    with pytest.raises(BadInputError, match=r"broken\.npy: slice 1 cannot be checked") as raised:
        check_scan(tmp_path / "broken.npy")
    assert raised.value.slice == 1
    assert raised.value.path == str(tmp_path / "broken.npy")


def test_what_is_no_scan_of_kspace_is_refused_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "text.h5").write_text("no scan")
    with pytest.raises(BadInputError, match=r"text\.h5: "):
        check_scan(tmp_path / "text.h5")
