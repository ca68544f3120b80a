import json
from pathlib import Path

import pytest

import mriembed
from mriembed.cli import main


def test_export_writes_a_model_file_and_says_what_it_holds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "model.pt"
    assert main(["export", "--num-coils", "4", "--embed-dim", "16", "--seed", "3", "-o", str(path)]) == 0
    assert "4 virtual coils -> 16 components" in capsys.readouterr().out
    assert mriembed.read_description(path).weights_source == "random, seed 3"


def test_info_prints_the_description_as_text_and_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "model.pt"
    described = mriembed.export_model(path, embed_dim=16)
    assert main(["info", str(path)]) == 0
    assert described.weights_sha256 in capsys.readouterr().out
    assert main(["info", "--json", str(path)]) == 0
    assert json.loads(capsys.readouterr().out) == described.as_dict()


@pytest.mark.parametrize(
    ("arguments", "status", "expected"),
    [
        (["info", "{tmp}/absent.pt"], 3, "cannot be read: No such file"),
        (["export", "-o", "{tmp}"], 2, "this is a folder"),
        (["export", "-o", "{tmp}/m.pt", "--num-coils", "0"], 2, "num_coils must be at least 1"),
        (["export", "-o", "{tmp}/m.pt", "--weights", "{tmp}/absent"], 3, "absent: cannot be read"),
    ],
)
def test_errors_are_one_line_with_the_documented_status(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], status: int, expected: str
) -> None:
    assert main([argument.format(tmp=tmp_path) for argument in arguments]) == status
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("mriembed: error: ")
    assert captured.err.count("\n") == 1
    assert expected in captured.err
    assert not list(tmp_path.iterdir())


def test_cmake_dir_names_the_folder_of_the_package_configuration(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["cmake-dir"]) == 0
    assert (Path(capsys.readouterr().out.strip()) / "mriembed-config.cmake").is_file()
