"""The exceptions that model files, scans and devices can cause. The C++ library's error codes, one class each."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

AnyError = TypeVar("AnyError", bound="Error")


class Error(Exception):
    """Any failure that mriembed reports on purpose; the text is one line.

    Attributes:
        path: the file that is at fault; None where none is, or where the caller named it.
        slice: the slice of the call that is at fault, counted from 0; None where it is not one slice's fault.
    """

    path: str | None = None
    slice: int | None = None


def about_file(file: Path | str, error: AnyError) -> AnyError:
    """The same error with the file's name in front, which scan readers do not know."""
    named = type(error)(f"{file}: {error}")
    named.path = str(file)
    named.slice = error.slice
    return named


class InvalidArgumentError(Error, ValueError):
    """Shapes, options or names that cannot be right."""


class ModelFileError(Error, ValueError):
    """A model file or checkpoint is unreadable, damaged, foreign or of an unknown version."""


class BadInputError(Error, ValueError):
    """Samples that cannot be embedded: a slice that is all zero, or holds NaN or Inf."""


class DeviceNotAvailableError(Error, RuntimeError):
    """The device or precision asked for does not exist on this machine."""


class InternalError(Error, RuntimeError):
    """A defect of mriembed or of torch."""


class OutOfMemoryError(Error, MemoryError):
    """Memory ran out; fewer slices a call, or a smaller `memory_mib`, need less."""
