"""Plugins of pytest that are installed beside those that the tests use."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def beside_a_plugin(tmp_path: Path) -> dict[str, str]:
    """An environment in which a plugin is installed that warns, as pytest-benchmark does beside xdist."""
    (tmp_path / "noisy_plugin.py").write_text(
        "import warnings\n\ndef pytest_configure(config):\n    warnings.warn('this plugin has something to say')\n"
    )
    info = tmp_path / "noisy_plugin-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: noisy-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[pytest11]\nnoisy = noisy_plugin\n")
    return {**os.environ, "PYTHONPATH": str(tmp_path)}


def run(environment: dict[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    """A test of its own under the repository's settings, without tests/python/conftest.py, which imports torch."""
    test = Path(environment["PYTHONPATH"]) / "test_nothing.py"
    test.write_text("def test_nothing():\n    pass\n")
    settings = ["-c", str(REPOSITORY / "pyproject.toml"), "--rootdir", str(REPOSITORY)]
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *settings, *options, str(test)]
    return subprocess.run(command, check=False, cwd=REPOSITORY, env=environment, capture_output=True, text=True)


@pytest.mark.parametrize("options", [[], ["-n", "1"]])
def test_plugins_that_happen_to_be_installed_do_not_run(options: list[str], beside_a_plugin: dict[str, str]) -> None:
    done = run(beside_a_plugin, *options)
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout


def test_a_plugin_that_is_named_runs(beside_a_plugin: dict[str, str]) -> None:
    done = run(beside_a_plugin, "-p", "noisy")
    assert done.returncode != 0
    assert "this plugin has something to say" in done.stdout + done.stderr
