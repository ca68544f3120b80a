"""What is left when writing fails, the program is killed or interrupted, or memory runs out."""

import json
import math
import os
import re
import resource
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import mriembed
from program import PROGRAM

_LONG_ENOUGH = 120.0
_LINES = re.compile(r"mriembed_cli: error: [^\n]*\n")


def _start(*arguments: object, limit: Callable[[], None] | None = None) -> subprocess.Popen[str]:
    command = [str(PROGRAM), *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=limit)


def _run(*arguments: object, limit: Callable[[], None] | None = None) -> tuple[int, str]:
    """Exit code and standard error."""
    process = _start(*arguments, limit=limit)
    _, errors = process.communicate(timeout=_LONG_ENOUGH)
    return process.returncode, errors


def _limit(kind: int, size: int) -> Callable[[], None]:
    return lambda: resource.setrlimit(kind, (size, size))


def _random(shape: tuple[int, ...]) -> np.ndarray:
    rng = np.random.default_rng(0)
    return (rng.normal(size=shape) + 1j * rng.normal(size=shape)).astype(np.complex64)


def _rows(output: Path) -> np.ndarray:
    """The embeddings in an output of any format, which must be whole."""
    if output.suffix == ".npy":
        rows = np.load(output)
        assert len(json.loads(output.with_suffix(".json").read_text())["rows"]) == len(rows)
        return np.asarray(rows)
    text = output.read_text()
    assert text.endswith("\n")
    if output.suffix == ".csv":
        lines = text.splitlines()
        assert len({line.count(",") for line in lines}) == 1
        return np.array([line.split(",")[-256:] for line in lines[1:]], np.float32)
    return np.array([json.loads(line)["embedding"] for line in text.splitlines()], np.float32)


def _leftovers(folder: Path) -> list[Path]:
    return list(folder.glob(".*"))


def _wait_for_rows(folder: Path, process: subprocess.Popen[str]) -> None:
    """Until the program has rows of its first scan."""
    end = time.monotonic() + _LONG_ENOUGH
    while not _leftovers(folder):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.001)


@pytest.fixture
def short(tmp_path: Path) -> Path:
    np.save(tmp_path / "short.npy", _random((3, 9, 24, 20)))
    return tmp_path / "short.npy"


@pytest.fixture
def long(tmp_path: Path) -> Path:
    """Slices enough for a signal to come between them."""
    np.save(tmp_path / "long.npy", _random((200, 2, 24, 24)))
    return tmp_path / "long.npy"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder for outputs alone."""
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


@pytest.mark.parametrize("name", ["rows.npy", "rows.csv", "rows.jsonl"])
def test_a_full_disk_leaves_the_old_output_and_nothing_beside_it(
    model_file: Path, short: Path, folder: Path, name: str
) -> None:
    output = folder / name
    assert _run("embed", model_file, short, "-o", output) == (0, "")
    before = {path: path.read_bytes() for path in folder.iterdir()}
    for bytes_left in (0, 1000, 2000):
        status, errors = _run(
            "embed", model_file, short, short, "-o", output, limit=_limit(resource.RLIMIT_FSIZE, bytes_left)
        )
        assert status == 1
        assert re.fullmatch(rf"mriembed_cli: error: {folder}/rows\.\w+: cannot be written: File too large\n", errors)
        assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_a_full_disk_behind_standard_output_is_an_error(model_file: Path, short: Path) -> None:
    with Path("/dev/full").open("w") as full:
        command: list[str | Path] = [PROGRAM, "embed", model_file, short, "-o", "-"]
        result = subprocess.run(command, check=False, stdout=full, stderr=subprocess.PIPE, text=True)
    assert result.returncode == 1
    assert _LINES.fullmatch(result.stderr), result.stderr
    assert "standard output: cannot be written: No space left" in result.stderr


def test_a_folder_that_takes_no_files_is_an_error(model_file: Path, short: Path, folder: Path) -> None:
    if os.geteuid() == 0:
        folder = Path("/proc")  # not even root can write there
    else:
        folder.chmod(0o500)
    status, errors = _run("embed", model_file, short, "-o", folder / "rows.npy")
    assert status in (1, 2)
    assert _LINES.fullmatch(errors), errors
    assert "cannot be written" in errors


@pytest.mark.parametrize("name", ["rows.npy", "rows.csv", "rows.jsonl"])
def test_a_killed_program_leaves_the_old_output(
    model_file: Path, short: Path, long: Path, folder: Path, name: str
) -> None:
    output = folder / name
    assert _run("embed", model_file, short, "-o", output) == (0, "")
    before = {path: path.read_bytes() for path in folder.iterdir()}
    for _ in range(3):
        process = _start("embed", model_file, short, *[long] * 500, "-o", output)
        _wait_for_rows(folder, process)
        process.kill()
        process.communicate(timeout=_LONG_ENOUGH)
        left = _leftovers(folder)
        assert left
        for path in left:
            assert re.fullmatch(r"\.mriembed-\d+-\d+\.tmp", path.name)
            path.unlink()
        assert {path: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("rows.npy", signal.SIGINT),
        ("rows.csv", signal.SIGINT),
        ("rows.jsonl", signal.SIGINT),
        ("rows.npy", signal.SIGTERM),
    ],
)
def test_interrupted_the_rows_so_far_are_a_whole_output(
    model_file: Path, short: Path, long: Path, folder: Path, name: str, kind: signal.Signals
) -> None:
    output = folder / name
    assert _run("embed", model_file, short, long, "-o", output) == (0, "")
    expected = _rows(output)
    process = _start("embed", model_file, short, *[long] * 500, "-o", output)
    _wait_for_rows(folder, process)
    process.send_signal(kind)
    _, errors = process.communicate(timeout=_LONG_ENOUGH)
    assert process.returncode == 128 + kind
    said = re.fullmatch(
        rf"mriembed_cli: error: interrupted after (\d+) of 501 scans(?: and (\d+) slices? of {long})?; "
        rf"{output} holds (\d+) rows\n",
        errors,
    )
    assert said, errors
    scans, slices, rows = (int(number or 0) for number in said.groups())
    assert rows == 3 + (scans - 1) * 200 + slices
    found = _rows(output)
    assert len(found) == rows
    np.testing.assert_array_equal(found[:203], expected[: len(found)])
    assert not _leftovers(folder)


def test_interrupted_standard_output_holds_whole_lines(model_file: Path, short: Path, long: Path, folder: Path) -> None:
    printed = folder / "printed"
    with printed.open("w") as file:
        command: list[str | Path] = [PROGRAM, "embed", model_file, short, *[long] * 500, "-o", "-"]
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + _LONG_ENOUGH
    while printed.stat().st_size == 0:
        assert time.monotonic() < end
        time.sleep(0.001)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=_LONG_ENOUGH)
    assert process.returncode == 130
    lines = printed.read_text().splitlines(keepends=True)
    for line in lines:
        assert line.endswith("}\n")
        json.loads(line)
    assert f"; standard output holds {len(lines)} rows\n" in errors


def test_ctrl_c_ends_the_process_that_reads_hdf5_too_and_blames_no_scan(
    model_file: Path, phantom: Path, folder: Path
) -> None:
    """A terminal sends SIGINT to the whole group of processes."""
    command: list[str | Path] = [PROGRAM, "embed", model_file, *[phantom] * 500, "-o", folder / "rows.npy"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True)
    _wait_for_rows(folder, process)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=_LONG_ENOUGH)
    assert process.returncode == 130
    assert re.fullmatch(r"mriembed_cli: error: interrupted after \d+ of 500 scans[^\n]*\n", errors), errors
    assert len(_rows(folder / "rows.npy")) > 0


@pytest.mark.parametrize("delay", [0.0, 0.05, 0.5])
def test_interrupted_before_the_first_row_nothing_is_written(model_file: Path, folder: Path, delay: float) -> None:
    """Its scan comes from standard input, and never comes."""
    (folder / "rows.csv").write_text("old")
    command: list[str | Path] = [PROGRAM, "embed", model_file, "-", "-o", folder / "rows.csv"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    time.sleep(delay)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=_LONG_ENOUGH)
    assert process.returncode in (130, -signal.SIGINT), errors  # before or after the program asks for signals
    assert (folder / "rows.csv").read_text() == "old"
    assert [path.name for path in folder.iterdir()] == ["rows.csv"]


def test_a_reader_that_goes_ends_the_program_quietly(model_file: Path, short: Path, long: Path) -> None:
    process = _start("embed", model_file, short, *[long] * 500, "-o", "-")
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.wait(timeout=_LONG_ENOUGH) == -signal.SIGPIPE
    assert process.stderr.read() == ""
    process.stderr.close()


def test_a_slice_larger_than_memory_is_a_bad_scan_and_the_others_are_written(
    model_file: Path, short: Path, folder: Path
) -> None:
    huge = folder.parent / "huge.npy"
    shape = (1, 512, 16384, 16384)
    with huge.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<c8", "fortran_order": False, "shape": shape})
        file.truncate(file.tell() + math.prod(shape) * 8)  # sparse: takes no place on the disk
    output = folder / "rows.npy"
    status, errors = _run(
        "embed", model_file, short, huge, short, "-o", output, limit=_limit(resource.RLIMIT_AS, 64 << 30)
    )
    huge.unlink()
    assert status == 4, errors
    assert errors == f"mriembed_cli: error: {huge}: a slice of this file does not fit into memory\n"
    assert len(_rows(output)) == 6


def _address_space(model: Path, *options: str) -> int:
    """Bytes that the program takes for a small slice, threads included; what torch maps differs from build to build."""
    small = ("--kspace", "--shape", "1,8,32,32", "--threads", 1, "--repeats", 1000000)
    process = _start("bench", model, *small, *options)
    while _processor_seconds(process.pid) < 2:  # libraries are loaded and slices are embedded then, however slowly
        assert process.poll() is None
        time.sleep(0.1)
    found = re.search(r"VmPeak:\s+(\d+) kB", Path(f"/proc/{process.pid}/status").read_text())
    assert found
    process.kill()
    process.communicate()
    return int(found[1]) * 1024 + (256 << 20)


def _processor_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_little_memory_never_ends_in_an_abort(model_file: Path, short: Path, folder: Path) -> None:
    """Under growing limits each run either succeeds or says which scan does not fit. One thread: where the system
    gives OpenMP no memory for a thread's stack, its library ends the program by itself."""
    large = folder.parent / "large.npy"
    plane = _random((1, 1, 512, 512))
    plane[..., 256, 256] = 1000  # an echo
    np.save(large, np.broadcast_to(plane, (2, 32, 512, 512)))
    statuses = set()
    for backend in ([], ["--backend", "torch"]):
        start = _address_space(model_file, *backend)
        for more in (0, 150, 300, 450, 900, 4000):
            status, errors = _run(
                *("embed", model_file, short, large, "-o", folder / "rows.npy", "--threads", 1, *backend),
                limit=_limit(resource.RLIMIT_AS, start + (more << 20)),
            )
            assert status in (0, 4), errors
            assert len(_LINES.findall(errors)) == errors.count("\n")
            assert ("does not fit into memory" in errors) == (status == 4)
            statuses.add(status)
    assert statuses == {0, 4}


def _export(output: Path, *options: str, limit: Callable[[], None] | None = None) -> subprocess.Popen[str]:
    command = [str(PROGRAM.with_name("mriembed")), "export", "-o", str(output), *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=limit)


@pytest.mark.parametrize("bytes_left", [0, 5000, 1000000])
def test_export_to_a_full_disk_leaves_the_old_model_file(folder: Path, bytes_left: int) -> None:
    model = folder / "model.pt"
    model.write_text("old")
    process = _export(model, "--force", limit=_limit(resource.RLIMIT_FSIZE, bytes_left))
    _, errors = process.communicate(timeout=_LONG_ENOUGH)
    assert process.returncode == 1
    assert errors.count("\n") == 1, errors
    assert str(model) in errors
    assert [path.name for path in folder.iterdir()] == ["model.pt"]
    assert model.read_text() == "old"


def test_export_killed_leaves_the_old_model_file_or_a_whole_new_one(model_file: Path, folder: Path) -> None:
    model = folder / "model.pt"
    model.write_bytes(model_file.read_bytes())
    before = mriembed.read_description(model)
    for _ in range(3):
        process = _export(model, "--force", "--random", "--seed", "1")
        end = time.monotonic() + _LONG_ENOUGH
        while process.poll() is None and not _leftovers(folder) and time.monotonic() < end:
            time.sleep(0.0005)
        process.kill()
        process.communicate()
        described = mriembed.read_description(model)
        assert described.weights_source in (before.weights_source, "random, seed 1")
        for path in _leftovers(folder):
            assert re.fullmatch(r"\.mriembed-\w+\.tmp", path.name)
            path.unlink()
        assert [path.name for path in folder.iterdir()] == ["model.pt"]
