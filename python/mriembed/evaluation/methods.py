"""What is compared: the model as it is deployed, and baselines.

Most are embeddings: rows whose products are similarities. A matcher compares slices in pairs instead.
"""

from __future__ import annotations

import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Protocol, Union

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

from mriembed.embedder import Embedder
from mriembed.fourier import kspace_to_image
from mriembed.model import MRIEmbeddingModel
from mriembed.model_description import ModelDescription
from mriembed.model_file import save_model_file
from mriembed.pipeline import EmbeddingPipeline
from mriembed.preprocessing import CoilPreprocessor

_THUMBNAIL = 32
_COMPONENTS = 64


class Embedding(Protocol):
    """A way from k-space to rows of unit length whose product is a similarity."""

    name: str

    def embed(self, kspace: NDArray[np.complex64]) -> NDArray[np.float32]:
        """k-space (slices, coils, y, x) to (slices, length)."""


class Matcher(ABC):
    """A way to compare slices in pairs.

    Attributes:
        name: of the method.
        most_queries: so many queries, evenly spread over all, are looked for in a trial.
    """

    name: str
    most_queries: int

    @abstractmethod
    def describe(self, kspace: NDArray[np.complex64]) -> NDArray[np.float32]:
        """What is kept of k-space (slices, coils, y, x): an array (slices, ...)."""

    @abstractmethod
    def similarity(self, queries: NDArray[np.float32], gallery: NDArray[np.float32]) -> NDArray[np.float32]:
        """(queries, gallery), larger is more alike, at most 1."""


Method = Union[Embedding, Matcher]


def describe(method: Method, kspace: NDArray[np.complex64]) -> NDArray[np.float32]:
    """What a method keeps of k-space (slices, coils, y, x): rows of unit length, or what a matcher compares."""
    return method.describe(kspace) if isinstance(method, Matcher) else method.embed(kspace)


def similarity(method: Method, queries: NDArray[np.float32], gallery: NDArray[np.float32]) -> NDArray[np.float32]:
    """Similarities (queries, gallery) of what `describe` gives."""
    if isinstance(method, Matcher):
        return method.similarity(queries, gallery)
    products: NDArray[np.float32] = queries @ gallery.T
    return products


class DeployedModel:
    """A model file through libmriembed, as `mriembed_cli` runs it."""

    def __init__(self, name: str, embedder: Embedder) -> None:
        self.name = name
        self._embedder = embedder

    def embed(self, kspace: NDArray[np.complex64]) -> NDArray[np.float32]:
        """See `Embedder.embed_kspace`."""
        rows = self._embedder.embed_kspace(kspace)
        return _unit(rows)


def random_weights(description: ModelDescription, seed: int = 0) -> DeployedModel:
    """The same network and preprocessing as the model's, with weights that nobody has trained."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        pipeline = EmbeddingPipeline(
            MRIEmbeddingModel(**description.arguments),
            CoilPreprocessor(description.num_coils, description.coil_compression, description.matrix),
        )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "random.pt"
        save_model_file(pipeline, path, weights_source=f"random, seed {seed}")
        return DeployedModel("random weights", Embedder.load(path))


def root_sum_of_squares(kspace: NDArray[np.complex64], size: int) -> NDArray[np.float32]:
    """Root-sum-of-squares images (slices, size, size): padded to a square; pixels are means of what they cover."""
    image = kspace_to_image(torch.from_numpy(np.ascontiguousarray(kspace))).abs().square().sum(1).sqrt()
    height, width = image.shape[1:]
    square = max(height, width)
    top, left = (square - height) // 2, (square - width) // 2
    padded = F.pad(image, (left, square - width - left, top, square - height - top))
    resized: NDArray[np.float32] = F.interpolate(padded[:, None], size=(size, size), mode="area")[:, 0].numpy()
    return resized


class Thumbnail:
    """A small root-sum-of-squares image; products of such rows are normalized correlations."""

    name = f"thumbnail {_THUMBNAIL} x {_THUMBNAIL}"

    def embed(self, kspace: NDArray[np.complex64]) -> NDArray[np.float32]:
        """The thumbnail's pixels, less their mean."""
        rows = root_sum_of_squares(kspace, _THUMBNAIL).reshape(len(kspace), -1)
        rows = rows - rows.mean(1, keepdims=True)
        return _unit(rows)


class PrincipalComponents:
    """Principal components of root-sum-of-squares images of 64 x 64 pixels, each of unit energy."""

    name = f"PCA, {_COMPONENTS} components"

    def __init__(self, examples: Iterable[NDArray[np.complex64]]) -> None:
        """Fitted to `examples`, k-space of (slices, coils, y, x) each, of which one is in memory at a time."""
        rows = np.concatenate([self._images(kspace) for kspace in examples])
        self._mean = rows.mean(0)
        self._axes = np.linalg.svd(rows - self._mean, full_matrices=False)[2][:_COMPONENTS]

    def embed(self, kspace: NDArray[np.complex64]) -> NDArray[np.float32]:
        """The leading components."""
        return _unit((self._images(kspace) - self._mean) @ self._axes.T)

    @staticmethod
    def _images(kspace: NDArray[np.complex64]) -> NDArray[np.float32]:
        return _unit(root_sum_of_squares(kspace, 64).reshape(len(kspace), -1))


def _unit(rows: NDArray[Any]) -> NDArray[np.float32]:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: NDArray[np.float32] = (rows / np.maximum(length, 1e-20)).astype(np.float32)
    return unit
