"""What is refused in the place of an output, by itself and by each command that writes one."""

import os
from pathlib import Path

import pytest

from mriembed import InvalidArgumentError
from mriembed.cli import main
from mriembed.output_file import check_folder_of, check_output_file


def refusal(path: Path, *, inputs: list[Path] | None = None, overwrite: bool = True) -> str:
    with pytest.raises(InvalidArgumentError) as refused:
        check_output_file(path, inputs=inputs or [], overwrite=overwrite)
    return str(refused.value)


def test_a_new_file_and_one_that_may_be_replaced_are_taken_and_not_touched(tmp_path: Path) -> None:
    old = tmp_path / "old"
    old.write_text("old")
    check_output_file(tmp_path / "new", overwrite=False)
    check_output_file(old)
    assert [file.name for file in tmp_path.iterdir()] == ["old"]
    assert old.read_text() == "old"


def test_an_existing_file_is_refused_unless_it_may_be_replaced(tmp_path: Path) -> None:
    (tmp_path / "old").write_text("old")
    text = f"{tmp_path}/old: the file exists; --force (overwrite=True) replaces it"
    assert refusal(tmp_path / "old", overwrite=False) == text


def test_a_folder_and_what_is_no_regular_file_are_refused(tmp_path: Path) -> None:
    assert refusal(tmp_path) == f"{tmp_path}: this is a folder; name a file"
    os.mkfifo(tmp_path / "pipe")
    assert refusal(tmp_path / "pipe") == f"{tmp_path}/pipe: this is not a regular file; name another output"
    assert refusal(Path("/dev/null")) == "/dev/null: this is not a regular file; name another output"


def test_a_folder_that_is_missing_or_takes_no_files_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "none"
    text = f"{folder}/out: the folder {folder} does not exist; make it first, or name another one"
    assert refusal(folder / "out") == text
    with pytest.raises(InvalidArgumentError, match="does not exist"):
        check_folder_of(folder / "out")
    # Root may write everywhere.
    monkeypatch.setattr(os, "access", lambda place, mode: (place, mode) != (tmp_path, os.W_OK | os.X_OK))
    text = f"{tmp_path}/out: no file can be made in the folder {tmp_path}; name another one"
    assert refusal(tmp_path / "out") == text


@pytest.mark.parametrize("kind", ["itself", "another way to it", "symbolic link", "hard link"])
def test_an_input_is_refused_by_whatever_name_it_has(kind: str, tmp_path: Path) -> None:
    file, link = tmp_path / "input", tmp_path / "link"
    file.write_text("precious")
    if kind == "symbolic link":
        link.symlink_to(file)
    elif kind == "hard link":
        link.hardlink_to(file)
    else:
        link = file if kind == "itself" else tmp_path / ".." / tmp_path.name / "input"
    text = f"{link}: writing this would replace the input {file}; name another output"
    assert refusal(link, inputs=[tmp_path / "absent", file]) == text


def test_an_output_has_the_ending_of_its_kind(tmp_path: Path) -> None:
    for name in ("a.html", "a.HTM"):
        check_output_file(tmp_path / name, endings=(".html", ".htm"))
    for name in ("a.h5", "html", "a.html.npy"):
        with pytest.raises(InvalidArgumentError) as refused:
            check_output_file(tmp_path / name, endings=(".html", ".htm"))
        assert str(refused.value) == f"{tmp_path / name}: the name of this output must end in .html or .htm"


EXISTS = "{out}: the file exists; --force (overwrite=True) replaces it"
INPUT = "{out}: writing this would replace the input {out}; name another output"


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("model.pt", ["export", "--random", "-o", "{out}"], EXISTS),
        ("weights", ["export", "--weights", "{out}", "--force", "-o", "{out}"], INPUT),
        ("d.json", ["export", "--random", "--distances", "{out}", "--force", "-o", "{out}"], INPUT),
        ("signed.pt", ["sign", "model.pt", "--key", "site", "-o", "{out}"], EXISTS),
        ("site", ["sign", "model.pt", "--key", "{out}", "--force", "-o", "{out}"], INPUT),
        ("site", ["keygen", "{out}"], "{out}: the file exists; a key is never overwritten, name another"),
        ("scan.h5", ["convert", "scan.dat", "{out}"], EXISTS),
        ("scan.h5", ["convert", "{out}", "{out}", "--force"], INPUT),
        ("p.png", ["simulate", "--preview", "{out}"], EXISTS),
        ("slice1_again.npy", ["simulate", "--slices", "2", "--scans", "{folder}"], EXISTS),
        ("model.json", ["evaluate", "{out}", "--json", "{out}"], INPUT),
        ("p.html", ["evaluate", "m.pt", "--scans", "s.h5", "--pairs", "{out}", "--html", "{out}"], INPUT),
        ("s.json", ["evaluate", "m.pt", "--scans", "s.h5", "{out}", "--json", "{out}"], INPUT),
        ("s.npy", ["evaluate", "m.pt", "--json", "{out}"], "{out}: the name of this output must end in .json"),
        ("s.h5", ["evaluate", "m.pt", "--html", "{out}"], "{out}: the name of this output must end in .html or .htm"),
        ("s.h5", ["check", "--html", "{out}", "t.h5"], "{out}: the name of this output must end in .html or .htm"),
        ("s.html", ["check", "{out}", "--html", "{out}"], INPUT),
        *(
            ("s.html", ["check", "t.h5", f"--{option}", "{out}", "--html", "{out}"], INPUT)
            for option in ("noise", "limits", "reference")
        ),
    ],
)
def test_commands_refuse_to_lose_a_file(
    name: str, arguments: list[str], message: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / name
    out.write_text("precious")
    assert main([argument.format(out=out, folder=tmp_path) for argument in arguments]) == 2
    shown = capfd.readouterr()
    assert (shown.out, shown.err) == ("", f"mriembed: error: {message.format(out=out)}\n")
    assert out.read_text() == "precious"
    assert [file.name for file in tmp_path.iterdir()] == [name]


OUTPUTS = [
    ["export", "--random", "-o", "{out}"],
    ["sign", "model.pt", "--key", "site", "-o", "{out}"],
    ["keygen", "{out}"],
    ["convert", "scan.dat", "{out}"],
    ["simulate", "--preview", "{out}"],
    ["simulate", "--scans", "{out}"],
    ["evaluate", "m.pt", "--json", "{out}.json"],
    ["evaluate", "m.pt", "--html", "{out}.html"],
    ["check", "t.h5", "--html", "{out}.html"],
]


@pytest.mark.parametrize("arguments", OUTPUTS, ids=" ".join)
def test_commands_name_a_folder_that_is_missing(
    arguments: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "none"
    given = [argument.format(out=folder / "out") for argument in arguments]
    assert main(given) == 2
    out = next(argument for argument in given if argument.startswith(str(folder)))
    text = f"{out}: the folder {folder} does not exist; make it first, or name another one"
    assert capfd.readouterr().err == f"mriembed: error: {text}\n"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("arguments", [given for given in OUTPUTS if "--scans" not in given], ids=" ".join)
def test_commands_name_a_folder_in_the_place_of_a_file(
    arguments: list[str], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    given = [argument.format(out=tmp_path / "out") for argument in arguments]
    out = Path(next(argument for argument in given if argument.startswith(str(tmp_path))))
    out.mkdir()
    assert main(given) == 2
    assert capfd.readouterr().err == f"mriembed: error: {out}: this is a folder; name a file\n"
    assert [file.name for file in tmp_path.iterdir()] == [out.name]
    assert not list(out.iterdir())
