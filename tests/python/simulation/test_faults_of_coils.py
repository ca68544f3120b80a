import numpy as np
import pytest

from faulty_scan import COILS, HEIGHT, NOISE_SD, faulty, noise_of, scan, sd
from mriembed.simulation.faults import RawSlices, with_fault


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


def test_noise_in_the_scan_grows_by_10_and_leaves_the_noise_measurement_as_it_is() -> None:
    raw = scan(signal=0, left_out=False)
    found = faulty(raw, "noise in the scan", coil=1).raw
    np.testing.assert_array_equal(noise_of(found), noise_of(raw))
    assert np.sqrt(np.mean(np.abs(found.kspace[:, 1]) ** 2)) == pytest.approx(10 * NOISE_SD[1], rel=0.05)


def test_a_failing_element_has_noise_alone_from_a_central_line_on() -> None:
    raw = scan(left_out=False)
    firsts = set()
    for seed in range(60):
        found = faulty(raw, "failing element", seed, coil=2).raw.kspace
        slices, lines = np.nonzero((found[:, 2] != raw.kspace[:, 2]).all(axis=2))
        assert len(set(slices)) == 1
        first = int(lines.min())
        np.testing.assert_array_equal(lines, np.arange(first, HEIGHT))
        lost = found[slices[0], 2, first:]
        assert np.sqrt(np.mean(np.abs(lost) ** 2)) == pytest.approx(NOISE_SD[2], rel=0.2)
        firsts.add(first)
    assert firsts == set(range(HEIGHT // 2 - 4, HEIGHT // 2 + 5))


def test_a_coil_that_fails_between_slices_has_noise_alone_from_a_later_slice_on() -> None:
    raw = scan(left_out=False)
    three = RawSlices(np.concatenate([raw.kspace, raw.kspace[:1]]), noise_of(raw))
    firsts = set()
    for seed in range(20):
        after = faulty(three, "failing between slices", seed, coil=1).raw
        changed = [not np.array_equal(after.kspace[index, 1], three.kspace[index, 1]) for index in range(3)]
        first = changed.index(True)
        assert changed == [index >= first for index in range(3)]
        for lost in after.kspace[first:, 1]:
            assert sd(lost) == pytest.approx(NOISE_SD[1], rel=0.1)
        np.testing.assert_array_equal(noise_of(after), noise_of(raw))
        firsts.add(first)
    assert firsts == {1, 2}


def test_clipping_cuts_both_parts_off_at_0_3_of_the_largest() -> None:
    raw = scan(left_out=False)
    parts = raw.kspace[:, 3].copy().view(np.float32)
    limit = 0.3 * np.abs(parts).max()
    found = faulty(raw, "clipping", coil=3).raw.kspace[:, 3].copy().view(np.float32)
    np.testing.assert_allclose(found, np.where(np.abs(parts) > limit, np.sign(parts) * limit, parts), rtol=1e-6)
    assert np.sum(np.abs(parts) > limit) > 4
