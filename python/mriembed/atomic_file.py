"""Files that are whole or not there: written beside their place under a temporary name, then renamed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

TEMPORARY_FILES = ".mriembed-*.tmp"
"""What a killed process may leave in the folder of an output. The name does not grow with the output's own."""


@contextmanager
def whole_file(path: Path, *, private: bool = False) -> Iterator[Path]:
    """Yields an empty file to be filled, which takes the place of `path` when the block ends, whole and on the disk.

    An error in the block removes it. A process killed meanwhile leaves the old file, and at most one of
    TEMPORARY_FILES.

    Args:
        path: the file. Its folder must exist.
        private: only its owner may read it; otherwise it gets the permissions that the umask says.

    Raises:
        OSError: the file cannot be written; names it. What was there before stays as it is.
    """
    prefix, suffix = TEMPORARY_FILES.split("*")
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=prefix, suffix=suffix)
        os.close(handle)
    except OSError as error:
        raise cannot_be_written(path, error) from None
    temporary = Path(name)
    try:
        yield temporary
        _put_in_place(temporary, path, private=private)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def write_atomically(path: Path, content: bytes, *, private: bool = False) -> None:
    """Writes all of `content` to `path`. Arguments and errors are those of `whole_file`."""
    with whole_file(path, private=private) as temporary:
        try:
            temporary.write_bytes(content)
        except OSError as error:
            raise cannot_be_written(path, error) from None


def cannot_be_written(path: Path, error: OSError) -> OSError:
    """The same error about the file itself, not about the one with the temporary name."""
    return OSError(error.errno, f"cannot be written: {error.strerror}", str(path))


def _put_in_place(temporary: Path, path: Path, *, private: bool) -> None:
    try:
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        if not private:
            umask = os.umask(0)
            os.umask(umask)
            temporary.chmod(0o666 & ~umask)  # mkstemp lets only the owner read
        temporary.replace(path)
    except OSError as error:
        raise cannot_be_written(path, error) from None
