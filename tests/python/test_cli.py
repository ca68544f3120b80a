import os
import subprocess
from pathlib import Path

import pytest

import mriembed
from mriembed.cli import main
from program import MRIEMBED


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


def test_keygen_and_sign_make_a_file_that_loads_under_the_key(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, signed, key = tmp_path / "m.pt", tmp_path / "signed.pt", tmp_path / "site"
    mriembed.export_model(model, embed_dim=8)
    assert main(["keygen", str(key)]) == 0
    assert "keep it secret" in capsys.readouterr().out
    assert main(["sign", str(model), "--key", str(key), "-o", str(signed)]) == 0
    digits = capsys.readouterr().out.split()[-1]
    assert mriembed.read_description(signed, trusted_keys=[f"{key}.pub"]).signers == (digits,)
    with pytest.raises(mriembed.ModelFileError, match="it is not signed"):
        mriembed.read_description(model, trusted_keys=[f"{key}.pub"])


@pytest.mark.parametrize(
    ("arguments", "status", "expected"),
    [
        (["sign", "{tmp}/absent.pt", "--key", "{tmp}/key"], 2, "key: the private key cannot be read"),
        (["export", "-o", "{tmp}"], 2, "this is a folder"),
        (["export", "-o", "{tmp}/m.pt", "--random", "--num-coils", "0"], 2, "num_coils must be at least 1"),
        (["export", "-o", "{tmp}/m.pt", "--random", "--matrix", "7"], 2, "matrix must lie in 8..1024, not 7"),
        (["export", "-o", "{tmp}/m.pt", "--random", "--matrix", "1025"], 2, "matrix must lie in 8..1024, not 1025"),
        (["export", "-o", "{tmp}/m.pt", "--weights", "{tmp}/absent"], 3, "absent: cannot be read"),
    ],
)
def test_errors_are_one_line_with_the_documented_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], status: int, expected: str
) -> None:
    assert main([argument.format(tmp=tmp_path) for argument in arguments]) == status
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("mriembed: error: ")
    assert captured.err.count("\n") == 1
    assert expected in captured.err
    assert not list(tmp_path.iterdir())


def test_a_full_disk_behind_standard_output_is_an_error() -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run([MRIEMBED, "cmake-dir"], check=False, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert done.stderr == "mriembed: error: standard output: cannot be written: No space left on device\n"


def test_a_pipe_that_nobody_reads_is_an_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run([MRIEMBED, "cmake-dir"], check=False, stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    assert done.returncode == 1
    assert done.stderr == "mriembed: error: standard output: cannot be written: Broken pipe\n"


@pytest.mark.parametrize("command", ["export", "train", "evaluate", "simulate"])
def test_help_shows_the_defaults_that_are_values(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    assert "(default: 0)" in shown  # of --seed
    for nothing in ("None", "[]", "False"):
        assert f"(default: {nothing})" not in shown


@pytest.mark.parametrize(
    ("command", "file"), [("cmake-dir", "mriembed-config.cmake"), ("pkg-config-dir", "mriembed.pc")]
)
def test_the_folders_for_those_who_link_are_named(command: str, file: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command]) == 0
    assert (Path(capsys.readouterr().out.strip()) / file).is_file()
