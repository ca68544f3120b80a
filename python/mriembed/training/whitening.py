"""The last step of a run: what differs between two sessions is made to count alike in all directions."""

from __future__ import annotations

import torch
from torch import Tensor, nn

# Of the mean variance, added to that of each direction: pairs are too few to show the smallest ones. Chosen by how
# often pairs are found that had no part in the covariance.
_LEAST_SHARE = 0.003


def within_pair_whitening(first: Tensor, second: Tensor) -> Tensor:
    """The matrix by which the differences within pairs become equally large in all directions.

    A direction in which acquisitions of one slice differ much says little of the slice and shall weigh little. This is
    within-class covariance normalization (Hatch, Kajarekar and Stolcke 2006, Interspeech), the first half of linear
    discriminant analysis. Cosines do not depend on its scale, which keeps the mean variance.

    Args:
        first, second: (pairs, embed_dim), embeddings before they are normalized, of two acquisitions of each slice.

    Returns:
        (embed_dim, embed_dim) float64, symmetric and positive definite; x @ matrix whitens the rows of x. Where no pair
        differs it is the identity.
    """
    differences = (first - second).double()
    covariance = differences.T @ differences / len(differences)
    mean = covariance.diagonal().mean()
    identity = torch.eye(len(covariance), dtype=torch.float64, device=covariance.device)
    if float(mean) <= 0:
        return identity
    variances, directions = torch.linalg.eigh(covariance / mean + _LEAST_SHARE * identity)
    whitening: Tensor = (directions * variances.clamp(min=_LEAST_SHARE).rsqrt()) @ directions.T
    return whitening


def whiten(head: nn.Linear, whitening: Tensor) -> None:
    """Makes a linear layer with a bias give `x @ whitening` where it gave x."""
    with torch.no_grad():
        head.weight.copy_(whitening.T @ head.weight.double())
        head.bias.copy_(head.bias.double() @ whitening)
