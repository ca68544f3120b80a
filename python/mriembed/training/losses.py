"""The losses that training can minimize, on embeddings of unit length.

The default is graded: neighbouring slices and variants of a contrast are near, not equal and not opposite. The others
come from pytorch-metric-learning and know two kinds of slices only, same and different.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mriembed.errors import InvalidArgumentError

LOSSES = ("graded", "ntxent", "multi-similarity", "triplet")
COORDINATES = 3  # of a slice: number of its subject, position in millimetres, contrast in millimetres


class GradedLoss(nn.Module):
    """Cross-entropy of similarities with targets that fall off with what differs between two slices.

    For each embedding, the softmax over all others of their similarities over `temperature` is compared with targets
    proportional to exp(-d / reach), where d is the sum of the distances of position and contrast, both in millimetres;
    slices of other subjects have the target 0. This is the contrastive loss with a kernel over continuous labels of
    Dufumier et al. 2021 (y-aware InfoNCE, arXiv:2106.08808), with an exponential kernel. At its minimum a similarity is
    lower than that of the same slice by temperature * d / reach, so distances grow with d. Where no two slices of a
    batch have a subject in common, it is NT-Xent (Chen et al. 2020, arXiv:2002.05709).

    Args:
        temperature: of the softmax.
        reach: distance in millimetres over which targets fall to 1 / e.
    """

    def __init__(self, temperature: float, reach: float) -> None:
        super().__init__()
        self.temperature = temperature
        self.reach = reach

    def forward(self, embeddings: Tensor, coordinates: Tensor) -> Tensor:
        """The loss of (B, embed_dim) by (B, 3) coordinates: subject, position, contrast."""
        others = ~torch.eye(len(embeddings), dtype=torch.bool, device=embeddings.device)
        subject, position, contrast = coordinates.T
        apart = (position[:, None] - position).abs() + (contrast[:, None] - contrast).abs()
        targets = torch.exp(-apart / self.reach) * ((subject[:, None] == subject) & others)
        targets = targets / targets.sum(1, keepdim=True)
        similarity = (embeddings @ embeddings.T / self.temperature).masked_fill(~others, -torch.inf)
        likelihood = F.log_softmax(similarity, dim=1).masked_fill(~others, 0)
        loss: Tensor = -(targets * likelihood).sum(1).mean()
        return loss


class _ByLabel(nn.Module):
    """A loss of pytorch-metric-learning: slices of equal coordinates are the same, all others are different."""

    def __init__(self, loss: nn.Module) -> None:
        super().__init__()
        self.loss = loss

    def forward(self, embeddings: Tensor, coordinates: Tensor) -> Tensor:
        """The loss of (B, embed_dim) by (B, 3) coordinates."""
        labels = torch.unique(coordinates, dim=0, return_inverse=True)[1]
        value: Tensor = self.loss(embeddings, labels)
        return value


def make_loss(name: str, temperature: float, reach: float) -> nn.Module:
    """A loss of (embeddings, coordinates), see `GradedLoss`.

    ntxent (Chen et al. 2020, arXiv:2002.05709) is computed by SupConLoss (Khosla et al. 2020, arXiv:2004.11362), which
    for two acquisitions of each slice is the same and takes time with the square of the batch, not with its cube.

    Args:
        name: one of LOSSES.
        temperature: of graded and ntxent.
        reach: of graded.

    Raises:
        InvalidArgumentError: no such loss, or pytorch-metric-learning is not installed.
    """
    if name == "graded":
        return GradedLoss(temperature, reach)
    try:
        from pytorch_metric_learning import losses, reducers
    except ImportError:
        raise InvalidArgumentError(
            'training needs more packages: pip install "mriembed[train]" (pytorch_metric_learning is missing)'
        ) from None
    known: dict[str, Any] = {
        "ntxent": lambda: losses.SupConLoss(temperature=temperature, reducer=reducers.MeanReducer()),
        "multi-similarity": lambda: losses.MultiSimilarityLoss(),
        "triplet": lambda: losses.TripletMarginLoss(),
    }
    if name not in known:
        raise InvalidArgumentError(f"loss: must be one of {', '.join(LOSSES)}, not {name!r}")
    return _ByLabel(known[name]())


def loss_of_views(loss: nn.Module, first: Tensor, second: Tensor, coordinates: Tensor) -> Tensor:
    """The loss of two acquisitions of the same slices, (pairs, embed_dim) each, by their coordinates, (pairs, 3)."""
    value: Tensor = loss(torch.cat([first, second]), torch.cat([coordinates, coordinates]))
    return value
