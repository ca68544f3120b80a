import os
import stat
from pathlib import Path

import pytest

from mriembed.atomic_file import write_atomically


def test_the_file_has_the_content_and_the_permissions_of_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_atomically(tmp_path / "file", b"\x00new")
    finally:
        os.umask(before)
    assert (tmp_path / "file").read_bytes() == b"\x00new"
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o640
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_a_private_file_is_its_owners_alone(tmp_path: Path) -> None:
    write_atomically(tmp_path / "key", b"secret", private=True)
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


@pytest.mark.parametrize("failure", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_write_that_fails_leaves_what_was_there_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: BaseException
) -> None:
    (tmp_path / "file").write_bytes(b"old")

    def failing(_: int) -> None:
        raise failure

    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(type(failure)) as raised:
        write_atomically(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["file"]
    if isinstance(failure, OSError):
        assert isinstance(raised.value, OSError)
        assert (raised.value.filename, raised.value.strerror) == (
            str(tmp_path / "file"),
            "cannot be written: No space left on device",
        )


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="cannot be written: No such file or directory") as raised:
        write_atomically(tmp_path / "absent" / "file", b"new")
    assert raised.value.filename == str(tmp_path / "absent" / "file")
