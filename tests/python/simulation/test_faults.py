import numpy as np
import pytest

from faulty_scan import COILS, NOISE_SD, coils_that_changed, faulty, noise_of, scan
from mriembed.simulation.faults import FAULTS, RawSlices, with_fault

COIL_FAULTS = FAULTS[:12]
FAULTS_WITH_NOISE = (
    "dead element",
    "noise x 3",
    "noise x 10",
    "correlated pair",
    "noise in the scan",
    "failing element",
    "failing between slices",
    "RF tone",
    "noise x 3 in all coils",
)


def scan_for(fault: str) -> RawSlices:
    """A rotation needs neighbouring lines; parts of the slice that were not measured lie beside them."""
    raw = scan(left_out=fault != "rotation")
    if fault == "rotation":
        raw.kspace[..., :4] = 0
        raw.kspace[1, :, 40:] = 0
    return raw


@pytest.mark.parametrize("fault", FAULTS)
def test_samples_that_were_not_measured_stay_zero(fault: str) -> None:
    raw = scan_for(fault)
    after = faulty(raw, fault).raw
    not_measured = np.broadcast_to((raw.kspace == 0).all(axis=1, keepdims=True), raw.kspace.shape)
    assert not_measured.any()
    assert not after.kspace[not_measured].any()


@pytest.mark.parametrize("fault", FAULTS)
def test_the_input_is_not_modified_and_shares_no_memory_with_the_result(fault: str) -> None:
    raw, same = scan_for(fault), scan_for(fault)
    after = faulty(raw, fault).raw
    np.testing.assert_array_equal(raw.kspace, same.kspace)
    np.testing.assert_array_equal(noise_of(raw), noise_of(same))
    assert not np.shares_memory(raw.kspace, after.kspace)
    assert not np.shares_memory(noise_of(raw), noise_of(after))


@pytest.mark.parametrize("fault", FAULTS)
def test_the_result_is_complex64_and_keeps_its_shape(fault: str) -> None:
    raw = scan_for(fault)
    result = faulty(raw, fault)
    assert result.fault == fault
    assert result.raw.kspace.dtype == noise_of(result.raw).dtype == np.complex64
    assert result.raw.kspace.shape == raw.kspace.shape
    assert noise_of(result.raw).shape == noise_of(raw).shape


@pytest.mark.parametrize("fault", FAULTS)
def test_the_same_seed_gives_the_same_scan(fault: str) -> None:
    first, second = faulty(scan_for(fault), fault, seed=3), faulty(scan_for(fault), fault, seed=3)
    assert first.coils == second.coils
    np.testing.assert_array_equal(first.raw.kspace, second.raw.kspace)
    np.testing.assert_array_equal(noise_of(first.raw), noise_of(second.raw))


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault != "weak array"])  # of which nothing is drawn
def test_another_seed_gives_another_scan(fault: str) -> None:
    scans = [faulty(scan_for(fault), fault, seed).raw.kspace for seed in range(6)]
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


@pytest.mark.parametrize("fault", FAULTS[12:])
def test_a_fault_of_the_whole_array_changes_all_coils_and_names_none(fault: str) -> None:
    raw = scan_for(fault)
    result = faulty(raw, fault)
    assert result.coils == ()
    assert coils_that_changed(raw, result.raw) == list(range(COILS))


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
    raw = RawSlices(scan_for(fault).kspace)
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


def test_a_coil_fails_between_two_slices() -> None:
    raw = scan()
    with pytest.raises(ValueError, match="a coil that fails between slices needs two slices; the scan has one"):
        faulty(RawSlices(raw.kspace[:1], raw.noise), "failing between slices")


def test_lost_lines_need_a_line_between_two_others() -> None:
    raw = scan(left_out=False)
    raw.kspace[:, :, 2:] = 0
    with pytest.raises(ValueError, match="lost lines need three measured lines in a slice; no slice has them"):
        faulty(raw, "lost lines")


def test_a_rotation_needs_neighbouring_lines() -> None:
    with pytest.raises(ValueError, match="a rotation needs all samples between the first and the last measured one"):
        faulty(scan(), "rotation")
