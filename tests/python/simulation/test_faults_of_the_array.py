import numpy as np
import pytest
from numpy.typing import NDArray

from faulty_scan import (
    COILS,
    HEIGHT,
    NOISE_SD,
    SAMPLES,
    WIDTH,
    box,
    centred_fft,
    centred_ifft,
    faulty,
    noise_of,
    scan,
    sd,
)
from mriembed.simulation.faults import RawSlices


def test_noise_of_all_coils_grows_by_3_and_stays_uncorrelated() -> None:
    raw = scan(signal=0, left_out=False)
    after = faulty(raw, "noise x 3 in all coils").raw
    for coil in range(COILS):
        assert sd(after.kspace[:, coil]) == pytest.approx(3 * NOISE_SD[coil], rel=0.05)
        assert sd(noise_of(after)[coil]) == pytest.approx(3 * NOISE_SD[coil], rel=0.05)
    correlation = np.abs(np.corrcoef(noise_of(after)))
    assert (correlation - np.eye(COILS)).max() < 0.1


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


def displacements(before: RawSlices, after: RawSlices) -> NDArray[np.float64]:
    """(lines, 2): the displacement of the box along y and x at each line of the first slice, from its phases.

    Along y it is known up to the height over the line's distance from the centre: only lines close to it are unique.
    """
    height, width = before.kspace.shape[2:]
    ratio = (after.kspace[0] * before.kspace[0].conj()).sum(axis=0).astype(np.complex128)  # (y, x)
    step = (ratio[:, 1:] * ratio[:, :-1].conj()).sum(axis=1)
    along_x = -np.angle(step) * width / (2 * np.pi)
    ramp = np.exp(2j * np.pi * along_x[:, None] * (np.arange(width) - width // 2) / width)
    phase = np.angle((ratio * ramp).sum(axis=1))
    k_y = (np.arange(height) - height // 2) / height
    with np.errstate(divide="ignore", invalid="ignore"):
        along_y = -phase / (2 * np.pi * k_y)
    return np.stack([along_y, along_x], axis=1)


def test_a_slow_drift_grows_evenly_to_3_and_2_pixels_from_the_first_to_the_last_line() -> None:
    raw = scan(noise=False, left_out=False)
    signs = set()
    for seed in range(20):
        found = displacements(raw, faulty(raw, "slow drift", seed).raw)
        share = np.arange(HEIGHT) / (HEIGHT - 1)
        sign_y, sign_x = np.sign(found[HEIGHT // 2 + 4, 0]), np.sign(found[-1, 1])
        np.testing.assert_allclose(found[:, 1], sign_x * 2 * share, atol=1e-2)
        near = np.flatnonzero((np.abs(np.arange(HEIGHT) - HEIGHT // 2) < 7) & (np.arange(HEIGHT) != HEIGHT // 2))
        np.testing.assert_allclose(found[near, 0], sign_y * 3 * share[near], atol=1e-2)
        signs.add((int(sign_y), int(sign_x)))
    assert len(signs) == 4


def test_several_shifts_move_the_object_three_times_by_1_to_3_pixels() -> None:
    raw = scan(noise=False, left_out=False)
    sizes = []
    for seed in range(20):
        found = displacements(raw, faulty(raw, "several shifts", seed).raw)[:, 1]
        jumps = np.flatnonzero(np.abs(np.diff(found)) > 0.1) + 1
        assert 1 <= len(jumps) <= 3  # two of them may fall on one line
        assert HEIGHT / 4 - 1 <= jumps.min() <= jumps.max() <= 3 * HEIGHT / 4 + 1
        if len(jumps) == 3:
            sizes += list(np.abs(found[jumps] - found[jumps - 1]))
    assert 0.99 < min(sizes) < 1.3
    assert 2.7 < max(sizes) < 3.01


def test_a_rotation_turns_the_object_by_5_degrees_from_a_central_line_on() -> None:
    """k-space of two Gaussians, by its formula: rotated, they lie elsewhere."""
    k = (np.arange(64) - 32) / 64

    def blobs(degrees: float) -> NDArray[np.complex128]:
        kspace = np.zeros((64, 64), np.complex128)
        for y, x in ((10.0, -3.0), (-2.0, 12.0)):
            place = (y + 1j * x) * np.exp(1j * np.deg2rad(degrees))
            kspace += np.exp(-2j * np.pi * (k[:, None] * place.real + k * place.imag))
        return kspace * np.exp(-8 * np.pi**2 * (k[:, None] ** 2 + k**2))

    raw = RawSlices(blobs(0)[None, None].astype(np.complex64))
    signs = set()
    for seed in range(10):
        after = faulty(raw, "rotation", seed).raw.kspace[0, 0]
        errors = {sign: np.abs(after - blobs(5 * sign)).max(axis=1) for sign in (-1, 1)}
        sign = min(errors, key=lambda one: float(errors[one][40]))
        first = int((after != raw.kspace[0, 0]).any(axis=1).argmax())
        assert 64 * 3 / 8 <= first <= 64 * 5 / 8
        np.testing.assert_allclose(after[first:], blobs(5 * sign)[first:], atol=2e-3)
        signs.add(sign)
    assert signs == {-1, 1}


def test_lost_lines_are_some_neighbouring_measured_lines_between_others_of_one_slice() -> None:
    raw = scan()
    counts = set()
    for seed in range(60):
        after = faulty(raw, "lost lines", seed).raw
        slices, lines = np.nonzero((after.kspace != raw.kspace).any(axis=(1, 3)))
        assert len(set(slices)) == 1
        assert not after.kspace[slices[0], :, lines].any()
        measured = np.flatnonzero(raw.kspace[slices[0]].any(axis=(0, 2)))
        places = np.searchsorted(measured, lines)
        np.testing.assert_array_equal(measured[places], lines)
        np.testing.assert_array_equal(np.diff(places), 1)
        assert places[0] > 0
        assert places[-1] < len(measured) - 1
        counts.add(len(lines))
    assert counts == {1, 2, 3, 4}


def test_a_displaced_echo_lies_a_quarter_to_three_eighths_of_the_readout_off_the_centre() -> None:
    raw = scan(left_out=False)
    found = []
    for seed in range(40):
        after = faulty(raw, "displaced echo", seed).raw
        power = (np.abs(after.kspace) ** 2).sum(axis=(1, 2))
        before = (np.abs(raw.kspace) ** 2).sum(axis=(1, 2))
        moved = power.argmax(axis=1) - before.argmax(axis=1)
        assert moved[0] == moved[1]
        np.testing.assert_array_equal(after.kspace, np.roll(raw.kspace, moved[0], axis=3))
        found.append(int(moved[0]))
    assert min(np.abs(found)) >= WIDTH // 4
    assert max(np.abs(found)) <= 3 * WIDTH // 8
    assert {int(np.sign(samples)) for samples in found} == {-1, 1}


def test_a_weak_array_has_a_gain_of_0_3() -> None:
    raw = scan()
    after = faulty(raw, "weak array").raw
    np.testing.assert_allclose(after.kspace, 0.3 * raw.kspace, rtol=1e-6)
    np.testing.assert_allclose(noise_of(after), 0.3 * noise_of(raw), rtol=1e-6)
