"""Preprocessing and network in one module: what a model file holds, so that every user runs the same steps."""

from __future__ import annotations

from typing import Optional

import torch
from torch import Tensor, nn

from mriembed.model import MRIEmbeddingModel
from mriembed.preprocessing import CoilPreprocessor


class EmbeddingPipeline(nn.Module):
    """`CoilPreprocessor` followed by `MRIEmbeddingModel`; scriptable.

    The methods mirror those of the C++ `mriembed::Embedder`; shapes, dtypes and errors are those of the
    two parts. Only the network has weights, so converting the pipeline to a half precision leaves the
    preprocessing in single and double precision.

    Raises:
        ValueError: if the network's input channels contradict the preprocessor's number of coils.
    """

    def __init__(self, model: MRIEmbeddingModel, preprocessor: CoilPreprocessor) -> None:
        super().__init__()
        self.model = model.materialize(2 * preprocessor.num_coils)
        self.preprocessor = preprocessor

    def forward(self, x: Tensor, normalize: Optional[bool] = None) -> Tensor:
        """Embeds network input (B, 2 x num_coils, H, W), real."""
        embedding: Tensor = self.model(x, normalize)
        return embedding

    @torch.jit.export
    def preprocess_images(self, coil_images: Tensor) -> tuple[Tensor, Tensor]:
        """See `CoilPreprocessor.preprocess_images`."""
        return self.preprocessor.preprocess_images(coil_images)

    @torch.jit.export
    def preprocess_kspace(
        self,
        kspace: Tensor,
        noise_covariance: Optional[Tensor] = None,
        readout_width: Optional[int] = None,
        phase_height: Optional[int] = None,
        square: Optional[tuple[int, int]] = None,
    ) -> tuple[Tensor, Tensor]:
        """See `CoilPreprocessor.preprocess_kspace`."""
        return self.preprocessor.preprocess_kspace(kspace, noise_covariance, readout_width, phase_height, square)

    @torch.jit.export
    def embed_images(self, coil_images: Tensor) -> Tensor:
        """Embeds coil images (B, coils, y, x), complex."""
        return self.forward(self.preprocess_images(coil_images)[0], None)

    @torch.jit.export
    def embed_kspace(
        self,
        kspace: Tensor,
        noise_covariance: Optional[Tensor] = None,
        readout_width: Optional[int] = None,
        phase_height: Optional[int] = None,
        square: Optional[tuple[int, int]] = None,
    ) -> Tensor:
        """Embeds k-space (B, coils, y, x), complex."""
        preprocessed = self.preprocess_kspace(kspace, noise_covariance, readout_width, phase_height, square)
        return self.forward(preprocessed[0], None)
