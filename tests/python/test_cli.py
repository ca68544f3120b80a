import json
from pathlib import Path

import pytest

import mriembed
from model_archives import unsealed
from mriembed.cli import main


def test_export_writes_a_model_file_and_says_what_it_holds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "model.pt"
    architecture = ["--num-coils", "4", "--embed-dim", "16"]
    assert main(["export", *architecture, "--random", "--seed", "3", "-o", str(path)]) == 0
    assert "4 virtual coils -> 16 components" in capsys.readouterr().out
    assert mriembed.read_description(path).weights_source == "random, seed 3"


def test_export_takes_the_trained_weights_and_their_matrix_unless_told_otherwise(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [tmp_path / f"{name}.pt" for name in ("default", "named", "other_matrix", "no_matrix")]
    weights = ["--weights", str(mriembed.DEFAULT_WEIGHTS)]
    for path, options in zip(paths, ([], weights, ["--matrix", "32"], ["--matrix", "0"]), strict=True):
        assert main(["export", "-o", str(path), *options]) == 0
    assert "(trained " in capsys.readouterr().out
    default, named, other, none = (mriembed.read_description(path) for path in paths)
    assert default.weights_source.startswith("trained ")
    assert (default.matrix, other.matrix, none.matrix) == (64, 32, None)
    assert default.weights_sha256 == named.weights_sha256 == other.weights_sha256


def test_export_says_where_trained_weights_do_not_fit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "-o", str(tmp_path / "m.pt"), "--embed-dim", "16"]) == 2
    error = capsys.readouterr().err
    assert "trained for 8 virtual coils and 256 components, not for 8 and 16" in error
    assert "--random" in error


def test_info_prints_the_description_as_text_and_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "model.pt"
    described = mriembed.export_model(path, embed_dim=16)
    assert main(["info", str(path)]) == 0
    assert described.weights_sha256 in capsys.readouterr().out
    assert main(["info", "--json", str(path)]) == 0
    assert json.loads(capsys.readouterr().out) == described.as_dict() | {"signers": []}


def test_keygen_and_sign_make_a_file_that_loads_under_the_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, signed, key = tmp_path / "m.pt", tmp_path / "signed.pt", tmp_path / "site"
    mriembed.export_model(model, embed_dim=8)
    assert main(["keygen", str(key)]) == 0
    assert "keep it secret" in capsys.readouterr().out
    assert main(["sign", str(model), "--key", str(key), "-o", str(signed)]) == 0
    digits = capsys.readouterr().out.split()[-1]
    assert main(["info", str(signed), "--trust", f"{key}.pub"]) == 0
    assert digits in capsys.readouterr().out
    assert main(["info", str(model), "--trust", f"{key}.pub"]) == 3
    assert "it is not signed" in capsys.readouterr().err


def test_info_reads_an_unsealed_file_when_asked_and_warns(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mriembed.export_model(tmp_path / "m.pt", embed_dim=8)
    plain = unsealed(tmp_path / "m.pt", tmp_path / "plain.pt")
    assert main(["info", str(plain)]) == 3
    capsys.readouterr()
    assert main(["info", str(plain), "--allow-unsealed"]) == 0
    assert f"warning: {plain}: not sealed" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "status", "expected"),
    [
        (["info", "{tmp}/absent.pt"], 3, "cannot be opened: No such file"),
        (["export", "-o", "{tmp}"], 2, "this is a folder"),
        (["export", "-o", "{tmp}/m.pt", "--random", "--num-coils", "0"], 2, "num_coils must be at least 1"),
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


@pytest.mark.parametrize(
    ("command", "file"), [("cmake-dir", "mriembed-config.cmake"), ("pkg-config-dir", "mriembed.pc")]
)
def test_the_folders_for_those_who_link_are_named(
    command: str, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command]) == 0
    assert (Path(capsys.readouterr().out.strip()) / file).is_file()
