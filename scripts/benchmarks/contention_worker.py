"""One way to run a network, in a process of its own: answers requests of contention.py on standard input.

    python contention_worker.py WAY MODEL SHAPE PRECISION THREADS

Each request is a line of JSON, {"callers": C, "seconds": S}: C threads call for S seconds, each for itself. The answer
is one as well: {"milliseconds": [...], "seconds": ...}, the time of every call and what the whole took.
"""

from __future__ import annotations

import io
import json
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Call = Callable[[], Any]
NetworkInput = NDArray[np.float32]


def libmriembed_calls(
    model: Path, network_input: NetworkInput, precision: str, threads: int, callers: int
) -> list[Call]:
    """One Embedder that all callers share."""
    import mriembed

    embedder = mriembed.Embedder.load(model, precision=precision, threads=threads)
    return [lambda: embedder.embed(network_input)] * callers


def onnxruntime_calls(
    model: Path, network_input: NetworkInput, precision: str, threads: int, callers: int
) -> list[Call]:
    """One session that all callers share; its waiting threads spin, which is its default."""
    from peers import onnx_bytes, onnxruntime_call

    del precision  # contention.py asks for float32 only
    run = onnxruntime_call(onnx_bytes(model, network_input), threads)
    return [lambda: run(network_input)] * callers


def openvino_calls(model: Path, network_input: NetworkInput, precision: str, threads: int, callers: int) -> list[Call]:
    """One compiled network, a request for each caller."""
    import openvino
    from peers import onnx_bytes

    core = openvino.Core()
    options = {
        "INFERENCE_NUM_THREADS": threads,
        "INFERENCE_PRECISION_HINT": {"float32": "f32", "bfloat16": "bf16"}[precision],
        "PERFORMANCE_HINT": "LATENCY",
    }
    compiled = core.compile_model(core.read_model(io.BytesIO(onnx_bytes(model, network_input))), "CPU", options)

    def call_of(request: Any) -> Call:  # noqa: ANN401  (OpenVINO has no types for it)
        return lambda: request.infer(network_input)

    return [call_of(compiled.create_infer_request()) for _ in range(callers)]


WAYS = {"libmriembed": libmriembed_calls, "ONNX Runtime": onnxruntime_calls, "OpenVINO": openvino_calls}
MOST_CALLERS = 4


def call_for(call: Call, seconds: float, milliseconds: list[float]) -> None:
    """Calls until the time is up."""
    now = time.perf_counter()
    end = now + seconds
    while now < end:
        call()
        before, now = now, time.perf_counter()
        milliseconds.append(1e3 * (now - before))


def main() -> None:
    """Ends with its standard input."""
    way, model, shape, precision, threads = sys.argv[1:]
    lengths = tuple(map(int, shape.split(",")))
    network_input = np.random.default_rng(0).normal(size=lengths).astype(np.float32)
    calls = WAYS[way](Path(model), network_input, precision, int(threads), MOST_CALLERS)
    for call in calls:
        call_for(call, 0.2, [])
    print(json.dumps({"ready": way}), flush=True)
    for line in sys.stdin:
        request = json.loads(line)
        own: list[list[float]] = [[] for _ in range(request["callers"])]
        callers = [
            threading.Thread(target=call_for, args=(call, request["seconds"], times))
            for call, times in zip(calls, own, strict=False)
        ]
        start = time.perf_counter()
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        took = time.perf_counter() - start
        answer = {"milliseconds": [value for times in own for value in times], "seconds": took}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
