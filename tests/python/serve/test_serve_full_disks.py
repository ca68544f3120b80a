"""Full disks: each scan goes on without what cannot be written."""

import resource
from pathlib import Path

from mrd_codec import CONFIG_TEXT, text
from scans_of_scanners import COURSES, scan
from service import Row, Service, embed, expect_rows, expect_whole_rows, send_scan

SCAN = scan(COURSES["slices"])


def test_a_full_disk_under_the_rows_costs_the_rows_alone(model_file: Path, rows: list[Row], tmp_path: Path) -> None:
    full = tmp_path / "rows.jsonl"
    full.symlink_to("/dev/full")
    with Service(model_file, "--out", full) as other:
        for session in (1, 2):
            answers = send_scan(other, SCAN)
            expect_rows(answers, rows)
            told = answers.texts_with("WARNING") + answers.texts_with("ERROR")
            assert len([line for line in told if "No space left" in line]) == 1, answers.texts
            other.line("No space left", session)
        assert len([line for line in other.log if "No space left" in line]) == 2


def test_a_row_that_does_not_fit_leaves_whole_rows(model_file: Path, rows: list[Row], tmp_path: Path) -> None:
    written = tmp_path / "rows.jsonl"
    most = 7000  # bytes: two rows and a part of the third
    with Service(
        model_file, "--out", written, limit=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    ) as other:
        answers = send_scan(other, SCAN)
        expect_rows(answers, rows)
        told = answers.texts_with("WARNING") + answers.texts_with("ERROR")
        assert len([line for line in told if "rows.jsonl" in line]) == 1, answers.texts
    found = expect_whole_rows(written, 2)
    assert len(found) in (1, 2)


def test_a_full_disk_under_the_noise_store_is_warned_of(model_file: Path, tmp_path: Path) -> None:
    store = tmp_path / "noise"
    measured = scan(COURSES["noise"], measurement="scan_1")
    whole = embed(model_file, measured.write(tmp_path / "scan.h5"))
    with Service(
        model_file, "--noise-store", store, limit=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
    ) as other:
        answers = send_scan(other, measured)
        expect_rows(answers, whole)
        assert len([line for line in answers.texts_with("WARNING") if "File too large" in line]) == 1, answers.texts
        assert not answers.texts_with("ERROR")
        other.line("kept until the service ends")
        # Gadgetron would end its reconstruction at an error.
        gadgetron = send_scan(other, measured, text("<configuration/>", CONFIG_TEXT))
        assert gadgetron.errors == []
    assert list(store.iterdir()) == []


def test_a_full_disk_under_the_saved_sessions_costs_these_alone(
    model_file: Path, rows: list[Row], tmp_path: Path
) -> None:
    saved = tmp_path / "saved"
    most = 20000
    with Service(
        model_file, "--save", saved, limit=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    ) as other:
        for session in (1, 2):
            answers = send_scan(other, SCAN)
            expect_rows(answers, rows)
            told = answers.texts_with("WARNING") + answers.texts_with("ERROR")
            assert len([line for line in told if "File too large" in line]) == 1, answers.texts
            other.line("File too large", session)
