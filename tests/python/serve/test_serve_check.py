"""`serve --check`: figures with each slice, and what is broken in a scan at its end, as `mriembed_cli` has them."""

import json
import subprocess
from pathlib import Path

import h5py
import numpy as np
import pytest

from mrd_codec import HEADER, acquisition_samples, text
from program import PROGRAM
from scans_of_scanners import COURSES, scan
from service import KEY, Row, Service, key_of, run, send_scan


def key_of_row(row: Row) -> tuple[int, ...]:
    return tuple(row[name] for name in KEY)


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


@pytest.mark.parametrize("name", ["slices", "interleaved slices", "noise", "calibration inside", "slabs"])
def test_each_slice_has_the_figures_of_embed(name: str, model_file: Path, tmp_path: Path) -> None:
    sent = scan(COURSES[name])
    path = tmp_path / "rows.jsonl"
    checked = run("embed", model_file, sent.write(tmp_path / "scan.h5"), "-o", "-", "--check")
    assert checked.returncode in (0, 10)
    expected = {key_of_row(row): row["quality"] for row in map(json.loads, checked.stdout.splitlines())}
    with Service(model_file, "--check", "--out", path, "--return", "both") as service:
        answers = send_scan(service, sent)
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert {key_of_row(row): row["quality"] for row in rows} == expected
    assert len(answers.images) == 2 * len(expected) > 0
    for found in answers.images:
        assert json.loads(found.meta["mriembed_quality"][0]) == expected[key_of(found)]


def test_without_the_option_no_figures_are_told(model_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    with Service(model_file, "--out", path) as service:
        answers = send_scan(service, scan(COURSES["slices"]))
    assert len(answers.images) == 3
    assert not any("mriembed_quality" in found.meta for found in answers.images)
    assert "quality" not in path.read_text()


def test_lost_samples_are_told_with_the_slice_that_lost_them(model_file: Path) -> None:
    """Two readouts of one coil are zero in the second slice, whose answer says so at once."""
    sent = scan(COURSES["slices"])
    lines = list(sent.lines)
    for place in (40, 50):
        samples = acquisition_samples(lines[place]).copy()
        samples[1] = 0
        lines[place] = lines[place][:342] + samples.tobytes()
    with Service(model_file, "--check") as service, service.connect() as client:
        client.send(text(sent.xml, HEADER), lines[:64])
        told = [json.loads(client.image().meta["mriembed_quality"][0])["zero_readouts"] for _ in range(2)]
        assert told == [0, 2]
        client.send(lines[64:])
        client.finish()
