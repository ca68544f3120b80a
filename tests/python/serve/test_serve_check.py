"""`serve --check`: what is broken in a scan is told at its end, in the words of `mriembed_cli check`."""

import subprocess
from pathlib import Path

import h5py
import numpy as np

from program import PROGRAM


def test_a_noisy_coil_is_told_as_check_tells_it(phantom: Path, model_file: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.h5"
    broken.write_bytes(phantom.read_bytes())
    generator = np.random.default_rng(0)
    with h5py.File(broken, "r+") as file:
        lines = file["dataset/data"]
        for number in range(len(lines)):
            line = lines[number]
            data = line["data"].reshape(int(line["head"]["active_channels"]), -1)
            data[5] += generator.standard_normal(data.shape[1]) * 10 * np.float32(0.05)
            line["data"] = data.ravel()
            lines[number] = line
    check = subprocess.run([PROGRAM, "check", broken], capture_output=True, text=True)
    expected = [line.removeprefix(f"{broken}: ") for line in check.stdout.splitlines() if "coil 5" in line]
    assert check.returncode == 10
    assert expected
    stream = tmp_path / "session"
    options = ["--listen", "127.0.0.1:0", "--once", "--check", "--save", str(stream)]
    command: list[str | Path] = [PROGRAM, "serve", model_file, *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as service:
        assert service.stderr is not None
        address = service.stderr.readline().split()[-1]
        sent = subprocess.run([PROGRAM, "send", broken, address], capture_output=True, text=True)
        log = service.stderr.read()
    assert sent.returncode == 0
    for line in expected:
        assert f"WARNING {line}" in sent.stderr
        assert line in log


def test_a_sound_scan_is_told_nothing(phantom: Path, model_file: Path) -> None:
    command: list[str | Path] = [PROGRAM, "serve", model_file, "--listen", "127.0.0.1:0", "--once", "--check"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as service:
        assert service.stderr is not None
        address = service.stderr.readline().split()[-1]
        sent = subprocess.run([PROGRAM, "send", phantom, address], capture_output=True, text=True)
        service.stderr.read()
    assert sent.returncode == 0
    assert "coil" not in sent.stderr
