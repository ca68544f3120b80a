"""What checking a model file costs: the parts of loading the default model file, medians over calls taking turns.

    python scripts/benchmarks/model_file.py [--json]

"seal" is SHA-256 over the file by hashlib, which like libmriembed uses OpenSSL; "checks" is all that libmriembed does
to a file beyond what torch.jit.load does: seal, records, operations, description and SHA-256 of the weights.
"""

import argparse
import hashlib
import io
import json
import platform
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from datetime import date
from pathlib import Path

import torch

import mriembed
from mriembed import _core

ROUNDS = 40


def medians(calls: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Milliseconds of each call."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for round_ in range(ROUNDS + 5):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            if round_ >= 5:
                times[name].append(1e3 * (time.perf_counter() - start))
    return {name: statistics.median(values) for name, values in times.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description="What checking a model file costs.")
    parser.add_argument("--json", action="store_true", help="as JSON")
    options = parser.parse_args()
    warnings.filterwarnings("ignore", r"`torch\.jit\..*` is deprecated", DeprecationWarning)
    with tempfile.TemporaryDirectory() as folder:
        plain, signed, key = Path(folder) / "plain.pt", Path(folder) / "signed.pt", Path(folder) / "key"
        mriembed.export_model(plain)
        mriembed.make_key_pair(key)
        mriembed.sign_model_file(plain, key, output=signed)
        trusted = [f"{key}.pub"]
        found = medians(
            {
                "seal": lambda: hashlib.sha256(plain.read_bytes()).digest(),
                "read description": lambda: _core.read_model_info(str(plain), [], False),
                "read description, signed": lambda: _core.read_model_info(str(signed), trusted, False),
                "torch.jit.load": lambda: torch.jit.load(io.BytesIO(plain.read_bytes())),
                "torch.jit.load and all checks": lambda: _core.read_checked_model_file(str(plain), [], False),
            }
        )
        size = plain.stat().st_size
    found["checks"] = found["torch.jit.load and all checks"] - found["torch.jit.load"]
    if options.json:
        machine = {"machine": platform.processor() or platform.machine(), "date": date.today().isoformat()}
        print(json.dumps(machine | {"bytes": size, "milliseconds": found}, indent=2))
        return
    print(f"model file of {size} bytes, median of {ROUNDS} calls, {date.today().isoformat()}")
    for name, milliseconds in found.items():
        print(f"  {name:30} {milliseconds:7.2f} ms")


if __name__ == "__main__":
    main()
