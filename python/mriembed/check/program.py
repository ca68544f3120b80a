"""`mriembed_cli` as a process."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from mriembed.errors import Error
from mriembed.programs import command_line_program

_PREFIX = "mriembed_cli: "


@dataclass(frozen=True)
class ProgramOutput:
    """What `mriembed_cli` gave.

    Attributes:
        exit_code: 0, 10 for a finding, or that of an error.
        lines: of standard output.
        messages: lines of standard error, without the program's name: "error: FILE: ...", "warning: ...".
    """

    exit_code: int
    lines: list[str]
    messages: list[str]


def captured(arguments: Sequence[str]) -> ProgramOutput:
    """Runs `mriembed_cli` without standard input and keeps what it prints."""
    program = command_line_program()
    done = subprocess.run([program, *arguments], check=False, stdin=subprocess.DEVNULL, capture_output=True)
    return ProgramOutput(
        _exit_code(done.returncode),
        _lines(done.stdout),
        [line.removeprefix(_PREFIX) for line in _lines(done.stderr)],
    )


def _lines(output: bytes) -> list[str]:
    """Of UTF-8 text; `splitlines` would also split at characters that a name may hold."""
    return [line for line in output.decode("utf-8", "replace").split("\n") if line]


def _exit_code(returned: int) -> int:
    if returned < 0:
        raise Error(f"mriembed_cli: ended by signal {-returned}; it should have printed a result or an error")
    return returned
