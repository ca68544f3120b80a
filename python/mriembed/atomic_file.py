"""Files that are whole or not there: written beside their place under a temporary name, then renamed."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_atomically(path: Path, content: bytes, *, private: bool = False) -> None:
    """Writes `content` to `path`; what was there before stays until the new file is whole and on the disk.

    A process killed while writing leaves the old file, and beside it at most one named `.NAME.*.tmp`.

    Args:
        path: the file. Its folder must exist.
        content: all of it.
        private: only its owner may read it; otherwise it gets the permissions that the umask says.

    Raises:
        OSError: the file cannot be written; names it. What was there before stays as it is.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    except OSError as error:
        raise _cannot_be_written(path, error) from None
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if not private:
            umask = os.umask(0)
            os.umask(umask)
            temporary.chmod(0o666 & ~umask)  # mkstemp lets only the owner read
        temporary.replace(path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise _cannot_be_written(path, error) from None
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _cannot_be_written(path: Path, error: OSError) -> OSError:
    return OSError(error.errno, f"cannot be written: {error.strerror}", str(path))
