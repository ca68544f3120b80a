"""A C program with settings of its own: libmriembed changes none of them, and none of them changes an embedding."""

import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

import mriembed
from mriembed import Embedder

PACKAGE = Path(mriembed.__file__).parent


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Path:
    program = tmp_path_factory.mktemp("host") / "host_state"
    source = Path(__file__).with_name("host_state.c")
    flags = ["-std=gnu11", "-Wall", "-Wextra", "-Werror", f"-I{PACKAGE / 'include'}"]
    subprocess.run(["cc", *flags, source, "-o", program, "-lm", "-ldl"], check=True)
    return program


def german_locales(folder: Path) -> Path:
    """A folder with a locale whose decimal point is a comma, for the C library's LOCPATH."""
    command: list[str | Path] = ["localedef", "-i", "de_DE", "-f", "UTF-8", "--no-archive", folder / "de_DE.UTF-8"]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("localedef makes no German locale here")
    return folder


@pytest.mark.parametrize("locale", ["C", "de_DE.UTF-8"])
def test_a_c_program_keeps_its_settings_and_gets_the_embeddings_of_any_other(
    host: Path, tmp_path: Path, locale: str
) -> None:
    (library,) = (PACKAGE / "lib").glob("libmriembed.so.*")
    model, samples, embeddings = (tmp_path / name for name in ("model.pt", "samples", "embeddings"))
    mriembed.export_model(model)
    kspace = np.random.default_rng(0).normal(size=(4, 8, 64, 128)).view(np.complex128).astype(np.complex64)
    kspace.tofile(samples)
    environment = dict(os.environ)
    if locale != "C":
        environment["LOCPATH"] = str(german_locales(tmp_path))
    command: list[str | Path] = [host, library, model, samples, embeddings, locale]
    result = subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=60)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")
    expected = Embedder.load(model).embed_kspace(kspace)
    np.testing.assert_array_equal(np.fromfile(embeddings, np.float32).reshape(4, 256), expected)
