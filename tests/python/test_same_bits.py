"""The same slice gives the same bits, whatever the number of threads, the batch, the calls beside it and the load."""

import hashlib
import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from coil_samples import coil_mixture, complex_normal
from mriembed import Embedder
from program import PROGRAM

THREADS = (1, 2, 3, 8)
BATCHES = (1, 4, 9)


@contextmanager
def busy_processes(count: int) -> Iterator[None]:
    """So many processes that do nothing but burn a core each."""
    burning = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(count)]
    try:
        yield
    finally:
        for process in burning:
            process.kill()
            process.wait()


def bits(embedder: Embedder, kspace: np.ndarray, covariance: np.ndarray, batch: int) -> str:
    """SHA-256 of all embeddings, a call for each `batch` slices."""
    digest = hashlib.sha256()
    for first in range(0, len(kspace), batch):
        digest.update(embedder.embed_kspace(kspace[first : first + batch], covariance, 60).tobytes())
    return digest.hexdigest()


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("size", [(36, 64), (130, 96)])
def test_threads_batches_runs_and_load_do_not_change_a_bit(
    model_file: Path, size: tuple[int, int], precision: str
) -> None:
    kspace = coil_mixture(9, 10, *size)
    noise = complex_normal(10, 200, seed=5).astype(np.complex128)
    covariance = noise @ noise.conj().T / 199
    embedders = [Embedder.load(model_file, threads=threads, precision=precision) for threads in (0, *THREADS)]
    found = set()
    for load in (0, 2 * (os.cpu_count() or 1)):
        with busy_processes(load):
            for embedder, batch, _ in itertools.product(embedders, BATCHES, range(3)):
                found.add(bits(embedder, kspace, covariance, batch))
    assert len(found) == 1


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_calls_from_other_threads_do_not_change_a_bit(model_file: Path, precision: str) -> None:
    kspace = coil_mixture(4, 9, 70, 70)
    covariance = np.eye(9, dtype=np.complex128)
    embedder = Embedder.load(model_file, precision=precision)
    with ThreadPoolExecutor(6) as callers:
        found = set(callers.map(lambda batch: bits(embedder, kspace, covariance, batch), (1, 2, 3, 4) * 6))
    assert len(found) == 1


def test_the_position_in_a_batch_does_not_change_a_bit(model_file: Path) -> None:
    kspace = coil_mixture(9, 8, 33, 48)
    embedder = Embedder.load(model_file)
    alone = np.concatenate([embedder.embed_kspace(kspace[index : index + 1]) for index in range(9)])
    order = [3, 8, 0, 5, 1, 7, 2, 6, 4]
    np.testing.assert_array_equal(embedder.embed_kspace(kspace[order]), alone[order])


def test_images_and_lengths_that_torch_transforms_keep_their_bits_too(model_file: Path) -> None:
    samples = coil_mixture(3, 12, 46, 62)  # 46 = 2 x 23, 62 = 2 x 31
    found = set()
    for threads in THREADS:
        embedder = Embedder.load(model_file, threads=threads)
        found.add(embedder.embed_images(samples).tobytes() + embedder.embed_kspace(samples).tobytes())
        found.add(
            b"".join(embedder.embed_images(samples[i : i + 1]).tobytes() for i in range(3))
            + b"".join(embedder.embed_kspace(samples[i : i + 1]).tobytes() for i in range(3))
        )
    assert len(found) == 1


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_the_command_line_writes_the_same_rows_for_any_threads_batch_and_memory(
    model_file: Path, phantom: Path, tmp_path: Path, precision: str
) -> None:
    rows = set()
    for options in (["--threads", 1], ["--threads", 2, "--batch", 1], ["--threads", 8, "--batch", 3], ["--memory", 1]):
        output = tmp_path / "rows.npy"
        command = [PROGRAM, "embed", model_file, phantom, "-o", output, "--precision", precision, *options]
        subprocess.run([str(part) for part in command], check=True)
        rows.add(output.read_bytes())
    assert len(rows) == 1


def test_a_forked_child_embeds_with_the_same_bits(model_file: Path) -> None:
    kspace = coil_mixture(2, 8, 64, 64)
    embedder = Embedder.load(model_file, threads=0)
    expected = embedder.embed_kspace(kspace)
    for _ in range(3):
        child = os.fork()
        if child == 0:
            signal.alarm(60)  # ends a child that hangs
            os._exit(0 if np.array_equal(embedder.embed_kspace(kspace), expected) else 1)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0


@pytest.mark.parametrize("threads", [0, 2])
def test_a_forked_child_embeds_on_torch(model_file: Path, threads: int) -> None:
    """OpenMP, on which torch runs, would wait in the child for the threads of its parent."""
    kspace = coil_mixture(2, 8, 96, 96)
    embedder = Embedder.load(model_file, backend="torch", threads=threads)
    expected = embedder.embed_kspace(kspace)

    def embedded_anew() -> np.ndarray:
        return Embedder.load(model_file, backend="torch", threads=threads).embed_kspace(kspace)

    for embedded in (lambda: embedder.embed_kspace(kspace), embedded_anew):
        child = os.fork()
        if child == 0:
            signal.alarm(60)  # ends a child that hangs
            os._exit(0 if np.allclose(embedded(), expected, rtol=0, atol=1e-5) else 1)
        _, status = os.waitpid(child, 0)
        assert os.waitstatus_to_exitcode(status) == 0


def test_a_child_of_a_process_that_uses_torch_loads_a_model_on_torch(model_file: Path) -> None:
    """Before the fork the library is not loaded; torch has its threads already."""
    code = f"""
import os, signal, sys, torch
from mriembed import Embedder
torch.set_num_threads(2)
torch.ones(1000, 1000).matmul(torch.ones(1000, 1000)).sin_()
child = os.fork()
if child == 0:
    signal.alarm(60)
    os._exit(0 if Embedder.load({str(model_file)!r}, backend="torch", threads=2).verify().passed else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
