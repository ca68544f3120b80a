import os
import re
import stat
from pathlib import Path

import pytest

from mriembed.atomic_file import whole_file, write_atomically


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


def test_a_name_may_be_as_long_as_names_can_be(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 255)  # NAME_MAX of Linux' file systems
    write_atomically(path, b"new")
    assert path.read_bytes() == b"new"


def test_a_file_takes_its_place_only_at_the_end_of_the_block(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")
    with whole_file(tmp_path / "file") as temporary:
        temporary.write_bytes(b"new")
        assert (tmp_path / "file").read_bytes() == b"old"
    assert (tmp_path / "file").read_bytes() == b"new"
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_an_error_of_the_block_is_raised_as_it_is_and_leaves_what_was_there(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")
    failure = OSError(5, "Input/output error", "source")

    def fill() -> None:
        with whole_file(tmp_path / "file") as temporary:
            temporary.write_bytes(b"half")
            raise failure

    with pytest.raises(OSError, match="Input/output error") as raised:
        fill()
    assert raised.value is failure
    assert (tmp_path / "file").read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_what_a_killed_process_leaves_is_hidden_beside_the_file(tmp_path: Path) -> None:
    with whole_file(tmp_path / "file") as temporary:
        assert temporary.parent == tmp_path
        assert re.fullmatch(r"\.mriembed-\w+\.tmp", temporary.name)
