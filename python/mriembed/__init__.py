"""One embedding for each slice of a raw multi-coil MRI scan.

`MRIEmbeddingModel` is the network, `CoilPreprocessor` what comes before it, `EmbeddingPipeline` the two in one;
`export_model` writes a model file, and `Embedder` runs it through the C++ library.
"""

import torch

from mriembed import _build_info


def _refuse_other_torch() -> None:
    """The C++ library is bound to the torch it was built against; another one would fail with a riddle."""
    found = str(torch.__version__).partition("+")[0]
    if found != _build_info.TORCH_VERSION:
        raise ImportError(
            f"mriembed was built against torch {_build_info.TORCH_VERSION}, but torch {found} is installed; "
            f"build it again (pip install --no-build-isolation --force-reinstall --no-deps .) "
            f"or install torch=={_build_info.TORCH_VERSION}"
        )


_refuse_other_torch()

from mriembed.checkpoint import DEFAULT_WEIGHTS  # noqa: E402  (only after the check above)
from mriembed.embedder import Embedder, Verification  # noqa: E402
from mriembed.errors import (  # noqa: E402
    BadInputError,
    DeviceNotAvailableError,
    Error,
    InternalError,
    InvalidArgumentError,
    ModelFileError,
    OutOfMemoryError,
)
from mriembed.model import MRIEmbeddingModel  # noqa: E402
from mriembed.model_file import (  # noqa: E402
    ModelDescription,
    UnsealedModelWarning,
    export_model,
    load_scripted,
    read_description,
    save_model_file,
)
from mriembed.pipeline import EmbeddingPipeline  # noqa: E402
from mriembed.preprocessing import CoilPreprocessor  # noqa: E402
from mriembed.seal import make_key_pair, sign_model_file  # noqa: E402

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
