"""The torch backend inside a program that has torch settings of its own."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

import mriembed
from coil_samples import complex_normal
from mriembed import BadInputError, Embedder

KSPACE = complex_normal(3, 4, 24, 20)


def settings_of_torch() -> dict[str, object]:
    return {
        "float32 products": torch.get_float32_matmul_precision(),
        "TF32 of products": torch.backends.cuda.matmul.allow_tf32,
        "TF32 of convolutions": torch.backends.cudnn.allow_tf32,
        "cuDNN": (torch.backends.cudnn.enabled, torch.backends.cudnn.benchmark, torch.backends.cudnn.deterministic),
        "oneDNN": torch.backends.mkldnn.enabled,
        "reductions in bfloat16": torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction,
        "deterministic algorithms": torch.are_deterministic_algorithms_enabled(),
        "threads": (torch.get_num_threads(), torch.get_num_interop_threads()),
        "gradients": (torch.is_grad_enabled(), torch.is_inference_mode_enabled()),
        "autocast": (torch.is_autocast_enabled("cpu"), torch.get_autocast_dtype("cpu")),
        "dtype": torch.get_default_dtype(),
        "generator": torch.random.initial_seed(),
    }


@pytest.fixture
def unusual_settings(small_model: Path) -> Iterator[None]:  # noqa: ARG001, the file is written with the usual ones
    """What a program that trains might have chosen."""
    precision, dtype, threads = torch.get_float32_matmul_precision(), torch.get_default_dtype(), torch.get_num_threads()
    torch.set_float32_matmul_precision("medium")
    torch.set_default_dtype(torch.float64)
    torch.backends.cudnn.benchmark = True
    torch.set_num_threads(1 + threads % 2)
    try:
        with torch.autocast("cpu", torch.bfloat16):
            yield
    finally:
        torch.set_float32_matmul_precision(precision)
        torch.set_default_dtype(dtype)
        torch.backends.cudnn.benchmark = False
        torch.set_num_threads(threads)


@pytest.mark.usefixtures("unusual_settings")
@pytest.mark.parametrize("threads", [0, 1, 2])
def test_settings_of_the_program_stay_as_they_are_and_change_no_embedding(small_model: Path, threads: int) -> None:
    before, state = settings_of_torch(), torch.random.get_rng_state()
    found = Embedder.load(small_model, backend="torch", threads=threads).embed_kspace(KSPACE)
    assert settings_of_torch() == before
    assert torch.equal(torch.random.get_rng_state(), state)
    np.testing.assert_allclose(found, Embedder.load(small_model).embed_kspace(KSPACE), rtol=0, atol=1e-6)


@pytest.mark.parametrize("use_mlp_head", [False, True])
def test_the_head_rounds_no_product_to_float32(tmp_path: Path, use_mlp_head: bool) -> None:
    """Features that depend on no sample, and weights whose products cancel: in float32 the sum loses digits."""
    torch.manual_seed(3)
    network = mriembed.MRIEmbeddingModel(embed_dim=32, widths=(16, 16, 16, 64), use_mlp_head=use_mlp_head)
    pipeline = mriembed.EmbeddingPipeline(network, mriembed.CoilPreprocessor(2)).eval()
    norm = [module for module in network.modules() if isinstance(module, torch.nn.GroupNorm)][-1]
    linear = [module for module in network.modules() if isinstance(module, torch.nn.Linear)][-1]
    with torch.no_grad():
        norm.weight.zero_()
        norm.bias.normal_()
        features = network.backbone(network.stem(torch.randn(KSPACE.shape))).mean(dim=[2, 3])
        if use_mlp_head:
            hidden = next(module for module in network.modules() if isinstance(module, torch.nn.Linear))
            products = torch.nn.functional.linear(features.double(), hidden.weight.double(), hidden.bias.double())
            features = torch.nn.functional.gelu(products.float())
        linear.weight.normal_(std=20)
        linear.bias.copy_(torch.randn(32) - linear.weight @ features[0])
        rows = torch.nn.functional.linear(features.double(), linear.weight.double(), linear.bias.double())
    expected = (rows / rows.norm(dim=1, keepdim=True)).numpy()
    mriembed.save_model_file(pipeline, tmp_path / "model.pt", weights_source="a test")
    found = Embedder.load(tmp_path / "model.pt", backend="torch").embed_kspace(KSPACE)
    assert np.abs(found - expected).max() < 3e-7


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("fault", [np.nan, np.inf, -np.inf])
def test_a_slice_that_is_not_finite_or_all_zero_is_refused_by_its_number(
    small_model: Path, precision: str, fault: float
) -> None:
    embedder = Embedder.load(small_model, backend="torch", precision=precision)
    network_input = np.random.default_rng(1).normal(size=(3, 4, 24, 20)).astype(np.float32)
    network_input[2, 3, 23, 0] = fault
    with pytest.raises(BadInputError, match="slice 2 holds NaN or infinite samples"):
        embedder.embed(network_input)
    network_input[2] = 0
    with pytest.raises(BadInputError, match="slice 2 is all zero"):
        embedder.embed(network_input)
    assert np.isfinite(embedder.embed(network_input[:2])).all()


def test_bfloat16_gives_the_bits_of_the_scripted_network(small_model: Path) -> None:
    network_input = np.random.default_rng(1).normal(size=(3, 4, 24, 20)).astype(np.float32)
    scripted = torch.jit.load(small_model).to(torch.bfloat16)
    with torch.inference_mode():
        expected = scripted(torch.from_numpy(network_input)).float().numpy()
    found = Embedder.load(small_model, backend="torch", precision="bfloat16").embed(network_input)
    assert np.sum(found * expected, axis=1).min() > 0.9999
