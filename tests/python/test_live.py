"""Scans while they are measured, from Python: the slices and rows that the same scan in a file gives."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from acquisitions import Acquisition, acquisitions_of
from mriembed import BadInputError, Embedder, live
from program import PROGRAM


def test_rows_are_those_of_the_file_and_come_as_soon_as_their_slice_is_whole(
    phantom: Path, model_file: Path, tmp_path: Path
) -> None:
    header, lines = acquisitions_of(phantom)
    taken = []

    def measured() -> Iterator[Acquisition]:
        for line in lines:
            taken.append(line)
            yield line

    rows, after = [], []
    for row in live.embeddings(Embedder.load(model_file), header, measured()):
        rows.append(row)
        after.append(len(taken))
    subprocess.run([PROGRAM, "embed", model_file, phantom, "-o", tmp_path / "rows.npy"], check=True)
    expected = np.load(tmp_path / "rows.npy")
    assert np.array_equal(np.stack([row.embedding for row in rows]), expected)
    assert [row.label.repetition for row in rows] == [0, 1, 2]
    assert after[0] == 1 + (len(lines) - 1) // 3  # a noise line, then three repetitions


def test_a_header_that_is_none_is_refused() -> None:
    with pytest.raises(BadInputError, match="not well-formed XML"):
        live.LiveScan("no header")


def test_acquisitions_that_are_none_are_refused(phantom: Path) -> None:
    header, lines = acquisitions_of(phantom)
    with pytest.raises(BadInputError, match="header of 339 bytes; 340 are right"):
        live.LiveScan(header).add(Acquisition(lines[0].head[:-1], lines[0].data))
    with pytest.raises(BadInputError, match="which its data are not"):
        live.LiveScan(header).add(Acquisition(lines[0].head, lines[0].data[:, 1:]))
