"""What a function of seeds gives."""

from collections.abc import Iterator

Seeds = Iterator[tuple[str, bytes]]  # names and contents
