"""The table of limits of figures that are made up: which figure stands in it, and which row is marked."""

from dataclasses import fields, replace

import pytest

from mriembed.check.limits_table import limit_rows
from mriembed.check.measurement import Coil, Finding, Interference, Measurement, Slice
from mriembed.quality import QualityLimits, Spike

# Each limit is another number, by which its row is known.
LIMITS = QualityLimits(**{field.name: 100.0 + number for number, field in enumerate(fields(QualityLimits))})


def coil(channel: int, **figures: float | None) -> Coil:
    known = {
        "noise": 2.0, "noise_ratio": 1.0, "correlation": 0.1, "clipped": 0, "echo_contrast": 50.0, "scan_noise": 2.0,
        "noise_change": 1.0,
    }  # fmt: skip
    return Coil(
        channel=channel, name="", noise_is_estimated=False, signal=1.0, signal_share=0.5, snr=9.0, snr_ratio=1.0,
        correlated_with=None, is_zero=False, **{**known, **figures},  # type: ignore[arg-type]
    )  # fmt: skip


def slice_of(number: int, **figures: float | Spike) -> Slice:
    known: dict[str, float | Spike] = {
        "zero_readouts": 0, "spike": Spike(0, 0, 3.0, 0.1), "residual_spike": Spike(0, 0, 4.0, 0.1), "echo_y": 0,
        "echo_x": 0, "lines_are_judged": True, "ghost_is_judged": True, "ghost_phase": 0.01, "motion_level": 1.5,
        "echo_contrast": 20.0, "signal_change": 1.1, "coil_change_is_judged": True, "coil_change": 0.02,
        "lost_lines": 0,
    }  # fmt: skip
    return Slice(
        slice=number, partition=0, lines=64, measured_lines=64, motion_line=3,
        **{**known, **figures},  # type: ignore[arg-type]
    )  # fmt: skip


def measurement(*coils: Coil, slices: tuple[Slice, ...] = (), findings: tuple[str, ...] = ()) -> Measurement:
    return Measurement(
        file="scan.h5", number=0, noise_is_measured=True, not_judged="", dead_channels=[],
        findings=[Finding("", fault, [], None, 2.0) for fault in findings], coils=list(coils),
        interference=Interference(1.25, 0.1, None, 0), slices=list(slices), limits=LIMITS, is_compared=False,
        array_noise_change=None,
    )  # fmt: skip


THREE = (coil(0), coil(1), coil(2))


def figure(found: Measurement, limit: str) -> str:
    """What stands beside a limit, in its only row."""
    value = getattr(LIMITS, limit)
    (text,) = (row.cells[1] for row in limit_rows(found) if row.cells[2].split()[1] == f"{value:.0f}")
    return text


def test_each_limit_stands_once_with_its_side() -> None:
    rows = limit_rows(replace(measurement(*THREE, slices=(slice_of(0),)), is_compared=True))
    shown = [row.cells[2].split() for row in rows]
    names = {f"{getattr(LIMITS, field.name):.0f}": field.name for field in fields(QualityLimits)}
    assert sorted(names[limit] for _, limit in shown) == sorted(set(names.values()) - {"low_snr"})
    below = {names[limit] for side, limit in shown if side == "below"}
    assert below == {"low_noise", "no_signal", "noise_decrease", "array_noise_decrease"}
    assert {names[limit] for side, limit in shown if side == "from"} == {"clipped", "zero_readouts", "lost_lines"}
    assert {side for side, _ in shown} == {"above", "below", "from"}


def test_of_coils_the_extreme_figure_is_shown() -> None:
    coils = (
        coil(0, noise_ratio=0.5, correlation=0.2, echo_contrast=None, clipped=1, scan_noise=2.2),
        coil(1, noise_ratio=3.5, correlation=None, echo_contrast=7.0, clipped=4),
        coil(2, noise_ratio=None, correlation=0.7, echo_contrast=30.0),
    )
    found = measurement(*coils)
    assert figure(found, "high_noise") == "3.5"
    assert figure(found, "low_noise") == "0.5"
    assert figure(found, "no_signal") == "7"
    assert figure(found, "correlation") == "0.7"
    assert figure(found, "clipped") == "4"
    assert figure(found, "scan_noise") == "1.1"  # 2.2 / 2 over the median of 1.1, 1 and 1


def test_noise_of_the_scan_is_judged_against_the_array_of_at_least_three_coils() -> None:
    assert figure(measurement(*THREE[:2], coil(2, scan_noise=None)), "scan_noise") == "not judged"
    assert figure(measurement(*THREE[:2], coil(2, noise=None)), "scan_noise") == "not judged"
    four = (coil(0, scan_noise=1.0), coil(1, scan_noise=2.0), coil(2, scan_noise=4.0), coil(3, scan_noise=10.0))
    assert figure(measurement(*four), "scan_noise") == "2.5"  # 5 over the upper median of 0.5, 1, 2 and 5


def test_of_slices_the_extreme_figure_of_those_that_are_judged_is_shown() -> None:
    odd = slice_of(
        1, spike=Spike(0, 0, 30.0, 0.1), residual_spike=Spike(0, 0, 40.0, 0.1), ghost_phase=-0.3, motion_level=9.0,
        coil_change=0.4, signal_change=2.5, echo_y=-6, echo_x=2, zero_readouts=5, lost_lines=3,
    )  # fmt: skip
    expected = {
        "spike": "30", "residual_spike": "40", "ghost_phase": "0.3", "motion_level": "9", "coil_change": "0.4",
        "signal_change": "2.5", "echo": "6", "zero_readouts": "5", "lost_lines": "3",
    }  # fmt: skip
    found = measurement(*THREE, slices=(slice_of(0), odd, slice_of(2, echo_x=-4)))
    assert {name: figure(found, name) for name in expected} == expected
    # Slices that are not judged are passed over.
    quiet = replace(odd, lines_are_judged=False, ghost_is_judged=False, coil_change_is_judged=False, echo_contrast=7.9)
    found = measurement(*THREE, slices=(slice_of(0), quiet, slice_of(2, echo_x=-4)))
    left = {"residual_spike": "4", "ghost_phase": "0.01", "motion_level": "1.5", "coil_change": "0.02", "echo": "4"}
    assert {name: figure(found, name) for name in expected} == {**expected, **left}


def test_the_first_slice_has_none_before_it_and_shows_no_change() -> None:
    assert figure(measurement(slices=(slice_of(0, signal_change=9.0),)), "signal_change") == "not judged"
    found = measurement(slices=(slice_of(0, signal_change=9.0), slice_of(1, signal_change=1.2)))
    assert figure(found, "signal_change") == "1.2"


def test_an_object_is_seen_from_a_contrast_of_eight_on() -> None:
    seen = slice_of(0, echo_contrast=8.0, echo_x=3)
    assert figure(measurement(slices=(seen,)), "echo") == "3"
    assert figure(measurement(slices=(replace(seen, echo_contrast=7.99),)), "echo") == "not judged"


def test_interference_of_level_zero_is_not_judged() -> None:
    found = measurement(*THREE)
    assert figure(found, "interference") == "1.25"
    without = replace(found, interference=replace(found.interference, level=0.0))
    assert figure(without, "interference") == "not judged"


def test_rows_of_a_comparison_are_there_only_after_one() -> None:
    coils = (coil(0, noise_change=0.5), coil(1, noise_change=None), coil(2, noise_change=4.0))
    alone = measurement(*coils)
    compared = replace(alone, is_compared=True, array_noise_change=1.75)
    assert len(limit_rows(compared)) == len(limit_rows(alone)) + 4
    assert figure(compared, "noise_increase") == "4"
    assert figure(compared, "noise_decrease") == "0.5"
    assert figure(compared, "array_noise_increase") == "1.75"
    assert figure(compared, "array_noise_decrease") == "1.75"


def marked(found: Measurement) -> list[str]:
    names = {f"{getattr(found.limits, field.name):g}": field.name for field in fields(QualityLimits)}
    return [names[row.cells[2].split()[1]] for row in limit_rows(found) if row.is_found]


def test_a_row_is_marked_if_there_is_a_finding_of_its_kind() -> None:
    slices = (slice_of(0),)
    assert marked(measurement(*THREE, slices=slices)) == []
    for fault, limit in (("high_noise", "high_noise"), ("echo", "echo"), ("ghost", "ghost_phase")):
        assert marked(measurement(*THREE, slices=slices, findings=(fault,))) == [limit]
    assert marked(measurement(findings=("motion",))) == ["motion_level"]  # whatever stands there


@pytest.mark.parametrize(
    ("spike", "residual", "expected"),
    [(200.0, 4.0, ["spike"]), (3.0, 200.0, ["residual_spike"]), (200.0, 200.0, ["spike", "residual_spike"])],
)
def test_of_two_limits_of_a_fault_those_that_are_exceeded_are_marked(
    spike: float, residual: float, expected: list[str]
) -> None:
    one = slice_of(0, spike=Spike(0, 0, spike, 0.1), residual_spike=Spike(0, 0, residual, 0.1))
    assert marked(measurement(*THREE, slices=(one,), findings=("spike",))) == expected
    at_the_limit = replace(one, spike=Spike(0, 0, LIMITS.spike, 0.1), lines_are_judged=False)
    assert marked(measurement(*THREE, slices=(at_the_limit,), findings=("spike",))) == []


def test_a_decrease_is_marked_below_its_limit() -> None:
    limits = replace(LIMITS, noise_decrease=0.6, array_noise_decrease=0.8)
    found = measurement(coil(0, noise_change=0.5), coil(1, noise_change=0.9), findings=("noise_decrease",))
    compared = replace(found, limits=limits, is_compared=True, array_noise_change=0.9)
    assert marked(compared) == ["noise_decrease"]
    assert marked(replace(compared, array_noise_change=0.7)) == ["array_noise_decrease", "noise_decrease"]
