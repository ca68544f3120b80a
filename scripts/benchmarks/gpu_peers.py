"""The ways to run one network on a GPU, and the transfers that bound them. TF32 is off for all.

Host to host, as libmriembed's interface has it (NumPy array in, NumPy array out, copies both ways):

- libmriembed: `Embedder.load(device="cuda")`; it shares its process's torch, so TF32 is switched off there as well
- TorchScript and torch.compile: the same copies around the network, through page-locked memory, as libmriembed's, or
  without; whichever is faster

On the device, input and output stay there; libmriembed takes no device memory, so only the other two can show what the
network alone costs:

- TorchScript: frozen or not, channels-last or contiguous, cuDNN's own search on; whichever is fastest
- torch.compile: mode="max-autotune", which records CUDA graphs, with freezing, channels-last or contiguous
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from alternation import Prepared, Task, fastest_of
from eager_model import load_eager, load_scripted, torchscript_is_deprecated
from numpy.typing import NDArray
from peers import LAYOUTS, Peer, laid_out
from results import DEVICE_COPY, ON_DEVICE, OWN, UPLOAD

import mriembed

COPY_BYTES = 2**30  # DEVICE_COPY names it


@dataclass(frozen=True)
class Candidate:
    """A network on the device, and the layout that its input should have."""

    configuration: str
    layout: str
    network: Callable[[torch.Tensor], torch.Tensor]


def _full_precision() -> None:
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False


def _libmriembed(task: Task) -> Prepared:
    _full_precision()
    embedder = mriembed.Embedder.load(task.model, device=task.device, precision=task.precision)
    return Prepared(lambda: embedder.embed(task.samples), f"backend {embedder.backend}")


def _torchscript_networks(task: Task) -> list[Candidate]:
    _full_precision()
    torch.backends.cudnn.benchmark = True

    def candidate(freeze: bool, layout: str) -> Candidate:
        network = laid_out(load_scripted(task.model), layout, task.precision)
        network = network.to(task.device)
        if freeze:
            with torchscript_is_deprecated():
                network = torch.jit.freeze(network)
        return Candidate(f"{layout}, {'frozen' if freeze else 'not frozen'}", layout, network)

    return [candidate(*choice) for choice in itertools.product((True, False), LAYOUTS)]


def _compiled_networks(task: Task) -> list[Candidate]:
    import torch._inductor.config

    _full_precision()
    torch.backends.cudnn.benchmark = True
    torch._inductor.config.freezing = True

    def candidate(layout: str) -> Candidate:
        network = laid_out(load_eager(task.model).model, layout, task.precision)
        compiled = torch.compile(network.to(task.device), mode="max-autotune", dynamic=False)
        return Candidate(f"max-autotune, freezing, {layout}", layout, compiled)

    return [candidate(layout) for layout in LAYOUTS]


def host_to_host(task: Task, networks: Sequence[Candidate]) -> Prepared:
    """The fastest of the networks, with its copies."""
    given = torch.from_numpy(task.samples)
    locked = torch.empty(given.shape, pin_memory=task.device != "cpu")
    uploads: dict[str, Callable[[], torch.Tensor]] = {
        "": lambda: given.to(task.device),
        ", page-locked": lambda: locked.copy_(given).to(task.device, non_blocking=True),
    }

    def prepared(candidate: Candidate, upload: str) -> Prepared:
        def call() -> NDArray[np.float32]:
            with torch.no_grad():
                samples = uploads[upload]().contiguous(memory_format=LAYOUTS[candidate.layout])
                result: NDArray[np.float32] = candidate.network(samples).float().cpu().numpy()
                return result

        return Prepared(call, candidate.configuration + upload)

    return fastest_of([prepared(*choice) for choice in itertools.product(networks, uploads)])


def _on_device(task: Task, networks: Sequence[Candidate]) -> Prepared:
    """The timed call leaves its embeddings on the device; they are fetched once, to be checked."""

    def prepared(candidate: Candidate) -> Prepared:
        samples = torch.from_numpy(task.samples).to(task.device)
        samples = samples.contiguous(memory_format=LAYOUTS[candidate.layout])
        torch._dynamo.mark_static_address(samples)  # torch.compile need not copy it into its CUDA graph at each call

        def call() -> torch.Tensor:
            with torch.no_grad():
                embeddings = candidate.network(samples)
                _wait(task.device)
                return embeddings

        return Prepared(call, candidate.configuration)

    return fastest_of([prepared(candidate) for candidate in networks])


def _torchscript(task: Task) -> Prepared:
    return host_to_host(task, _torchscript_networks(task))


def _torch_compile(task: Task) -> Prepared:
    return host_to_host(task, _compiled_networks(task))


def _torchscript_on_device(task: Task) -> Prepared:
    return _on_device(task, _torchscript_networks(task))


def _torch_compile_on_device(task: Task) -> Prepared:
    return _on_device(task, _compiled_networks(task))


def _wait(device: str) -> None:
    if device != "cpu":
        torch.cuda.synchronize(device)


def prepare_device_copy(task: Task) -> Prepared:
    """A copy of `COPY_BYTES` within the device's memory, which reads and writes as many."""
    source = torch.zeros(COPY_BYTES, dtype=torch.uint8, device=task.device)
    target = torch.empty_like(source)

    def call() -> None:
        target.copy_(source)
        _wait(task.device)

    return Prepared(call, "1 GiB")


def prepare_upload(task: Task) -> Prepared:
    """The copy of the input from page-locked memory to the device, without which no host-to-host call can do."""
    samples = torch.from_numpy(task.samples)
    if task.device != "cpu":
        samples = samples.pin_memory()

    def call() -> None:
        samples.to(task.device)
        _wait(task.device)

    return Prepared(call)


GPU_PEERS = (
    Peer(OWN, "mriembed", _libmriembed),
    Peer("TorchScript", "torch", _torchscript),
    Peer("torch.compile", "torch", _torch_compile),
    Peer("TorchScript" + ON_DEVICE, "torch", _torchscript_on_device),
    Peer("torch.compile" + ON_DEVICE, "torch", _torch_compile_on_device),
)
GPU_MARKS = ((UPLOAD, prepare_upload), (DEVICE_COPY, prepare_device_copy))
