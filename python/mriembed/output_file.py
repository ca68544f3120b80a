"""The place of an output is checked before the work begins: no work is in vain, and no file of the user's is lost."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from mriembed.errors import InvalidArgumentError

HTML_ENDINGS = (".html", ".htm")


def check_output_file(
    path: Path, *, inputs: Iterable[Path] = (), overwrite: bool = True, endings: tuple[str, ...] = ()
) -> None:
    """Refuses a file that cannot be written, or whose place holds what must stay.

    Args:
        path: the file to write.
        inputs: files that are read for it, which it must not replace. Those that do not exist are passed over.
        overwrite: whether a file that is there already is replaced.
        endings: of the name, one of these; empty: any. Where existing files are replaced, this spares files of other
            kinds.

    Raises:
        InvalidArgumentError: the file cannot or must not be written.
    """
    if path.is_dir():
        raise InvalidArgumentError(f"{path}: this is a folder; name a file")
    if endings and path.suffix.lower() not in endings:
        raise InvalidArgumentError(f"{path}: the name of this output must end in {' or '.join(endings)}")
    check_folder_of(path)
    if not path.exists():
        return
    if not path.is_file():
        raise InvalidArgumentError(f"{path}: this is not a regular file; name another output")
    for file in inputs:
        if file.exists() and path.samefile(file):
            raise InvalidArgumentError(f"{path}: writing this would replace the input {file}; name another output")
    if not overwrite:
        raise InvalidArgumentError(f"{path}: the file exists; --force (overwrite=True) replaces it")


def check_folder_of(path: Path) -> None:
    """Refuses a file or folder whose own folder does not exist, or takes no new files.

    Raises:
        InvalidArgumentError: nothing can be written there.
    """
    folder = path.parent
    if not folder.is_dir():
        raise InvalidArgumentError(f"{path}: the folder {folder} does not exist; make it first, or name another one")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise InvalidArgumentError(f"{path}: no file can be made in the folder {folder}; name another one")
