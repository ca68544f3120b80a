import pytest
import torch
from torch import nn

from mriembed import MRIEmbeddingModel
from mriembed.training.optimizer import Optimizer


def with_gradients(model: nn.Module, seed: int = 0) -> nn.Module:
    generator = torch.Generator().manual_seed(seed)
    for weight in model.parameters():
        weight.grad = torch.randn(weight.shape, generator=generator)
    return model


@pytest.mark.parametrize("layer", [nn.Linear(12, 8), nn.Linear(8, 12), nn.Conv2d(3, 8, 3)])
def test_the_first_step_changes_a_matrix_by_one_that_is_about_orthogonal(layer: nn.Linear | nn.Conv2d) -> None:
    """Newton-Schulz with Muon's coefficients leaves singular values from about 0.7 to 1.2 (Jordan et al. 2024)."""
    before = layer.weight.detach().flatten(1).clone()
    Optimizer(with_gradients(layer), learning_rate=0.1, weight_decay=0.0).step(0.1)
    change = (before - layer.weight.detach().flatten(1)) / 0.1
    rows, columns = change.shape
    values = torch.linalg.svdvals(change / max(1.0, rows / columns) ** 0.5)
    assert float(values.min()) > 0.5
    assert float(values.max()) < 1.3


def test_biases_and_norms_follow_adamw() -> None:
    norm = nn.GroupNorm(2, 8)
    model = with_gradients(nn.Sequential(nn.Linear(8, 8, bias=False), norm))
    expected = [weight.detach().clone().requires_grad_() for weight in norm.parameters()]
    for copy, weight in zip(expected, norm.parameters(), strict=True):
        copy.grad = None if weight.grad is None else weight.grad.clone()
    torch.optim.AdamW(expected, lr=0.04 * 0.5, weight_decay=0.0).step()
    Optimizer(model, learning_rate=0.5, weight_decay=0.3).step(0.5)
    for copy, weight in zip(expected, norm.parameters(), strict=True):
        torch.testing.assert_close(weight, copy)


def test_weights_shrink_by_decay_times_rate() -> None:
    layer = nn.Linear(4, 4)
    before = layer.weight.detach().clone()
    layer.weight.grad = torch.zeros_like(layer.weight)
    Optimizer(layer, learning_rate=0.5, weight_decay=0.1).step(0.5)
    torch.testing.assert_close(layer.weight.detach(), before * (1 - 0.05))


def test_a_loaded_state_goes_on_bit_for_bit() -> None:
    def network() -> MRIEmbeddingModel:
        torch.manual_seed(1)
        return MRIEmbeddingModel(embed_dim=16, widths=(8, 8, 16, 16)).materialize(4)

    whole, first = network(), network()
    straight = Optimizer(whole, 0.02, 0.01)
    before = Optimizer(first, 0.02, 0.01)
    for seed in range(2):
        for model, optimizer in ((whole, straight), (first, before)):
            with_gradients(model, seed)
            optimizer.step(0.02)
    kept = {name: value.clone().flatten() for name, value in before.state().items()}
    second = network()
    second.load_state_dict(first.state_dict())
    resumed = Optimizer(second, 0.02, 0.01)
    resumed.load(kept)
    for model, optimizer in ((whole, straight), (second, resumed)):
        with_gradients(model, 2)
        optimizer.step(0.01)
    for one, other in zip(whole.parameters(), second.parameters(), strict=True):
        assert torch.equal(one, other)
