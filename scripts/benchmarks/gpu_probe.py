"""What one look at a GPU should tell: transfer speeds, time of each call and kernel, and hazards for the host program.

    python gpu_probe.py FILE.json [--device cuda]

Each hazard runs in a process of its own, all at once: a CUDA error that stays would spoil the others.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

import mriembed
from mriembed import Embedder

warnings.filterwarnings("ignore", r"`torch\.jit\..*` is deprecated", DeprecationWarning)
SHAPES = ((1, 16, 96, 96), (64, 16, 96, 96), (64, 16, 128, 128))
PRECISIONS = ("float32", "bfloat16")


def network_input(shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """Random, of this shape."""
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def wait(device: str) -> None:
    """Until the device has done what was queued."""
    if device != "cpu":
        torch.cuda.synchronize()


def median_ms(call: Callable[[], object], device: str, calls: int = 30) -> float:
    """Milliseconds of a call."""
    for _ in range(5):
        call()
    times = []
    for _ in range(calls):
        wait(device)
        start = time.perf_counter()
        call()
        wait(device)
        times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times)


def transfers(device: str) -> dict[str, float]:
    """GB/s; a copy on the device counts bytes read and written."""
    size = 2**28 if device != "cpu" else 2**22
    there = torch.ones(size, dtype=torch.uint8, device=device)
    other = torch.empty_like(there)
    host = torch.ones(size, dtype=torch.uint8)
    found = {"device copy": 2 * size / median_ms(lambda: other.copy_(there), device) / 1e6}
    found["upload, pageable"] = size / median_ms(lambda: there.copy_(host), device, 8) / 1e6
    if device != "cpu":
        pinned = host.pin_memory()
        found["upload, pinned"] = size / median_ms(lambda: there.copy_(pinned, non_blocking=True), device, 8) / 1e6
        found["host to pinned"] = size / median_ms(lambda: pinned.copy_(host), device, 8) / 1e6
    return found


def kernels(call: Callable[[], object], device: str, calls: int = 10) -> list[dict[str, object]]:
    """Microseconds of a call on the GPU, by kernel or copy, largest first."""
    if device == "cpu":
        return []
    from torch.profiler import ProfilerActivity, profile

    call()
    with profile(activities=[ProfilerActivity.CUDA]) as seen:
        for _ in range(calls):
            call()
        wait(device)
    rows = [
        {"name": event.key[:120], "us": event.self_device_time_total / calls, "count": event.count / calls}
        for event in seen.key_averages()
        if event.self_device_time_total > 0
    ]
    return sorted(rows, key=lambda row: -float(row["us"]))[:40]


def network(model: Path, device: str) -> list[dict[str, object]]:
    """Times, kernels and accuracy of the network, of the library's choice of kernels and of torch's."""
    found = []
    for precision in PRECISIONS:
        exact = Embedder.load(model)
        for shape in SHAPES if device != "cpu" else SHAPES[:1]:
            samples = network_input(shape)
            row: dict[str, object] = {"shape": shape, "precision": precision}
            for name in ("auto", "torch"):
                embedder = Embedder.load(model, device=device, precision=precision, backend=name)
                start = time.perf_counter()
                embeddings = embedder.embed(samples)
                row[f"{name} first ms"] = 1e3 * (time.perf_counter() - start)
                call = partial(embedder.embed, samples)
                row[f"{name} ms"] = median_ms(call, device)
                row[f"{name} kernels"] = kernels(call, device)
                row[f"{name} runs on"] = embedder.backend
                reference = exact.embed(samples)
                row[f"{name} largest difference to the CPU"] = float(np.abs(embeddings - reference).max())
                row[f"{name} smallest cosine"] = float(np.sum(embeddings * reference, axis=1).min())
            found.append(row)
    return found


def first_calls(model: Path, device: str) -> list[float]:
    """Milliseconds of the first call of new numbers of slices: what a change of shape costs."""
    embedder = Embedder.load(model, device=device)
    times = []
    for slices in (1, 2, 3, 5, 7, 11):
        samples = network_input((slices, 16, 96, 96))
        start = time.perf_counter()
        embedder.embed(samples)
        times.append(1e3 * (time.perf_counter() - start))
    return times


def kspace(model: Path, device: str) -> list[dict[str, object]]:
    """k-space to embedding on the device, and on the CPU's own preprocessing and network."""
    generator = np.random.default_rng(0)
    there, here = Embedder.load(model, device=device), Embedder.load(model)
    found = []
    for shape in ((1, 16, 256, 256), (32, 16, 256, 256)) if device != "cpu" else ((1, 8, 64, 64),):
        samples = (generator.normal(size=shape) + 1j * generator.normal(size=shape)).astype(np.complex64)
        row: dict[str, object] = {"shape": shape}
        row["device ms"] = median_ms(partial(there.embed_kspace, samples), device, 8)
        row["cpu ms"] = median_ms(partial(here.embed_kspace, samples), "cpu", 8)
        row["device kernels"] = kernels(partial(there.embed_kspace, samples), device, 3)
        row["largest difference"] = float(np.abs(there.embed_kspace(samples) - here.embed_kspace(samples)).max())
        found.append(row)
    return found


# Hazards: each returns what it saw; "ok" where nothing is wrong.


def same(found: np.ndarray, expected: np.ndarray) -> str:
    """Whether two results have the same bits."""
    return "ok" if np.array_equal(found, expected) else f"differs by {np.abs(found - expected).max():.1e}"


def loaded_and_run_in_a_thread_that_ended(model: Path, device: str) -> str:
    embedder, samples, found = Embedder.load(model, device=device), network_input((5, 16, 96, 96)), []
    thread = threading.Thread(target=lambda: found.append(embedder.embed(samples)))
    thread.start()
    thread.join()
    return same(embedder.embed(samples), found[0])


def host_allows_tf32(model: Path, device: str) -> str:
    samples = network_input((5, 16, 96, 96))
    expected = Embedder.load(model, device=device).embed(samples)
    torch.backends.cuda.matmul.allow_tf32 = True
    torch.backends.cudnn.allow_tf32 = True
    return same(Embedder.load(model, device=device).embed(samples), expected)


def host_frees_memory(model: Path, device: str) -> str:
    embedder, samples = Embedder.load(model, device=device), network_input((5, 16, 96, 96))
    expected = embedder.embed(samples)
    if device != "cpu":
        torch._C._cuda_clearCublasWorkspaces()
        torch.cuda.empty_cache()
    others = [torch.full((2**22,), 7, dtype=torch.uint8, device=device) for _ in range(200)]
    verdict = same(embedder.embed(samples), expected)
    wait(device)
    return verdict if all(bool((other == 7).all()) for other in others) else "another tensor was overwritten"


def many_shapes(model: Path, device: str) -> str:
    embedder = Embedder.load(model, device=device)
    inputs = [network_input((1 + index, 16, 96, 96)) for index in range(7)]
    expected = [embedder.embed(one) for one in inputs]
    if device != "cpu":
        torch.cuda.empty_cache()
    return " ".join(same(embedder.embed(one), two) for one, two in zip(inputs[::-1], expected[::-1], strict=True))


def while_another_thread(work: Callable[[], object], model: Path, device: str) -> str:
    """Many shapes, while a thread of the host program does something else on the GPU."""
    failures: list[str] = []
    done = threading.Event()

    def other() -> None:
        while not done.is_set():
            try:
                work()
            except Exception as error:
                failures.append(f"the other thread: {str(error).splitlines()[0][:200]}")
                return

    thread = threading.Thread(target=other)
    embedder = Embedder.load(model, device=device)
    embedder.embed(network_input((1, 16, 64, 64)))
    thread.start()
    try:
        for index in range(30):
            embedder.embed(network_input((1 + index % 5, 16, 24 + index, 32)))
    except Exception as error:
        failures.append(f"mriembed: {str(error).splitlines()[0][:200]}")
    done.set()
    thread.join()
    try:
        torch.rand(8, device=device)
        embedder.embed(network_input((3, 16, 40, 40)))
    except Exception as error:
        failures.append(f"afterwards: {str(error).splitlines()[0][:200]}")
    return "; ".join(failures) or "ok"


def another_thread_draws(model: Path, device: str) -> str:
    return while_another_thread(lambda: torch.rand(1000, device=device), model, device)


def another_thread_synchronizes(model: Path, device: str) -> str:
    return while_another_thread(lambda: wait(device), model, device)


def another_thread_copies(model: Path, device: str) -> str:
    there = torch.rand(1000, device=device)
    return while_another_thread(there.cpu, model, device)


def another_thread_empties_the_cache(model: Path, device: str) -> str:
    return while_another_thread(torch.cuda.empty_cache if device != "cpu" else (lambda: None), model, device)


HAZARDS = {
    function.__name__: function
    for function in (
        loaded_and_run_in_a_thread_that_ended,
        host_allows_tf32,
        host_frees_memory,
        many_shapes,
        another_thread_draws,
        another_thread_synchronizes,
        another_thread_copies,
        another_thread_empties_the_cache,
    )
}


def hazards(model: Path, device: str) -> dict[str, str]:
    """What each hazard saw, each in a process of its own."""
    running = {
        name: subprocess.Popen(
            [sys.executable, __file__, str(model), "--device", device, "--hazard", name],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for name in HAZARDS
    }
    found = {}
    for name, process in running.items():
        try:
            output = process.communicate(timeout=100)[0].strip().splitlines()
            found[name] = (
                output[-1] if output and process.returncode == 0 else f"status {process.returncode}: {output[-3:]}"
            )
        except subprocess.TimeoutExpired:
            process.kill()
            found[name] = "no end within 100 s"
    return found


def main() -> None:
    """Measures, prints and writes after each part."""
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--hazard", choices=HAZARDS)
    options = parser.parse_args()
    if options.hazard:
        print(HAZARDS[options.hazard](options.file, options.device))
        return
    content: dict[str, Any] = {"torch": torch.__version__, "mriembed": mriembed.__version__}
    if options.device != "cpu":
        properties = torch.cuda.get_device_properties(0)
        content |= {
            "gpu": properties.name,
            "multiprocessors": properties.multi_processor_count,
            "cudnn": torch.backends.cudnn.version(),
        }
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model.pt"
        mriembed.export_model(model)
        parts: dict[str, Callable[[], object]] = {
            "transfers, GB/s": lambda: transfers(options.device),
            "hazards": lambda: hazards(model, options.device),
            "network": lambda: network(model, options.device),
            "first calls, ms": lambda: first_calls(model, options.device),
            "k-space": lambda: kspace(model, options.device),
        }
        for name, part in parts.items():
            start = time.perf_counter()
            try:
                content[name] = part()
            except Exception as error:  # the other parts are worth having
                content[name] = f"failed: {type(error).__name__}: {error}"
            options.file.write_text(json.dumps(content, indent=1) + "\n")
            print(f"{name} ({time.perf_counter() - start:.0f} s)", flush=True)
            if name == "network" and isinstance(content[name], list):
                for row in content[name]:
                    short = {
                        k: (round(v, 4) if isinstance(v, float) else v) for k, v in row.items() if "kernels" not in k
                    }
                    print("  ", short)
                    for kernel in row["auto kernels"][:24]:
                        print(f"      {kernel['us']:9.1f} us x{kernel['count']:.0f}  {kernel['name'][:100]}")
            elif name != "k-space":
                print("  ", content[name])
            else:
                print("  ", [{k: v for k, v in row.items() if "kernels" not in k} for row in content[name]])


if __name__ == "__main__":
    main()
