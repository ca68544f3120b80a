"""A slice is answered as soon as its last readout is there: the client waits for it before it sends more."""

from pathlib import Path

import pytest

from mrd_codec import CALIBRATION, HEADER, LAST_IN_SLICE, Image, acquisition_head, query, text
from scans_of_scanners import COURSES, Course, Scan, scan, without_flags
from service import KEY, Row, Service, embed, expect_rows, key_of

QUIET = 0.3  # seconds in which an answer would have come


def rows_of(model: Path, sent: Scan, folder: Path) -> list[Row]:
    return embed(model, sent.write(folder / "scan.h5"))


def labels_of(found: Image) -> tuple[int, ...]:
    return key_of(found)[: len(KEY) - 1]


@pytest.mark.parametrize(
    "name",
    [
        "slices",
        "slices without flags",
        "slices out of order",
        "calibration inside",
        "calibration before",
        "partial Fourier",
        "accelerated partial Fourier",
    ],
)
def test_the_row_of_a_slice_comes_before_the_lines_of_the_next(
    name: str, service: Service, model_file: Path, tmp_path: Path
) -> None:
    sent = scan(COURSES[name])
    before = []
    if name == "calibration before":
        before = [line for line in sent.lines if acquisition_head(line)["flags"] == CALIBRATION]
    with service.connect() as client:
        client.send(text(sent.xml, HEADER), before)
        for index in COURSES[name].slices_in_order or (0, 1, 2):
            lines = [line for line in sent.of_slice(index) if line not in before]
            client.send(lines[:-1])
            client.silence(0.05)
            client.send(lines[-1])
            assert labels_of(client.image())[0] == index
        expect_rows(client.finish(), rows_of(model_file, sent, tmp_path))


@pytest.mark.parametrize("name", ["repetitions", "accelerated repetitions"])
def test_the_row_of_a_repetition_comes_before_the_next(
    name: str, service: Service, model_file: Path, tmp_path: Path
) -> None:
    sent = scan(COURSES[name])
    with service.connect() as client:
        client.send(text(sent.xml, HEADER))
        for line in sent.lines:
            client.send(line)
            head = acquisition_head(line)
            if head["flags"] & LAST_IN_SLICE:
                found = client.image()
                assert (found.head["slice"], found.head["repetition"]) == (
                    head["idx"]["slice"],
                    head["idx"]["repetition"],
                )
        expect_rows(client.finish(), rows_of(model_file, sent, tmp_path))


@pytest.mark.parametrize(
    "name",
    [
        "averages of each line",
        "averages of each slice",
        "averages of the scan",
        "accelerated averages of each line",
        "accelerated averages of the scan",
    ],
)
def test_a_slice_waits_for_its_last_average_though_each_one_ends_with_the_flag(
    name: str, service: Service, model_file: Path, tmp_path: Path
) -> None:
    sent = scan(COURSES[name])
    ends = {}
    for place, line in enumerate(sent.lines):
        ends[int(acquisition_head(line)["idx"]["slice"])] = place
    with service.connect() as client:
        client.send(text(sent.xml, HEADER))
        begin = 0
        for index, end in sorted(ends.items(), key=lambda item: item[1]):
            client.send(sent.lines[begin:end])
            client.silence(QUIET)
            client.send(sent.lines[end])
            assert client.image().head["slice"] == index
            begin = end + 1
        expect_rows(client.finish(), rows_of(model_file, sent, tmp_path))


def test_echoes_of_one_excitation_are_answered_after_their_last_lines(
    service: Service, model_file: Path, tmp_path: Path
) -> None:
    sent = scan(COURSES["contrasts"])
    with service.connect() as client:
        client.send(text(sent.xml, HEADER), sent.of_slice(0))
        assert sorted(int(client.image().head["contrast"]) for _ in range(2)) == [0, 1]
        client.send(sent.of_slice(1))
        assert {int(client.image().head["slice"]) for _ in range(2)} == {1}
        expect_rows(client.finish(), rows_of(model_file, sent, tmp_path))


@pytest.mark.parametrize("name", ["partitions", "partitions inside"])
def test_the_partitions_of_a_slab_are_answered_after_its_last_line(
    name: str, service: Service, model_file: Path, tmp_path: Path
) -> None:
    sent = scan(COURSES[name])
    with service.connect() as client:
        client.send(text(sent.xml, HEADER), sent.lines[:-1])
        client.silence(QUIET)
        client.send(sent.lines[-1])
        assert [key_of(client.image())[-1] for _ in range(4)] == [0, 1, 2, 3]
        expect_rows(client.finish(), rows_of(model_file, sent, tmp_path))


@pytest.mark.parametrize("flags", [True, False])
def test_an_accelerated_slab_is_answered_before_the_next_one_or_as_it_begins(
    flags: bool, service: Service, model_file: Path, tmp_path: Path
) -> None:
    measured = scan(COURSES["accelerated slabs"])
    last = [place for place, line in enumerate(measured.lines) if acquisition_head(line)["flags"] & LAST_IN_SLICE]
    assert len(last) == 4
    lines = list(measured.lines)
    for place in last if not flags else []:
        lines[place] = without_flags(lines[place])
    sent = Scan(measured.xml, lines)
    with service.connect() as client:
        client.send(text(sent.xml, HEADER))
        begin = 0
        for end in last if flags else [place + 1 for place in last[:-1]]:
            client.send(sent.lines[begin:end])
            client.silence(QUIET)
            client.send(sent.lines[end])
            expected = acquisition_head(sent.lines[end if flags else end - 1])["idx"]
            for partition in range(4):
                found = client.image()
                assert (found.head["slice"], found.head["repetition"]) == (expected["slice"], expected["repetition"])
                assert key_of(found)[-1] == partition
            begin = end + 1
        client.send(sent.lines[begin:])
        expect_rows(client.finish(), rows_of(model_file, sent, tmp_path))


def test_interleaved_slices_are_answered_with_their_last_lines(
    service: Service, model_file: Path, tmp_path: Path
) -> None:
    sent = scan(COURSES["interleaved slices"])
    with service.connect() as client:
        client.send(text(sent.xml, HEADER), sent.lines[:-3])
        client.silence(QUIET)
        for index in range(3):
            client.send(sent.lines[index - 3])
            assert client.image().head["slice"] == index
        expect_rows(client.finish(), rows_of(model_file, sent, tmp_path))


def test_the_flag_alone_does_not_end_a_slice_whose_lines_are_missing(
    service: Service, model_file: Path, tmp_path: Path
) -> None:
    """The header promises all lines; the one with LAST_IN_SLICE comes too early."""
    sent = scan(Course(counts=(("slice", 1),)))
    early = [*sent.lines[:10], sent.lines[-1], *sent.lines[10:-1]]
    with service.connect() as client:
        client.send(text(sent.xml, HEADER), early[:-1])
        client.silence(QUIET)
        client.send(early[-1])
        client.image()
        expect_rows(client.finish(), rows_of(model_file, Scan(sent.xml, early), tmp_path))


def test_without_flags_and_limits_a_slice_is_answered_at_the_end_at_the_latest(
    service: Service, model_file: Path, tmp_path: Path
) -> None:
    sent = scan(Course(marked=False, limits=False))
    with service.connect() as client:
        client.send(text(sent.xml, HEADER), sent.lines)
        expect_rows(client.finish(), rows_of(model_file, sent, tmp_path))


def test_accelerated_slices_without_the_flag_are_answered_at_the_end_at_the_latest(
    service: Service, model_file: Path, tmp_path: Path
) -> None:
    measured = scan(COURSES["calibration inside"])
    lines = [line if acquisition_head(line)["flags"] >= 1 << 19 else without_flags(line) for line in measured.lines]
    sent = Scan(measured.xml, lines)
    with service.connect() as client:
        client.send(text(sent.xml, HEADER), sent.lines)
        expect_rows(client.finish(), rows_of(model_file, sent, tmp_path))


def test_a_scan_that_is_stopped_gives_the_finished_slices_and_says_what_is_missing(
    service: Service, model_file: Path, tmp_path: Path
) -> None:
    sent = scan(COURSES["slices"])
    with service.connect() as client:
        client.send(text(sent.xml, HEADER), sent.of_slice(0), sent.of_slice(1), sent.of_slice(2)[:10])
        answers = client.finish()
    rows = rows_of(model_file, sent, tmp_path)
    expect_rows(answers, rows[:2])
    said = answers.texts_with("WARNING") + answers.texts_with("ERROR")
    assert any("slice 2" in line and "10 of 32" in line for line in said), said


def test_a_query_in_the_middle_of_a_scan_is_answered_at_once(service: Service) -> None:
    sent = scan(COURSES["slices"])
    with service.connect() as client:
        client.send(text(sent.xml, HEADER), sent.lines[:40], query("gadgetron::info", 77))
        assert client.response(77)
        client.send(sent.lines[40:])
        assert len(client.finish().embeddings()) == 3


def test_the_flag_at_the_end_of_separate_calibration_lines_does_not_end_their_slice(
    service: Service, model_file: Path, tmp_path: Path
) -> None:
    measured = scan(COURSES["calibration before"])
    lines, last = list(measured.lines), {}
    for place, line in enumerate(lines):
        if acquisition_head(line)["flags"] == CALIBRATION:
            last[int(acquisition_head(line)["idx"]["slice"])] = place
    for place in last.values():
        lines[place] = lines[place][:4] + (CALIBRATION | LAST_IN_SLICE).to_bytes(8, "little") + lines[place][12:]
    with service.connect() as client:
        client.send(text(measured.xml, HEADER), lines)
        expect_rows(client.finish(), rows_of(model_file, Scan(measured.xml, lines), tmp_path))


def test_noise_that_comes_behind_a_slice_is_never_left_out_in_silence(
    service: Service, model_file: Path, tmp_path: Path
) -> None:
    measured = scan(COURSES["noise"])
    sent = Scan(measured.xml, [*measured.lines[2:], *measured.lines[:2]])
    rows = rows_of(model_file, sent, tmp_path)
    with service.connect() as client:
        client.send(text(sent.xml, HEADER), sent.lines)
        answers = client.finish()
    if not any("noise" in line for line in answers.texts_with("WARNING")):
        expect_rows(answers, rows)
