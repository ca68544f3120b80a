"""Weights-only checkpoints: a dictionary of tensors in a safetensors file or in one that `torch.save` wrote."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file
from torch import Tensor
from torch.nn.parameter import is_lazy

from mriembed.distances import Distances
from mriembed.errors import ModelFileError
from mriembed.model import MRIEmbeddingModel
from mriembed.preprocessing import PREPROCESSING_VERSION

DEFAULT_WEIGHTS = Path(__file__).parent / "default_weights.safetensors"
"""Trained weights of the default architecture; MODEL_CARD.md beside them says how they came about."""


@dataclass(frozen=True)
class Training:
    """What a checkpoint of `mriembed train` says of its training."""

    num_coils: int
    embed_dim: int
    antialiased_stage: int
    matrix: int  # of model files with these weights
    source: str  # for people
    distances: Distances | None  # what they are typical of, where it was measured


def read_training(path: str | Path) -> Training | None:
    """How the weights in `path` were trained; None for weights that `mriembed train` did not write.

    Raises:
        ModelFileError: the file cannot be read, what it says is damaged, or the weights were trained for another
            version of the preprocessing.
    """
    path = Path(path)
    if not _is_safetensors(path):
        return None
    metadata = _safetensors_metadata(path)
    if "recipe" not in metadata:
        return None
    version = metadata.get("preprocessing_version", "an unknown one")
    if version != str(PREPROCESSING_VERSION):
        raise ModelFileError(
            f"{path}: trained for preprocessing version {version}; this mriembed needs weights trained for version "
            f"{PREPROCESSING_VERSION}"
        )
    try:
        recipe = json.loads(metadata["recipe"])
        measured = recipe["measured_share"] > 0
        steps = metadata.get("steps", metadata["step"])
        if not re.fullmatch(r"\d+( \+ \d+)*", steps):
            raise ValueError(steps)
        return Training(
            int(recipe["num_coils"]),
            int(recipe["embed_dim"]),
            int(recipe["antialiased_stage"]),
            round(recipe["inference_matrix_scale"] * recipe["matrix"]),
            f"trained {steps} steps on {'measured and ' if measured else ''}simulated slices, "
            f"seed {int(recipe['seed'])}, by mriembed {metadata['mriembed']} ({metadata['source_revision']})",
            Distances.from_dict(json.loads(metadata["distances"])) if "distances" in metadata else None,
        )
    except (KeyError, TypeError, ValueError):
        raise ModelFileError(f"{path}: what it says of its training is damaged") from None


def steps_of(path: str | Path) -> str:
    """Steps of the runs that gave these weights, one after the other ("2400 + 100"); empty where nothing tells.

    Raises:
        ModelFileError: the file cannot be read.
    """
    metadata = _safetensors_metadata(Path(path)) if _is_safetensors(Path(path)) else {}
    return metadata.get("steps", metadata.get("step", ""))


def file_sha256(path: str | Path) -> str:
    """SHA-256 of the file's bytes, 64 hexadecimal digits.

    Raises:
        ModelFileError: the file cannot be read.
    """
    try:
        return hashlib.sha256(Path(path).read_bytes()).hexdigest()
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be read: {error.strerror}") from None


def load_weights(model: MRIEmbeddingModel, path: str | Path) -> None:
    """Loads the weights of `path` into `model`, lazily built or materialized. All names and shapes must fit.

    The file may hold the state dict itself or one under the key "state_dict" or "model". Nothing but
    tensors is ever unpickled (`weights_only=True`).

    Raises:
        ModelFileError: if the file cannot be read, holds more than tensors, or does not fit the model.
    """
    path = Path(path)
    weights = _read(path)
    reason = _misfit(model, weights)
    if not reason:
        try:
            model.load_state_dict(dict(weights), strict=True)
        except (RuntimeError, ValueError) as error:
            reason = " ".join(str(error).split())
    if reason:
        raise ModelFileError(f"{path}: the weights do not fit the model: {reason}")
    for name, value in model.named_parameters():
        if not bool(torch.isfinite(value).all()):
            raise ModelFileError(f"{path}: {name} holds NaN or infinite weights")


def _misfit(model: MRIEmbeddingModel, weights: Mapping[str, Tensor]) -> str:
    """What keeps `weights` from fitting, in a few words; empty where names and shapes fit."""
    own = model.state_dict()
    missing = [name for name in own if name not in weights]
    if missing:
        return f"{missing[0]} is missing" + (f", and {len(missing) - 1} more" if len(missing) > 1 else "")
    for name, value in weights.items():
        if name not in own:
            return f"the model has no {name}"
        # Of a lazy stem, the number of input channels alone is open.
        right = (model.widths[0], *value.shape[1:]) if is_lazy(own[name]) else tuple(own[name].shape)
        if tuple(value.shape) != right:
            return f"{name} has the shape {tuple(value.shape)}, the model's has {right}"
    return ""


def _is_safetensors(path: Path) -> bool:
    """Such a file begins with the length of its JSON header (8 bytes) and the header's brace."""
    try:
        with path.open("rb") as file:
            return file.read(9)[8:] == b"{"
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be read: {error.strerror}") from None


def _read(path: Path) -> Mapping[str, Tensor]:
    if _is_safetensors(path):
        return _read_safetensors(path)
    try:
        content: Any = torch.load(path, map_location="cpu", weights_only=True)
    except MemoryError:
        raise
    except Exception:  # on bytes that are no checkpoint torch raises whatever its unpickler stumbles over
        raise ModelFileError(
            f"{path}: not a weights-only checkpoint; write one with torch.save(model.state_dict(), ...) or safetensors"
        ) from None
    for key in ("state_dict", "model"):
        if isinstance(content, dict) and isinstance(content.get(key), dict):
            content = content[key]
    if not isinstance(content, dict) or not content or not all(isinstance(v, Tensor) for v in content.values()):
        raise ModelFileError(f"{path}: expected a dictionary of tensors (a state dict), found something else")
    return content


def _read_safetensors(path: Path) -> Mapping[str, Tensor]:
    try:
        return load_file(path)
    except SafetensorError as error:
        raise ModelFileError(f"{path}: damaged safetensors file: {error}") from None


def _safetensors_metadata(path: Path) -> Mapping[str, str]:
    try:
        with safe_open(path, framework="pt") as file:
            return file.metadata() or {}
    except SafetensorError as error:
        raise ModelFileError(f"{path}: damaged safetensors file: {error}") from None
