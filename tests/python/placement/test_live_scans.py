"""Raw scans line by line: the slices that the same scan in a file gives, bit for bit."""

from pathlib import Path

import numpy as np
import pytest

from acquisitions import acquisitions_of
from mriembed import _scans, live
from mriembed.programs import scan_reader_program
from raw_scan import write_raw_scan
from scan_plan import raw_scan
from test_random_scans import KINDS


def _order(label: live.SliceLabel) -> tuple[int, ...]:
    return (label.slice, label.contrast, label.phase, label.repetition, label.set, label.partition)


@pytest.mark.parametrize("kind", KINDS)
def test_slices_are_those_of_the_file(kind: str, tmp_path: Path) -> None:
    plan = KINDS[kind]
    path = tmp_path / "scan.h5"
    write_raw_scan(path, raw_scan(plan))
    header, lines = acquisitions_of(path)
    scan = live.LiveScan(header)
    slices = [part for line in lines for part in scan.add(line)] + scan.end()
    slices.sort(key=lambda part: _order(part.label))
    file = _scans.Scan(str(path), str(scan_reader_program()), False, "", "")
    assert len(slices) == file.slices
    for index, part in enumerate(slices):
        assert np.array_equal(part.kspace, file.read(index))
        assert (part.readout_width or 0) == file.readout_width
        assert part.pixel_aspect == file.pixel_aspect
