"""`mriembed_cli check`: spikes, interference, lost readouts, ghosts and motion."""

from pathlib import Path

import numpy as np
import pytest
import torch

from checked_files import COILS, SIZE, check, figures, written
from mriembed.fourier import image_to_kspace, kspace_to_image
from mriembed.simulation import simulate_images, simulate_kspace
from mriembed.simulation.acquisition import acquire
from mriembed.simulation.coils import random_sensitivities
from mriembed.simulation.faults import RawSlices, with_fault
from mriembed.simulation.perturbation import Perturbation


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


def noise_like(clean: RawSlices, coil: int, *shape: int) -> np.ndarray:
    assert clean.noise is not None
    random = np.random.default_rng(6)
    sd = np.sqrt(np.mean(np.abs(clean.noise[coil]) ** 2) / 2)
    return np.asarray(sd * (random.standard_normal(shape) + 1j * random.standard_normal(shape)), np.complex64)


def test_a_coil_that_fails_while_a_slice_is_measured_is_named_with_the_line(clean: RawSlices, tmp_path: Path) -> None:
    kspace = clean.kspace.copy()
    line = SIZE // 2 + 1
    kspace[1, 6, line:] = noise_like(clean, 6, SIZE - line, SIZE)
    found = figures(written(tmp_path / "scan.h5", RawSlices(kspace, clean.noise)))
    (finding,) = found["findings"]
    assert (finding["fault"], finding["channels"], finding["slice"]) == ("coil_change", [6], 1)
    assert finding["text"].startswith(f"slice 1: gain or phase of coil 6 changed before line {line}: level ")
    assert [one["coil_change_is_judged"] for one in found["slices"]] == [True, True]


def test_a_coil_that_fails_between_slices_is_named(clean: RawSlices, tmp_path: Path) -> None:
    """The second slice is the first one again, with other noise, but in the coil that failed."""
    kspace = np.repeat(clean.kspace[:1], 3, axis=0)
    kspace[1:, 6] = noise_like(clean, 6, 2, SIZE, SIZE)
    found = figures(written(tmp_path / "scan.h5", RawSlices(kspace, clean.noise)))
    (finding,) = found["findings"]
    assert (finding["fault"], finding["channels"], finding["slice"]) == ("signal_change", [6], 1)
    assert finding["text"].startswith("slice 1: the signal of coil 6 changed by a factor of ")


def test_lines_that_all_coils_lost_are_told_and_missing_ones_are_not(clean: RawSlices, tmp_path: Path) -> None:
    kspace = np.concatenate([clean.kspace, np.zeros_like(clean.kspace[:1])])
    kspace[1, :, 30:32] = 0
    found = figures(written(tmp_path / "scan.h5", RawSlices(kspace, clean.noise)))
    assert [one["text"] for one in found["findings"]] == [
        f"slice 2: {SIZE} of {SIZE} lines are zero in all coils (limit 1): they were lost",
        f"slice 1: 2 of {SIZE} lines are zero in all coils (limit 1): they were lost",
    ]
    partial = clean.kspace.copy()
    partial[:, :, : SIZE * 3 // 8] = 0
    np.save(tmp_path / "partial.npy", partial)
    assert figures(tmp_path / "partial.npy")["findings"] == []


# 8 cycles over the field of view, along x of a twofold oversampled readout: as far as shims and delays move an echo.
def test_the_echo_of_a_usual_background_phase_is_no_finding(clean: RawSlices, tmp_path: Path) -> None:
    kspace = np.roll(clean.kspace, (8, 16), (2, 3))
    assert figures(written(tmp_path / "scan.h5", RawSlices(kspace, clean.noise)))["findings"] == []


def test_an_echo_far_from_the_centre_is_told_and_no_spike(clean: RawSlices, tmp_path: Path) -> None:
    kspace = np.roll(clean.kspace, (5, 26), (2, 3))
    found = figures(written(tmp_path / "scan.h5", RawSlices(kspace, clean.noise)))
    assert [one["fault"] for one in found["findings"]] == ["echo", "echo"]
    for slice_, whole in zip(found["slices"], clean.kspace, strict=True):
        power = np.sum(np.abs(whole) ** 2 / np.mean(np.abs(whole) ** 2, axis=(1, 2), keepdims=True), axis=0)
        y, x = np.unravel_index(power.argmax(), power.shape)
        assert (slice_["echo_y"], slice_["echo_x"]) == (y + 5 - SIZE // 2, x + 26 - SIZE // 2)
    assert "samples from the centre of k-space (limit 24)" in found["findings"][0]["text"]


@pytest.mark.parametrize("size", [32, 48, 64])
@pytest.mark.parametrize("seed", range(3))
def test_small_faultless_matrices_have_no_finding(seed: int, size: int, tmp_path: Path) -> None:
    generator = torch.Generator().manual_seed(seed)
    kspace = simulate_kspace(simulate_images(2, 1, size, generator), COILS, generator).numpy()
    parts = np.random.default_rng(seed).standard_normal((2, *kspace.shape))
    kspace += (0.05 * np.sqrt(np.mean(np.abs(kspace) ** 2)) * (parts[0] + 1j * parts[1])).astype(np.complex64)
    np.save(tmp_path / "scan.npy", kspace)
    assert figures(tmp_path / "scan.npy")["findings"] == []
