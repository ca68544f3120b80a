"""What libmriembed reads of a model file: its description, without torch."""

from __future__ import annotations

import json
import os
import warnings
from dataclasses import asdict, dataclass, fields
from typing import Any

from mriembed import _core
from mriembed.distances import Distances, KindOfPair


class UnsealedModelWarning(UserWarning):
    """A model file without a seal was loaded, as was asked for: damage in it may go unnoticed."""


@dataclass(frozen=True)
class ModelDescription:
    """The description in a model file and the state of its seal; C++ `mriembed::ModelInfo` has the same members.

    `signers` are the public keys (64 hexadecimal digits each) whose signatures are in the file.
    """

    format_version: int
    model_class: str
    arguments: dict[str, Any]
    in_channels: int
    num_coils: int
    embed_dim: int
    parameters: int
    preprocessing_version: int
    coil_compression: str
    matrix: int | None
    mriembed_version: str
    torch_version: str
    python_version: str
    created: str
    source_revision: str
    weights_source: str
    weights_sha256: str
    distances: Distances | None
    sealed: bool
    signers: tuple[str, ...]

    @classmethod
    def of(cls, info: _core.ModelInfo) -> ModelDescription:
        """From what libmriembed read."""
        members = {member.name: getattr(info, member.name) for member in fields(cls)}
        members["arguments"] = json.loads(info.arguments)
        members["matrix"] = info.matrix or None
        members["distances"] = _distances(info.distances)
        members["signers"] = tuple(info.signers)
        return cls(**members)

    def as_dict(self) -> dict[str, Any]:
        """The members by name, ready for JSON."""
        return asdict(self)


def warn_if_unsealed(path: str | os.PathLike[str], description: ModelDescription) -> None:
    """Warns the caller's caller of a model file without a seal."""
    if not description.sealed:
        message = f"{os.fspath(path)}: loaded without a seal; damage or foreign changes in it may go unnoticed"
        warnings.warn(message, UnsealedModelWarning, stacklevel=3)


def _distances(found: _core.Distances) -> Distances | None:
    kinds = tuple(KindOfPair(kind.name, tuple(kind.deciles), kind.below_threshold) for kind in found.kinds)
    return Distances(kinds, found.threshold, found.source) if kinds else None
