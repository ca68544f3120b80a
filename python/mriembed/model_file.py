"""Model files: materialize, script, save, inspect. All that knows TorchScript in Python.

A model file is a TorchScript archive that plain `torch.jit.load` opens, with a description beside the
network (`extra/mriembed.json`): what the network is, where it came from, the SHA-256 of its weights, and a
reference k-space slice with its embedding, by which any machine can check itself.
"""

from __future__ import annotations

import contextlib
import copy
import hashlib
import json
import os
import platform
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mriembed._build_info import SOURCE_REVISION, VERSION
from mriembed.checkpoint import load_weights
from mriembed.errors import Error, InvalidArgumentError, ModelFileError
from mriembed.model import MRIEmbeddingModel
from mriembed.pipeline import EmbeddingPipeline
from mriembed.preprocessing import CONTRACT_VERSION, CoilPreprocessor

FORMAT = "mriembed model"
FORMAT_VERSION = 1
_DESCRIPTION = "mriembed.json"


@dataclass(frozen=True)
class ModelDescription:
    """What a model file says of itself; the C++ `mriembed::ModelInfo` has the same members."""

    format_version: int
    model_class: str
    arguments: dict[str, Any]
    in_channels: int
    num_coils: int
    embed_dim: int
    parameters: int
    preprocessing_contract: int
    coil_compression: str
    matrix: int | None
    mriembed_version: str
    torch_version: str
    python_version: str
    created: str
    source_revision: str
    weights_source: str
    weights_sha256: str

    def as_dict(self) -> dict[str, Any]:
        """The members by name, ready for JSON."""
        return asdict(self)


def export_model(
    path: str | Path,
    *,
    num_coils: int = 8,
    embed_dim: int = 256,
    widths: tuple[int, int, int, int] = (32, 64, 128, 256),
    use_mlp_head: bool = False,
    coil_compression: str = "pca",
    matrix: int | None = None,
    weights: str | Path | None = None,
    seed: int = 0,
    overwrite: bool = False,
) -> ModelDescription:
    """Makes a network, from `weights` or with random ones, and saves it as a model file.

    Args:
        path: the model file to write, by convention `*.pt`.
        num_coils: virtual coils (with `coil_compression="none"`: physical ones).
        embed_dim, widths, use_mlp_head: see `MRIEmbeddingModel`.
        coil_compression, matrix: see `CoilPreprocessor`.
        weights: a weights-only checkpoint; None draws random weights from `seed`.
        seed: of random weights. The caller's random state is left as it is.
        overwrite: replace an existing file.

    Raises:
        InvalidArgumentError: arguments out of range, or the file exists.
        ModelFileError: the checkpoint does not fit.
        OSError: the file cannot be written. A file already there then stays as it is.
    """
    _refuse_existing(Path(path), overwrite)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            model = MRIEmbeddingModel(embed_dim=embed_dim, widths=widths, use_mlp_head=use_mlp_head)
            pipeline = EmbeddingPipeline(model, CoilPreprocessor(num_coils, coil_compression, matrix))
    except ValueError as error:
        raise InvalidArgumentError(str(error)) from None
    if weights is not None:
        load_weights(model, weights)
    source = f"random, seed {seed}" if weights is None else str(weights)
    return save_model_file(pipeline, path, weights_source=source, overwrite=overwrite)


def save_model_file(
    pipeline: EmbeddingPipeline, path: str | Path, *, weights_source: str, overwrite: bool = False
) -> ModelDescription:
    """Scripts `pipeline` and saves it as a model file, atomically: the file is whole or not there.

    The pipeline itself is not changed; it is saved in evaluation mode, in float32, on the CPU.

    Raises:
        InvalidArgumentError: the file exists and `overwrite` is False.
        OSError: the file cannot be written. A file already there then stays as it is.
    """
    path = Path(path)
    _refuse_existing(path, overwrite)
    saved = copy.deepcopy(pipeline).cpu().float().eval()

    content = _describe(saved, weights_source)
    with _torchscript_is_deprecated():
        scripted = torch.jit.script(saved)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    os.close(handle)
    temporary = Path(name)
    try:
        with _torchscript_is_deprecated():
            torch.jit.save(scripted, name, _extra_files={_DESCRIPTION: json.dumps(content, indent=1)})
        _give_usual_permissions(temporary)
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return _as_description(content)


def read_description(path: str | Path) -> ModelDescription:
    """Reads what a model file says of itself, without loading the network.

    Raises:
        ModelFileError: the file cannot be read, is no model file, or has an unknown version.
    """
    path = Path(path)
    try:
        with path.open("rb") as file:
            if not file.read(1):
                raise ModelFileError(f"{path}: the file is empty; `mriembed export` writes a model file")
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be read: {error.strerror}") from None
    try:
        reader = torch._C.PyTorchFileReader(str(path))
        found = f"extra/{_DESCRIPTION}" in reader.get_all_records()
        text = reader.get_record(f"extra/{_DESCRIPTION}") if found else b""
    except RuntimeError:
        raise ModelFileError(f"{path}: this is no model file, or a damaged one") from None
    if not found:
        raise ModelFileError(f"{path}: a TorchScript file without {_DESCRIPTION}; `mriembed export` writes model files")
    try:
        content = json.loads(text)
        if content["format"] != FORMAT:
            raise ModelFileError(f"{path}: {_DESCRIPTION} does not describe a mriembed model")
        version, contract = content["format_version"], content["preprocessing"]["contract_version"]
        if version != FORMAT_VERSION:
            raise ModelFileError(
                f"{path}: it has format version {version}; this mriembed {VERSION} reads version {FORMAT_VERSION}"
            )
        if contract != CONTRACT_VERSION:
            raise ModelFileError(
                f"{path}: it follows preprocessing contract {contract}; "
                f"this mriembed {VERSION} knows contract {CONTRACT_VERSION}"
            )
        return _as_description(content)
    except Error:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise ModelFileError(f"{path}: {_DESCRIPTION} is damaged: {error!r}") from None


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


def _refuse_existing(path: Path, overwrite: bool) -> None:
    if path.is_dir():
        raise InvalidArgumentError(f"{path}: this is a folder; name a file, for instance {path / 'model.pt'}")
    if path.exists() and not overwrite:
        raise InvalidArgumentError(f"{path}: the file exists; another name, or --force (overwrite=True), is needed")
    if not path.parent.is_dir():
        raise InvalidArgumentError(f"{path}: the folder {path.parent} does not exist")


def _give_usual_permissions(path: Path) -> None:
    """Mkstemp makes files that only their owner may read; a model file gets what the umask says."""
    umask = os.umask(0)
    os.umask(umask)
    path.chmod(0o666 & ~umask)


@contextlib.contextmanager
def _torchscript_is_deprecated() -> Iterator[None]:
    """Torch warns of TorchScript's age at every use; the design knows, and the user cannot act on it."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", r"`torch\.jit\..*` is (deprecated|not supported)", DeprecationWarning)
        yield


def _reference_kspace(coils: int, size: int = 16) -> Tensor:
    """A small k-space slice with a strong centre, of values that JSON keeps exactly enough (3 decimals)."""
    generator = torch.Generator().manual_seed(20240)
    noise = torch.randn(1, coils, size, size, 2, generator=generator, dtype=torch.float64)
    position = torch.arange(size, dtype=torch.float64) - size // 2
    envelope = torch.exp(-(position[:, None] ** 2 + position[None, :] ** 2) / 18.0)
    strengths = torch.linspace(2.0, 0.5, coils, dtype=torch.float64).reshape(1, coils, 1, 1, 1)
    values = 10.0 * strengths * envelope[:, :, None] * noise
    return torch.view_as_complex(torch.round(values, decimals=3)).to(torch.complex64)


def _describe(pipeline: EmbeddingPipeline, weights_source: str) -> dict[str, Any]:
    model, preprocessor = pipeline.model, pipeline.preprocessor
    extra_coils = 0 if preprocessor.coil_compression == "none" else 2  # so that compression has work to do
    kspace = _reference_kspace(preprocessor.num_coils + extra_coils)
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
            "contract_version": CONTRACT_VERSION,
            "coil_compression": preprocessor.coil_compression,
            "matrix": preprocessor.matrix,
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
        "reference": {
            "kspace_shape": list(kspace.shape),
            "kspace_real": _rounded(kspace.real),
            "kspace_imag": _rounded(kspace.imag),
            "embedding": [float(value) for value in embedding],
        },
    }


def _rounded(values: Tensor) -> list[float]:
    return [round(float(value), 3) for value in values.flatten()]


def _as_description(content: dict[str, Any]) -> ModelDescription:
    model, preprocessing, provenance = content["model"], content["preprocessing"], content["provenance"]
    return ModelDescription(
        format_version=content["format_version"],
        model_class=model["class"],
        arguments=model["arguments"],
        in_channels=model["in_channels"],
        num_coils=model["num_coils"],
        embed_dim=model["embed_dim"],
        parameters=model["parameters"],
        preprocessing_contract=preprocessing["contract_version"],
        coil_compression=preprocessing["coil_compression"],
        matrix=preprocessing["matrix"],
        mriembed_version=provenance["mriembed"],
        torch_version=provenance["torch"],
        python_version=provenance["python"],
        created=provenance["created"],
        source_revision=provenance["source_revision"],
        weights_source=provenance["weights"],
        weights_sha256=content["weights_sha256"],
    )
