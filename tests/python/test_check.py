"""`mriembed_cli check`: what it says of scans that are broken, and of those that are not."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import torch

from mrd_stream import write_stream_of
from mriembed.fourier import image_to_kspace, kspace_to_image
from mriembed.simulation import simulate_images, simulate_kspace
from mriembed.simulation.acquisition import acquire
from mriembed.simulation.coils import random_sensitivities
from mriembed.simulation.faults import RawSlices, with_fault
from mriembed.simulation.perturbation import Perturbation
from program import PROGRAM
from raw_scan import NOISE, Limits, RawScan, Readout, Space, write_raw_scan

SIZE, COILS = 96, 8


def check(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [str(PROGRAM), "check", *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)


def figures(*arguments: object) -> dict[str, Any]:
    (line,) = check("--json", *arguments).stdout.splitlines()
    found: dict[str, Any] = json.loads(line)
    return found


@pytest.fixture(scope="module")
def clean() -> RawSlices:
    """Two slices with white noise, a tenth of the signal in every coil, and its measurement."""
    generator = torch.Generator().manual_seed(3)
    kspace = simulate_kspace(simulate_images(2, 1, SIZE, generator), COILS, generator).numpy()
    random = np.random.default_rng(3)
    sd = 0.1 * np.sqrt(np.mean(np.abs(kspace) ** 2) / 2)

    def noise(*shape: int) -> np.ndarray:
        return np.asarray(sd * (random.standard_normal(shape) + 1j * random.standard_normal(shape)), np.complex64)

    return RawSlices(kspace + noise(*kspace.shape), noise(COILS, 4096))


def raw_scan(raw: RawSlices) -> RawScan:
    lines = [] if raw.noise is None else [Readout(part, 0, flags=NOISE) for part in np.split(raw.noise, 8, axis=1)]
    for number, kspace in enumerate(raw.kspace):
        lines += [Readout(kspace[:, y], SIZE // 2, step_1=y, slice=number) for y in range(SIZE)]
    space = Space((SIZE, SIZE, 1), (SIZE, SIZE, 5))
    return RawScan(space, space, Limits(0, SIZE - 1, SIZE // 2), None, lines)


def written(path: Path, raw: RawSlices, names: list[str] | None = None) -> Path:
    write_raw_scan(path, raw_scan(raw))
    if names is not None:
        labels = "".join(
            f"<coilLabel><coilNumber>{number}</coilNumber><coilName>{name}</coilName></coilLabel>"
            for number, name in enumerate(names)
        )
        with h5py.File(path, "r+") as file:
            text = file["dataset/xml"][0].decode()
            system = f"<acquisitionSystemInformation>{labels}</acquisitionSystemInformation><experimentalConditions>"
            del file["dataset/xml"]
            file["dataset"].create_dataset(
                "xml",
                data=np.array([text.replace("<experimentalConditions>", system, 1).encode()], h5py.string_dtype()),
                maxshape=(None,),
            )
    return path


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


def test_spike_interference_ghost_and_correlated_pair_are_told(clean: RawSlices, tmp_path: Path) -> None:
    for fault, words in (
        ("spike", "spike at line"),
        ("RF tone", "interference at"),
        ("correlated pair", "correlation"),
    ):
        faulty = with_fault(clean, fault, np.random.default_rng(4), coil=1)
        done = check(written(tmp_path / "scan.h5", faulty.raw))
        assert done.returncode == 10
        assert words in done.stdout.splitlines()[0], fault


@pytest.mark.parametrize("coils", [1, 2, 3])
def test_a_ghost_of_few_coils_is_told_where_the_object_leaves_a_part_empty(coils: int, tmp_path: Path) -> None:
    generator = torch.Generator().manual_seed(1)
    kspace = simulate_kspace(simulate_images(2, 1, SIZE, generator), coils, generator).numpy()
    parts = np.random.default_rng(1).standard_normal((2, *kspace.shape))
    kspace += (0.05 * np.sqrt(np.mean(np.abs(kspace) ** 2)) * (parts[0] + 1j * parts[1])).astype(np.complex64)
    clean = written(tmp_path / "clean.h5", RawSlices(kspace))
    assert "ghosts" not in figures(clean)["not_judged"]
    assert "motion (less than 4 coils)" in figures(clean)["not_judged"]
    assert figures(clean)["findings"] == []
    kspace[1, :, 1::2] *= np.exp(-0.2j).astype(np.complex64)  # of the second slice
    found = figures(written(tmp_path / "ghost.h5", RawSlices(kspace)))
    (finding,) = found["findings"]
    assert (finding["fault"], finding["slice"], finding["limit"]) == ("ghost", 1, 0.12)
    assert finding["value"] == pytest.approx(0.2, abs=0.02)
    phase = f"{finding['value']:.2f} rad (limit 0.12)"
    assert finding["text"] == f"slice 1: odd lines differ from even ones by {phase}: N/2 ghost"
    assert [one["ghost_is_judged"] for one in found["slices"]] == [True, True]
    assert [one["lines_are_judged"] for one in found["slices"]] == [False, False]
    assert [one["ghost_phase"] for one in found["slices"]] == pytest.approx([0, -0.2], abs=0.02)


def test_a_ghost_of_few_coils_is_not_judged_where_the_object_fills_the_field_of_view(tmp_path: Path) -> None:
    """Of two slices, the first one has signal everywhere."""
    generator = torch.Generator().manual_seed(1)
    filling = 1 + 0.3 * torch.rand((1, 1, SIZE, SIZE), generator=generator)
    kspace = image_to_kspace(torch.cat([filling, simulate_images(1, 1, SIZE, generator)])).numpy()
    kspace[:, :, 1::2] *= np.exp(0.2j).astype(np.complex64)
    np.save(tmp_path / "scan.npy", kspace.astype(np.complex64))
    found = figures(tmp_path / "scan.npy")
    assert [one["ghost_is_judged"] for one in found["slices"]] == [False, True]
    assert [one["ghost_phase"] for one in found["slices"]] == pytest.approx([0, 0.2], abs=0.02)
    reason = "less than 24 lines side by side, too little of the field of view empty along y, or noise alone"
    assert f"ghosts in 1 of 2 slices ({reason}); motion (less than 4 coils)" in found["not_judged"]


def test_the_offset_of_an_interference_is_told_in_khz_where_the_dwell_time_is_known(
    clean: RawSlices, tmp_path: Path
) -> None:
    tone = 300 * np.exp(2j * np.pi * (21 / SIZE) * np.arange(SIZE)) * np.abs(clean.kspace[:, 3]).mean()
    kspace = clean.kspace.copy()
    kspace[:, 3] += tone.astype(np.complex64)
    scan = written(tmp_path / "scan.h5", RawSlices(kspace, clean.noise))  # 5 microseconds a sample
    interference = figures(scan)["interference"]
    assert interference["frequency"] == 21 / SIZE
    assert interference["offset_khz"] == pytest.approx(21 / SIZE / 5e-3, rel=1e-6)
    assert "readout's bandwidth (43.75 kHz from its middle): " in check(scan).stdout
    np.save(tmp_path / "scan.npy", kspace)
    assert figures(tmp_path / "scan.npy")["interference"]["offset_khz"] is None
    assert "readout's bandwidth: " in check(tmp_path / "scan.npy").stdout


def test_a_small_spike_near_the_centre_is_told_by_what_its_neighbours_do_not_explain(tmp_path: Path) -> None:
    generator = torch.Generator().manual_seed(3)
    images = kspace_to_image(simulate_kspace(simulate_images(1, 1, SIZE, generator), COILS, generator)).numpy()
    width = 4 * SIZE  # oversampled, of which the 256 samples in the middle are looked at
    wide = np.pad(images, ((0, 0), (0, 0), (0, 0), (width // 2 - SIZE // 2,) * 2))
    kspace = image_to_kspace(torch.from_numpy(wide)).numpy()
    random = np.random.default_rng(12)
    noise = random.standard_normal(kspace.shape) + 1j * random.standard_normal(kspace.shape)
    kspace += (1e-4 * np.abs(kspace).max() * noise).astype(np.complex64)
    np.save(tmp_path / "scan.npy", kspace)
    assert figures(tmp_path / "scan.npy")["findings"] == []
    y, x = SIZE // 2 + 9, width // 2 + 33
    strength = 0.03 * np.abs(kspace[0]).max(axis=(1, 2))
    kspace[0, :, y, x] += (strength * np.exp(2j * np.arange(COILS))).astype(np.complex64)
    np.save(tmp_path / "scan.npy", kspace)
    found = figures(tmp_path / "scan.npy")
    assert found["slices"][0]["spike"]["level"] < 40
    (finding,) = found["findings"]
    assert (finding["fault"], finding["slice"], finding["limit"]) == ("spike", 0, 200)
    assert f"spike at line {y}, sample {x}: " in finding["text"]
    assert "x what the lines beside it leave unexplained around it (limit 200)" in finding["text"]


def test_readouts_that_a_coil_lost_are_told(clean: RawSlices, tmp_path: Path) -> None:
    kspace = clean.kspace.copy()
    kspace[1, 6, 40:43] = 0
    kspace[1, 2, 7] = 0
    done = check(written(tmp_path / "scan.h5", RawSlices(kspace, clean.noise)))
    assert done.returncode == 10
    words = "slice 1: 4 readouts of single coils are zero (limit 1), most in coil 6"
    assert f"{words}, of {SIZE} lines: samples were lost" in done.stdout
    found = figures(tmp_path / "scan.h5")
    assert [one["zero_readouts"] for one in found["slices"]] == [0, 4]
    (finding,) = [one for one in found["findings"] if one["fault"] == "lost_readouts"]
    assert (finding["channels"], finding["slice"], finding["value"], finding["severity"]) == ([6], 1, 4, 4)


def test_figures_of_a_file_a_stream_and_an_array_are_the_same(clean: RawSlices, tmp_path: Path) -> None:
    scan = written(tmp_path / "scan.h5", clean)
    np.save(tmp_path / "scan.npy", clean.kspace)
    found = [
        figures(scan),
        figures(write_stream_of(tmp_path / "scan.mrd", scan)),
        figures(tmp_path / "scan.npy", "--noise", scan),
    ]
    for other in found[1:]:
        interference = {**found[0]["interference"], "offset_khz": other["interference"]["offset_khz"]}
        assert {**other, "file": ""} == {
            **found[0],
            "file": "",
            "slices": other["slices"],
            "interference": interference,
        }
        assert [slice_["spike"] for slice_ in other["slices"]] == [slice_["spike"] for slice_ in found[0]["slices"]]


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


@pytest.mark.parametrize("seed", range(4))
def test_a_body_that_moves_under_a_still_array_is_told_with_the_first_line_after_the_motion(
    seed: int, tmp_path: Path
) -> None:
    """The fault "motion" displaces samples, and with them the array; here the array and the noise stay."""
    generator = torch.Generator().manual_seed(seed)
    fine = simulate_images(1, 1, SIZE, generator)
    array = random_sensitivities(1, COILS, SIZE, generator)

    def acquired(images: torch.Tensor) -> np.ndarray:  # by receivers of the same gains and phases
        return acquire(images, array, Perturbation(), torch.Generator().manual_seed(seed)).numpy()

    before, after = acquired(fine), acquired(fine.roll((3, 2), (2, 3)))
    random = np.random.default_rng(seed)
    parts = random.standard_normal((2, *before.shape))
    noise = 0.05 * np.sqrt(np.mean(np.abs(before) ** 2)) * (parts[0] + 1j * parts[1])
    line = SIZE // 2 + 5
    still, moved = before + noise, before + noise
    moved[:, :, line:] = (after + noise)[:, :, line:]
    np.save(tmp_path / "still.npy", still.astype(np.complex64))
    np.save(tmp_path / "moved.npy", moved.astype(np.complex64))
    assert figures(tmp_path / "still.npy")["findings"] == []
    (finding,) = figures(tmp_path / "moved.npy")["findings"]
    assert (finding["fault"], finding["slice"]) == ("motion", 0)
    assert finding["text"].startswith(f"slice 0: the object moved before line {line}: level ")


def test_limits_of_a_file_replace_the_default_ones_for_the_array_and_by_coil_name(
    clean: RawSlices, tmp_path: Path
) -> None:
    faulty = with_fault(clean, "noise x 3", np.random.default_rng(1), coil=6)
    names = [f"Head:H{number}" for number in range(COILS)]
    scan = written(tmp_path / "scan.h5", faulty.raw, names)
    limits = tmp_path / "limits.json"

    def status(content: object) -> int:
        limits.write_text(json.dumps(content))
        return check(scan, "--limits", limits).returncode

    assert status({}) == 10
    assert status({"high_noise": 5}) == 0
    assert status({"coils": [{"name": "Head:*", "high_noise": 5}]}) == 0
    assert status({"coils": [{"name": "Head:H6", "high_noise": 5}]}) == 0
    assert status({"coils": [{"name": "Head:H5", "high_noise": 5}]}) == 10
    assert status({"coils": [{"name": "*", "high_noise": 5}, {"name": "Head:H[6-7]", "high_noise": 2.5}]}) == 10
    found = figures(scan, "--limits", limits)
    assert found["limits"]["high_noise"] == 2
    assert [coil["limits"]["high_noise"] for coil in found["coils"]] == [5] * 6 + [2.5] * 2


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
    assert (kept["noise_sample_time_us"], kept["noise_averages"]) == (20, 1 if measured else 2)
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


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[", "is no JSON object; limits by name are expected"),
        ('{"high_nose": 3}', '"high_nose" is no limit; known are high_noise, low_noise,'),
        ('{"spike": -1}', '"spike" is -1; it must be a number above 0'),
        ('{"spike": "much"}', '"spike" is "much"; it must be a number above 0'),
        ('{"coils": {}}', '"coils" must be a list of objects'),
        ('{"coils": [{"spike": 3}]}', 'an entry of "coils" has no "name"'),
    ],
)
def test_a_limits_file_that_is_wrong_is_refused_by_name(content: str, message: str, tmp_path: Path) -> None:
    limits = tmp_path / "limits.json"
    limits.write_text(content)
    done = check(tmp_path / "scan.h5", "--limits", limits)
    assert done.returncode == 2
    assert f"{limits}: {message}" in done.stderr


def test_images_and_unreadable_files_are_refused_and_the_others_checked(clean: RawSlices, tmp_path: Path) -> None:
    scan = written(tmp_path / "scan.h5", clean)
    done = check(tmp_path / "none.h5", scan)
    assert done.returncode == 4
    assert done.stdout == f"{scan}: nothing found in 8 coils, 2 slices\n"
    stacked = np.zeros((1, 2, 8, 8), np.float32)
    stacked[:, 0] = 1
    np.save(tmp_path / "stacked.npy", stacked)
    done = check(tmp_path / "stacked.npy")
    assert done.returncode == 4
    assert "it holds images; noise and spikes are told in k-space" in done.stderr


def embed(model: Path, scan: Path, output: Path, *options: str) -> tuple[int, str, list[dict[str, Any]]]:
    command = [str(PROGRAM), "embed", str(model), str(scan), "-o", str(output), *options]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stderr, [json.loads(line) for line in output.read_text().splitlines()]


def test_embed_checks_in_the_same_pass(clean: RawSlices, model_file: Path, tmp_path: Path) -> None:
    faulty = with_fault(clean, "noise x 10", np.random.default_rng(1), coil=6)
    scan = written(tmp_path / "scan.h5", faulty.raw)
    status, _, plain = embed(model_file, scan, tmp_path / "plain.jsonl")
    assert status == 0
    status, notes, rows = embed(model_file, scan, tmp_path / "rows.jsonl", "--check")
    assert status == 10
    alone = figures(scan)
    assert f"{scan}: {alone['findings'][0]['text']}" in notes
    for row, before, slice_ in zip(rows, plain, alone["slices"], strict=True):
        assert row.pop("findings") == [finding["text"] for finding in alone["findings"]]
        labels = ("slice", "contrast", "phase", "repetition", "set", "partition")  # the row has them
        assert row.pop("quality") == {name: slice_[name] for name in slice_ if name not in labels}
        assert row == before


def test_embed_checks_nothing_of_images(model_file: Path, clean: RawSlices, tmp_path: Path) -> None:
    np.save(tmp_path / "images.npy", clean.kspace)
    status, _, rows = embed(model_file, tmp_path / "images.npy", tmp_path / "rows.jsonl", "--check", "--input", "image")
    assert status == 0
    assert all("quality" not in row for row in rows)
