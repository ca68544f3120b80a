"""One embedding for each slice of a raw multi-coil MRI scan.

`MRIEmbeddingModel` is the network, `CoilPreprocessor` the preprocessing, `EmbeddingPipeline` both in one module.
`export_model` writes a model file, and `Embedder` runs it through libmriembed. docs/glossary.md defines axes and words.
"""

from mriembed import _build_info
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
from mriembed.model_file import (
    ModelDescription,
    UnsealedModelWarning,
    export_model,
    load_scripted,
    read_description,
    save_model_file,
)
from mriembed.pipeline import EmbeddingPipeline
from mriembed.preprocessing import CoilPreprocessor
from mriembed.seal import make_key_pair, sign_model_file

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
