"""`mriembed_cli check`: what it says of coils."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from checked_files import COILS, SIZE, check, figures, written
from mriembed.simulation.faults import RawSlices, with_fault


def test_a_scan_without_faults_says_so_and_what_was_not_judged(clean: RawSlices, tmp_path: Path) -> None:
    done = check(written(tmp_path / "scan.h5", clean))
    assert (done.returncode, done.stdout) == (0, f"{tmp_path}/scan.h5: nothing found in 8 coils, 2 slices\n")
    np.save(tmp_path / "scan.npy", clean.kspace)
    done = check(tmp_path / "scan.npy")
    assert (done.returncode, done.stdout) == (0, f"{tmp_path}/scan.npy: nothing found in 8 coils, 2 slices\n")
    middle = slice(SIZE // 2 - 16, SIZE // 2 + 16)
    np.save(tmp_path / "scan.npy", clean.kspace[:1, :, middle, middle])  # too small for an estimate
    done = check(tmp_path / "scan.npy")
    assert "not judged: noise correlation (no noise measurement)" in done.stdout.splitlines()[-1]


def test_a_noisy_coil_is_named_with_figure_and_limit(clean: RawSlices, tmp_path: Path) -> None:
    names = [f"Head_32:H{number}" for number in range(COILS)]
    faulty = with_fault(clean, "noise x 3", np.random.default_rng(1), coil=6)
    done = check(written(tmp_path / "scan.h5", faulty.raw, names))
    assert done.returncode == 10
    (line,) = done.stdout.splitlines()
    text, figure = line.split(": noise ")
    assert text == f"{tmp_path}/scan.h5: coil 6 (Head_32:H6)"
    value, limit = figure.split(" x the array's median ")
    assert float(value) == pytest.approx(3, rel=0.1)
    assert limit == "(limit 2.00)"


@pytest.mark.parametrize("measured", [True, False])
@pytest.mark.parametrize("fault", ["dead element", "weak element", "strong element", "noise x 10", "zero coil"])
def test_a_broken_coil_is_named(fault: str, measured: bool, clean: RawSlices, tmp_path: Path) -> None:
    faulty = with_fault(clean, fault, np.random.default_rng(2), coil=2)
    raw = faulty.raw if measured else replace(faulty.raw, noise=None)
    done = check(written(tmp_path / "scan.h5", raw))
    assert done.returncode == 10
    assert done.stdout.startswith(f"{tmp_path}/scan.h5: coil 2: ")


def test_a_channel_that_is_dead_in_the_noise_measurement_shifts_no_name(clean: RawSlices, tmp_path: Path) -> None:
    names = [f"H{number}" for number in range(COILS)]
    dead = with_fault(clean, "zero coil", np.random.default_rng(2), coil=2)
    both = with_fault(dead.raw, "noise x 10", np.random.default_rng(3), coil=5)
    lines = check(written(tmp_path / "scan.h5", both.raw, names)).stdout.splitlines()
    assert lines[0].endswith("coil 2 (H2): no noise in the noise measurement: dead")
    assert ": coil 5 (H5): noise 10" in lines[1]


def test_json_gives_what_numpy_finds(clean: RawSlices, tmp_path: Path) -> None:
    assert clean.noise is not None
    found = figures(written(tmp_path / "scan.h5", clean))
    covariance = clean.noise @ clean.noise.conj().T / (clean.noise.shape[1] - 1)
    noise = np.sqrt(np.diag(covariance).real)
    np.testing.assert_allclose([coil["noise"] for coil in found["coils"]], noise, rtol=1e-4)
    correlation = np.abs(covariance) / np.outer(noise, noise) - np.eye(COILS)
    np.testing.assert_allclose([coil["correlation"] for coil in found["coils"]], correlation.max(1), rtol=1e-4)
    assert [coil["correlated_with"] for coil in found["coils"]] == correlation.argmax(1).tolist()
    power = np.mean(np.abs(clean.kspace.astype(np.complex128)) ** 2, axis=(0, 2, 3)) - noise**2
    np.testing.assert_allclose([coil["signal"] for coil in found["coils"]], np.sqrt(power), rtol=1e-4)
    np.testing.assert_allclose([coil["signal_share"] for coil in found["coils"]], power / power.sum(), rtol=1e-3)


def test_noise_is_estimated_where_it_was_not_measured(clean: RawSlices, tmp_path: Path) -> None:
    measured = figures(written(tmp_path / "scan.h5", clean))
    estimated = figures(written(tmp_path / "bare.h5", replace(clean, noise=None)))
    assert all(coil["noise_is_estimated"] for coil in estimated["coils"])
    ratios = [two["noise"] / one["noise"] for one, two in zip(measured["coils"], estimated["coils"], strict=True)]
    np.testing.assert_allclose(ratios, 1, atol=0.25)


def test_a_coil_that_is_noisy_in_the_scan_alone_is_named(clean: RawSlices, tmp_path: Path) -> None:
    """A loose contact: the noise measurement, without gradients, shows nothing."""
    faulty = with_fault(clean, "noise x 10", np.random.default_rng(1), coil=5)
    found = figures(written(tmp_path / "scan.h5", replace(faulty.raw, noise=clean.noise)))
    (finding,) = found["findings"]
    assert (finding["fault"], finding["channels"], finding["limit"]) == ("scan_noise", [5], 2)
    assert finding["value"] == pytest.approx(10, rel=0.15)
    assert finding["text"].startswith("coil 5: noise in the scan ")


def test_measured_noise_is_told_at_the_bandwidth_of_the_scan(clean: RawSlices, tmp_path: Path) -> None:
    """A quarter of the sample time has four times the bandwidth, and twice the noise of the scan."""
    assert clean.noise is not None
    wide = replace(clean, noise=2 * clean.noise)
    found = figures(written(tmp_path / "scan.h5", wide, noise_sample_time=5 / 4))
    noise = np.sqrt(np.sum(np.abs(clean.noise) ** 2, axis=1) / (clean.noise.shape[1] - 1))
    np.testing.assert_allclose([coil["noise"] for coil in found["coils"]], noise, rtol=1e-4)
    assert found["noise_sample_time_us"] == 5


def test_correlations_of_a_short_noise_measurement_allow_for_chance(clean: RawSlices, tmp_path: Path) -> None:
    """32 samples of independent noise: some pair of 8 coils has a correlation of more than 0.2 as a rule."""
    assert clean.noise is not None
    short = replace(clean, noise=clean.noise[:, 8:40])
    found = figures(written(tmp_path / "scan.h5", short), "--limits", limits_of(tmp_path, 0.2))
    assert max(coil["correlation"] for coil in found["coils"]) > 0.2
    assert [finding for finding in found["findings"] if finding["fault"] == "correlated"] == []


def full_scan(*, seen_in_part: int) -> RawSlices:
    """A texture that fills the field of view and brightens along the readout; some coils see one half of it alone."""
    random = np.random.default_rng(6)

    def normal(*shape: int) -> np.ndarray:
        return np.asarray(random.standard_normal(shape) + 1j * random.standard_normal(shape))

    images = 30 * 2 ** (np.arange(SIZE) / 12) * normal(SIZE, SIZE) * normal(COILS, 1, 1)
    images[:seen_in_part, :, : SIZE // 2] = 0
    kspace = np.fft.fftshift(np.fft.fft2(images, norm="ortho"), axes=(-2, -1)) + normal(COILS, SIZE, SIZE)
    return RawSlices(kspace[None].astype(np.complex64))


@pytest.mark.parametrize("fault", ["weak element", "strong element"])
def test_gains_of_coils_are_not_judged_where_no_noise_is_known(fault: str, tmp_path: Path) -> None:
    np.save(tmp_path / "scan.npy", with_fault(full_scan(seen_in_part=0), fault, np.random.default_rng(2)).raw.kspace)
    found = figures(tmp_path / "scan.npy")
    assert [coil["noise"] for coil in found["coils"]] == [None] * COILS
    assert "noise and gain (no part of k-space is empty)" in found["not_judged"].split("; ")


def test_coils_without_an_estimate_of_their_noise_are_named_as_not_judged(tmp_path: Path) -> None:
    np.save(tmp_path / "scan.npy", full_scan(seen_in_part=6).kspace)
    found = figures(tmp_path / "scan.npy")
    assert [coil["noise"] is None for coil in found["coils"]] == [False] * 6 + [True] * 2
    words = "noise and gain of some coils (no part of their k-space is empty): coil 6, coil 7"
    assert words in found["not_judged"].split("; ")


def limits_of(folder: Path, correlation: float) -> Path:
    path = folder / "limits.json"
    path.write_text(json.dumps({"correlation": correlation}))
    return path


def test_a_weak_coil_that_sees_the_object_is_no_finding_but_not_judged(clean: RawSlices, tmp_path: Path) -> None:
    """An element of a spine array far from the slice: its noise is that of the others."""
    assert clean.noise is not None
    random = np.random.default_rng(4)
    far = clean.kspace.copy()
    sd = np.sqrt(np.mean(np.abs(clean.noise[2]) ** 2) / 2)
    noise = random.standard_normal((2, *far[:, 2].shape))
    far[:, 2] = 0.03 * far[:, 2] + sd * (noise[0] + 1j * noise[1])
    done = check(written(tmp_path / "scan.h5", replace(clean, kspace=far)))
    assert done.returncode == 0
    words = "whether these are broken or far from the object, with an SNR below 0.05 x the array's median: coil 2"
    assert done.stdout.splitlines()[-1] == f"{tmp_path}/scan.h5: not judged: {words}"
    far[:, 2] = sd * (noise[0] + 1j * noise[1])
    done = check(written(tmp_path / "scan.h5", replace(clean, kspace=far)))
    assert done.returncode == 10
    assert done.stdout.startswith(f"{tmp_path}/scan.h5: coil 2: power around the echo ")


def test_an_offset_in_one_coil_of_many_is_told_as_interference_at_zero(clean: RawSlices, tmp_path: Path) -> None:
    assert clean.noise is not None
    kspace = clean.kspace.copy()
    kspace[:, 3] += np.sqrt(np.mean(np.abs(clean.noise[3]) ** 2))
    (finding,) = figures(written(tmp_path / "scan.h5", replace(clean, kspace=kspace)))["findings"]
    assert (finding["fault"], finding["channels"]) == ("interference", [3])
    assert "interference at 0.00 of the readout's bandwidth" in finding["text"]


def test_a_receiver_that_clips_is_named(clean: RawSlices, tmp_path: Path) -> None:
    kspace = clean.kspace.copy()
    parts = kspace[0, 4].view(np.float32)
    limit = np.sort(np.abs(parts).ravel())[-8]
    kspace[0, 4] = np.clip(parts, -limit, limit).view(np.complex64)
    (finding,) = figures(written(tmp_path / "scan.h5", replace(clean, kspace=kspace)))["findings"]
    assert (finding["fault"], finding["channels"], finding["value"], finding["limit"]) == ("clipped", [4], 8, 4)
