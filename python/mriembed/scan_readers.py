"""The compiled scan readers: one opener for every module that reads scans."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from mriembed.errors import InvalidArgumentError
from mriembed.programs import scan_reader_program

if TYPE_CHECKING:
    from mriembed._scans import Scan


def _readers() -> ModuleType:
    try:
        from mriembed import _scans
    except ImportError:
        raise InvalidArgumentError("this build of mriembed has no scan readers (MRIEMBED_BUILD_CLI=OFF)") from None
    return _scans


def open_scan(
    file: Path | str,
    *,
    images: bool = False,
    group: str = "",
    noise: Path | None = None,
    allow_undersampled: bool = False,
) -> Scan:
    """Opens a scan of any format.

    Args:
        file: its path.
        images: a NumPy or BART file holds coil images.
        group: the measurement to read of a raw MRD file with several; empty: all.
        noise: a file with the noise measurement that replaces the scan's own.
        allow_undersampled: also open scans with missing lines and no ACS lines.

    Raises:
        BadInputError: the file cannot be read; the text does not name it.
        InvalidArgumentError: mriembed was built without its scan readers.
    """
    scan: Scan = _readers().Scan(
        str(file), str(scan_reader_program()), images, group, "" if noise is None else str(noise), allow_undersampled
    )
    return scan


def scan_endings() -> list[str]:
    """The endings by which to look for scans in a folder; a BART scan is named by its header.

    Raises:
        InvalidArgumentError: mriembed was built without its scan readers.
    """
    endings: list[str] = _readers().scan_endings()
    return endings
