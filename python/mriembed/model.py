"""The network: channels of a preprocessed slice in, one embedding out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional, cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class _GroupNorm(nn.GroupNorm):
    """GroupNorm over `channels`, with the largest of 8, 4, 2, 1 groups that divides them.

    nn.GroupNorm refuses a single slice whose groups have shrunk to one value, but takes two such slices. The
    embedding of a slice must not depend on the batch it came in, so this asks for the operator itself.
    """

    def __init__(self, channels: int) -> None:
        super().__init__(next(count for count in (8, 4, 2, 1) if channels % count == 0), channels)

    def forward(self, x: Tensor) -> Tensor:
        return torch.group_norm(x, self.num_groups, self.weight, self.bias, self.eps)


def _initialize_convolution(convolution: nn.Conv2d) -> None:
    """Kaiming normal weights with ReLU gain, zero bias (He et al. 2015, doi:10.1109/ICCV.2015.123)."""
    nn.init.kaiming_normal_(convolution.weight, nonlinearity="relu")
    if convolution.bias is not None:
        nn.init.zeros_(convolution.bias)


def _initialize_linear(linear: nn.Linear) -> None:
    """Xavier uniform weights, zero bias (Glorot and Bengio 2010)."""
    nn.init.xavier_uniform_(linear.weight)
    nn.init.zeros_(linear.bias)


class _LazyStemConvolution(nn.LazyConv2d):
    """A LazyConv2d that applies the project's initialization at the moment it materializes.

    Weights that arrived through `load_state_dict` before the first forward pass are kept as they are.
    """

    cls_to_become = nn.Conv2d

    def initialize_parameters(self, input: Tensor) -> None:
        fresh = self.has_uninitialized_params()
        super().initialize_parameters(input)
        if fresh:
            _initialize_convolution(cast(nn.Conv2d, self))
        self.in_channels = int(self.weight.shape[1])


class _Stem(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.convolution = _LazyStemConvolution(channels, kernel_size=3, padding=1)
        self.norm = _GroupNorm(channels)

    def forward(self, x: Tensor) -> Tensor:
        return F.gelu(self.norm(self.convolution(x)))


class _Stage(nn.Module):
    """Halves height and width (rounded up): strided convolution, GroupNorm, GELU, optional dropout.

    An antialiased one convolves with stride 1 and halves at its end, by the mean of 2 x 2 pixels.
    """

    def __init__(self, in_channels: int, out_channels: int, dropout: float, antialiased: bool) -> None:
        super().__init__()
        stride = 1 if antialiased else 2
        self.convolution = nn.Conv2d(in_channels, out_channels, kernel_size=3, stride=stride, padding=1)
        self.norm = _GroupNorm(out_channels)
        self.dropout = nn.Dropout(dropout) if dropout > 0 else nn.Identity()
        self.antialiased = antialiased

    def forward(self, x: Tensor) -> Tensor:
        activated: Tensor = self.dropout(F.gelu(self.norm(self.convolution(x))))
        if self.antialiased:
            activated = F.avg_pool2d(activated, kernel_size=2, ceil_mode=True)
        return activated


class MRIEmbeddingModel(nn.Module):
    """Compact CNN that maps the network input of a slice to one embedding.

    Input is real, (B, C_in, H, W), with C_in = 2 x num_coils channels. `CoilPreprocessor` computes it from
    complex arrays: magnitudes first, then real parts.

    The first forward pass, a loaded state dict or `materialize` fixes C_in; until then the stem has no
    weights. Any floating-point dtype is accepted and converted to the dtype of the weights. The embedding
    has the dtype of the weights, except that half precisions are normalized, and returned, in float32.

    Args:
        embed_dim: length of the embedding.
        widths: output channels of the four stages; the stem has `widths[0]`.
        dropout: probability of dropping an activation after each stage, in training mode only.
        normalize: whether `forward` L2-normalizes unless told otherwise per call.
        use_mlp_head: two linear layers with a GELU between them instead of one.
        antialiased_stage: the stage, 1 to 3, that halves the image by the mean of 2 x 2 pixels behind a convolution of
            stride 1; 0: none does. A strided convolution keeps one pixel of four, and where the object lies decides
            which. With the mean, an object that has moved a little has nearly the same embedding (Zhang 2019,
            arXiv:1904.11486). The weights are the same.

    Raises:
        ValueError: for arguments outside their range.
    """

    def __init__(
        self,
        embed_dim: int = 256,
        widths: Sequence[int] = (32, 64, 128, 256),
        dropout: float = 0.0,
        normalize: bool = True,
        use_mlp_head: bool = False,
        antialiased_stage: int = 0,
    ) -> None:
        super().__init__()
        if embed_dim < 1:
            raise ValueError(f"embed_dim must be at least 1, not {embed_dim}")
        if len(widths) != 4 or min(widths) < 1:
            raise ValueError(f"widths must be four positive channel counts, not {tuple(widths)}")
        if not 0.0 <= dropout < 1.0:
            raise ValueError(f"dropout must lie in [0, 1), not {dropout}")
        if not 0 <= antialiased_stage <= 3:
            raise ValueError(f"antialiased_stage must be a stage from 1 to 3, or 0 for none, not {antialiased_stage}")
        self.embed_dim = embed_dim
        self.widths = tuple(int(width) for width in widths)
        self.dropout = float(dropout)
        self.normalize = normalize
        self.use_mlp_head = use_mlp_head
        self.antialiased_stage = int(antialiased_stage)

        self.stem = _Stem(self.widths[0])
        stage_inputs = (self.widths[0], *self.widths[:-1])
        self.backbone = nn.Sequential(
            *(
                _Stage(before, after, self.dropout, antialiased=stage == self.antialiased_stage)
                for stage, (before, after) in enumerate(zip(stage_inputs, self.widths, strict=True), start=1)
            )
        )
        features = self.widths[-1]
        self.head: nn.Module
        if use_mlp_head:
            self.head = nn.Sequential(nn.Linear(features, features), nn.GELU(), nn.Linear(features, embed_dim))
        else:
            self.head = nn.Linear(features, embed_dim)
        for module in self.modules():
            if isinstance(module, nn.Linear):
                _initialize_linear(module)
            elif isinstance(module, nn.Conv2d) and not isinstance(module, _LazyStemConvolution):
                _initialize_convolution(module)

    @property
    def arguments(self) -> dict[str, Any]:
        """The constructor arguments that make an equal, untrained model."""
        return {
            "embed_dim": self.embed_dim,
            "widths": list(self.widths),
            "dropout": self.dropout,
            "normalize": self.normalize,
            "use_mlp_head": self.use_mlp_head,
            "antialiased_stage": self.antialiased_stage,
        }

    def materialize(self, in_channels: int) -> MRIEmbeddingModel:
        """Fixes the number of input channels (2 x coils) and initializes the stem. Returns self.

        Raises:
            ValueError: if `in_channels` is not positive or contradicts weights already there.
        """
        if in_channels < 1:
            raise ValueError(f"in_channels must be at least 1, not {in_channels}")
        parameter = next(iter(self.backbone.parameters()))
        self.embed(torch.zeros(1, in_channels, 16, 16, dtype=parameter.dtype, device=parameter.device))
        return self

    def forward(self, x: Tensor, normalize: Optional[bool] = None) -> Tensor:
        """Embeds network input.

        Args:
            x: real floating-point, (B, C_in, H, W), any H and W (8 x 8 and more make sense).
            normalize: L2-normalize the result; None means the constructor's choice.

        Returns:
            (B, embed_dim), on x's device.

        Raises:
            TypeError: if x is complex, integer or boolean (in TorchScript the error carries that name).
            ValueError: if x does not have four dimensions or the C_in of the weights.
        """
        if x.is_complex():
            raise TypeError(
                "expected real network input (B, 2 x coils, H, W), got a complex tensor; "
                "CoilPreprocessor makes it of complex coil images or k-space"
            )
        if not x.is_floating_point():
            raise TypeError("expected a floating-point tensor, got an integer or boolean one")
        if x.dim() != 4:
            raise ValueError(f"expected 4 dimensions (B, 2 x coils, H, W), got {x.dim()}")
        if x.size(2) < 1 or x.size(3) < 1 or x.size(1) < 1:
            raise ValueError(f"expected (B, 2 x coils, H, W) without empty axes, got {x.shape}")
        in_channels = self.stem.convolution.in_channels  # 0 until materialized
        if in_channels > 0 and x.size(1) != in_channels:
            raise ValueError(f"expected {in_channels} channels (2 x coils), got {x.size(1)}")

        features = self.stem(x.to(self.stem.norm.weight.dtype))
        features = self.backbone(features)
        embedding: Tensor = self.head(features.mean(dim=[2, 3]))
        if self.normalize if normalize is None else normalize:
            if embedding.dtype == torch.float16 or embedding.dtype == torch.bfloat16:
                embedding = embedding.float()
            embedding = F.normalize(embedding, dim=1)
        return embedding

    def embed(self, x: Tensor, normalize: Optional[bool] = True) -> Tensor:
        """`forward` without gradients and in evaluation mode; every module's training mode is restored.

        Not safe to call while another thread trains the same model: the mode is switched for the call.
        """
        modes = [(module, module.training) for module in self.modules()]
        try:
            self.eval()
            with torch.no_grad():
                return cast(Tensor, self(x, normalize))
        finally:
            for module, training in modes:
                module.training = training
