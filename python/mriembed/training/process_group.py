"""The processes of a run: one, or those that torchrun started, which share each step's pairs between them."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor
from torch import distributed as dist

from mriembed.errors import DeviceNotAvailableError, InvalidArgumentError


@dataclass(frozen=True)
class ProcessGroup:
    """The place of this process among `size` processes."""

    rank: int
    size: int
    device: torch.device

    @property
    def leads(self) -> bool:
        """Whether this process writes files and speaks."""
        return self.rank == 0

    def gathered(self, embeddings: Tensor) -> Tensor:
        """The embeddings of all processes in the order of their ranks; only this one's carry gradients.

        `torch.distributed.nn.functional.all_gather` would also send gradients back to the others' embeddings. But each
        process computes the whole loss, so their sum is `size` times the gradient, and dividing it again rounds where
        `size` is not a power of two.
        """
        if self.size == 1:
            return embeddings
        everyone = [torch.empty_like(embeddings) for _ in range(self.size)]
        dist.all_gather(everyone, embeddings.detach().contiguous())
        everyone[self.rank] = embeddings
        return torch.cat(everyone)

    def sum_gradients(self, parameters: Iterable[Tensor]) -> None:
        """Adds up the gradients of all processes.

        Each computes the whole loss, but its derivative by its own embeddings only (`gathered`); the sum is therefore
        the gradient that one process with all pairs would have.
        """
        if self.size == 1:
            return
        gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
        flat = torch.cat([gradient.flatten() for gradient in gradients])
        dist.all_reduce(flat)
        sizes = [gradient.numel() for gradient in gradients]
        for gradient, summed in zip(gradients, torch.split(flat, sizes), strict=True):
            gradient.copy_(summed.view_as(gradient))

    def wait(self) -> None:
        """Until all processes are here."""
        if self.size > 1:
            dist.barrier()


@contextmanager
def process_group(device: str) -> Iterator[ProcessGroup]:
    """Joins the processes that torchrun started (gloo on CPU, NCCL on GPUs); without torchrun there is only this one.

    Args:
        device: "cpu" or "cuda"; on "cuda" each process takes the GPU of its local rank.

    Raises:
        DeviceNotAvailableError: there is no GPU.
        InvalidArgumentError: WORLD_SIZE is set without the other variables of torchrun.
    """
    size = int(os.environ.get("WORLD_SIZE", "1"))
    missing = [name for name in ("RANK", "MASTER_ADDR", "MASTER_PORT") if name not in os.environ]
    if size > 1 and missing:
        raise InvalidArgumentError(
            f"WORLD_SIZE is {size}, but {missing[0]} is not set: start with torchrun, or unset WORLD_SIZE"
        )
    if device == "cuda":
        if not torch.cuda.is_available():
            raise DeviceNotAvailableError("--device cuda: torch finds no GPU here; leave it out, or give cpu")
        chosen = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))
        torch.cuda.set_device(chosen)
    else:
        chosen = torch.device(device)
    if size == 1:
        yield ProcessGroup(0, 1, chosen)
        return
    dist.init_process_group("nccl" if chosen.type == "cuda" else "gloo")
    try:
        yield ProcessGroup(dist.get_rank(), dist.get_world_size(), chosen)
    finally:
        dist.destroy_process_group()
