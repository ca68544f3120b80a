import numpy as np
import pytest
from numpy.typing import NDArray

from mriembed.simulation.faults import FAULTS, FaultyScan, RawSlices, with_fault

SLICES, COILS, HEIGHT, WIDTH, SAMPLES = 2, 6, 48, 40, 4020  # the noise measurement ends within a readout
COIL_FAULTS = FAULTS[:8]
FAULTS_WITH_NOISE = ("dead element", "noise x 3", "noise x 10", "correlated pair", "RF tone", "noise x 3 in all coils")
NOISE_SD = np.array([1.0, 2.0, 0.5, 1.5, 1.0, 3.0])


def complex_normal(shape: tuple[int, ...], random: np.random.Generator) -> NDArray[np.complex128]:
    """E|n|^2 = 1."""
    noise: NDArray[np.complex128] = (random.standard_normal(shape) + 1j * random.standard_normal(shape)) / np.sqrt(2)
    return noise


def centred_fft(images: NDArray[np.complex128]) -> NDArray[np.complex128]:
    shifted = np.fft.ifftshift(images, axes=(-2, -1))
    return np.fft.fftshift(np.fft.fft2(shifted, norm="ortho"), axes=(-2, -1))


def centred_ifft(kspace: NDArray[np.complex64]) -> NDArray[np.complex128]:
    shifted = np.fft.ifftshift(kspace, axes=(-2, -1))
    return np.fft.fftshift(np.fft.ifft2(shifted, norm="ortho"), axes=(-2, -1))


def box(height: int, width: int) -> NDArray[np.complex128]:
    image = np.zeros((height, width), np.complex128)
    image[height // 3 : height // 2 + 3, width // 4 : width // 2 + 2] = 60
    return image


def scan(
    *, signal: float = 1.0, noise: bool = True, left_out: bool = True, height: int = HEIGHT, width: int = WIDTH
) -> RawSlices:
    """A box with a gain for each coil and independent noise. `left_out`: some lines and columns are not measured."""
    random = np.random.default_rng(7)
    gains = np.exp(2j * np.pi * random.random(COILS)) * random.uniform(0.8, 1.2, COILS)
    kspace = np.empty((SLICES, COILS, height, width), np.complex128)
    kspace[:] = signal * gains[:, None, None] * centred_fft(box(height, width))
    kspace += NOISE_SD[:, None, None] * complex_normal(kspace.shape, random)
    if left_out:
        kspace[:, :, 1:12:3] = 0
        kspace[1, :, 40:] = 0
        kspace[..., :4] = 0
    measured_noise = NOISE_SD[:, None] * complex_normal((COILS, SAMPLES), random)
    return RawSlices(kspace.astype(np.complex64), measured_noise.astype(np.complex64) if noise else None)


def faulty(raw: RawSlices, fault: str, seed: int = 0, coil: int | None = None) -> FaultyScan:
    return with_fault(raw, fault, np.random.default_rng(seed), coil)


def noise_of(raw: RawSlices) -> NDArray[np.complex64]:
    assert raw.noise is not None
    return raw.noise


def sd(samples: NDArray[np.complex64]) -> float:
    return float(np.sqrt(np.mean(np.abs(samples) ** 2)))


def coils_that_changed(before: RawSlices, after: RawSlices) -> list[int]:
    return [coil for coil in range(COILS) if not np.array_equal(before.kspace[:, coil], after.kspace[:, coil])]


@pytest.mark.parametrize("fault", FAULTS)
def test_samples_that_were_not_measured_stay_zero(fault: str) -> None:
    raw = scan()
    after = faulty(raw, fault).raw
    not_measured = np.broadcast_to((raw.kspace == 0).all(axis=1, keepdims=True), raw.kspace.shape)
    assert not_measured.any()
    assert not after.kspace[not_measured].any()


@pytest.mark.parametrize("fault", FAULTS)
def test_the_input_is_not_modified_and_shares_no_memory_with_the_result(fault: str) -> None:
    raw, same = scan(), scan()
    after = faulty(raw, fault).raw
    np.testing.assert_array_equal(raw.kspace, same.kspace)
    np.testing.assert_array_equal(noise_of(raw), noise_of(same))
    assert not np.shares_memory(raw.kspace, after.kspace)
    assert not np.shares_memory(noise_of(raw), noise_of(after))


@pytest.mark.parametrize("fault", FAULTS)
def test_the_result_is_complex64_and_keeps_its_shape(fault: str) -> None:
    raw = scan()
    result = faulty(raw, fault)
    assert result.fault == fault
    assert result.raw.kspace.dtype == noise_of(result.raw).dtype == np.complex64
    assert result.raw.kspace.shape == raw.kspace.shape
    assert noise_of(result.raw).shape == noise_of(raw).shape


@pytest.mark.parametrize("fault", FAULTS)
def test_the_same_seed_gives_the_same_scan(fault: str) -> None:
    first, second = faulty(scan(), fault, seed=3), faulty(scan(), fault, seed=3)
    assert first.coils == second.coils
    np.testing.assert_array_equal(first.raw.kspace, second.raw.kspace)
    np.testing.assert_array_equal(noise_of(first.raw), noise_of(second.raw))


@pytest.mark.parametrize("fault", FAULTS)
def test_another_seed_gives_another_scan(fault: str) -> None:
    scans = [faulty(scan(), fault, seed).raw.kspace for seed in range(6)]
    assert any(not np.array_equal(scans[0], other) for other in scans[1:])


@pytest.mark.parametrize("fault", COIL_FAULTS)
def test_a_fault_of_one_coil_changes_no_other_coil(fault: str) -> None:
    raw = scan()
    result = faulty(raw, fault, coil=5)
    # Of a correlated pair, the coil that is received does not change.
    expected, changed = ((5, 0), [0]) if fault == "correlated pair" else ((5,), [5])
    assert result.coils == expected
    assert coils_that_changed(raw, result.raw) == changed
    others = [coil for coil in range(COILS) if coil not in changed]
    np.testing.assert_array_equal(noise_of(result.raw)[others], noise_of(raw)[others])


@pytest.mark.parametrize("fault", FAULTS[8:])
def test_a_fault_of_the_whole_array_changes_all_coils_and_names_none(fault: str) -> None:
    raw = scan()
    result = faulty(raw, fault)
    assert result.coils == ()
    assert coils_that_changed(raw, result.raw) == list(range(COILS))


def test_the_coil_is_drawn_among_those_with_a_quarter_of_the_median_energy() -> None:
    raw = scan()
    raw.kspace[:, 1] = 0
    raw.kspace[:, 4] *= 0.4  # 0.16 of its energy
    assert {faulty(raw, "weak element", seed).coils for seed in range(60)} == {(0,), (2,), (3,), (5,)}


def test_a_coil_with_signal_is_drawn_if_most_coils_are_zero() -> None:
    raw = scan()
    raw.kspace[:, :5] = 0
    assert {faulty(raw, "weak element", seed).coils for seed in range(10)} == {(5,)}


def test_a_dead_element_keeps_the_noise_of_its_preamplifier() -> None:
    raw = scan(left_out=False)
    after = faulty(raw, "dead element", coil=3).raw
    assert sd(raw.kspace[:, 3]) > 3 * NOISE_SD[3]
    assert sd(after.kspace[:, 3]) == pytest.approx(NOISE_SD[3], rel=0.05)
    # White: as much in the middle of k-space, where the signal was.
    assert sd(after.kspace[:, 3, 18:30, 14:26]) == pytest.approx(NOISE_SD[3], rel=0.15)
    np.testing.assert_array_equal(noise_of(after), noise_of(raw))


def test_lost_readouts_are_some_neighbouring_measured_lines_of_one_slice() -> None:
    raw = scan()
    counts = set()
    for seed in range(40):
        after = faulty(raw, "lost readouts", seed, coil=3).raw
        changed = (after.kspace[:, 3] != raw.kspace[:, 3]).any(axis=2)
        (index,) = np.flatnonzero(changed.any(axis=1))
        lines = np.flatnonzero(changed[index])
        assert not after.kspace[index, 3, lines].any()
        measured = np.flatnonzero(raw.kspace[index].any(axis=(0, 2)))
        places = np.searchsorted(measured, lines)
        np.testing.assert_array_equal(measured[places], lines)
        np.testing.assert_array_equal(np.diff(places), 1)
        counts.add(len(lines))
        np.testing.assert_array_equal(noise_of(after), noise_of(raw))
    assert counts == {1, 2, 3, 4}


def test_a_zero_coil_has_neither_signal_nor_noise() -> None:
    after = faulty(scan(), "zero coil", coil=2).raw
    assert not after.kspace[:, 2].any()
    assert not noise_of(after)[2].any()


@pytest.mark.parametrize(("fault", "gain"), [("weak element", 0.3), ("strong element", 3.0)])
def test_a_gain_applies_to_signal_and_noise(fault: str, gain: float) -> None:
    raw = scan()
    after = faulty(raw, fault, coil=2).raw
    np.testing.assert_allclose(after.kspace[:, 2], gain * raw.kspace[:, 2], rtol=1e-6)
    np.testing.assert_allclose(noise_of(after)[2], gain * noise_of(raw)[2], rtol=1e-6)


@pytest.mark.parametrize(("fault", "factor"), [("noise x 3", 3.0), ("noise x 10", 10.0)])
def test_noise_of_one_coil_grows_by_the_factor(fault: str, factor: float) -> None:
    raw = scan(signal=0, left_out=False)
    after = faulty(raw, fault, coil=1).raw
    assert sd(after.kspace[:, 1]) / sd(raw.kspace[:, 1]) == pytest.approx(factor, rel=0.05)
    assert sd(noise_of(after)[1]) / sd(noise_of(raw)[1]) == pytest.approx(factor, rel=0.05)


@pytest.mark.parametrize("fault", ["noise x 3", "noise x 10"])
def test_added_noise_is_circular_and_independent_of_the_noise_before(fault: str) -> None:
    raw = scan(signal=0, left_out=False)
    added = (faulty(raw, fault, coil=1).raw.kspace - raw.kspace)[:, 1].ravel()
    power = np.mean(np.abs(added) ** 2)
    assert abs(np.mean(added**2)) < 0.1 * power  # circular: real and imaginary parts are equal and uncorrelated
    noise = raw.kspace[:, 1].ravel()
    assert abs(np.vdot(added, noise)) < 0.1 * np.linalg.norm(added) * np.linalg.norm(noise)


def test_noise_of_all_coils_grows_by_3_and_stays_uncorrelated() -> None:
    raw = scan(signal=0, left_out=False)
    after = faulty(raw, "noise x 3 in all coils").raw
    for coil in range(COILS):
        assert sd(after.kspace[:, coil]) == pytest.approx(3 * NOISE_SD[coil], rel=0.05)
        assert sd(noise_of(after)[coil]) == pytest.approx(3 * NOISE_SD[coil], rel=0.05)
    correlation = np.abs(np.corrcoef(noise_of(after)))
    assert (correlation - np.eye(COILS)).max() < 0.1


def test_a_correlated_pair_has_a_noise_correlation_of_0_9_and_keeps_its_noise_level() -> None:
    raw = scan(signal=0, left_out=False)
    after = faulty(raw, "correlated pair", coil=1).raw
    for samples in (noise_of(after), after.kspace.transpose(1, 0, 2, 3).reshape(COILS, -1)):
        correlation = np.corrcoef(samples)
        assert correlation[1, 2] == pytest.approx(0.9, abs=0.02)
        assert abs(correlation[2, 3]) < 0.1
        assert sd(samples[2]) == pytest.approx(NOISE_SD[2], rel=0.05)


def test_a_correlated_pair_shares_its_signal() -> None:
    raw = scan(noise=False)
    after = with_fault(raw, "correlated pair", np.random.default_rng(0), 1, NOISE_SD).raw
    expected = np.sqrt(0.19) * raw.kspace[:, 2] + 0.9 * 0.25 * raw.kspace[:, 1]  # NOISE_SD: 0.5 / 2
    np.testing.assert_allclose(after.kspace[:, 2], expected, rtol=1e-5, atol=1e-5)


def tone_pixels(lines: NDArray[np.complex64]) -> NDArray[np.intp]:
    """Pixel of the largest magnitude in the spectrum of each line."""
    result: NDArray[np.intp] = np.abs(np.fft.fftshift(np.fft.fft(lines, axis=-1), axes=-1)).argmax(axis=-1)
    return result


@pytest.mark.parametrize("seed", range(4))
def test_an_rf_tone_is_a_narrow_peak_at_one_pixel_in_all_lines_and_in_the_noise_measurement(seed: int) -> None:
    raw = scan(left_out=False)
    added = faulty(raw, "RF tone", seed).raw
    tone = added.kspace - raw.kspace
    pixels = tone_pixels(tone)
    assert np.ptp(pixels) == 0
    pixel = int(pixels.flat[0])
    assert abs(pixel - WIDTH // 2) >= round(WIDTH / 16)
    spectrum = np.abs(np.fft.fftshift(np.fft.fft(tone, axis=-1), axes=-1)) ** 2
    near = spectrum.take(range(pixel - 2, pixel + 3), axis=-1, mode="wrap").sum()
    assert near > 0.85 * spectrum.sum()
    blocks = (noise_of(added) - noise_of(raw))[:, : SAMPLES // WIDTH * WIDTH].reshape(COILS, -1, WIDTH)
    assert (tone_pixels(blocks) == pixel).all()


def test_an_rf_tone_stands_out_of_the_noise_in_the_outer_lines() -> None:
    raw = scan(signal=0, left_out=False)
    after = faulty(raw, "RF tone").raw
    outer = after.kspace[:, :, [0, 1, 2, -3, -2, -1]]
    power = (np.abs(np.fft.fft(outer, axis=-1)) ** 2).sum(axis=(0, 2)) / NOISE_SD[:, None] ** 2
    peaks = tone_pixels((after.kspace - raw.kspace)[0, 0, :1]) - WIDTH // 2
    assert (power.argmax(axis=-1) == peaks[0] % WIDTH).all()
    assert (power.max(axis=-1) > 10 * np.median(power, axis=-1)).all()


def test_an_rf_tone_has_a_magnitude_of_2_5_to_7_5_noise_deviations_everywhere() -> None:
    raw = scan(left_out=False)
    after = faulty(raw, "RF tone").raw
    level = np.array([sd(coil) for coil in noise_of(raw)])
    in_noise = np.abs(noise_of(after) - noise_of(raw)) / level[:, None]
    in_kspace = np.abs(after.kspace - raw.kspace) / level[:, None, None]
    for coil in range(COILS):
        amplitude = float(in_noise[coil].mean())
        assert 2.5 <= amplitude <= 7.5
        np.testing.assert_allclose(in_noise[coil], amplitude, rtol=1e-3)  # the last, shorter line included
        np.testing.assert_allclose(in_kspace[:, coil], amplitude, rtol=1e-3)


def test_an_rf_tone_has_a_random_phase_in_each_line_that_all_coils_share() -> None:
    raw = scan(left_out=False)
    tone = (faulty(raw, "RF tone").raw.kspace - raw.kspace)[..., 0]
    phase = np.exp(1j * np.angle(tone))
    assert np.abs(phase.mean(axis=(0, 2))).max() < 0.3
    between_coils = phase * phase[:, :1].conj()
    np.testing.assert_allclose(np.abs(between_coils.mean(axis=(0, 2))), 1, rtol=1e-4)


def test_rf_tones_leave_out_the_middle_eighth_of_the_band() -> None:
    frequencies = []
    raw = scan(left_out=False)
    for seed in range(100):
        tone = (faulty(raw, "RF tone", seed).raw.kspace - raw.kspace)[0, 0]
        frequencies.append(float(np.angle(np.sum(tone[:, 1:] * tone[:, :-1].conj()))) / (2 * np.pi))
    assert 0.0624 < np.abs(frequencies).min() < 0.1
    assert np.abs(frequencies).max() > 0.45
    assert 25 < np.sum(np.array(frequencies) > 0) < 75


@pytest.mark.parametrize("seed", range(20))
def test_a_spike_changes_one_measured_sample_of_one_slice_in_all_coils(seed: int) -> None:
    raw = scan()
    after = faulty(raw, "spike", seed).raw
    changed = np.argwhere(after.kspace != raw.kspace)
    assert changed[:, 1].tolist() == list(range(COILS))
    index, _, y, x = changed[0]
    assert (changed[:, [0, 2, 3]] == (index, y, x)).all()
    assert raw.kspace[index, :, y, x].all()
    radius = np.sqrt(((y - 24) / 24) ** 2 + ((x - 20) / 20) ** 2)
    assert 0.2 <= radius <= 0.95
    added = np.abs(after.kspace[index, :, y, x] - raw.kspace[index, :, y, x])
    share = added / np.array([np.abs(raw.kspace[index, coil]).max() for coil in range(COILS)])
    assert share.min() >= 0.08 - 1e-5
    assert share.max() <= 0.12 + 1e-5
    assert np.ptp(share) > 1e-3
    np.testing.assert_array_equal(noise_of(after), noise_of(raw))


def test_spikes_fall_into_all_slices_and_quadrants() -> None:
    raw = scan()
    places = [np.argwhere(faulty(raw, "spike", seed).raw.kspace != raw.kspace)[0] for seed in range(60)]
    assert {(int(index), bool(y > 24), bool(x > 20)) for index, _, y, x in places} == {
        (index, low, left) for index in (0, 1) for low in (False, True) for left in (False, True)
    }


@pytest.mark.parametrize("height", [47, 48, 50])
def test_a_ghost_rotates_the_odd_lines_only(height: int) -> None:
    raw = scan(left_out=False, height=height)
    result = faulty(raw, "ghost")
    centre = height // 2
    even = [line for line in range(height) if (line - centre) % 2 == 0]
    odd = [line for line in range(height) if (line - centre) % 2 == 1]
    np.testing.assert_array_equal(result.raw.kspace[:, :, even], raw.kspace[:, :, even])
    angles = np.angle(result.raw.kspace[:, :, odd] * raw.kspace[:, :, odd].conj())
    np.testing.assert_allclose(np.abs(angles), 0.2, atol=1e-4)
    assert np.ptp(np.sign(angles)) == 0
    np.testing.assert_array_equal(noise_of(result.raw), noise_of(raw))


def test_a_ghost_has_either_sign() -> None:
    raw = scan(left_out=False)
    ratios = [faulty(raw, "ghost", seed).raw.kspace[0, 0, 25, 20] / raw.kspace[0, 0, 25, 20] for seed in range(20)]
    assert {int(np.sign(ratio.imag)) for ratio in ratios} == {-1, 1}


def test_a_ghost_is_a_copy_displaced_by_half_of_the_field_of_view() -> None:
    raw = RawSlices(centred_fft(box(HEIGHT, WIDTH))[None, None].astype(np.complex64))
    image = np.abs(centred_ifft(faulty(raw, "ghost").raw.kspace))[0, 0]
    # (1 + exp(0.2i)) / 2 of the object and (1 - exp(0.2i)) / 2 of its copy.
    copy = np.roll(np.abs(box(HEIGHT, WIDTH)), HEIGHT // 2, axis=0)
    inside = (copy > 0) & (np.abs(box(HEIGHT, WIDTH)) == 0)
    np.testing.assert_allclose(image[inside], 60 * np.sin(0.1), rtol=1e-3)


@pytest.mark.parametrize(("height", "width"), [(48, 40), (47, 41)])
def test_motion_displaces_the_object_in_the_later_half_of_the_lines(height: int, width: int) -> None:
    raw = scan(signal=1, left_out=False, height=height, width=width)
    after = faulty(raw, "motion").raw
    displaced = centred_fft(np.roll(centred_ifft(raw.kspace), (3, 2), axis=(-2, -1)))
    changed = np.abs(after.kspace - raw.kspace).max(axis=(0, 1, 3)) > 0
    first = int(changed.argmax())
    assert 3 / 8 * height - 1 <= first <= 5 / 8 * height + 1
    np.testing.assert_array_equal(after.kspace[:, :, :first], raw.kspace[:, :, :first])
    np.testing.assert_allclose(after.kspace[:, :, first:], displaced[:, :, first:], atol=1e-3)
    np.testing.assert_array_equal(noise_of(after), noise_of(raw))


def test_motion_begins_at_a_random_line_of_those_that_were_measured() -> None:
    raw = scan()
    raw.kspace[:, :, :20] = 0  # partial Fourier: the lines 20 to 47 of slice 0, 20 to 39 of slice 1
    starts = []
    for seed in range(40):
        changed = (faulty(raw, "motion", seed).raw.kspace != raw.kspace).any(axis=(1, 3))
        starts.append([int(lines.argmax()) for lines in changed])
    first, second = np.array(starts).T
    assert len(set(first)) > 4
    assert 20 + 28 * 3 // 8 - 1 <= first.min() < first.max() <= 20 + 28 * 5 // 8 + 1
    # Both slices move after the same share of their lines.
    np.testing.assert_allclose((first - 20) / 28, (second - 20) / 20, atol=0.05)


@pytest.mark.parametrize("fault", FAULTS_WITH_NOISE)
def test_noise_sd_replaces_a_noise_measurement(fault: str) -> None:
    raw = scan(noise=False)
    result = with_fault(raw, fault, np.random.default_rng(0), noise_sd=NOISE_SD)
    assert result.raw.noise is None
    assert not np.array_equal(result.raw.kspace, raw.kspace)


def test_a_noise_measurement_has_precedence_over_noise_sd() -> None:
    with_both = with_fault(scan(), "noise x 3", np.random.default_rng(0), noise_sd=100 * NOISE_SD)
    np.testing.assert_array_equal(with_both.raw.kspace, faulty(scan(), "noise x 3").raw.kspace)


@pytest.mark.parametrize("fault", FAULTS_WITH_NOISE)
def test_a_fault_that_adds_noise_needs_the_noise_level(fault: str) -> None:
    with pytest.raises(ValueError, match=r"needs the noise level; give raw\.noise or noise_sd"):
        faulty(scan(noise=False), fault)


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault not in FAULTS_WITH_NOISE])
def test_other_faults_do_not_need_the_noise_level(fault: str) -> None:
    raw = scan(noise=False)
    assert not np.array_equal(faulty(raw, fault).raw.kspace, raw.kspace)


def test_an_unknown_fault_is_an_error_that_lists_the_faults() -> None:
    with pytest.raises(ValueError, match=r"fault 'fire' is unknown; the faults are: dead element, zero coil, .*motion"):
        faulty(scan(), "fire")


@pytest.mark.parametrize("coil", [-1, COILS])
def test_a_coil_that_does_not_exist_is_an_error(coil: int) -> None:
    with pytest.raises(ValueError, match=rf"coil {coil} does not exist; the scan has coils 0 to 5"):
        faulty(scan(), "weak element", coil=coil)


def test_a_wrong_shape_is_an_error() -> None:
    raw = scan()
    with pytest.raises(ValueError, match=r"kspace has shape \(6, 48, 40\); expected \(slices, coils, y, x\)"):
        faulty(RawSlices(raw.kspace[0]), "ghost")
    for noise in (noise_of(raw)[:5], noise_of(raw)[0], noise_of(raw)[:, :0]):
        with pytest.raises(ValueError, match=r"noise has shape \(.*\); expected \(6, samples\), samples > 0"):
            faulty(RawSlices(raw.kspace, noise), "ghost")
    with pytest.raises(ValueError, match=r"noise_sd has shape \(5,\); expected \(6,\)"):
        with_fault(raw, "ghost", np.random.default_rng(0), noise_sd=NOISE_SD[:5])


@pytest.mark.parametrize("value", [-1.0, np.nan, np.inf])
def test_a_noise_level_that_is_not_a_standard_deviation_is_an_error(value: float) -> None:
    with pytest.raises(ValueError, match="noise_sd has a value that is negative or not finite"):
        with_fault(scan(noise=False), "noise x 3", np.random.default_rng(0), noise_sd=np.full(COILS, value))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_scan_without_measured_samples_is_an_error(fault: str) -> None:
    raw = scan()
    with pytest.raises(ValueError, match="kspace has no measured sample: all samples are zero"):
        faulty(RawSlices(np.zeros_like(raw.kspace), raw.noise), fault)


def test_a_correlated_pair_needs_two_coils_with_noise() -> None:
    raw = scan()
    with pytest.raises(ValueError, match="a correlated pair needs two coils; the scan has one"):
        faulty(RawSlices(raw.kspace[:, :1], noise_of(raw)[:1]), "correlated pair")
    noise_of(raw)[3] = 0
    for coil in (2, 3):
        with pytest.raises(ValueError, match=rf"needs noise in both coils; coil {coil} or {coil + 1} has none"):
            faulty(raw, "correlated pair", coil=coil)


def test_a_spike_needs_a_measured_sample_outside_of_the_centre() -> None:
    raw = scan(left_out=False)
    kspace = np.zeros_like(raw.kspace)
    kspace[:, :, 22:26, 18:22] = raw.kspace[:, :, 22:26, 18:22]
    with pytest.raises(ValueError, match=r"a spike needs a measured sample at 0\.2 to 0\.95 of half of the matrix"):
        faulty(RawSlices(kspace, raw.noise), "spike")
