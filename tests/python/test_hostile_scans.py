"""500 damaged scans of each format through `inspect` and `embed`: refused or read, never a crash, and never more than
2 s and 1 GiB for one.

Most of a run of the program is its start, so many files share one here: each still gets its own verdict, but time and
memory are those of the whole process. A sample runs one by one. MRIEMBED_HOSTILE_SCANS=all runs all of them so.
"""

import json
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

import mriembed
from hostile_scans import FORMATS, write_hostile_scans
from program import PROGRAM

COUNT = 500
FILES_OF_A_RUN = 100
SAMPLE = 6
ALL_SINGLY = os.environ.get("MRIEMBED_HOSTILE_SCANS") == "all"


@dataclass(frozen=True)
class Run:
    status: int
    output: str
    errors: list[str]
    seconds: float
    processor_seconds: float
    peak_bytes: int


def run(*arguments: object) -> Run:
    """Runs the program; time and memory are the larger of its own and those of the processes that it starts."""
    start = time.monotonic()
    with subprocess.Popen(
        [str(PROGRAM), *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="strict"
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        output, errors = process.stdout.read(), process.stderr.read()  # the errors of 100 files fit into the pipe
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    return Run(
        process.returncode,
        output,
        errors.splitlines(),
        time.monotonic() - start,
        usage.ru_utime + usage.ru_stime,
        usage.ru_maxrss * 1024,
    )


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
    np.save(scan, np.ones((2, 1, 16000), np.complex64))
    result = embed(model, [scan])
    assert result.status == 4
    assert "pad to a square" in result.errors[0]
