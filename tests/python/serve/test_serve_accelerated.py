"""Accelerated slices, most of whose work is done while their lines arrive: the bits are those of the file."""

import random
from pathlib import Path

import pytest

from mrd_codec import (
    ACQUISITION_HEAD,
    CALIBRATION,
    HEADER,
    INDEX,
    LAST_IN_SLICE,
    acquisition,
    acquisition_head,
    acquisition_samples,
    text,
)
from scans_of_scanners import Course, Scan, scan, without_flags
from service import Service, embed, expect_rows

ORDERS = {
    "slices": ("slice", "kspace_encode_step_1"),
    "interleaved": ("kspace_encode_step_1", "slice"),
    "repetitions": ("repetition", "slice", "kspace_encode_step_1"),
}


def course_of(order: str, calibration: str, first_line: int) -> Course:
    """Two slices of 64 lines, of which every second one is measured, and the 28 central ones."""
    counts = (("slice", 2), ("repetition", 2)) if order == "repetitions" else (("slice", 2),)
    return Course(
        order=ORDERS[order],
        counts=counts,
        acceleration=2,
        calibration=calibration,
        lines=64,
        calibration_lines=28,
        first_line=first_line,
    )


def expect_rows_of_file(service: Service, model: Path, sent: Scan, path: Path) -> None:
    with service.connect() as client:
        client.send(text(sent.xml, HEADER), sent.lines)
        expect_rows(client.finish(), embed(model, sent.write(path)))


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("calibration", ["inside", "before"])
@pytest.mark.parametrize("first_line", [0, 16])
def test_an_accelerated_scan_gives_the_rows_of_its_file(
    order: str, calibration: str, first_line: int, service: Service, model_file: Path, tmp_path: Path
) -> None:
    sent = scan(course_of(order, calibration, first_line))
    expect_rows_of_file(service, model_file, sent, tmp_path / "scan.h5")


@pytest.mark.parametrize("calibration", ["inside", "before"])
@pytest.mark.parametrize("seed", range(4))
def test_lines_in_any_order_repeated_or_instead_of_calibration_lines_give_the_rows_of_the_file(
    calibration: str, seed: int, service: Service, model_file: Path, tmp_path: Path
) -> None:
    """Each slice is shuffled but for its last line; some lines come twice, and some on calibration lines' places."""
    draw = random.Random(seed)
    measured = scan(course_of("slices", calibration, 16 * (seed % 2)))
    lines = []
    for index in range(2):
        of_slice = measured.of_slice(index)
        last = next(line for line in of_slice if acquisition_head(line)["flags"] & LAST_IN_SLICE)
        others = [line for line in of_slice if line is not last]
        alone = [line for line in others if acquisition_head(line)["flags"] == CALIBRATION]
        if seed > 0:
            others += [louder(draw.choice(others)), without_flags(louder(draw.choice(alone)))][: 1 + seed % 2]
        draw.shuffle(others)
        lines += [*others, last]
    expect_rows_of_file(service, model_file, Scan(measured.xml, lines), tmp_path / "scan.h5")


def louder(line: bytes) -> bytes:
    head = acquisition_head(line)
    index = {name: head["idx"][name] for name in INDEX.names or ()}
    fields = {name: head[name] for name in ACQUISITION_HEAD.names or () if name not in ("idx", "trajectory_dimensions")}
    return acquisition(1.5 * acquisition_samples(line), **fields, **index)
