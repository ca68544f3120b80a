"""The ways to run one network that are compared, each behind the same two steps: prepare for a shape, then call."""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

import mriembed

Array = NDArray[np.float32]
Call = Callable[[], Array]


@dataclass(frozen=True)
class Peer:
    """`prepare` gets model file, precision, threads and stacked input, and returns the call that is timed."""

    name: str
    needs: str
    precisions: tuple[str, ...]
    prepare: Callable[[Path, str, int, Array], Call]

    @property
    def present(self) -> bool:
        """Whether the package that it needs is installed."""
        return importlib.util.find_spec(self.needs) is not None


def _fused(model: Path, precision: str, threads: int, stacked: Array) -> Call:
    embedder = mriembed.Embedder.load(model, precision=precision, threads=threads)
    return lambda: embedder.embed(stacked)


def _unfused(model: Path, precision: str, threads: int, stacked: Array) -> Call:
    embedder = mriembed.Embedder.load(model, precision=precision, threads=threads, fused_kernels=False)
    return lambda: embedder.embed(stacked)


def _network(model: Path, precision: str, threads: int) -> torch.jit.ScriptModule:
    torch.set_num_threads(threads)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        scripted: torch.jit.ScriptModule = torch.jit.load(str(model))
    return scripted.to(torch.bfloat16) if precision == "bfloat16" else scripted


def _eager(model: Path, precision: str, threads: int) -> torch.nn.Module:
    """The same weights in the Python class, which the exporters and the compiler read."""
    scripted = _network(model, "float32", threads)
    network = mriembed.MRIEmbeddingModel(**mriembed.read_description(model).arguments)
    network.load_state_dict(scripted.model.state_dict())
    network.eval()
    return network.to(torch.bfloat16) if precision == "bfloat16" else network


def _torchscript(model: Path, precision: str, threads: int, stacked: Array) -> Call:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        network = torch.jit.freeze(_network(model, precision, threads).eval())
    samples = torch.from_numpy(stacked)

    def call() -> Array:
        with torch.inference_mode():
            return network(samples).float().numpy()

    return call


def _compiled(model: Path, precision: str, threads: int, stacked: Array) -> Call:
    network = torch.compile(_eager(model, precision, threads))
    samples = torch.from_numpy(stacked)

    def call() -> Array:
        with torch.no_grad():
            return network(samples).float().numpy()

    return call


def _onnx_bytes(model: Path, stacked: Array) -> bytes:
    import io

    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _eager(model, "float32", 1),
            (torch.from_numpy(stacked),),
            buffer,
            input_names=["stacked"],
            opset_version=20,
            dynamo=False,
        )
    return buffer.getvalue()


def _onnxruntime(model: Path, _precision: str, threads: int, stacked: Array) -> Call:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    session = onnxruntime.InferenceSession(_onnx_bytes(model, stacked), options, providers=["CPUExecutionProvider"])
    return lambda: session.run(None, {"stacked": stacked})[0]


def _openvino(model: Path, precision: str, threads: int, stacked: Array) -> Call:
    import io

    import openvino

    core = openvino.Core()
    network = core.read_model(io.BytesIO(_onnx_bytes(model, stacked)))
    hint = {"float32": "f32", "bfloat16": "bf16"}[precision]
    compiled = core.compile_model(
        network,
        "CPU",
        {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": hint, "PERFORMANCE_HINT": "LATENCY"},
    )
    return lambda: compiled(stacked)[0]


PEERS = (
    Peer("libmriembed", "mriembed", ("float32", "bfloat16"), _fused),
    Peer("TorchScript, C++", "mriembed", ("float32", "bfloat16"), _unfused),
    Peer("TorchScript, Python", "torch", ("float32", "bfloat16"), _torchscript),
    Peer("torch.compile", "torch", ("float32", "bfloat16"), _compiled),
    Peer("ONNX Runtime", "onnxruntime", ("float32",), _onnxruntime),
    Peer("OpenVINO", "openvino", ("float32", "bfloat16"), _openvino),
)
