"""The ways to run one network on a CPU, each in its best honest configuration.

Every peer gets the input before the clock starts, in the layout that it likes best, and may keep it; libmriembed gets
plain NumPy arrays, as its users have them. Where no setting is best everywhere, a peer tries its candidates on the very
input and keeps the fastest.

- libmriembed: as `Embedder.load` makes it
- TorchScript, C++: the same with `backend="torch"`, which runs the model file on torch's kernels
- TorchScript, Python: frozen or not, channels-last or contiguous (weights and input), whichever is fastest
- torch.compile: Inductor with freezing (constant weights, packed for oneDNN), channels-last or contiguous;
  mode="max-autotune" changed nothing here
- ONNX Runtime: all graph optimizations (its default), constant shapes
- OpenVINO: latency hint, constant shapes, inference precision as asked
"""

from __future__ import annotations

import io
import itertools
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import torch
from alternation import Prepared, Task, fastest_of
from eager_model import load_eager, load_scripted, torchscript_is_deprecated
from numpy.typing import NDArray
from results import OWN, TORCHSCRIPT

import mriembed

Network = TypeVar("Network", bound=torch.nn.Module)
LAYOUTS = {"channels-last": torch.channels_last, "contiguous": torch.contiguous_format}


@dataclass(frozen=True)
class Peer:
    """`package` is what it needs installed; `unsupported` says by precision why it cannot take part."""

    name: str
    package: str
    prepare: Callable[[Task], Prepared]
    unsupported: Mapping[str, str] = field(default_factory=dict)


def laid_out(network: Network, layout: str, precision: str = "float32") -> Network:
    """The network with its weights in that layout and precision."""
    moved: Network = network.to(  # type: ignore[call-overload]  # torch's types do not know memory_format
        dtype=dtype_of(precision), memory_format=LAYOUTS[layout]
    )
    return moved


def dtype_of(precision: str) -> torch.dtype:
    """Torch's dtype of that name."""
    return {"float32": torch.float32, "bfloat16": torch.bfloat16}[precision]


def _libmriembed(task: Task) -> Prepared:
    embedder = mriembed.Embedder.load(task.model, precision=task.precision, threads=task.threads)
    kernels = "its own kernels" if embedder.backend == "native" else "torch's kernels"
    compute_dtype = "" if embedder.compute_dtype == task.precision else f", in {embedder.compute_dtype}"
    return Prepared(lambda: embedder.embed(task.samples), kernels + compute_dtype)


def _torchscript_cpp(task: Task) -> Prepared:
    embedder = mriembed.Embedder.load(task.model, precision=task.precision, threads=task.threads, backend="torch")
    return Prepared(lambda: embedder.embed(task.samples))


def _torchscript_python(task: Task) -> Prepared:
    torch.set_num_threads(task.threads)

    def candidate(freeze: bool, layout: str) -> Prepared:
        network = laid_out(load_scripted(task.model), layout, task.precision)
        if freeze:
            with torchscript_is_deprecated():
                network = torch.jit.freeze(network)
        samples = torch.from_numpy(task.samples).contiguous(memory_format=LAYOUTS[layout])

        def call() -> NDArray[np.float32]:
            with torch.inference_mode():
                result: NDArray[np.float32] = network(samples).float().numpy()
                return result

        return Prepared(call, f"{layout}, {'frozen' if freeze else 'not frozen'}")

    return fastest_of([candidate(*choice) for choice in itertools.product((True, False), LAYOUTS)])


def _torch_compile(task: Task) -> Prepared:
    import torch._inductor.config

    torch.set_num_threads(task.threads)
    torch._inductor.config.freezing = True
    torch._inductor.config.compile_threads = 1  # or a pool of processes outlives the compilation

    def candidate(layout: str) -> Prepared:
        network = laid_out(load_eager(task.model).model, layout, task.precision)
        compiled: Callable[[torch.Tensor], torch.Tensor] = torch.compile(network, dynamic=False)
        samples = torch.from_numpy(task.samples).contiguous(memory_format=LAYOUTS[layout])

        def call() -> NDArray[np.float32]:
            with torch.no_grad():
                embeddings: NDArray[np.float32] = compiled(samples).float().numpy()
                return embeddings

        return Prepared(call, f"freezing, {layout}")

    return fastest_of([candidate(layout) for layout in LAYOUTS])


def onnx_bytes(model: Path, network_input: NDArray[np.float32]) -> bytes:
    """The network as ONNX, for input of that shape."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            load_eager(model).model,
            (torch.from_numpy(network_input),),
            buffer,  # type: ignore[arg-type]  # torch's types know files only
            input_names=["network_input"],
            opset_version=20,
            dynamo=False,
        )
    return buffer.getvalue()


def onnxruntime_call(network: bytes, threads: int, spinning: bool = True) -> Callable[[NDArray[np.float32]], Any]:
    """Network input to embeddings in ONNX Runtime; whether its waiting threads spin is its default."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", str(int(spinning)))
    session = onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
    return lambda network_input: session.run(None, {"network_input": network_input})[0]


def _onnxruntime(task: Task) -> Prepared:
    run = onnxruntime_call(onnx_bytes(task.model, task.samples), task.threads)
    return Prepared(lambda: run(task.samples))


def _openvino(task: Task) -> Prepared:
    import openvino

    core = openvino.Core()
    network = core.read_model(io.BytesIO(onnx_bytes(task.model, task.samples)))
    hint = {"float32": "f32", "bfloat16": "bf16"}[task.precision]
    compiled = core.compile_model(
        network,
        "CPU",
        {"INFERENCE_NUM_THREADS": task.threads, "INFERENCE_PRECISION_HINT": hint, "PERFORMANCE_HINT": "LATENCY"},
    )
    return Prepared(
        lambda: compiled(task.samples)[0],
        f"precision {compiled.get_property('INFERENCE_PRECISION_HINT').get_type_name()}",
    )


NO_BFLOAT16 = {"bfloat16": "its CPU provider has no bfloat16 convolution (NOT_IMPLEMENTED)"}

PEERS = (
    Peer(OWN, "mriembed", _libmriembed),
    Peer("TorchScript, C++", "mriembed", _torchscript_cpp),
    Peer(TORCHSCRIPT, "torch", _torchscript_python),
    Peer("torch.compile", "torch", _torch_compile),
    Peer("ONNX Runtime", "onnxruntime", _onnxruntime, NO_BFLOAT16),
    Peer("OpenVINO", "openvino", _openvino),
)
