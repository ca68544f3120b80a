"""A reader that knows nothing but docs/model_file.md computes the network of a model file."""

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch.nn import functional as F

import mriembed
from mriembed import CoilPreprocessor, Embedder, EmbeddingPipeline, MRIEmbeddingModel
from preprocessing_vectors import PUBLISHED_VERSION


def read(path: Path) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    """The description, and the weights by name in float64."""
    with zipfile.ZipFile(path) as archive:
        folder = archive.namelist()[0].split("/")[0]
        description: dict[str, Any] = json.loads(archive.read(f"{folder}/extra/mriembed.json"))
        weights = {}
        for name, weight in description["network"]["weights"].items():
            assert weight["dtype"] == "float32"
            values = np.frombuffer(archive.read(f"{folder}/{weight['record']}"), "<f4").reshape(weight["shape"])
            weights[name] = torch.from_numpy(values.astype(np.float64))
    return description, weights


def run(description: dict[str, Any], weights: dict[str, torch.Tensor], x: torch.Tensor) -> NDArray[np.float64]:
    for layer in description["network"]["layers"]:
        weight, bias = (weights.get(layer.get(part, "")) for part in ("weight", "bias"))
        match layer["kind"]:
            case "convolution":
                assert weight is not None
                assert weight.shape[2:] == (layer["kernel"], layer["kernel"])
                x = F.conv2d(x, weight, bias, layer["stride"], layer["padding"])
            case "group_norm":
                x = F.group_norm(x, layer["groups"], weight, bias, layer["epsilon"])
            case "gelu":
                x = 0.5 * x * (1 + torch.erf(x / 2**0.5))
            case "mean_pool":
                assert layer["size"] == 2
                inside = F.pad(torch.ones_like(x), (0, x.shape[3] % 2, 0, x.shape[2] % 2))
                x = F.pad(x, (0, x.shape[3] % 2, 0, x.shape[2] % 2))
                parts = [(..., slice(y, None, 2), slice(z, None, 2)) for y in (0, 1) for z in (0, 1)]
                x = torch.stack([x[part] for part in parts]).sum(0) / torch.stack([inside[part] for part in parts]).sum(
                    0
                )
            case "mean":
                x = x.mean(dim=(2, 3))
            case "linear":
                assert weight is not None
                x = F.linear(x, weight, bias)
            case "unit_norm":
                x = x / x.norm(dim=1, keepdim=True)
            case other:
                raise AssertionError(other)
    return x.numpy()


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"use_mlp_head": True, "normalize": False, "embed_dim": 7},
        {"widths": (6, 9, 20, 33), "dropout": 0.2, "embed_dim": 12},
        {"widths": (6, 9, 20, 33), "antialiased_stage": 1},
        {"antialiased_stage": 2},
    ],
)
def test_layers_and_weights_are_the_whole_network(tmp_path: Path, arguments: dict[str, Any]) -> None:
    torch.manual_seed(8)
    pipeline = EmbeddingPipeline(MRIEmbeddingModel(**arguments), CoilPreprocessor(3)).eval()
    for parameter in pipeline.parameters():  # no two weights are alike
        torch.nn.init.normal_(parameter, std=0.2)
    mriembed.save_model_file(pipeline, tmp_path / "model.pt", weights_source="a test")
    description, weights = read(tmp_path / "model.pt")
    network_input = torch.randn(2, 6, 37, 44)
    expected = run(description, weights, network_input.double())
    scale = np.abs(expected).max()
    found = Embedder.load(tmp_path / "model.pt").embed(network_input.numpy())
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-5 * scale)
    with torch.no_grad():
        np.testing.assert_allclose(pipeline(network_input).numpy(), expected, rtol=0, atol=1e-5 * scale)


def test_the_description_has_the_numbers_of_the_preprocessing(model_file: Path) -> None:
    description, _ = read(model_file)
    assert description["format_version"] == 2
    assert description["preprocessing"]["version"] == PUBLISHED_VERSION
    assert description["preprocessing"]["numbers"] == {
        "calibration_lines": 24,
        "echo_window": 48,
        "low_resolution": 20,
        "darkest_coils": 0.02,
        "darkest": 0.1,
        "least_energy": 1e-9,
    }


def test_a_layer_that_the_library_does_not_know_is_named_by_its_text(tmp_path: Path) -> None:
    model = MRIEmbeddingModel().materialize(6)
    model.stem.convolution.dilation = (2, 2)
    pipeline = EmbeddingPipeline(model, CoilPreprocessor(3)).eval()
    mriembed.save_model_file(pipeline, tmp_path / "model.pt", weights_source="a test")
    description, _ = read(tmp_path / "model.pt")
    assert "dilation=(2, 2)" in description["network"]["layers"][0]["kind"]
    assert Embedder.load(tmp_path / "model.pt").backend == "torch"
    with pytest.raises(mriembed.InvalidArgumentError, match="backend native has no kernels for the layers"):
        Embedder.load(tmp_path / "model.pt", backend="native")
