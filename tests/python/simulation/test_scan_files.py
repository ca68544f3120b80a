import os
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


@pytest.mark.parametrize("existing", ["slice0.npy", "slice1_again.npy"])
def test_existing_scans_are_replaced_only_with_force(
    existing: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / existing
    file.write_text("precious")
    (tmp_path / "mine.npy").write_text("mine")
    command = ["simulate", "--scans", str(tmp_path), "--slices", "2"]
    assert main(command) == 2
    assert capsys.readouterr().err == (
        f"mriembed: error: {file}: the file exists; --force (overwrite=True) replaces it\n"
    )
    assert file.read_text() == "precious"
    assert len(list(tmp_path.iterdir())) == 2
    assert main([*command, "--force"]) == 0
    assert np.load(file).shape[-2:] == (128, 128)
    assert (tmp_path / "mine.npy").read_text() == "mine"


@pytest.mark.parametrize("is_new", [True, False])
@pytest.mark.parametrize(("failure", "code"), [(OSError(28, "No space left on device"), 1), (KeyboardInterrupt(), 130)])
def test_where_a_scan_cannot_be_written_none_of_the_new_ones_stays(
    is_new: bool,
    failure: BaseException,
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "scans"
    if not is_new:
        folder.mkdir()
        (folder / "mine.npy").write_text("mine")
    synced: list[int] = []

    def failing(handle: int) -> None:
        synced.append(handle)
        if len(synced) == 3:
            raise failure

    monkeypatch.setattr(os, "fsync", failing)
    assert main(["simulate", "--scans", str(folder), "--slices", "2"]) == code
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert code == 130 or f"{folder}/slice1.npy: cannot be written: No space left on device" in error
    assert [file.name for file in tmp_path.rglob("*")] == ([] if is_new else ["scans", "mine.npy"])
