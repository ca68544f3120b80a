import numpy as np
import pytest
import torch
from pytorch_metric_learning import losses
from torch.nn import functional as F

from mriembed import InvalidArgumentError
from mriembed.training.objective import LOSSES, loss_of_views, make_loss


def views(pairs: int, length: int = 16) -> tuple[torch.Tensor, torch.Tensor]:
    drawn = torch.randn(2, pairs, length, generator=torch.Generator().manual_seed(0))
    drawn[1] += 2 * drawn[0]
    first, second = F.normalize(drawn, dim=2)
    return first, second


def test_ntxent_is_the_formula_of_its_paper() -> None:
    """Chen et al. 2020, equation 1, in float64."""
    first, second = views(6)
    rows = torch.cat([first, second]).double().numpy()
    similarity = np.exp(rows @ rows.T / 0.1)
    np.fill_diagonal(similarity, 0)
    partner = (np.arange(12) + 6) % 12
    expected = -np.log(similarity[np.arange(12), partner] / similarity.sum(1)).mean()
    value = loss_of_views(make_loss("ntxent", 0.1), first, second, torch.arange(6))
    assert float(value) == pytest.approx(expected, rel=1e-5)


def test_ntxent_is_that_of_pytorch_metric_learning() -> None:
    first, second = (view.requires_grad_() for view in views(8))
    labels = torch.arange(8)
    ours = loss_of_views(make_loss("ntxent", 0.05), first, second, labels)
    theirs = losses.NTXentLoss(temperature=0.05)(torch.cat([first, second]), torch.cat([labels, labels]))
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(torch.autograd.grad(ours, first), torch.autograd.grad(theirs, first))


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_is_smaller_where_acquisitions_of_a_slice_are_closer(name: str) -> None:
    first, second = views(8)
    loss = make_loss(name, 0.1)
    shuffled = second.roll(1, 0)
    assert loss_of_views(loss, first, first, torch.arange(8)) < loss_of_views(loss, first, shuffled, torch.arange(8))


def test_an_unknown_loss_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(InvalidArgumentError, match="loss: must be one of ntxent, multi-similarity, triplet, not 'mse'"):
        make_loss("mse", 0.1)
