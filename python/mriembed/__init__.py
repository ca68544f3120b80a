"""One embedding for each slice of a raw multi-coil MRI scan.

`MRIEmbeddingModel` is the network, `CoilPreprocessor` the preprocessing, `EmbeddingPipeline` both in one module.
`export_model` writes a model file, and `Embedder` runs it through libmriembed. docs/glossary.md defines axes and words.

Names are imported when they are first used, so that `mriembed --help` need not wait for torch.
"""

import importlib
from typing import TYPE_CHECKING

from mriembed import _build_info

if TYPE_CHECKING:
    from mriembed.checkpoint import DEFAULT_WEIGHTS
    from mriembed.embedder import Embedder, Verification
    from mriembed.errors import (
        BadInputError,
        DeviceNotAvailableError,
        Error,
        InternalError,
        InvalidArgumentError,
        ModelFileError,
        OutOfMemoryError,
    )
    from mriembed.model import MRIEmbeddingModel
    from mriembed.model_description import ModelDescription, UnsealedModelWarning
    from mriembed.model_file import export_model, load_scripted, read_description, save_model_file
    from mriembed.pipeline import EmbeddingPipeline
    from mriembed.preprocessing import CoilPreprocessor
    from mriembed.seal import make_key_pair, sign_model_file
else:
    _MODULES = {
        "checkpoint": ["DEFAULT_WEIGHTS"],
        "embedder": ["Embedder", "Verification"],
        "errors": [
            "BadInputError",
            "DeviceNotAvailableError",
            "Error",
            "InternalError",
            "InvalidArgumentError",
            "ModelFileError",
            "OutOfMemoryError",
        ],
        "model": ["MRIEmbeddingModel"],
        "model_description": ["ModelDescription", "UnsealedModelWarning"],
        "model_file": ["export_model", "load_scripted", "read_description", "save_model_file"],
        "pipeline": ["EmbeddingPipeline"],
        "preprocessing": ["CoilPreprocessor"],
        "seal": ["make_key_pair", "sign_model_file"],
    }
    _MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}

    def __getattr__(name: str) -> object:
        if name not in _MODULE_OF:
            raise AttributeError(f"module 'mriembed' has no attribute {name!r}")
        value = getattr(importlib.import_module(f"mriembed.{_MODULE_OF[name]}"), name)
        globals()[name] = value
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})


__version__ = _build_info.VERSION

__all__ = [
    "DEFAULT_WEIGHTS",
    "BadInputError",
    "CoilPreprocessor",
    "DeviceNotAvailableError",
    "Embedder",
    "EmbeddingPipeline",
    "Error",
    "InternalError",
    "InvalidArgumentError",
    "MRIEmbeddingModel",
    "ModelDescription",
    "ModelFileError",
    "OutOfMemoryError",
    "UnsealedModelWarning",
    "Verification",
    "__version__",
    "export_model",
    "load_scripted",
    "make_key_pair",
    "read_description",
    "save_model_file",
    "sign_model_file",
]
