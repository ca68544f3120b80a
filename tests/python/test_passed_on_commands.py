"""The commands that `mriembed` passes on to mriembed_cli, and that nothing heavy is imported for that."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import mriembed
from check.check_scans import faultless, write_scan
from mriembed.cli import main
from mriembed.simulation.faults import with_fault
from program import MRIEMBED, PROGRAM


@pytest.fixture
def scan(tmp_path: Path) -> Path:
    """A scan with a noisy coil."""
    faulty = with_fault(faultless(), "noise x 10", np.random.default_rng(1), coil=4)
    return write_scan(tmp_path / "noisy.h5", faulty.raw)


def run(program: Path, *arguments: object, given: bytes = b"") -> tuple[int, bytes, bytes]:
    done = subprocess.run([program, *map(str, arguments)], check=False, input=given, capture_output=True, timeout=120)
    return done.returncode, done.stdout, done.stderr


def imported_after(statement: str) -> set[str]:
    """Names of the modules that are imported after a statement that may end the program."""
    code = (
        f"import atexit, sys\natexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
        f"import os\nos.execv = lambda *_: sys.exit()\n{statement}"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return set(done.stderr.split())


def test_help_names_every_command_of_both_programs() -> None:
    status, shown, errors = run(MRIEMBED, "--help")
    assert (status, errors) == (0, b"")
    named = set(re.findall(r"^ {4}([a-z][a-z-]*)", shown.decode(), re.MULTILINE))
    of_program = re.findall(r"^ {2}([a-z]+) {2,}\S", run(PROGRAM, "--help")[1].decode(), re.MULTILINE)
    assert len(of_program) == 9
    assert named >= {*of_program, "export", "train", "evaluate", "simulate", "convert", "sign", "keygen"}


def test_both_programs_describe_a_command_in_the_same_words() -> None:
    shown = " ".join(run(MRIEMBED, "--help")[1].decode().split())
    purposes = re.findall(r"^ {2}([a-z]+) {2,}(\S.*)$", run(PROGRAM, "--help")[1].decode(), re.MULTILINE)
    assert len(purposes) == 9
    for name, purpose in purposes:
        assert f"{name} {purpose[0].lower()}{purpose[1:]}" in shown


def test_version_is_the_package_s() -> None:
    assert run(MRIEMBED, "--version") == (0, f"mriembed {mriembed.__version__}\n".encode(), b"")


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "{scan}"],
        ["check", "--table", "{scan}"],
        ["check", "--", "--html"],
        ["inspect", "--json", "{scan}"],
        ["inspect", "{scan}.absent"],
        ["embed", "--help"],
        ["info", "--no-such-option"],
        ["ping", "127.0.0.1:1"],
    ],
)
def test_outputs_and_exit_code_are_mriembed_cli_s(arguments: list[str], scan: Path) -> None:
    given = [argument.format(scan=scan) for argument in arguments]
    assert run(MRIEMBED, *given) == run(PROGRAM, *given)


def test_a_finding_gives_exit_code_10_and_a_missing_file_4(scan: Path, tmp_path: Path) -> None:
    assert run(MRIEMBED, "check", scan)[0] == 10
    assert run(MRIEMBED, "check", tmp_path / "absent.h5")[0] == 4


def test_standard_input_reaches_it(tmp_path: Path) -> None:
    path = tmp_path / "scan.npy"
    np.save(path, np.ones((1, 4, 16, 16), np.complex64))
    status, shown, errors = run(MRIEMBED, "inspect", "-", given=path.read_bytes())
    assert (status, errors) == (0, b"")
    assert b"coils                 4\n" in shown


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGTERM])
def test_signals_reach_it(kind: signal.Signals, model_file: Path, tmp_path: Path) -> None:
    scan, printed = tmp_path / "scan.npy", tmp_path / "rows"
    np.save(scan, np.random.default_rng(0).normal(size=(200, 4, 64, 128)).view(np.complex128).astype(np.complex64))
    with printed.open("w") as file:
        command = [str(MRIEMBED), "embed", str(model_file), *[str(scan)] * 100, "-o", "-"]
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 120
    while printed.stat().st_size == 0:
        assert time.monotonic() < end
        time.sleep(0.001)
    assert Path(f"/proc/{process.pid}/exe").readlink() == PROGRAM.resolve()
    process.send_signal(kind)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 128 + kind
    assert errors.startswith("mriembed_cli: error: interrupted after ")


def test_no_signal_is_ignored_that_was_not_ignored_before(tmp_path: Path) -> None:
    """Python ignores SIGPIPE; programs that a process becomes inherit that."""
    status = tmp_path / "status"
    status.write_text("#!/bin/sh\ngrep SigIgn /proc/self/status\n")
    status.chmod(0o755)
    code = f"import mriembed.programs as p; p.command_line_program = lambda: {str(status)!r}; "
    code += "p.become_command_line_program([])"
    shown = subprocess.check_output([sys.executable, "-c", code], text=True)
    assert int(shown.split()[1], 16) & 1 << (signal.SIGPIPE - 1) == 0


def test_arguments_arrive_as_they_were_given(monkeypatch: pytest.MonkeyPatch) -> None:
    class BecameError(Exception):
        pass

    def become(program: os.PathLike[str], arguments: list[str]) -> None:
        raise BecameError(Path(program), arguments)

    monkeypatch.setattr("os.execv", become)
    monkeypatch.setattr("signal.signal", lambda *_: None)
    given = ["check", "--group=-a b", "", "--", "--html", "-two.h5"]
    with pytest.raises(BecameError) as became:
        main(given)
    assert became.value.args == (PROGRAM, ["mriembed_cli", *given])


def test_a_missing_program_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sysconfig.get_path", lambda _: str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["embed", "model.pt", "scan.h5"]) == 2
    assert capfd.readouterr().err == (
        f"mriembed: error: mriembed_cli is not installed beside {tmp_path}/mriembed; "
        "install mriembed with its programs (MRIEMBED_BUILD_CLI=ON)\n"
    )


@pytest.mark.parametrize("arguments", [["unknown"], []])
def test_other_commands_are_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert "mriembed: error: " in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [["--version"], ["--help"], ["train", "--help"], ["cmake-dir"], ["embed", "m.pt", "s.h5"], ["check", "a"]],
)
def test_neither_torch_nor_numpy_is_imported(arguments: list[str]) -> None:
    modules = imported_after(f"from mriembed.cli import main\nmain({arguments})")
    assert "mriembed.cli" in modules
    assert not {"torch", "numpy", "mriembed._core"} & modules


def test_passing_on_imports_no_parser() -> None:
    assert not {"argparse", "dataclasses"} & imported_after("from mriembed.cli import main\nmain(['embed'])")
