"""Settings of the C library's malloc: memory that a step of a training or an evaluation used is kept for the next."""

from __future__ import annotations

import ctypes

_M_TRIM_THRESHOLD = -1  # <malloc.h>
_M_MMAP_MAX = -4


def keep_freed_memory() -> bool:
    """Has the C library keep what this process frees, as long as it runs. For programs, not for libraries.

    By default glibc gives large blocks back to the system once they are freed. The next step asks for the same again,
    and the system has to clear every page of it first.

    Returns:
        Whether the C library is one that can be told so: glibc.
    """
    library = ctypes.CDLL(None)
    if not hasattr(library, "gnu_get_libc_version"):
        return False
    from_heap: int = library.mallopt(_M_MMAP_MAX, 0)
    untrimmed: int = library.mallopt(_M_TRIM_THRESHOLD, -1)
    return from_heap == 1 and untrimmed == 1
