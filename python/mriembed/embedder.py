"""libmriembed from Python: NumPy arrays in, embeddings out, with the code that runs at the scanner."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mriembed import _core
from mriembed.errors import InvalidArgumentError
from mriembed.model_description import ModelDescription, warn_if_unsealed
from mriembed.torch_version import require_torch_of_build


@dataclass(frozen=True)
class Verification:
    """How well this machine reproduces the reference embedding in the model file."""

    weights_match: bool
    largest_difference: float
    cosine: float
    passed: bool


class Embedder:
    """A loaded model file. `Embedder.load` makes it; many threads may use it at once.

    Calls release the GIL; Ctrl-C ends a call within a few slices. Arrays of the right dtype are read in place, with any
    strides that are not negative; others are converted, which costs a copy. A forked child may use it, too, except on a
    GPU; on torch it computes on one thread there.
    """

    def __init__(self, core: _core.Embedder, description: ModelDescription) -> None:
        self._core = core
        self._description = description

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        device: str = "cpu",
        precision: str = "float32",
        threads: int = 0,
        backend: str = "auto",
        memory_mib: int = 1024,
        trusted_keys: Sequence[str | os.PathLike[str]] = (),
        allow_unsealed: bool = False,
    ) -> Embedder:
        """Reads, checks and loads a model file.

        Args:
            path: the model file.
            device: "cpu", "cuda" or "cuda:N".
            precision: "float32", "bfloat16" or "float16" (GPU only), of the network; see `compute_dtype`.
            threads: most CPU threads of one call; 0: one for each processor that this process may use. All calls of a
                process share one pool of threads. Embeddings do not depend on it.
            backend: what runs the network: "native", the library's own kernels; "torch"; or "auto", torch only where
                there are no kernels for the device or the network.
            memory_mib: approximate working-memory limit per call, without the samples (MiB). Larger batches are
                processed in chunks. One slice is always processed, whatever it needs.
            trusted_keys: files of public keys; if any, one of them must have signed the model file.
            allow_unsealed: also load a TorchScript file without a seal, with an `UnsealedModelWarning`.

        Raises:
            ModelFileError: the file is missing, damaged, not trusted, or of an unknown version.
            DeviceNotAvailableError: the device or precision does not exist on this machine.
            InvalidArgumentError: an argument is out of range.
        """
        _require_torch(device, backend)
        keys = [os.fspath(key) for key in trusted_keys]
        core = _core.Embedder(
            os.fspath(path), None, device, precision, threads, backend, memory_mib, keys, allow_unsealed
        )
        description = ModelDescription.of(core.info)
        warn_if_unsealed(path, description)
        return cls(core, description)

    @classmethod
    def from_bytes(
        cls,
        model: bytes,
        *,
        name: str = "model file",
        device: str = "cpu",
        precision: str = "float32",
        threads: int = 0,
        backend: str = "auto",
        memory_mib: int = 1024,
        trusted_keys: Sequence[str | os.PathLike[str]] = (),
        allow_unsealed: bool = False,
    ) -> Embedder:
        """As `load`, for the bytes of a model file; error messages call it `name`."""
        _require_torch(device, backend)
        keys = [os.fspath(key) for key in trusted_keys]
        core = _core.Embedder(name, model, device, precision, threads, backend, memory_mib, keys, allow_unsealed)
        description = ModelDescription.of(core.info)
        warn_if_unsealed(name, description)
        return cls(core, description)

    @property
    def info(self) -> ModelDescription:
        """The description in the model file."""
        return self._description

    @property
    def backend(self) -> str:
        """What runs the network, "native" (the library's own kernels) or "torch".

        Native kernels exist for CPUs, and for GPUs in builds with MRIEMBED_CUDA.
        """
        return self._core.backend

    @property
    def compute_dtype(self) -> str:
        """What the network computes in, the precision of `load` or, where bfloat16 is not faster, float32."""
        return self._core.compute_dtype

    def warm_up(self, slices: int, height: int, width: int) -> None:
        """Does the one-time work for network input of this shape, so that the first call is not slower."""
        self._core.warm_up(slices, height, width)

    def warm_up_kspace(
        self, shape: tuple[int, int, int, int], readout_width: int | None = None, phase_height: int | None = None
    ) -> None:
        """As `warm_up`, for k-space or coil images of this shape, (slices, coils, y, x)."""
        self._core.warm_up_kspace(shape, readout_width or 0, phase_height or 0)

    def embed(self, network_input: ArrayLike) -> NDArray[np.float32]:
        """Embeds network input (slices, 2 x coils, y, x), real. Returns (slices, embed_dim).

        Raises:
            InvalidArgumentError: shape or dtype do not fit the model.
            BadInputError: a slice is all zero or contains NaN or Inf; the message names it.
        """
        return self._core.embed(_real(network_input))

    def embed_images(self, coil_images: ArrayLike) -> NDArray[np.float32]:
        """Embeds complex coil images (slices, coils, y, x). Returns and raises as `embed`."""
        return self._core.embed_images(_complex(coil_images, "coil images"))

    def embed_kspace(
        self,
        kspace: ArrayLike,
        noise_covariance: ArrayLike | None = None,
        readout_width: int | None = None,
        phase_height: int | None = None,
        pixel_aspect: float = 1.0,
    ) -> NDArray[np.float32]:
        """Embeds k-space (slices, coils, y, x), complex. Returns and raises as `embed`.

        Args:
            kspace: centre at (y // 2, x // 2).
            noise_covariance: (coils, coils), n n^H / (N - 1); its scale does not matter. None: no prewhitening.
            readout_width: pixels that x is cropped to in the image; None: no readout oversampling.
            phase_height: pixels that y is cropped to in the image; None: no phase oversampling.
            pixel_aspect: height of a pixel (field of view along y / number of lines) over its width.
        """
        covariance = None
        if noise_covariance is not None:
            covariance = np.asarray(noise_covariance, dtype=np.complex128)
            if covariance.ndim != 2:
                raise InvalidArgumentError(f"noise covariance: expected (coils, coils), got shape {covariance.shape}")
        if readout_width is not None and readout_width < 1:
            raise InvalidArgumentError(f"readout width must be at least 1, not {readout_width}")
        if phase_height is not None and phase_height < 1:
            raise InvalidArgumentError(f"phase height must be at least 1, not {phase_height}")
        samples = _complex(kspace, "k-space")
        return self._core.embed_kspace(samples, covariance, readout_width or 0, phase_height or 0, pixel_aspect)

    def verify(self) -> Verification:
        """Computes the reference embedding on this machine and compares it with the one in the model file."""
        return Verification(*self._core.verify())


def _complex(values: ArrayLike, name: str) -> NDArray[np.complex64]:
    array = np.asarray(values)
    if array.dtype.kind != "c":
        raise InvalidArgumentError(f"{name}: expected a complex array (slices, coils, y, x), got {array.dtype}")
    return _native(array, np.dtype(np.complex64), name)


def _real(values: ArrayLike) -> NDArray[np.float32]:
    array = np.asarray(values)
    if array.dtype.kind != "f":
        raise InvalidArgumentError(
            f"network input: expected a floating-point array (slices, 2 x coils, y, x), got {array.dtype}"
        )
    return _native(array, np.dtype(np.float32), "network input")


def _native(array: NDArray[Any], dtype: np.dtype[Any], name: str) -> NDArray[Any]:
    if array.ndim != 4:
        raise InvalidArgumentError(f"{name}: expected 4 dimensions, got shape {array.shape}")
    negative = any(stride < 0 for stride in array.strides)
    odd = any(stride % dtype.itemsize for stride in array.strides) or not array.flags.aligned
    if array.dtype != dtype or negative or odd:
        with np.errstate(over="ignore"):  # what does not fit becomes infinite, and is refused by its slice
            return np.ascontiguousarray(array, dtype=dtype)
    return array


def _require_torch(device: str, backend: str) -> None:
    if device != "cpu" or backend == "torch":
        require_torch_of_build()
