"""How fast a machine could be: the work and the memory traffic of the network, and calls that measure the hardware."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch
from alternation import Prepared, Task

MATRIX = 2048  # side; 16 MiB in float32, large enough for full speed and small enough for a short call


def _convolutions(shape: Sequence[int], widths: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """Input channels, output channels and output pixels of each convolution, for one slice."""
    _, channels, height, width = shape
    yield channels, widths[0], height * width
    before = widths[0]
    for after in widths:
        height, width = (height + 1) // 2, (width + 1) // 2
        yield before, after, height * width
        before = after


def convolution_operations(shape: Sequence[int], widths: Sequence[int]) -> int:
    """Twice the multiply-adds of all convolutions by the direct method, for stacked input of that shape."""
    return 2 * shape[0] * sum(9 * before * after * pixels for before, after, pixels in _convolutions(shape, widths))


def memory_traffic(shape: Sequence[int], widths: Sequence[int], embed_dim: int, element_bytes: int) -> int:
    """Bytes that the network must at least move: the float32 input is read once, each convolution's output written
    once and read once (GroupNorm needs all of it before any of it goes on), weights read, embeddings written.
    """
    slices = shape[0]
    samples = 4 * slices * shape[1] * shape[2] * shape[3]
    layers = list(_convolutions(shape, widths))
    activations = 2 * element_bytes * slices * sum(after * pixels for _, after, pixels in layers)
    weights = sum(9 * before * after + 3 * after for before, after, _ in layers) + (widths[-1] + 1) * embed_dim
    return samples + activations + element_bytes * weights + 4 * slices * embed_dim


def prepare_matrix_product(task: Task) -> Prepared:
    """One product of two square matrices of side `MATRIX` on the task's threads."""
    torch.set_num_threads(task.threads)
    dtype = {"float32": torch.float32, "bfloat16": torch.bfloat16}[task.precision]
    generator = torch.Generator().manual_seed(0)
    left, right = (torch.randn(MATRIX, MATRIX, generator=generator).to(dtype) for _ in range(2))
    product = torch.empty(MATRIX, MATRIX, dtype=dtype)

    def call() -> None:
        with torch.inference_mode():
            torch.matmul(left, right, out=product)

    return Prepared(call, f"{2 * MATRIX**3 / 1e9:.2f} GFLOP")


def matrix_product_gflops(milliseconds: float) -> float:
    """The speed that such a product's time means."""
    return 2 * MATRIX**3 / milliseconds / 1e6
