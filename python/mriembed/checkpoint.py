"""Weights-only checkpoints: a dictionary of tensors in a safetensors file or in one that `torch.save` wrote."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mriembed.errors import ModelFileError
from mriembed.model import MRIEmbeddingModel


def load_weights(model: MRIEmbeddingModel, path: str | Path) -> None:
    """Loads the weights of `path` into `model`, lazily built or materialized. All names and shapes must fit.

    The file may hold the state dict itself or one under the key "state_dict" or "model". Nothing but
    tensors is ever unpickled (`weights_only=True`).

    Raises:
        ModelFileError: if the file cannot be read, holds more than tensors, or does not fit the model.
    """
    path = Path(path)
    weights = _read(path)
    try:
        model.load_state_dict(dict(weights), strict=True)
    except (RuntimeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ModelFileError(f"{path}: the weights do not fit the model: {reason}") from None
    for name, value in model.named_parameters():
        if not bool(torch.isfinite(value).all()):
            raise ModelFileError(f"{path}: {name} holds NaN or infinite weights")


def _read(path: Path) -> Mapping[str, Tensor]:
    try:
        with path.open("rb") as file:
            head = file.read(9)
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be read: {error.strerror}") from None
    # A safetensors file begins with the length of its JSON header (8 bytes) and the header's brace.
    if head[8:9] == b"{":
        return _read_safetensors(path)
    try:
        content: Any = torch.load(path, map_location="cpu", weights_only=True)
    except MemoryError:
        raise
    except Exception:  # on bytes that are no checkpoint torch raises whatever its unpickler stumbles over
        raise ModelFileError(
            f"{path}: no weights-only checkpoint; write one with torch.save(model.state_dict(), ...) or safetensors"
        ) from None
    for key in ("state_dict", "model"):
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    if not isinstance(content, dict) or not content or not all(isinstance(v, Tensor) for v in content.values()):
        raise ModelFileError(f"{path}: expected a dictionary of tensors (a state dict), found something else")
    return content


def _read_safetensors(path: Path) -> Mapping[str, Tensor]:
    try:
        from safetensors import SafetensorError
        from safetensors.torch import load_file
    except ImportError:
        raise ModelFileError(
            f"{path}: reading safetensors needs the package safetensors (pip install safetensors)"
        ) from None
    try:
        return load_file(path)
    except SafetensorError as error:
        raise ModelFileError(f"{path}: damaged safetensors file: {error}") from None
