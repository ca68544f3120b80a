"""A model file's weights in the Python classes: what exporters and compilers read, and the independent reference."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from results import Agreement

import mriembed

LARGEST_DIFFERENCE = 1e-5  # float32
SMALLEST_COSINE = 0.999  # half precisions


@contextmanager
def torchscript_is_deprecated() -> Iterator[None]:
    """Torch warns of TorchScript's age at every use; here it is one of the things that are compared."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


def load_scripted(model: Path) -> torch.jit.ScriptModule:
    """The model file as plain torch opens it."""
    with torchscript_is_deprecated():
        scripted: torch.jit.ScriptModule = torch.jit.load(str(model))
    return scripted.eval()


def load_eager(model: Path) -> mriembed.EmbeddingPipeline:
    """The same weights in `mriembed.EmbeddingPipeline`, in float32."""
    description = mriembed.read_description(model)
    pipeline = mriembed.EmbeddingPipeline(
        mriembed.MRIEmbeddingModel(**description.arguments),
        mriembed.CoilPreprocessor(description.num_coils, description.coil_compression, description.matrix),
    )
    pipeline.load_state_dict(load_scripted(model).state_dict())
    return pipeline.eval().requires_grad_(False)


def network_input_of(model: Path, kspace: NDArray[np.complex64]) -> NDArray[np.float32]:
    """What the network reads after the preprocessing of that k-space."""
    network_input: NDArray[np.float32] = load_eager(model).preprocess_kspace(torch.from_numpy(kspace))[0].numpy()
    return network_input


def reference_embeddings(model: Path, samples: NDArray[np.float32] | NDArray[np.complex64]) -> NDArray[np.float32]:
    """Embeddings of network input or, where complex, of k-space, by float32 eager PyTorch on the CPU."""
    pipeline = load_eager(model)
    tensor = torch.from_numpy(samples)
    with torch.no_grad():
        embeddings: NDArray[np.float32] = (
            pipeline.embed_kspace(tensor) if tensor.is_complex() else pipeline(tensor)
        ).numpy()
    return embeddings


def agreement(embeddings: NDArray[np.float32], reference: NDArray[np.float32], precision: str) -> Agreement:
    """float32 must equal the reference to 1e-5 in every component, half precisions in direction only."""
    if embeddings.shape != reference.shape:
        return Agreement(False, float("inf"), float("-inf"))
    exact, other = embeddings.astype(np.float64), reference.astype(np.float64)
    cosine = np.sum(exact * other, axis=1) / np.linalg.norm(exact, axis=1) / np.linalg.norm(other, axis=1)
    difference = float(np.abs(exact - other).max())
    smallest = float(cosine.min())
    agrees = difference <= LARGEST_DIFFERENCE if precision == "float32" else smallest >= SMALLEST_COSINE
    return Agreement(bool(agrees), difference, smallest)
