import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
import torch

from model_archives import unsealed
from mriembed import atomic_file, export_model, read_description
from mriembed.cli import main
from mriembed.evaluation import evaluation
from mriembed.evaluation.methods import PrincipalComponents
from mriembed.evaluation.simulated import example_kspace
from mriembed.simulation import simulate_images, simulate_kspace
from program import MRIEMBED


@pytest.fixture(scope="module")
def components() -> PrincipalComponents:
    return PrincipalComponents(example_kspace(80))


@pytest.fixture(autouse=True)
def fitted_once(components: PrincipalComponents, monkeypatch: pytest.MonkeyPatch) -> None:
    """A baseline that is fitted anew takes most of a run's time. Runs of the program as a process fit their own."""
    monkeypatch.setattr(evaluation, "PrincipalComponents", lambda _: components)


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    generator = torch.Generator().manual_seed(3)
    kspace = simulate_kspace(simulate_images(3, 1, 48, generator), 4, generator).numpy()
    folder = tmp_path / "scans"
    folder.mkdir()
    for number, one in enumerate(kspace):
        np.save(folder / f"scan{number}.npy", one)
    return folder


SIMULATED = ("slices", "single-changes", "variants", "curve-slices", "volumes", "contrasts")
NOTHING_SIMULATED = [word for name in SIMULATED for word in (f"--{name}", "0")]
QUICK = [*NOTHING_SIMULATED, "--repeats", "2"]


def test_evaluate_prints_tables_and_writes_json_and_a_report(
    model_file: Path, scans: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "pairs.txt").write_text("scan0.npy scan1.npy\n")
    files = ["--json", str(tmp_path / "out.json"), "--html", str(tmp_path / "out.html")]
    pairs = ["--pairs", str(tmp_path / "pairs.txt")]
    assert main(["evaluate", str(model_file), "--scans", str(scans), *pairs, *QUICK, *files]) == 0
    shown = capsys.readouterr().out
    assert "measured, another session, medium: 6 queries among 3 slices" in shown
    assert "repeated scans: 1 pairs" in shown
    assert len(json.loads((tmp_path / "out.json").read_text())["scores"]) == 13 * 5
    assert (tmp_path / "out.html").read_text().startswith("<!doctype html>")


def test_scans_that_cannot_be_used_are_named_and_copies_are_left_out(
    model_file: Path, scans: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (scans / "broken.npy").write_bytes(b"\x93NUMPY")
    (scans / "copy.npy").write_bytes((scans / "scan0.npy").read_bytes())
    assert main(["evaluate", str(model_file), "--scans", str(scans), *QUICK]) == 0
    shown = capsys.readouterr()
    assert f"mriembed: warning: left out: {scans / 'broken.npy'}: " in shown.err
    assert "mriembed: warning: left out: scan0.npy holds the same samples as copy.npy" in shown.err
    assert "6 queries among 3 slices" in shown.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--scans", "{empty}"], "{empty}: no scans here"),
        (["--scans", "{empty}/none.npy"], "{empty}/none.npy: there is no such file or folder"),
        (["--pairs", "{empty}/p"], "--pairs: names slices of --scans, which is missing"),
        ([], "nothing to evaluate: give --scans"),
        (["--slices", "-1"], "--slices: must be at least 0, not -1"),
        (["--single-changes", "-1"], "--single-changes: must be at least 0, not -1"),
        (["--volumes", "1"], "--volumes: must be 0 or at least 2"),
        (["--json", "{empty}/a/b.json"], "{empty}/a/b.json: the folder {empty}/a does not exist"),
        (["--json", "{empty}"], "{empty}: this is a folder; name a file"),
        (["--json", "{empty}/a.html"], "{empty}/a.html: the name of this output must end in .json"),
        (["--html", "{empty}"], "{empty}: this is a folder; name a file"),
    ],
)
def test_what_cannot_be_right_is_refused_in_one_line(
    model_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    filled = [argument.format(empty=empty) for argument in arguments]
    assert main(["evaluate", str(model_file), *QUICK, *filled]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert message.format(empty=empty) in error


def test_a_single_slice_cannot_be_evaluated(model_file: Path, scans: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", str(model_file), "--scans", str(scans / "scan0.npy"), *QUICK]) == 2
    assert "--scans: 1 usable slice(s); finding one again needs at least two" in capsys.readouterr().err


def test_a_model_file_that_cannot_be_read_is_refused_before_scans_are_read(
    scans: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (scans / "broken.npy").write_bytes(b"\x93NUMPY")
    model = tmp_path / "absent.pt"
    assert main(["evaluate", str(model), "--scans", str(scans), *QUICK]) == 3
    assert capsys.readouterr().err == f"mriembed: error: {model}: cannot be opened: No such file or directory\n"


def test_a_model_without_coil_compression_is_refused_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "model.pt"
    export_model(model, num_coils=2, embed_dim=8, widths=(8, 8, 8, 8), coil_compression="none")
    assert main(["evaluate", str(model), *QUICK, "--slices", "4"]) == 2
    said = f"mriembed: error: {model}: takes 2 coils only; a model with coil compression is needed, "
    assert capsys.readouterr().err.startswith(said)


def test_the_files_are_there_even_if_the_tables_cannot_be_printed(
    model_file: Path, scans: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.json"
    command = [str(MRIEMBED), "evaluate", str(model_file), "--scans", str(scans), *QUICK, "--json", str(out)]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, check=False, stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert done.stderr == "mriembed: error: standard output: cannot be written: No space left on device\n"
    assert len(json.loads(out.read_text())["scores"]) == 13 * 5


def test_the_tables_are_there_even_if_a_file_cannot_be_written(
    model_file: Path, scans: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(path: Path, _: bytes) -> None:
        raise OSError(28, "cannot be written: No space left on device", str(path))

    monkeypatch.setattr(atomic_file, "write_atomically", failing)
    out = tmp_path / "out.json"
    assert main(["evaluate", str(model_file), "--scans", str(scans), *QUICK, "--json", str(out)]) == 1
    shown = capsys.readouterr()
    assert "measured, another session, medium: 6 queries among 3 slices" in shown.out
    assert shown.err == f"mriembed: error: {out}: cannot be written: No space left on device\n"


def test_a_model_file_without_a_seal_is_measured_only_when_asked_for_and_with_one_warning(
    model_file: Path, scans: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plain, out = unsealed(model_file, tmp_path / "plain.pt"), tmp_path / "out.json"
    command = ["evaluate", str(plain), "--scans", str(scans), *QUICK, "--json", str(out)]
    assert main(command) == 3
    assert capsys.readouterr().err.endswith("if you know its origin, --allow-unsealed (allow_unsealed) loads it\n")
    assert not out.exists()
    assert main([*command, "--allow-unsealed", "--precision", "float32", "bfloat16"]) == 0
    assert capsys.readouterr().err == (
        f"mriembed: warning: {plain}: not sealed, loaded because of --allow-unsealed; damage in it may go unnoticed\n"
    )
    described = json.loads(out.read_text())["model"]
    assert described["sealed"] is False
    assert described["weights_sha256"] == read_description(model_file).weights_sha256


@pytest.mark.parametrize(("failure", "code"), [(OSError(28, "No space left on device"), 1), (KeyboardInterrupt(), 130)])
def test_what_was_measured_before_stays_where_the_new_cannot_be_written(
    failure: BaseException,
    code: int,
    model_file: Path,
    scans: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def failing(_: int) -> None:
        raise failure

    out = tmp_path / "out" / "out.json"
    out.parent.mkdir()
    out.write_text("before")
    monkeypatch.setattr("os.fsync", failing)
    assert main(["evaluate", str(model_file), "--scans", str(scans), *QUICK, "--json", str(out)]) == code
    assert capsys.readouterr().err.count("\n") == 1
    assert [file.name for file in out.parent.iterdir()] == ["out.json"]
    assert out.read_text() == "before"
