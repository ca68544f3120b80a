"""The compiled programs that are installed with the package."""

from __future__ import annotations

import sysconfig
from pathlib import Path

from mriembed.errors import InvalidArgumentError


def command_line_program() -> Path:
    """`mriembed_cli`, in the folder of this environment's programs or on the search path.

    Raises:
        InvalidArgumentError: it is not installed.
    """
    beside = Path(sysconfig.get_path("scripts")) / "mriembed_cli"
    if beside.exists():
        return beside
    import shutil  # takes a while

    found = shutil.which("mriembed_cli")
    if found is None:
        raise InvalidArgumentError(
            f"{beside}: there is no such program; mriembed must be built with its programs (MRIEMBED_BUILD_CLI=ON)"
        )
    return Path(found)


def scan_reader_program() -> Path:
    """`mriembed_scan_reader`, which only the library's scan readers run.

    Raises:
        InvalidArgumentError: it is not installed.
    """
    program = Path(__file__).parent / "libexec" / "mriembed_scan_reader"
    if not program.exists():
        raise InvalidArgumentError(
            f"{program}: there is no such program; mriembed must be built with its programs (MRIEMBED_BUILD_CLI=ON)"
        )
    return program
