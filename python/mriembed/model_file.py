"""Model files: materialize, script, save, load, inspect. All that knows TorchScript in Python.

A model file is a TorchScript archive that plain `torch.jit.load` opens, with a description beside the
network (`extra/mriembed.json`): what the network is, where it came from, its layers and where in the archive their
weights lie, the SHA-256 of the weights, and a reference k-space slice with its embedding, by which any machine can
check itself. A seal at its end (`mriembed.seal`) covers every byte. Reading goes through libmriembed, which checks the
seal first and takes description and weights as data; `torch.jit.load` by itself checks nothing, and runs what it is
given.
"""

from __future__ import annotations

import contextlib
import copy
import hashlib
import io
import json
import os
import platform
import warnings
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mriembed import _core
from mriembed._build_info import SOURCE_REVISION, VERSION
from mriembed.atomic_file import write_atomically
from mriembed.checkpoint import Training, load_weights, read_training
from mriembed.distances import Distances, read_evaluated_distances
from mriembed.errors import InvalidArgumentError, ModelFileError
from mriembed.model import MRIEmbeddingModel
from mriembed.model_description import ModelDescription, warn_if_unsealed
from mriembed.network_description import describe_layers, locate_weights
from mriembed.output_file import check_output_file
from mriembed.pipeline import EmbeddingPipeline
from mriembed.preprocessing import CoilPreprocessor
from mriembed.seal import seal
from mriembed.torch_version import require_torch_of_build

FORMAT = "mriembed model"
FORMAT_VERSION = 2
_DESCRIPTION = "mriembed.json"
_REFERENCE_TOLERANCE = 1e-5  # in every component, as Embedder.verify has it in float32
# Of the preprocessing version: they stand in the description so that a reader can tell whether its own are the same.
_PREPROCESSING_NUMBERS = (
    "calibration_lines",
    "echo_window",
    "low_resolution",
    "darkest_coils",
    "darkest",
    "least_energy",
)


def export_model(
    path: str | Path,
    *,
    num_coils: int | None = None,
    embed_dim: int | None = None,
    widths: tuple[int, int, int, int] = (32, 64, 128, 256),
    use_mlp_head: bool = False,
    antialiased_stage: int | None = None,
    coil_compression: str = "pca",
    matrix: int | None = None,
    weights: str | Path | None = None,
    distances: str | Path | None = None,
    seed: int = 0,
    overwrite: bool = False,
) -> ModelDescription:
    """Makes a network with `weights` or random ones, and saves it as a model file.

    Args:
        path: the model file to write, by convention `*.pt`.
        num_coils: virtual coils (with `coil_compression="none"`: physical ones); None: as many as the weights were
            trained for, 8 if they do not state it.
        embed_dim: see `MRIEmbeddingModel`; None: what the weights were trained for, 256 if they do not state it.
        widths, use_mlp_head: see `MRIEmbeddingModel`.
        antialiased_stage: see there; None: what the weights are meant for, 0 if they do not state it.
        coil_compression: see `CoilPreprocessor`.
        matrix: see `CoilPreprocessor`; None: the matrix that the weights were trained for, if they state it; 0: the
            native size of each slice.
        weights: a weights-only checkpoint, for instance `DEFAULT_WEIGHTS`; None draws random weights from `seed`.
        distances: JSON of `mriembed evaluate` with a model file of these weights and this matrix, for typical
            distances. None: those in the weights file, at the matrix that they were trained for.
        seed: of random weights. The caller's random state does not change.
        overwrite: replace an existing file.

    Raises:
        InvalidArgumentError: arguments out of range, the file exists or is one of those that are read, or `distances`
            were measured with other weights.
        ModelFileError: the checkpoint does not fit.
        OSError: the file cannot be written. A file already there then stays as it is.
    """
    inputs = [Path(file) for file in (weights, distances) if file is not None]
    check_output_file(Path(path), inputs=inputs, overwrite=overwrite)
    training = None if weights is None else read_training(weights)
    num_coils, embed_dim = _sizes(num_coils, embed_dim, training, weights)
    if antialiased_stage is None:
        antialiased_stage = 0 if training is None else training.antialiased_stage
    if training is not None and matrix is None:
        matrix = training.matrix
    matrix = matrix or None
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = MRIEmbeddingModel(
                embed_dim=embed_dim,
                widths=widths,
                use_mlp_head=use_mlp_head,
                antialiased_stage=antialiased_stage,
            )
            pipeline = EmbeddingPipeline(model, CoilPreprocessor(num_coils, coil_compression, matrix))
    except ValueError as error:
        raise InvalidArgumentError(str(error)) from None
    if weights is not None:
        load_weights(model, weights)
    meaning = training.distances if training is not None and training.matrix == matrix else None
    if distances is not None:
        meaning = _distances_with(pipeline, distances)
    source = f"random, seed {seed}" if weights is None else training.source if training else str(weights)
    return save_model_file(pipeline, path, weights_source=source, distances=meaning, overwrite=overwrite)


def _sizes(
    num_coils: int | None, embed_dim: int | None, training: Training | None, weights: str | Path | None
) -> tuple[int, int]:
    """Virtual coils and components, which weights that state theirs decide."""
    trained_for = (8, 256) if training is None else (training.num_coils, training.embed_dim)
    num_coils = trained_for[0] if num_coils is None else num_coils
    embed_dim = trained_for[1] if embed_dim is None else embed_dim
    if training is not None and trained_for != (num_coils, embed_dim):
        raise InvalidArgumentError(
            f"{weights}: trained for {training.num_coils} virtual coils and {training.embed_dim} components, not for "
            f"{num_coils} and {embed_dim}; give weights trained for these, or --random (weights=None)"
        )
    return num_coils, embed_dim


def _distances_with(pipeline: EmbeddingPipeline, file: str | Path) -> Distances:
    """What an evaluation of these weights measured."""
    distances, measured_with = read_evaluated_distances(file)
    if measured_with != (weights_sha256(pipeline), pipeline.model.antialiased_stage):
        raise InvalidArgumentError(
            f"{file}: measured with other weights or another antialiased stage; evaluate a model file of these"
        )
    return distances


def save_model_file(
    pipeline: EmbeddingPipeline,
    path: str | Path,
    *,
    weights_source: str,
    distances: Distances | None = None,
    overwrite: bool = False,
) -> ModelDescription:
    """Scripts `pipeline` and saves it as a model file, atomically.

    The pipeline itself is not changed; it is saved in evaluation mode, in float32, on the CPU.

    Raises:
        InvalidArgumentError: the file exists and `overwrite` is False, or the preprocessing has other numbers than its
            version.
        OSError: the file cannot be written. A file already there then stays as it is.
    """
    path = Path(path)
    check_output_file(path, overwrite=overwrite)
    _refuse_other_preprocessing(pipeline.preprocessor)
    saved = copy.deepcopy(pipeline).cpu().float().eval()

    content = _describe(saved, weights_source, distances)
    with _torchscript_is_deprecated():
        scripted = torch.jit.script(saved)
    content["network"] = {
        "layers": describe_layers(saved.model, "model."),
        "weights": locate_weights(saved.state_dict(), _archive(scripted, "")),  # records do not depend on the text
    }
    write_atomically(path, seal(_archive(scripted, json.dumps(content, indent=1))))
    return read_description(path)


def read_description(
    path: str | Path, *, trusted_keys: Sequence[str | Path] = (), allow_unsealed: bool = False
) -> ModelDescription:
    """Reads the description in a model file without loading the network.

    Args:
        path: the model file.
        trusted_keys: files of public keys; if any, one of them must have signed the file.
        allow_unsealed: also read a TorchScript file without a seal, with an `UnsealedModelWarning`.

    Raises:
        ModelFileError: the file cannot be read, is damaged or not to be trusted, is no model file, or has an
            unknown version.
        InvalidArgumentError: a key cannot be read.
    """
    keys = [os.fspath(key) for key in trusted_keys]
    description = ModelDescription.of(_core.read_model_info(os.fspath(path), keys, allow_unsealed))
    warn_if_unsealed(path, description)
    return description


def load_scripted(
    path: str | Path, *, trusted_keys: Sequence[str | Path] = (), allow_unsealed: bool = False
) -> torch.jit.ScriptModule:
    """Loads the scripted pipeline to the CPU, as `torch.jit.load` does, after all checks of `Embedder.load`.

    The script must compute the reference embedding in the file, as libmriembed does. Arguments and errors are those of
    `read_description`.
    """
    require_torch_of_build()
    keys = [os.fspath(key) for key in trusted_keys]
    checked = _core.read_checked_model_file(os.fspath(path), keys, allow_unsealed)
    description = {_DESCRIPTION: ""}
    with _torchscript_is_deprecated():
        scripted: torch.jit.ScriptModule = torch.jit.load(
            io.BytesIO(checked), map_location="cpu", _extra_files=description
        )
    reference = json.loads(description[_DESCRIPTION])["reference"]
    kspace = torch.complex(torch.tensor(reference["kspace_real"]), torch.tensor(reference["kspace_imag"]))
    with torch.no_grad():
        embedding = scripted.embed_kspace(kspace.view(reference["kspace_shape"]))[0]
    difference = float((embedding - torch.tensor(reference["embedding"])).abs().max())
    if not difference <= _REFERENCE_TOLERANCE:
        raise ModelFileError(
            f"{os.fspath(path)}: its script computes another reference embedding than the file carries (largest "
            f"difference {difference:.1e}); export it again"
        )
    return scripted


def weights_sha256(module: torch.nn.Module) -> str:
    """SHA-256 over the module's weights: sorted by name, each as name, dtype and shape (text ended by a zero
    byte, the shape as "32,16,3,3") and raw little-endian values. `libmriembed` computes the same.
    """
    digest = hashlib.sha256()
    for name, value in sorted(module.state_dict().items()):
        dtype = str(value.dtype).removeprefix("torch.")
        shape = ",".join(str(length) for length in value.shape)
        digest.update(f"{name}\0{dtype}\0{shape}\0".encode())
        digest.update(value.detach().cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


def _refuse_other_preprocessing(preprocessor: CoilPreprocessor) -> None:
    of_version = CoilPreprocessor(preprocessor.num_coils, preprocessor.coil_compression, preprocessor.matrix)
    for name in ("preprocessing_version", *_PREPROCESSING_NUMBERS):
        value, right = getattr(preprocessor, name), getattr(of_version, name)
        if value != right:
            raise InvalidArgumentError(
                f"the preprocessing's {name} is {value}; a model file takes that of version "
                f"{of_version.preprocessing_version}, where it is {right}"
            )


@contextlib.contextmanager
def _torchscript_is_deprecated() -> Iterator[None]:
    """Torch warns of TorchScript's age at every use; the design knows, and the user cannot act on it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"`torch\.jit\..*` is (deprecated|not supported)", DeprecationWarning)
        yield


def _archive(scripted: torch.jit.ScriptModule, description: str) -> bytes:
    archive = io.BytesIO()
    with _torchscript_is_deprecated():
        torch.jit.save(scripted, archive, _extra_files={_DESCRIPTION: description})
    return archive.getvalue()


def _reference_kspace(coils: int, size: int) -> Tensor:
    """A small k-space slice with a strong centre, of values that JSON keeps exactly enough (3 decimals)."""
    generator = torch.Generator().manual_seed(20240)
    noise = torch.randn(1, coils, size, size, 2, generator=generator, dtype=torch.float64)
    position = torch.arange(size, dtype=torch.float64) - size // 2
    envelope = torch.exp(-(position[:, None] ** 2 + position[None, :] ** 2) / 18.0)
    strengths = torch.linspace(2.0, 0.5, coils, dtype=torch.float64).reshape(1, coils, 1, 1, 1)
    values = 10.0 * strengths * envelope[:, :, None] * noise
    return torch.view_as_complex(torch.round(values, decimals=3)).to(torch.complex64)


def _describe(pipeline: EmbeddingPipeline, weights_source: str, distances: Distances | None) -> dict[str, Any]:
    model, preprocessor = pipeline.model, pipeline.preprocessor
    extra_coils = 0 if preprocessor.coil_compression == "none" else 2  # so that compression has work to do
    # Of 16 x 16 pixels the last stage makes one: with few channels its GroupNorm would divide rounding by rounding.
    size = 16 if model.widths[-1] >= 64 else 32
    kspace = _reference_kspace(preprocessor.num_coils + extra_coils, size)
    with torch.no_grad():
        embedding = pipeline.embed_kspace(kspace)[0]
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "model": {
            "class": type(model).__name__,
            "arguments": model.arguments,
            "in_channels": 2 * preprocessor.num_coils,
            "num_coils": preprocessor.num_coils,
            "embed_dim": model.embed_dim,
            "parameters": sum(parameter.numel() for parameter in model.parameters()),
        },
        "preprocessing": {
            "version": preprocessor.preprocessing_version,
            "coil_compression": preprocessor.coil_compression,
            "matrix": preprocessor.matrix,
            "numbers": {name: getattr(preprocessor, name) for name in _PREPROCESSING_NUMBERS},
        },
        "provenance": {
            "mriembed": VERSION,
            "torch": str(torch.__version__),
            "python": platform.python_version(),
            "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
            "source_revision": SOURCE_REVISION,
            "weights": weights_source,
        },
        "weights_sha256": weights_sha256(pipeline),
        "distances": distances and distances.as_dict(),
        "reference": {
            "kspace_shape": list(kspace.shape),
            "kspace_real": _rounded(kspace.real),
            "kspace_imag": _rounded(kspace.imag),
            "embedding": [float(value) for value in embedding],
        },
    }


def _rounded(values: Tensor) -> list[float]:
    return [round(float(value), 3) for value in values.flatten()]
