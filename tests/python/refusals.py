"""What the library, the command line and torch's loaders say of a model file that they refuse."""

import subprocess
from functools import partial
from pathlib import Path

import pytest

import mriembed
from mriembed import Embedder, ModelFileError
from program import PROGRAM


def refusal(path: Path) -> str:
    """What every way to load the file to torch says; the command line says it too, with status 3."""
    texts = set()
    for load in (partial(Embedder.load, backend="torch"), mriembed.load_scripted):
        with pytest.raises(ModelFileError) as caught:
            load(path)
        texts.add(str(caught.value))
    result = verified(path, "--backend", "torch")
    assert result.returncode == 3
    (text,) = texts
    assert result.stderr == f"mriembed_cli: error: {text}\n"
    return text


def refusal_without_torch(path: Path) -> str:
    """What the library says that reads the file as data; torch is refused it in the same words."""
    text = refusal(path)
    with pytest.raises(ModelFileError) as caught:
        Embedder.load(path)
    assert str(caught.value) == text
    assert caught.value.path == str(path)
    assert verified(path).stderr == f"mriembed_cli: error: {text}\n"
    return text


def nothing_of_it_runs_without_torch(path: Path) -> bool:
    """Whether the file is refused, or embeds its reference slice as it says, by a library that reads it as data."""
    result = verified(path)
    return result.returncode == 3 or "verdict             passed" in result.stdout


def verified(path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command: list[str | Path] = [PROGRAM, "verify", path, *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
