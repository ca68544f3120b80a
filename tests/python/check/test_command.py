"""`mriembed check --html`: what it asks mriembed_cli, what it writes, and what it says where it cannot."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from check.check_scans import faultless, write_scan
from mriembed.cli import main
from mriembed.simulation.faults import with_fault


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    return write_scan(tmp_path / "clean.h5", faultless())


@pytest.fixture
def noisy(tmp_path: Path) -> Path:
    faulty = with_fault(faultless(), "noise x 10", np.random.default_rng(1), coil=4)
    return write_scan(tmp_path / "noisy.h5", faulty.raw)


def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Replaces mriembed_cli by a shell script."""
    file = tmp_path / "bin" / "mriembed_cli"
    file.parent.mkdir()
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    monkeypatch.setattr("mriembed.check.program.command_line_program", lambda: file)


def test_options_and_odd_names_reach_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    stand_in(tmp_path, monkeypatch, 'for one in "$@"; do echo "<$one>" >&2; done; exit 10')
    options = ["--html", str(tmp_path / "a.html"), "--noise", "n.h5", "--group=-a b", "--allow-undersampled"]
    options += ["--limits", "l.json", "--reference", "r.json"]
    assert main(["check", *options, "--", "one.h5", "-two.h5"]) == 10
    assert capfd.readouterr().err.split("\n")[:-1] == [
        "mriembed: <check>", "mriembed: <--json>", "mriembed: <--noise=n.h5>", "mriembed: <--group=-a b>",
        "mriembed: <--limits=l.json>", "mriembed: <--reference=r.json>", "mriembed: <--allow-undersampled>",
        "mriembed: <-->", "mriembed: <one.h5>", "mriembed: <-two.h5>",
    ]  # fmt: skip


@pytest.mark.parametrize(("name", "status", "summary"), [("clean", 0, "no findings"), ("noisy", 10, "1 finding")])
def test_the_page_is_written_and_the_exit_code_is_the_programs(
    name: str, status: int, summary: str, clean: Path, noisy: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "report.html"
    scan = {"clean": clean, "noisy": noisy}[name]
    assert main(["check", str(scan), "--html", str(page)]) == status
    shown = capfd.readouterr()
    assert (shown.out, shown.err) == (f"{page}: {summary} in 1 measurement(s)\n", "")
    assert page.read_text().startswith("<!doctype html>")


def test_a_noise_file_gives_the_pages_figures_and_pictures(clean: Path, tmp_path: Path) -> None:
    raw = faultless()
    np.save(tmp_path / "scan.npy", raw.kspace)
    page = tmp_path / "report.html"
    assert main(["check", str(tmp_path / "scan.npy"), "--html", str(page)]) == 0
    assert "noise correlation matrix" not in page.read_text()
    assert main(["check", str(tmp_path / "scan.npy"), "--noise", str(clean), "--html", str(page)]) == 0
    assert "noise correlation matrix" in page.read_text()


def test_files_that_cannot_be_read_are_named_and_the_others_are_on_the_page(
    noisy: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    bad, page = tmp_path / "<b>.h5", tmp_path / "report.html"
    bad.write_bytes(b"\x89HDF, but not really")
    assert main(["check", str(bad), str(noisy), "--html", str(page)]) == 4
    error = capfd.readouterr().err
    assert error.startswith(f"mriembed: error: {bad}: ")
    assert error.count("\n") == 1
    text = page.read_text()
    assert "&lt;b&gt;.h5: " in text
    assert "<b>" not in text
    assert f"{noisy}</h2>" in text


def test_without_a_readable_scan_there_is_no_page(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "report.html"
    assert main(["check", str(tmp_path / "none.h5"), "--html", str(page)]) == 4
    shown = capfd.readouterr()
    assert shown.err.startswith(f"mriembed: error: {tmp_path}/none.h5: ")
    assert shown.out == ""
    assert not page.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["-", "--html", "{folder}/a.html"], "-: --html reads each scan twice; name a file instead of standard input"),
        (
            ["a.h5", "--html", "{folder}/none/a.html"],
            "{folder}/none/a.html: the folder {folder}/none does not exist; make it first, or name another one",
        ),
    ],
)
def test_what_cannot_be_right_is_refused_in_one_line(
    arguments: list[str], message: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", *(argument.format(folder=tmp_path) for argument in arguments)]) == 2
    assert capfd.readouterr().err == f"mriembed: error: {message.format(folder=tmp_path)}\n"


@pytest.mark.parametrize(("failure", "code"), [(OSError(28, "No space left on device"), 1), (KeyboardInterrupt(), 130)])
def test_an_older_page_stays_where_the_new_one_cannot_be_written(
    failure: BaseException,
    code: int,
    clean: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    def failing(_: int) -> None:
        raise failure

    page = tmp_path / "out" / "report.html"
    page.parent.mkdir()
    page.write_text("before")
    monkeypatch.setattr("os.fsync", failing)
    assert main(["check", str(clean), "--html", str(page)]) == code
    shown = capfd.readouterr()
    assert (shown.out, shown.err.count("\n")) == ("", 1)
    assert code == 130 or shown.err == f"mriembed: error: {page}: cannot be written: No space left on device\n"
    assert [file.name for file in page.parent.iterdir()] == ["report.html"]
    assert page.read_text() == "before"


@pytest.mark.parametrize("package", ["jinja2", "PIL"])
def test_a_missing_package_is_named(
    package: str, clean: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    assert main(["check", str(clean), "--html", str(tmp_path / "report.html")]) == 2
    assert capfd.readouterr().err == (
        "mriembed: error: --html: the page needs more packages: "
        f'pip install "mriembed[report]" ({package} is missing)\n'
    )


@pytest.mark.parametrize("line", ["no JSON", "[]", json.dumps({"file": "a", "measurement": 0})])
def test_a_program_of_another_version_is_an_error_not_a_crash(
    line: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    stand_in(tmp_path, monkeypatch, f"echo '{line}'")
    assert main(["check", "a", "--html", str(tmp_path / "report.html")]) == 1
    assert capfd.readouterr().err.startswith("mriembed: error: mriembed_cli: its output is not understood (")


def test_a_program_that_is_killed_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    stand_in(tmp_path, monkeypatch, "kill -9 $$")
    assert main(["check", "a", "--html", str(tmp_path / "report.html")]) == 1
    assert "mriembed: error: mriembed_cli: ended by signal 9; " in capfd.readouterr().err


def test_the_command_line_imports_no_page_packages() -> None:
    code = "import sys, mriembed.cli; print([name for name in ('PIL', 'mriembed.templates') if name in sys.modules])"
    assert subprocess.check_output([sys.executable, "-c", code], text=True) == "[]\n"
