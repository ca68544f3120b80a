"""The promise of `mriembed_cli embed --help`: the same scans, model and options give the same bytes on every run."""

import os
import subprocess
from pathlib import Path

import pytest

from program import PROGRAM


def _outputs(folder: Path, turn: int, *arguments: object) -> tuple[bytes, bytes]:
    """The .npy and the .json of a run in surroundings of its own. The system scatters memory differently in each
    process by itself; beside that, the environment's size moves the stack, and a setting of malloc all large blocks."""
    output = folder / "rows.npy"
    environment = {**os.environ, "MRIEMBED_TEST_PADDING": "x" * (97 * turn)}
    if turn % 2:
        environment["GLIBC_TUNABLES"] = f"glibc.malloc.mmap_threshold={4096 * (turn + 1)}"
    command = [str(PROGRAM), "embed", *map(str, arguments), "-o", str(output)]
    subprocess.run(command, check=True, env=environment, timeout=120)
    return output.read_bytes(), output.with_suffix(".json").read_bytes()


def _assert_the_same(folder: Path, turns: int, *arguments: object) -> None:
    assert len({_outputs(folder, turn, *arguments) for turn in range(turns)}) == 1


def test_twenty_runs_give_the_same_bytes(model_file: Path, phantom: Path, tmp_path: Path) -> None:
    _assert_the_same(tmp_path, 20, model_file, phantom)


@pytest.mark.parametrize("kernels", [[], ["--backend", "torch"]])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("threads", [1, 2])
def test_every_arithmetic_gives_the_same_bytes(
    model_file: Path, phantom: Path, tmp_path: Path, threads: int, precision: str, kernels: list[str]
) -> None:
    _assert_the_same(tmp_path, 4, model_file, phantom, "--threads", threads, "--precision", precision, *kernels)


@pytest.mark.parametrize("options", [["--memory", "1"], ["--batch", "1"], ["--batch", "2"]])
def test_runs_in_parts_give_the_same_bytes(model_file: Path, phantom: Path, tmp_path: Path, options: list[str]) -> None:
    _assert_the_same(tmp_path, 4, model_file, phantom, phantom, *options)
