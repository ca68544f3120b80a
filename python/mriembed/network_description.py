"""What a model file says of its network for readers without torch: its layers, and where their weights lie."""

from __future__ import annotations

import hashlib
import io
import zipfile
from typing import Any

from torch import Tensor, nn

from mriembed.model import MRIEmbeddingModel


def describe_layers(model: MRIEmbeddingModel, prefix: str) -> list[dict[str, Any]]:
    """The layers in the order in which they run, each with the names of its weights, which `prefix` begins.

    docs/model_file.md defines the kinds and their members. A layer of no such kind has its text as kind: libmriembed
    leaves such a network to torch. Dropout does nothing in a model file and is not listed.
    """
    layers: list[dict[str, Any]] = []
    stages = [("stem", model.stem), *((f"backbone.{index}", stage) for index, stage in enumerate(model.backbone))]
    for name, stage in stages:
        assert isinstance(stage.convolution, nn.Conv2d)
        assert isinstance(stage.norm, nn.GroupNorm)
        layers.append(_convolution(stage.convolution, f"{prefix}{name}.convolution"))
        layers.append(
            {"kind": "group_norm", "groups": stage.norm.num_groups, "epsilon": stage.norm.eps}
            | _weights(f"{prefix}{name}.norm")
        )
        layers.append({"kind": "gelu"})
        if getattr(stage, "antialiased", False):
            layers.append({"kind": "mean_pool", "size": 2})
    layers.append({"kind": "mean"})
    if isinstance(model.head, nn.Sequential):
        for index, part in enumerate(model.head):
            layers.append(
                {"kind": "linear"} | _weights(f"{prefix}head.{index}")
                if isinstance(part, nn.Linear)
                else {"kind": "gelu"}
            )
    else:
        layers.append({"kind": "linear"} | _weights(f"{prefix}head"))
    if model.normalize:
        layers.append({"kind": "unit_norm"})
    return layers


def locate_weights(weights: dict[str, Tensor], archive: bytes) -> dict[str, dict[str, Any]]:
    """For each weight the record of the TorchScript `archive` that holds its values, its dtype and its shape.

    Of records with equal bytes any one serves.
    """
    records: dict[bytes, str] = {}
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        for path in file.namelist():
            name = path.split("/", 1)[1]
            if name.startswith("data/"):
                records.setdefault(hashlib.sha256(file.read(path)).digest(), name)
    return {
        name: {
            "record": records[hashlib.sha256(value.detach().contiguous().numpy().tobytes()).digest()],
            "dtype": str(value.dtype).removeprefix("torch."),
            "shape": list(value.shape),
        }
        for name, value in weights.items()
    }


def _convolution(convolution: nn.Conv2d, name: str) -> dict[str, Any]:
    square = all(len(set(pair)) == 1 for pair in (convolution.kernel_size, convolution.stride))
    padding = set(convolution.padding)
    plain = convolution.dilation == (1, 1) and convolution.groups == 1 and convolution.padding_mode == "zeros"
    if not (square and plain and len(padding) == 1 and isinstance(convolution.padding, tuple)):
        return {"kind": str(convolution)} | _weights(name)
    return {
        "kind": "convolution",
        "kernel": convolution.kernel_size[0],
        "stride": convolution.stride[0],
        "padding": convolution.padding[0],
    } | _weights(name)


def _weights(name: str) -> dict[str, str]:
    return {"weight": f"{name}.weight", "bias": f"{name}.bias"}
