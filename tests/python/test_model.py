import math
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from mriembed import MRIEmbeddingModel


def small(**arguments: object) -> MRIEmbeddingModel:
    torch.manual_seed(0)
    return MRIEmbeddingModel(**{"embed_dim": 16, "widths": (8, 16, 16, 24), **arguments})  # type: ignore[arg-type]


def network_input(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("size", [(8, 8), (8, 31), (9, 9), (17, 8), (33, 47), (64, 64), (65, 128)])
@pytest.mark.parametrize("slices", [1, 3])
def test_any_image_size_from_8_x_8_gives_one_embedding_a_slice(slices: int, size: tuple[int, int]) -> None:
    embedding = MRIEmbeddingModel()(network_input(slices, 4, *size))
    assert embedding.shape == (slices, 256)
    assert embedding.dtype == torch.float32
    assert bool(torch.isfinite(embedding).all())


@pytest.mark.parametrize("arguments", [{}, {"use_mlp_head": True}, {"widths": (3, 6, 10, 12)}, {"embed_dim": 1}])
def test_the_arguments_decide_the_length_of_the_embedding(arguments: dict[str, object]) -> None:
    model = small(**arguments)
    assert model(network_input(2, 4, 16, 16)).shape == (2, arguments.get("embed_dim", 16))


def test_embeddings_have_unit_length_unless_told_otherwise() -> None:
    x = network_input(5, 4, 20, 20)
    normalizing, plain = small().materialize(4), small(normalize=False).materialize(4)
    one = torch.ones(5)
    torch.testing.assert_close(normalizing(x).norm(dim=1), one)
    torch.testing.assert_close(normalizing(x, normalize=True).norm(dim=1), one)
    assert (normalizing(x, normalize=False).norm(dim=1) - one).abs().min() > 1e-3
    assert (plain(x).norm(dim=1) - one).abs().min() > 1e-3
    torch.testing.assert_close(plain(x, normalize=True), normalizing(x))
    torch.testing.assert_close(F.normalize(plain(x), dim=1), normalizing(x))


def test_an_antialiased_stage_takes_means_of_pixels_of_which_a_stride_leaves_out_three() -> None:
    x = network_input(2, 4, 32, 48)
    model = small(antialiased_stage=2).materialize(4).eval()
    stage: Any = model.backbone[1]
    head: Any = model.head
    convolution, norm = stage.convolution, stage.norm
    every = F.conv2d(model.backbone[0](model.stem(x)), convolution.weight, convolution.bias, stride=1, padding=1)
    every = F.gelu(F.group_norm(every, norm.num_groups, norm.weight, norm.bias, norm.eps))
    means = (every[..., 0::2, :] + every[..., 1::2, :]) / 2
    means = (means[..., 0::2] + means[..., 1::2]) / 2
    features = model.backbone[3](model.backbone[2](means)).mean((2, 3))
    torch.testing.assert_close(model(x), F.normalize(F.linear(features, head.weight, head.bias)))


def test_antialiasing_keeps_the_weights_and_brings_a_moved_object_nearer() -> None:
    torch.manual_seed(12)
    strided = MRIEmbeddingModel().materialize(4).eval()
    antialiased = MRIEmbeddingModel(antialiased_stage=2).eval()
    antialiased.load_state_dict(strided.state_dict())
    objects = F.pad(network_input(32, 4, 24, 24), (8, 8, 8, 8))
    moved = objects.roll((2, 1), (2, 3))
    before, after = (
        (1 - (model.embed(objects) * model.embed(moved)).sum(1)).mean() for model in (strided, antialiased)
    )
    assert after < 0.8 * before


@pytest.mark.parametrize("stage", [-1, 4])
def test_a_stage_that_there_is_not_is_refused(stage: int) -> None:
    with pytest.raises(ValueError, match="antialiased_stage must be a stage from 1 to 3"):
        small(antialiased_stage=stage)


@pytest.mark.parametrize("use_mlp_head", [False, True])
def test_gradients_reach_every_parameter(use_mlp_head: bool) -> None:
    model = small(use_mlp_head=use_mlp_head)
    embedding = model(network_input(4, 6, 24, 24))
    (embedding * network_input(4, 16)).sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert float(parameter.grad.abs().max()) > 0, name


@pytest.mark.parametrize("channels", [2, 8, 16, 40, 64])
def test_the_stem_learns_its_channels_at_the_first_forward_pass(channels: int) -> None:
    model = small()
    assert isinstance(model.stem.convolution.weight, nn.UninitializedParameter)
    model(network_input(1, channels, 16, 16))
    assert model.stem.convolution.weight.shape == (8, channels, 3, 3)
    assert type(model.stem.convolution) is nn.Conv2d
    with pytest.raises(ValueError, match=f"expected {channels} channels"):
        model(network_input(1, channels + 2, 16, 16))


def test_materialize_does_the_same_and_contradicts_nothing() -> None:
    model = small().materialize(12)
    assert model.stem.convolution.weight.shape == (8, 12, 3, 3)
    assert model.materialize(12) is model
    with pytest.raises(ValueError, match="expected 12 channels"):
        model.materialize(8)
    with pytest.raises(ValueError, match="at least 1"):
        small().materialize(0)


def test_the_stem_is_initialized_by_kaiming_right_after_it_materializes() -> None:
    torch.manual_seed(3)
    model = MRIEmbeddingModel(widths=(64, 64, 128, 256))
    before = {name: p.detach().clone() for name, p in model.named_parameters() if not name.startswith("stem.conv")}
    model(network_input(1, 32, 16, 16))
    weight = model.stem.convolution.weight.detach()
    assert float(weight.std()) == pytest.approx(math.sqrt(2 / (32 * 9)), rel=0.02)
    assert float(weight.abs().max()) > 3 * float(weight.std())  # normal: PyTorch's own default is uniform, and bounded
    assert float(model.stem.convolution.bias.detach().abs().max()) == 0
    for name, value in before.items():
        assert torch.equal(dict(model.named_parameters())[name], value), f"{name} changed when the stem materialized"


def test_convolutions_are_kaiming_and_linear_layers_xavier() -> None:
    torch.manual_seed(4)
    model = MRIEmbeddingModel(widths=(64, 64, 128, 256), use_mlp_head=True).materialize(16)
    model.requires_grad_(False)
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            fan_in = module.weight[0].numel()
            assert float(module.weight.std()) == pytest.approx(math.sqrt(2 / fan_in), rel=0.05)
            assert float(module.bias.abs().max()) == 0  # type: ignore[union-attr]
        elif isinstance(module, nn.Linear):
            bound = math.sqrt(6 / sum(module.weight.shape))
            assert float(module.weight.abs().max()) <= bound
            assert float(module.weight.std()) == pytest.approx(bound / math.sqrt(3), rel=0.05)
            assert float(module.bias.abs().max()) == 0


def test_weights_loaded_before_the_first_forward_pass_are_kept() -> None:
    weights = small().materialize(6).state_dict()
    torch.manual_seed(99)
    model = MRIEmbeddingModel(embed_dim=16, widths=(8, 16, 16, 24))
    model.load_state_dict(weights)
    model(network_input(1, 6, 16, 16))
    for name, value in model.state_dict().items():
        assert torch.equal(value, weights[name]), name


@pytest.mark.parametrize(("channels", "groups"), [(32, 8), (12, 4), (6, 2), (7, 1), (8, 8), (1, 1)])
def test_groups_are_the_largest_of_8_4_2_1_that_divides(channels: int, groups: int) -> None:
    assert small(widths=(channels, 8, 8, 8)).stem.norm.num_groups == groups


def test_dropout_acts_in_training_only() -> None:
    model = small(dropout=0.5).materialize(4)
    x = network_input(2, 4, 32, 32)
    model.train()
    assert not torch.equal(model(x), model(x))
    model.eval()
    assert torch.equal(model(x), model(x))
    torch.testing.assert_close(model(x), small().materialize(4).eval()(x))
    assert not any(isinstance(module, nn.Dropout) for module in small().modules())


def test_embed_runs_in_evaluation_mode_without_gradients_and_restores_every_mode() -> None:
    model = small(dropout=0.5).materialize(4).train()
    model.backbone[1].eval()
    modes = [module.training for module in model.modules()]
    x = network_input(2, 4, 32, 32)
    embedding = model.embed(x)
    assert not embedding.requires_grad
    assert torch.equal(embedding, model.embed(x))
    assert [module.training for module in model.modules()] == modes
    with pytest.raises(ValueError, match="channels"):
        model.embed(network_input(2, 6, 32, 32))
    assert [module.training for module in model.modules()] == modes


def test_the_network_is_the_one_of_the_specification() -> None:
    """Every operation once more, in float64 and without nn.Module."""
    model = small(use_mlp_head=True).materialize(6)
    weights = {name: value.double() for name, value in model.state_dict().items()}
    x = network_input(3, 6, 21, 30)

    def block(x: torch.Tensor, prefix: str, stride: int) -> torch.Tensor:
        x = F.conv2d(x, weights[f"{prefix}.convolution.weight"], weights[f"{prefix}.convolution.bias"], stride, 1)
        batch, channels, height, width = x.shape
        groups = next(g for g in (8, 4, 2, 1) if channels % g == 0)
        grouped = x.reshape(batch, groups, -1)
        mean, variance = grouped.mean(2, keepdim=True), grouped.var(2, unbiased=False, keepdim=True)
        x = ((grouped - mean) / torch.sqrt(variance + 1e-5)).reshape(batch, channels, height, width)
        x = x * weights[f"{prefix}.norm.weight"].view(1, -1, 1, 1) + weights[f"{prefix}.norm.bias"].view(1, -1, 1, 1)
        return 0.5 * x * (1 + torch.erf(x / math.sqrt(2)))

    features = block(x.double(), "stem", 1)
    for stage in range(4):
        features = block(features, f"backbone.{stage}", 2)
    features = features.mean(dim=(2, 3))
    hidden = features @ weights["head.0.weight"].T + weights["head.0.bias"]
    hidden = 0.5 * hidden * (1 + torch.erf(hidden / math.sqrt(2)))
    expected = hidden @ weights["head.2.weight"].T + weights["head.2.bias"]
    expected = expected / expected.square().sum(1, keepdim=True).sqrt()
    torch.testing.assert_close(model.embed(x).double(), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    ("x", "error", "expected"),
    [
        (torch.ones(4, 16, 16), ValueError, "expected 4 dimensions"),
        (torch.ones(1, 1, 4, 16, 16), ValueError, "expected 4 dimensions"),
        (torch.ones(1, 6, 16, 16), ValueError, "expected 4 channels"),
        (torch.ones(1, 4, 0, 16), ValueError, "without empty axes"),
        (torch.ones(1, 4, 16, 16, dtype=torch.complex64), TypeError, "real network input"),
        (torch.ones(1, 4, 16, 16, dtype=torch.int32), TypeError, "floating-point"),
        (torch.ones(1, 4, 16, 16, dtype=torch.bool), TypeError, "floating-point"),
    ],
)
def test_wrong_input_is_refused_with_what_was_expected(x: torch.Tensor, error: type[Exception], expected: str) -> None:
    with pytest.raises(error, match=expected):
        small().materialize(4)(x)


def test_a_complex_first_input_leaves_the_stem_unmaterialized() -> None:
    model = small()
    with pytest.raises(TypeError):
        model(torch.ones(1, 4, 16, 16, dtype=torch.complex64))
    assert isinstance(model.stem.convolution.weight, nn.UninitializedParameter)


@pytest.mark.parametrize(
    "wrong", [{"embed_dim": 0}, {"widths": (8, 8, 8)}, {"widths": (8, 0, 8, 8)}, {"dropout": 1.0}, {"dropout": -0.1}]
)
def test_arguments_out_of_range_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="must"):
        small(**wrong)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_other_precisions_of_weights_and_input_are_converted(dtype: torch.dtype) -> None:
    model = small().materialize(4)
    x = network_input(2, 4, 16, 16)
    expected = model.embed(x)
    torch.testing.assert_close(model.embed(x.to(dtype)), expected, rtol=0, atol=0.02)
    embedding = model.to(dtype).embed(x)
    torch.testing.assert_close(embedding.float(), expected, rtol=0, atol=0.02)


def test_scripting_changes_nothing() -> None:
    model = small().materialize(4).eval()
    scripted = torch.jit.script(model)
    x = network_input(2, 4, 19, 16)
    assert torch.equal(scripted(x), model(x))
    assert torch.equal(scripted(x, False), model(x, False))
