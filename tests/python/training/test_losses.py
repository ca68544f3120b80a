import numpy as np
import pytest
import torch
from pytorch_metric_learning import losses
from torch.nn import functional as F

from mriembed import InvalidArgumentError
from mriembed.training.losses import LOSSES, GradedLoss, loss_of_views, make_loss


def views(pairs: int, length: int = 16) -> tuple[torch.Tensor, torch.Tensor]:
    drawn = torch.randn(2, pairs, length, generator=torch.Generator().manual_seed(0))
    drawn[1] += 2 * drawn[0]
    first, second = F.normalize(drawn, dim=2)
    return first, second


def of_subjects(numbers: list[int]) -> torch.Tensor:
    """Coordinates of slices of these subjects, all at one position and by one contrast."""
    return F.pad(torch.tensor(numbers, dtype=torch.float32)[:, None], (0, 2))


def test_ntxent_is_the_formula_of_its_paper() -> None:
    """Chen et al. 2020, equation 1, in float64."""
    first, second = views(6)
    rows = torch.cat([first, second]).double().numpy()
    similarity = np.exp(rows @ rows.T / 0.1)
    np.fill_diagonal(similarity, 0)
    partner = (np.arange(12) + 6) % 12
    expected = -np.log(similarity[np.arange(12), partner] / similarity.sum(1)).mean()
    value = loss_of_views(make_loss("ntxent", 0.1, 4.0), first, second, of_subjects(list(range(6))))
    assert float(value) == pytest.approx(expected, rel=1e-5)


def test_ntxent_is_that_of_pytorch_metric_learning() -> None:
    first, second = (view.requires_grad_() for view in views(8))
    labels = torch.arange(8)
    ours = loss_of_views(make_loss("ntxent", 0.05, 4.0), first, second, of_subjects(list(range(8))))
    theirs = losses.NTXentLoss(temperature=0.05)(torch.cat([first, second]), torch.cat([labels, labels]))
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(torch.autograd.grad(ours, first), torch.autograd.grad(theirs, first))


@pytest.mark.parametrize("name", LOSSES)
def test_every_loss_is_smaller_where_acquisitions_of_a_slice_are_closer(name: str) -> None:
    first, second = views(8)
    loss = make_loss(name, 0.1, 4.0)
    shuffled = second.roll(1, 0)
    slices = of_subjects(list(range(8)))
    assert loss_of_views(loss, first, first, slices) < loss_of_views(loss, first, shuffled, slices)


def test_an_unknown_loss_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(
        InvalidArgumentError, match="loss: must be one of graded, ntxent, multi-similarity, triplet, not 'mse'"
    ):
        make_loss("mse", 0.1, 4.0)


def test_graded_is_ntxent_where_no_two_slices_are_of_one_body() -> None:
    first, second = views(8)
    slices = of_subjects([3, 1, 4, 15, 9, 2, 6, 5])
    graded, ntxent = (loss_of_views(make_loss(name, 0.1, 4.0), first, second, slices) for name in ("graded", "ntxent"))
    torch.testing.assert_close(graded, ntxent)


def test_graded_is_the_formula_of_its_paper() -> None:
    """Dufumier et al. 2021, equation 2, with an exponential kernel; in float64."""
    first, second = views(5)
    coordinates = torch.tensor([[0, 0, 0], [0, 3, 0], [0, 3, 2], [1, 0, 0], [2, 7, 0]], dtype=torch.float32)
    rows = torch.cat([first, second]).double().numpy()
    labels = torch.cat([coordinates, coordinates]).numpy()
    expected = 0.0
    for i in range(10):
        others = [j for j in range(10) if j != i]
        kernel = np.array(
            [(labels[i, 0] == labels[j, 0]) * np.exp(-np.abs(labels[i, 1:] - labels[j, 1:]).sum() / 4) for j in others]
        )
        similarity = rows[others] @ rows[i] / 0.1
        expected -= (kernel / kernel.sum()) @ (similarity - np.log(np.exp(similarity).sum())) / 10
    value = loss_of_views(make_loss("graded", 0.1, 4.0), first, second, coordinates)
    assert float(value) == pytest.approx(expected, rel=1e-5)


def test_graded_orders_slices_by_their_distance() -> None:
    """At the minimum distances grow with position and contrast, and other subjects are farthest."""
    coordinates = torch.tensor([[0, 0, 0], [0, 4, 0], [0, 8, 0], [0, 8, 4], [1, 0, 0]], dtype=torch.float32)
    torch.manual_seed(0)
    free = torch.randn(10, 16, requires_grad=True)
    loss = GradedLoss(0.1, 4.0)
    optimizer = torch.optim.Adam([free], lr=0.02)
    for _ in range(500):
        optimizer.zero_grad()
        loss(F.normalize(free, dim=1), torch.cat([coordinates, coordinates])).backward()
        optimizer.step()
    rows = F.normalize(free.detach(), dim=1)
    distance = 1 - rows[0] @ rows[5:].T
    assert bool((distance.diff() > 0).all())
