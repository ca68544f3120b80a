"""`mriembed_cli check --reference`: noise compared with an earlier scan."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from checked_files import COILS, SIZE, check, figures, written
from mriembed.simulation import simulate_images, simulate_kspace
from mriembed.simulation.faults import RawSlices
from raw_scan import NOISE, Limits, RawScan, Readout, Space, write_raw_scan


def lines_of(kspace: np.ndarray, noise: np.ndarray | None, *, sample_time: float, averages: int = 1) -> list[Readout]:
    parts = [] if noise is None else np.split(noise, 8, axis=1)
    lines = [Readout(part, 0, flags=NOISE, sample_time=sample_time) for part in parts]
    for average in range(averages):
        lines += [
            Readout(kspace[average, :, y], SIZE // 2, step_1=y, average=average, sample_time=sample_time)
            for y in range(SIZE)
        ]
    return lines


def simulated(
    path: Path, noise: float, *, seed: int, sample_time: float = 5, averages: int = 1, measured: bool = True
) -> Path:
    """Another object with white noise of this standard deviation at 5 us a sample."""
    generator = torch.Generator().manual_seed(seed)
    kspace = simulate_kspace(simulate_images(1, 1, SIZE, generator), COILS, generator).numpy()
    kspace *= 1 / np.sqrt(np.mean(np.abs(kspace) ** 2))
    random = np.random.default_rng(seed)
    sd = noise * np.sqrt(5 / sample_time / 2)

    def white(*shape: int) -> np.ndarray:
        return np.asarray(sd * (random.standard_normal(shape) + 1j * random.standard_normal(shape)), np.complex64)

    readouts = kspace + white(averages, *kspace.shape[1:])
    space = Space((SIZE, SIZE, 1), (SIZE, SIZE, 5))
    lines = lines_of(readouts, white(COILS, 8192) if measured else None, sample_time=sample_time, averages=averages)
    write_raw_scan(path, RawScan(space, space, Limits(0, SIZE - 1, SIZE // 2), None, lines))
    return path


def reference_of(path: Path, scan: Path) -> Path:
    path.write_text(check("--json", scan).stdout)
    return path


@pytest.mark.parametrize("measured", [True, False])
def test_more_noise_in_all_coils_than_in_the_reference_is_told(measured: bool, tmp_path: Path) -> None:
    reference = reference_of(tmp_path / "reference.json", simulated(tmp_path / "a.h5", 0.05, seed=1, measured=measured))
    scan = simulated(tmp_path / "b.h5", 0.15, seed=2, measured=measured)
    assert check(scan).returncode == 0
    done = check(scan, "--reference", reference)
    assert done.returncode == 10
    line = done.stdout.splitlines()[0]
    text, figure = line.split(": noise of all coils: ")
    assert text == str(scan)
    assert float(figure.split(" x the reference's (limit ")[0]) == pytest.approx(3, rel=0.02 if measured else 0.1)
    assert line.endswith(")" if measured else "), estimated")
    found = figures(scan, "--reference", reference)
    assert [(one["fault"], one["channels"]) for one in found["findings"]] == [("noise_increase", [])]
    assert found["reference"]["file"] == str(reference)
    assert found["reference"]["scan"] == str(tmp_path / "a.h5")
    changes = [coil["noise_change"] for coil in found["coils"]]
    assert found["reference"]["noise_change"] == sorted(changes)[COILS // 2]
    same = simulated(tmp_path / "c.h5", 0.05, seed=3, measured=measured)
    assert check(same, "--reference", reference).returncode == 0
    limits = tmp_path / "limits.json"
    limits.write_text('{"array_noise_increase": 4}')
    assert check(scan, "--reference", reference, "--limits", limits).returncode == 10  # now of the coils
    limits.write_text('{"array_noise_increase": 4, "noise_increase": 4}')
    assert check(scan, "--reference", reference, "--limits", limits).returncode == 0


@pytest.mark.parametrize("measured", [True, False])
def test_another_bandwidth_and_number_of_averages_are_no_change_of_noise(measured: bool, tmp_path: Path) -> None:
    first = simulated(tmp_path / "a.h5", 0.1, seed=1, sample_time=20, averages=2, measured=measured)
    reference = reference_of(tmp_path / "reference.json", first)
    found = figures(simulated(tmp_path / "b.h5", 0.1, seed=2, measured=measured), "--reference", reference)
    assert found["findings"] == []
    assert found["noise_sample_time_us"] == 5
    assert found["noise_averages"] == 1
    assert found["reference"]["noise_change"] == pytest.approx(1, rel=0.02 if measured else 0.1)
    assert "reference" not in found["not_judged"]
    kept = json.loads(reference.read_text())
    assert (kept["noise_sample_time_us"], kept["noise_averages"]) == (20, 2)
    np.save(tmp_path / "b.npy", np.zeros((1, COILS, SIZE, SIZE), np.complex64))
    done = check(tmp_path / "b.npy", "--reference", reference)
    assert "noise against the reference (" in done.stdout


def test_a_reference_without_sample_times_is_taken_as_of_the_same_bandwidth_and_says_so(
    clean: RawSlices, tmp_path: Path
) -> None:
    np.save(tmp_path / "scan.npy", clean.kspace)
    reference = reference_of(tmp_path / "reference.json", tmp_path / "scan.npy")
    found = figures(tmp_path / "scan.npy", "--reference", reference)
    assert found["reference"]["noise_change"] == 1
    words = (
        "noise against the reference (the bandwidth and number of averages of scan and reference were taken as equal)"
    )
    assert words in found["not_judged"]
    assert [coil["noise_change"] for coil in found["coils"]] == [1] * COILS


def test_a_reference_of_other_coils_is_not_compared_and_says_so(clean: RawSlices, tmp_path: Path) -> None:
    head = written(tmp_path / "head.h5", clean, [f"H{number}" for number in range(COILS)])
    spine = written(tmp_path / "spine.h5", clean, [f"S{number}" for number in range(COILS)])
    done = check(spine, "--reference", reference_of(tmp_path / "reference.json", head))
    assert done.returncode == 0
    expected = "not judged: noise against the reference (it has other coils: 8 coils of other names, the scan 8)"
    assert done.stdout.splitlines()[-1] == f"{spine}: {expected}"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "holds no measurement"),
        ("[]", "measurement 1 is not what `check --json` writes"),
        ("{", "measurement 1 is"),
    ],
)
def test_a_reference_file_that_is_wrong_is_refused_by_name(content: str, message: str, tmp_path: Path) -> None:
    reference = tmp_path / "reference.json"
    reference.write_text(content)
    done = check(tmp_path / "scan.h5", "--reference", reference)
    assert done.returncode == 2
    assert f"{reference}: {message}" in done.stderr
