"""The library on a GPU, where it was built with MRIEMBED_CUDA=ON. test_parity.py tests GPUs with any build."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch

from mriembed import BadInputError, Embedder, InvalidArgumentError

pytestmark = pytest.mark.gpu

FLOAT32 = 1e-5  # largest difference in any component, between two ways to compute on one GPU


def random_network_input(slices: int, height: int, width: int) -> np.ndarray:
    return np.random.default_rng(slices * height).normal(size=(slices, 16, height, width)).astype(np.float32)


@pytest.fixture(scope="module")
def native(model_file: Path) -> Embedder:
    embedder = Embedder.load(model_file, device="cuda")
    if embedder.backend != "native":
        if os.environ.get("MRIEMBED_REQUIRE_GPU") == "1":
            pytest.fail("MRIEMBED_REQUIRE_GPU=1, but the library was built without MRIEMBED_CUDA=ON")
        pytest.skip("the library was built without MRIEMBED_CUDA=ON")
    return embedder


@pytest.mark.parametrize("slices", [1, 2, 5])
@pytest.mark.parametrize(("height", "width"), [(128, 128), (41, 33), (16, 100), (8, 8)])
def test_network_input_gives_the_embedding_of_torch_s_kernels(
    native: Embedder, model_file: Path, slices: int, height: int, width: int
) -> None:
    network_input = random_network_input(slices, height, width)
    on_torch = Embedder.load(model_file, device="cuda", backend="torch")
    assert on_torch.backend == "torch"
    np.testing.assert_allclose(native.embed(network_input), on_torch.embed(network_input), rtol=0, atol=FLOAT32)


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_half_precision_stays_within_a_cosine_of_0_999_of_float32(
    native: Embedder, model_file: Path, precision: str
) -> None:
    network_input = random_network_input(5, 96, 80)
    half = Embedder.load(model_file, device="cuda", precision=precision)
    assert half.backend == "native"
    assert np.sum(half.embed(network_input) * native.embed(network_input), axis=1).min() >= 0.999


def test_a_shape_gives_the_same_bits_however_many_others_came_between(native: Embedder) -> None:
    shapes = [(1 + index % 3, 24 + 8 * index, 32) for index in range(9)]  # more than are kept
    first = [native.embed(random_network_input(*shape)) for shape in shapes]
    for shape, expected in zip(reversed(shapes), reversed(first), strict=True):
        np.testing.assert_array_equal(native.embed(random_network_input(*shape)), expected)


def test_input_that_is_not_contiguous_gives_the_embedding_of_its_copy(native: Embedder) -> None:
    strided = random_network_input(3, 80, 64)[:, :, ::2, 5:]
    np.testing.assert_array_equal(native.embed(strided), native.embed(strided.copy()))


def test_many_threads_get_the_embeddings_of_their_own_slices(native: Embedder) -> None:
    inputs = [random_network_input(1 + index % 2, 32 + 8 * (index % 5), 48) for index in range(40)]
    expected = [native.embed(network_input) for network_input in inputs]
    with ThreadPoolExecutor(8) as threads:
        for found, alone in zip(threads.map(native.embed, inputs), expected, strict=True):
            np.testing.assert_array_equal(found, alone)


@pytest.mark.parametrize("fault", [np.nan, np.inf, -np.inf])
def test_a_slice_with_a_fault_is_refused_by_its_number(native: Embedder, fault: float) -> None:
    network_input = random_network_input(3, 40, 40)
    network_input[2, 7, 39, 0] = fault
    with pytest.raises(BadInputError, match="slice 2 holds NaN or infinite samples"):
        native.embed(network_input)
    network_input[2] = 0
    with pytest.raises(BadInputError, match="slice 2 is all zero"):
        native.embed(network_input)
    assert np.isfinite(native.embed(network_input[:2])).all()


def test_a_host_program_that_allows_tf32_changes_no_bit(native: Embedder, model_file: Path) -> None:
    network_input = random_network_input(3, 96, 96)
    for embedder in (native, Embedder.load(model_file, device="cuda", backend="torch")):
        expected = embedder.embed(network_input)
        before = torch.get_float32_matmul_precision()
        try:
            torch.set_float32_matmul_precision("high")
            np.testing.assert_array_equal(embedder.embed(network_input), expected)
        finally:
            torch.set_float32_matmul_precision(before)


def test_the_host_program_s_threads_may_draw_free_and_wait_meanwhile(native: Embedder) -> None:
    def use_the_gpu() -> float:
        numbers = torch.rand(1000, 1000, device="cuda")
        torch.cuda.synchronize()
        torch.cuda.empty_cache()
        return float((numbers @ numbers).mean())

    inputs = [random_network_input(1 + index % 3, 40 + index, 48) for index in range(30)]
    expected = [native.embed(network_input) for network_input in inputs]
    with ThreadPoolExecutor(4) as threads:
        others = [threads.submit(use_the_gpu) for _ in range(60)]
        for network_input, alone in zip(inputs, expected, strict=True):
            np.testing.assert_array_equal(native.embed(network_input), alone)
        assert all(0 < other.result() < 1000 for other in others)


def test_input_beyond_float16_is_refused_by_its_slice(model_file: Path) -> None:
    embedder = Embedder.load(model_file, device="cuda", precision="float16")
    network_input = random_network_input(2, 40, 40)
    network_input[1] *= 1e6
    with pytest.raises(BadInputError, match="slice 1 overflows the network's arithmetic"):
        embedder.embed(network_input)


@pytest.mark.parametrize("backend", ["native", "torch"])
def test_embedding_while_the_thread_records_a_cuda_graph_is_refused(
    native: Embedder, model_file: Path, backend: str
) -> None:
    embedder = native if backend == "native" else Embedder.load(model_file, device="cuda", backend="torch")
    embedder.embed(random_network_input(1, 40, 40))
    graph = torch.cuda.CUDAGraph()
    numbers = torch.ones(8, device="cuda")
    with torch.cuda.graph(graph):
        doubled = 2 * numbers
        with pytest.raises(InvalidArgumentError, match="records a CUDA graph"):
            embedder.embed(random_network_input(1, 40, 40))
    graph.replay()
    torch.cuda.synchronize()
    assert float(doubled.sum()) == 16
