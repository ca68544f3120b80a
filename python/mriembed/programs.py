"""The compiled programs that are installed with the package."""

from __future__ import annotations

import os
import signal
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from mriembed.errors import InvalidArgumentError

_BUILD = "install mriembed with its programs (MRIEMBED_BUILD_CLI=ON)"


def command_line_program() -> Path:
    """`mriembed_cli`, in the folder of this environment's programs or on the search path.

    Raises:
        InvalidArgumentError: it is not installed.
    """
    beside = Path(sysconfig.get_path("scripts")) / "mriembed_cli"
    if beside.exists():
        return beside
    import shutil  # not needed where it is found at once

    found = shutil.which("mriembed_cli")
    if found is None:
        raise InvalidArgumentError(f"mriembed_cli is not installed beside {beside.parent / 'mriembed'}; {_BUILD}")
    return Path(found)


def become_command_line_program(arguments: Sequence[str]) -> NoReturn:
    """Replaces this process by `mriembed_cli`: standard streams, signals and the exit code are its own.

    Raises:
        InvalidArgumentError: it is not installed.
        OSError: it cannot be started.
    """
    program = command_line_program()
    sys.stdout.flush()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # which Python ignores, and programs that it becomes would
    os.execv(program, ["mriembed_cli", *arguments])


def scan_reader_program() -> Path:
    """`mriembed_scan_reader`, which only the library's scan readers run.

    Raises:
        InvalidArgumentError: it is not installed.
    """
    program = Path(__file__).parent / "libexec" / "mriembed_scan_reader"
    if not program.exists():
        raise InvalidArgumentError(f"{program} is not installed; {_BUILD}")
    return program
