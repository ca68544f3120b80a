"""The example programs of python/examples; tests/consume runs those of cpp/examples."""

import subprocess
import sys
from pathlib import Path

import numpy as np

from check.check_scans import faultless, write_scan
from mriembed.simulation.faults import with_fault

EXAMPLES = Path(__file__).resolve().parents[2] / "python" / "examples"


def run(example: str, *arguments: object) -> tuple[int, str, str]:
    command = [sys.executable, str(EXAMPLES / example), *map(str, arguments)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout, done.stderr


def test_each_example_is_run_here() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} == {"embed_array.py", "check_scan.py"}


def test_embed_array_finds_the_nearest_slice(model_file: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=(2, 6, 32, 64)).view(np.complex128)
    noise = 1e-3 * rng.normal(size=(2, 6, 32, 64)).view(np.complex128)
    np.save(tmp_path / "kspace.npy", np.stack([first, second, first + noise[0], second + noise[1]]))
    status, shown, errors = run("embed_array.py", model_file, tmp_path / "kspace.npy")
    assert (status, errors) == (0, "")
    nearest = [line.split(", distance")[0] for line in shown.splitlines()]
    assert nearest == [f"slice {one}: nearest slice {other}" for one, other in enumerate([2, 3, 0, 1])]


def test_embed_array_tells_what_is_wrong(model_file: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "kspace.npy", np.zeros((1, 4, 16, 16)))
    status, shown, errors = run("embed_array.py", model_file, tmp_path / "kspace.npy")
    assert (status, shown, errors) == (1, "", "embed_array: slice 0 is all zero; a slice needs signal to be embedded\n")


def test_check_scan_names_the_noisy_coil(tmp_path: Path) -> None:
    assert run("check_scan.py", write_scan(tmp_path / "clean.h5", faultless())) == (0, "", "")
    faulty = with_fault(faultless(), "noise x 10", np.random.default_rng(1), coil=4)
    status, shown, errors = run("check_scan.py", write_scan(tmp_path / "noisy.h5", faulty.raw))
    assert (status, errors) == (10, "")
    assert shown.startswith("high_noise: coil 4: ")
