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
