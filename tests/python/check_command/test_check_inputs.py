"""`mriembed_cli check` and `embed --check`: the same figures from each kind of input, and refusals."""

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np

from checked_files import check, figures, written
from mrd_stream import write_stream_of
from mriembed.simulation.faults import RawSlices, with_fault
from program import PROGRAM


def test_figures_of_a_file_a_stream_and_an_array_are_the_same(clean: RawSlices, tmp_path: Path) -> None:
    scan = written(tmp_path / "scan.h5", clean)
    np.save(tmp_path / "scan.npy", clean.kspace)
    found = [
        figures(scan),
        figures(write_stream_of(tmp_path / "scan.mrd", scan)),
        figures(tmp_path / "scan.npy", "--noise", scan),
    ]
    for other in found[1:]:
        interference = {**found[0]["interference"], "offset_khz": other["interference"]["offset_khz"]}
        assert {**other, "file": ""} == {
            **found[0],
            "file": "",
            "slices": other["slices"],
            "interference": interference,
        }
        assert [slice_["spike"] for slice_ in other["slices"]] == [slice_["spike"] for slice_ in found[0]["slices"]]


def test_images_and_unreadable_files_are_refused_and_the_others_checked(clean: RawSlices, tmp_path: Path) -> None:
    scan = written(tmp_path / "scan.h5", clean)
    done = check(tmp_path / "none.h5", scan)
    assert done.returncode == 4
    assert done.stdout == f"{scan}: nothing found in 8 coils, 2 slices\n"
    network_input = np.zeros((1, 2, 8, 8), np.float32)
    network_input[:, 0] = 1
    np.save(tmp_path / "network_input.npy", network_input)
    done = check(tmp_path / "network_input.npy")
    assert done.returncode == 4
    assert "it holds images; noise and spikes are told in k-space" in done.stderr


def embed(model: Path, scan: Path, output: Path, *options: str) -> tuple[int, str, list[dict[str, Any]]]:
    command = [str(PROGRAM), "embed", str(model), str(scan), "-o", str(output), *options]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stderr, [json.loads(line) for line in output.read_text().splitlines()]


def test_embed_checks_in_the_same_pass(clean: RawSlices, model_file: Path, tmp_path: Path) -> None:
    faulty = with_fault(clean, "noise x 10", np.random.default_rng(1), coil=6)
    scan = written(tmp_path / "scan.h5", faulty.raw)
    status, _, plain = embed(model_file, scan, tmp_path / "plain.jsonl")
    assert status == 0
    status, notes, rows = embed(model_file, scan, tmp_path / "rows.jsonl", "--check")
    assert status == 10
    alone = figures(scan)
    assert f"{scan}: {alone['findings'][0]['text']}" in notes
    for row, before, slice_ in zip(rows, plain, alone["slices"], strict=True):
        assert row.pop("findings") == [finding["text"] for finding in alone["findings"]]
        labels = ("slice", "contrast", "phase", "repetition", "set", "partition")  # the row has them
        assert row.pop("quality") == {name: slice_[name] for name in slice_ if name not in labels}
        assert row == before


def test_embed_checks_nothing_of_images(model_file: Path, clean: RawSlices, tmp_path: Path) -> None:
    np.save(tmp_path / "images.npy", clean.kspace)
    status, _, rows = embed(model_file, tmp_path / "images.npy", tmp_path / "rows.jsonl", "--check", "--input", "image")
    assert status == 0
    assert all("quality" not in row for row in rows)
