"""The compiled programs that are installed with the package."""

from __future__ import annotations

import shutil
import sysconfig
from pathlib import Path

from mriembed.errors import InvalidArgumentError


def installed_program(name: str) -> Path:
    """A program that is installed with the package.

    Raises:
        InvalidArgumentError: it is not installed.
    """
    beside = Path(sysconfig.get_path("scripts")) / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if found is None:
        raise InvalidArgumentError(
            f"{beside}: there is no such program; mriembed must be built with its programs (MRIEMBED_BUILD_CLI=ON)"
        )
    return Path(found)
