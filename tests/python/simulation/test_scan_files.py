from pathlib import Path

import numpy as np
import pytest

from mriembed import InvalidArgumentError
from mriembed.cli import main
from mriembed.scans import read_slices
from mriembed.simulation.scan_files import write_scans


def test_each_slice_is_there_twice_and_can_be_read(tmp_path: Path) -> None:
    files = write_scans(tmp_path / "scans", slices=3)
    assert [file.name for file in files[:4]] == ["slice0.npy", "slice0_again.npy", "slice1.npy", "slice1_again.npy"]
    assert sorted(files) == sorted((tmp_path / "scans").iterdir())
    scans = [read_slices(file)[0].kspace for file in files]
    assert all(scan.shape[1:] == (128, 128) for scan in scans)
    assert all(scan.shape[0] == 8 for scan in scans[::2])
    assert 4 <= scans[1].shape[0] <= 8


def test_the_seed_decides(tmp_path: Path) -> None:
    first, again, other = (
        np.load(write_scans(tmp_path / name, slices=1, seed=seed)[1]) for name, seed in (("a", 1), ("b", 1), ("c", 2))
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_the_command_says_what_it_wrote(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["simulate", "--scans", str(tmp_path / "scans"), "--slices", "2"]) == 0
    assert capsys.readouterr().out == f"{tmp_path / 'scans'}: 2 simulated slices, each scanned twice\n"
    assert len(list((tmp_path / "scans").iterdir())) == 4
    with pytest.raises(InvalidArgumentError, match="does not exist"):
        write_scans(tmp_path / "no" / "folder", slices=1)


def test_a_file_in_the_place_of_the_folder_is_refused_and_stays(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(InvalidArgumentError, match=r"thesis\.txt: this is a file; name a folder"):
        write_scans(tmp_path / "thesis.txt", slices=1)
    assert (tmp_path / "thesis.txt").read_text() == "precious"
