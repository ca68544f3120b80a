"""The ways from one slice's k-space to its embedding on a CPU, in float32, and how long the network alone takes.

- libmriembed: `Embedder.embed_kspace`
- TorchScript, C++: the same with `backend="torch"`: the network alone on torch, behind the library's preprocessing
- TorchScript, Python: `embed_kspace` of the model file, channels-last or contiguous weights, whichever is fastest
- NumPy/SciPy + ONNX Runtime: the preprocessing of numpy_preprocessing.py, then the network in ONNX Runtime, whose
  waiting threads may spin or not, whichever is fastest
"""

from __future__ import annotations

import numpy as np
import torch
from alternation import Prepared, Task, fastest_of
from eager_model import load_scripted, network_input_of
from numpy.typing import NDArray
from peers import LAYOUTS, Peer, laid_out, onnx_bytes, onnxruntime_call
from results import NETWORK_ALONE, OWN, TORCHSCRIPT

import mriembed


def _libmriembed(task: Task) -> Prepared:
    embedder = mriembed.Embedder.load(task.model, threads=task.threads)
    return Prepared(lambda: embedder.embed_kspace(task.samples))


def _network_alone(task: Task) -> Prepared:
    embedder = mriembed.Embedder.load(task.model, threads=task.threads)
    network_input = network_input_of(task.model, task.samples)
    return Prepared(lambda: embedder.embed(network_input), "on the network input, preprocessed before")


def _torchscript_cpp(task: Task) -> Prepared:
    embedder = mriembed.Embedder.load(task.model, threads=task.threads, backend="torch")
    return Prepared(lambda: embedder.embed_kspace(task.samples))


def _torchscript_python(task: Task) -> Prepared:
    torch.set_num_threads(task.threads)
    kspace = torch.from_numpy(task.samples)

    def candidate(layout: str) -> Prepared:
        scripted = laid_out(load_scripted(task.model), layout)

        def call() -> NDArray[np.float32]:
            with torch.inference_mode():
                embeddings: NDArray[np.float32] = scripted.embed_kspace(kspace).numpy()
                return embeddings

        return Prepared(call, f"{layout} weights")

    return fastest_of([candidate(layout) for layout in LAYOUTS])


def _numpy_onnxruntime(task: Task) -> Prepared:
    from numpy_preprocessing import NumPyPreprocessor

    description = mriembed.read_description(task.model)
    preprocess = NumPyPreprocessor(description.num_coils, task.threads, description.matrix)
    network = onnx_bytes(task.model, preprocess(task.samples))

    def candidate(spinning: bool) -> Prepared:
        embed = onnxruntime_call(network, task.threads, spinning)
        return Prepared(lambda: embed(preprocess(task.samples)), f"waiting threads {'spin' if spinning else 'sleep'}")

    return fastest_of([candidate(spinning) for spinning in (True, False)])


KSPACE_PEERS = (
    Peer(OWN, "mriembed", _libmriembed),
    Peer(NETWORK_ALONE, "mriembed", _network_alone),
    Peer("TorchScript, C++", "mriembed", _torchscript_cpp),
    Peer(TORCHSCRIPT, "torch", _torchscript_python),
    Peer("NumPy/SciPy + ONNX Runtime", "onnxruntime", _numpy_onnxruntime),
)
