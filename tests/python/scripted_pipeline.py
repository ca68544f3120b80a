"""The scripted preprocessing and network of a model file, called as `mriembed.Embedder` is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

import mriembed
from mriembed.completion import complete_lines
from mriembed.preprocessing import CoilPreprocessor, square_field_of_view


class ScriptedPipeline:
    """What any user of torch computes with the file. Errors are the Embedder's, with the texts of the script."""

    def __init__(self, file: Path) -> None:
        self.info = mriembed.read_description(file)
        self._module = mriembed.load_scripted(file)
        self._preprocessor = CoilPreprocessor(self.info.num_coils, self.info.coil_compression, self.info.matrix)

    def embed_images(self, images: NDArray[Any]) -> NDArray[np.float32]:
        with torch.no_grad():
            embeddings: NDArray[np.float32] = self._module.embed_images(_tensor(images)).numpy()
        return embeddings

    def embed_kspace(
        self,
        kspace: NDArray[Any],
        noise_covariance: NDArray[Any] | None = None,
        readout_width: int | None = None,
        phase_height: int | None = None,
        pixel_aspect: float = 1.0,
    ) -> NDArray[np.float32]:
        psi = None if noise_covariance is None else torch.from_numpy(noise_covariance.astype(np.complex128))
        _, _, height, width = kspace.shape
        square = square_field_of_view(phase_height or height, readout_width or width, pixel_aspect)
        samples = _tensor(kspace)
        try:
            with torch.no_grad():
                if torch.isfinite(torch.view_as_real(samples)).all():
                    samples = complete_lines(self._preprocessor, samples, psi, readout_width, phase_height)
                prepared = self._module.preprocess_kspace(samples, psi, readout_width, phase_height, square)[0]
                embeddings: NDArray[np.float32] = self._module(prepared).numpy()
        except (torch.jit.Error, ValueError) as error:
            raise mriembed.BadInputError(
                str(error).splitlines()[-1].partition("ValueError: ")[2] or str(error)
            ) from None
        return embeddings


def _tensor(samples: NDArray[Any]) -> torch.Tensor:
    return torch.from_numpy(np.array(samples, np.complex64, order="C"))
