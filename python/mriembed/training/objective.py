"""The losses that training can minimize: all of pytorch-metric-learning, on embeddings of unit length."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from mriembed.errors import InvalidArgumentError

LOSSES = ("ntxent", "multi-similarity", "triplet")


def make_loss(name: str, temperature: float) -> nn.Module:
    """A loss of (embeddings, labels), where equal labels are the acquisitions of one slice.

    ntxent (Chen et al. 2020, arXiv:2002.05709) is computed by SupConLoss (Khosla et al. 2020, arXiv:2004.11362), which
    for two acquisitions of each slice is the same and takes time with the square of the batch, not with its cube.

    Raises:
        InvalidArgumentError: no such loss, or pytorch-metric-learning is not installed.
    """
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
    made: nn.Module = known[name]()
    return made


def loss_of_views(loss: nn.Module, first: Tensor, second: Tensor, labels: Tensor) -> Tensor:
    """The loss of two acquisitions of the same slices, (pairs, embed_dim) each, by the slices' labels, (pairs,)."""
    value: Tensor = loss(torch.cat([first, second]), torch.cat([labels, labels]))
    return value
