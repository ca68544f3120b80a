"""libmriembed without libmriembed_torch beside it, as a build with MRIEMBED_TORCH=OFF installs it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import mriembed
from program import PROGRAM


@pytest.fixture
def alone(tmp_path: Path) -> dict[str, str]:
    """The environment of a program that finds a libmriembed with nothing beside it."""
    (library,) = (Path(mriembed.__file__).parent / "lib").glob("libmriembed.so.*")
    shutil.copy(library, tmp_path)
    return {**os.environ, "LD_LIBRARY_PATH": str(tmp_path)}


def _verify(model: Path, environment: dict[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    command: list[str | Path] = [PROGRAM, "verify", model, *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=60)


def test_a_cpu_needs_no_torch_library(model_file: Path, alone: dict[str, str]) -> None:
    for options in ((), ("--backend", "native"), ("--precision", "bfloat16")):
        result = _verify(model_file, alone, *options)
        assert (result.returncode, result.stderr) == (0, "")


def test_what_needs_it_says_in_one_line_which_file_is_missing(
    model_file: Path, alone: dict[str, str], tmp_path: Path
) -> None:
    for options in (("--backend", "torch"), ("--device", "cuda")):
        result = _verify(model_file, alone, *options)
        assert result.returncode == 5
        assert result.stderr == (
            f"mriembed_cli: error: this needs torch, which is not available: {tmp_path}/libmriembed_torch.so: cannot "
            "open shared object file: No such file or directory; on a CPU, model files that `mriembed export` writes "
            "do not need it\n"
        )


# Loads the library by a relative path, goes elsewhere, and asks for what needs torch: offsets are those of
# mriembed_options and mriembed_error.
_LOADED_BY_A_RELATIVE_PATH = """
import ctypes, os, sys
folder, name, elsewhere, model = sys.argv[1:]
os.chdir(folder)
library = ctypes.CDLL("./" + name)
os.chdir(elsewhere)
options, error, embedder = (ctypes.create_string_buffer(size) for size in (256, 2048, 8))
library.mriembed_options_init(options)
ctypes.c_char_p.from_buffer(options, 8).value = b"cuda"
print(library.mriembed_load(model.encode(), options, embedder, error), error[16:].split(bytes(1))[0].decode())
"""


def test_it_is_looked_for_where_libmriembed_was_loaded_from(
    model_file: Path, alone: dict[str, str], tmp_path: Path
) -> None:
    (library,) = tmp_path.glob("libmriembed.so.*")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    command: list[str | Path] = [sys.executable, "-c", _LOADED_BY_A_RELATIVE_PATH, tmp_path, library.name]
    command += [elsewhere, model_file.absolute()]
    result = subprocess.run(command, capture_output=True, text=True, check=True, env=alone, timeout=60)
    assert result.stdout.startswith(
        f"5 this needs torch, which is not available: {tmp_path}/libmriembed_torch.so: cannot open"
    )
