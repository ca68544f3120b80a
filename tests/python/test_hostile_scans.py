"""Damaged scans of each format through `inspect` and `embed`: refused or read, never a crash, and never more than
2 s and 1 GiB for one.

Most of a run of the program is its start, so many files share one here: each still gets its own verdict, but time and
memory are those of the whole process. A sample runs one by one. MRIEMBED_HOSTILE_SCANS=all takes 500 of each format
instead of 100, and runs all of them one by one, too.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import mriembed
from hostile_scans import FORMATS, write_hostile_scans
from program import PROGRAM

FILES_OF_A_RUN = 100
SAMPLE = 6
ALL_SINGLY = os.environ.get("MRIEMBED_HOSTILE_SCANS") == "all"
COUNT = 500 if ALL_SINGLY else 100


@dataclass(frozen=True)
class Run:
    status: int
    output: str
    errors: list[str]
    seconds: float
    processor_seconds: float
    peak_bytes: int


# Linux counts what a process was before it became the program, too: a fork of these tests and all their memory. So this
# small one starts the program, and writes down its status, seconds of processor time and largest memory in KiB.
MEASURE = """
import os, sys
process = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(process, 0)
with open(sys.argv[1], "w") as file:
    print(os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, usage.ru_maxrss, file=file)
"""


def run(*arguments: object) -> Run:
    """Runs the program; time and memory are the larger of its own and those of the processes that it starts."""
    with tempfile.NamedTemporaryFile("r") as usage:
        start = time.monotonic()
        done = subprocess.run(
            [sys.executable, "-S", "-E", "-c", MEASURE, usage.name, str(PROGRAM), *map(str, arguments)],
            capture_output=True,
            text=True,
            errors="strict",
        )
        seconds = time.monotonic() - start
        status, processor_seconds, peak = usage.read().split()
    return Run(int(status), done.stdout, done.stderr.splitlines(), seconds, float(processor_seconds), int(peak) * 1024)


@pytest.fixture(scope="module")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "model.pt"
    mriembed.export_model(path, num_coils=2, embed_dim=4, widths=(8, 8, 8, 8))
    return path


@pytest.fixture(scope="module", params=FORMATS)
def scans(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_hostile_scans(tmp_path_factory.mktemp(request.param), request.param, COUNT)


def refused(result: Run) -> set[str]:
    """The files that error lines name; each line names one, and no file has two."""
    lines = [line for line in result.errors if not line.startswith("mriembed_cli: note: ")]
    assert all(line.startswith("mriembed_cli: error: /") for line in lines), lines
    files = [line.removeprefix("mriembed_cli: error: ").split(": ")[0] for line in lines]
    assert len(set(files)) == len(files)
    return set(files)


def check(result: Run, files: list[Path], read: set[str]) -> None:
    """`read`: the files of which the output speaks."""
    bad = refused(result)
    assert result.status == (4 if bad else 0), (result.status, result.errors[-3:])
    assert read | bad == {str(file) for file in files}
    assert not read & bad
    assert result.peak_bytes <= 1 << 30
    assert result.processor_seconds <= 2 * len(files)
    assert result.seconds <= 60 + 2 * len(files)  # other work of the machine counts here, and is not the file's fault


def inspect(files: list[Path]) -> Run:
    result = run("inspect", "--json", *files)
    check(result, files, {json.loads(line)["file"] for line in result.output.splitlines()})
    return result


def embed(model: Path, files: list[Path], *options: str) -> Run:
    result = run("embed", model, *files, "-o", "-", *options)
    check(result, files, {json.loads(line)["file"] for line in result.output.splitlines()})
    return result


def runs_of(files: list[Path]) -> list[list[Path]]:
    return [files[start : start + FILES_OF_A_RUN] for start in range(0, len(files), FILES_OF_A_RUN)]


def test_many_damaged_scans_in_a_run(scans: list[Path], small_model: Path) -> None:
    for files in runs_of(scans):
        inspect(files)
        embed(small_model, files, "--allow-undersampled")


def test_damaged_scans_one_by_one(scans: list[Path], small_model: Path) -> None:
    for scan in scans if ALL_SINGLY else scans[:SAMPLE]:
        inspect([scan])
        embed(small_model, [scan])


def test_a_slice_that_is_all_but_a_line_is_no_scan_for_a_fixed_matrix(tmp_path: Path) -> None:
    """Such a model pads slices to squares: this one to 16000 x 16000."""
    model, scan = tmp_path / "model.pt", tmp_path / "line.npy"
    mriembed.export_model(model, num_coils=2, embed_dim=4, widths=(8, 8, 8, 8), matrix=32)
    np.save(scan, np.ones((2, 2, 16000), np.complex64))
    result = embed(model, [scan])
    assert result.status == 4
    assert "pad to a square" in result.errors[0]
