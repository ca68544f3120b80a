"""Standard output, which may be a full disk, or a pipe that nobody reads."""

from __future__ import annotations

import os
import sys


def print_line(text: str) -> None:
    """Prints a line at once. What is no UTF-8 in names of files becomes U+FFFD.

    Raises:
        OSError: it cannot be written; names standard output. What is printed from then on is lost without an error.
    """
    if sys.stdout is None:  # closed before the process began
        return
    try:
        print(text.encode("utf-8", "surrogateescape").decode("utf-8", "replace"), flush=True)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes once more when it ends
        raise OSError(error.errno, f"cannot be written: {error.strerror}", "standard output") from None
