import torch

from mriembed.training.centring import centre


def test_half_of_the_mean_of_the_embeddings_is_taken_out() -> None:
    torch.manual_seed(0)
    layer = torch.nn.Linear(5, 6)
    x = torch.randn(40, 5)
    before = layer(x).detach()
    weight = layer.weight.clone()
    centre(layer, before)
    torch.testing.assert_close(layer(x), before - before.mean(0) / 2)
    assert torch.equal(layer.weight, weight)


def test_embeddings_without_a_mean_stay_as_they_are() -> None:
    layer = torch.nn.Linear(3, 4)
    bias = layer.bias.clone()
    x = torch.randn(10, 4)
    centre(layer, torch.cat([x, -x]))
    torch.testing.assert_close(layer.bias, bias)
