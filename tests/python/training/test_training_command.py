import os
import signal
from pathlib import Path

import numpy as np
import pytest
import torch

import mriembed
from mriembed.cli import main
from mriembed.simulation import simulate_images, simulate_kspace
from mriembed.training.progress_log import ProgressLog
from mriembed.training.trainer import Progress

QUICK = ["--steps", "3", "--subjects", "2", "--slices", "2", "--shards", "1", "--num-coils", "4", "--embed-dim", "16"]
QUICK += ["--matrix", "16", "--warm-up", "1", "--whitened-by", "2", "--centred-by", "1"]


@pytest.fixture
def scans(tmp_path: Path) -> Path:
    generator = torch.Generator().manual_seed(3)
    kspace = simulate_kspace(simulate_images(6, 1, 32, generator), 4, generator).numpy()
    folder = tmp_path / "scans"
    folder.mkdir()
    for number in range(3):
        np.save(folder / f"scan{number}.npy", kspace[2 * number : 2 * number + 2])
    return folder


def test_a_trained_network_becomes_a_model_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run, model = tmp_path / "run", tmp_path / "model.pt"
    assert main(["train", "-o", str(run), *QUICK, "--inference-matrix-scale", "1.5"]) == 0
    weights = run / "weights.safetensors"
    said = f"{weights}: trained; mriembed export --weights {weights} -o model.pt makes a model file of it\n"
    assert capsys.readouterr().out == said
    assert main(["export", "--weights", str(weights), "-o", str(model)]) == 0  # as it says
    description = mriembed.read_description(model)
    assert (description.num_coils, description.embed_dim) == (4, 16)
    assert description.matrix == 24  # half as large again as that of training
    assert description.weights_source.startswith("trained 3 steps on simulated slices, seed 0, by mriembed ")


@pytest.mark.parametrize("share", ["0.5", "1"])
def test_own_scans_are_trained_on_and_a_part_is_kept_to_look_at_it(
    tmp_path: Path, scans: Path, share: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (scans / "broken.npy").write_bytes(b"\x93NUMPY")
    run = tmp_path / "run"
    assert main(["train", "-o", str(run), "--scans", str(scans), "--measured-share", share, *QUICK]) == 0
    shown = capsys.readouterr()
    assert "of 2 slices of 1 files kept from training, " in shown.out
    assert f"mriembed: warning: left out: {scans / 'broken.npy'}: " in shown.err
    model = tmp_path / "model.pt"
    assert main(["export", "--weights", str(run / "weights.safetensors"), "-o", str(model)]) == 0
    assert "on measured and simulated slices" in mriembed.read_description(model).weights_source


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--scans", "{tmp}/empty"], "{tmp}/empty: no scans here"),
        (["--scans", "{tmp}/scans/scan0.npy"], "--scans: 1 file(s) with 2 slice(s) are too few to train on"),
        (["--steps", "0"], "steps: must be at least 1 without weights to begin from, not 0"),
        (["--threads", "-1"], "--threads: must be at least 0, not -1"),
        (["--checkpoint-seconds", "nan"], "--checkpoint-seconds: must be at least 0, not nan"),
        (["--learning-rate", "inf"], "learning rate: must be finite, not inf"),
        (["--measured-share", "2", "--scans", "{tmp}/scans"], "measured share: must lie from 0 to 1, not 2.0"),
    ],
)
def test_what_cannot_be_trained_is_refused_in_one_line_and_leaves_nothing(
    tmp_path: Path, scans: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str
) -> None:
    assert scans.is_dir()
    (tmp_path / "empty").mkdir()
    filled = [option.format(tmp=tmp_path) for option in options]
    assert main(["train", "-o", str(tmp_path / "run"), *QUICK, *filled]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert message.format(tmp=tmp_path) in error
    assert not (tmp_path / "run").exists()


def test_a_place_where_no_run_can_be_is_refused_before_scans_are_read(
    tmp_path: Path, scans: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (scans / "broken.npy").write_bytes(b"\x93NUMPY")  # reading it would print a warning
    (tmp_path / "thesis.txt").write_text("precious")
    for place, message in (
        (tmp_path / "thesis.txt", "exists and holds no training run; name a new folder"),
        (scans, "exists and holds no training run; name a new folder"),
        (tmp_path / "none" / "run", f"the folder {tmp_path}/none does not exist; make it first, or name another one"),
    ):
        assert main(["train", "-o", str(place), "--scans", str(scans), *QUICK]) == 2
        assert capsys.readouterr().err == f"mriembed: error: {place}: {message}\n"
    assert (tmp_path / "thesis.txt").read_text() == "precious"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["scans", "thesis.txt"]


def test_a_full_disk_ends_a_run_with_its_last_checkpoint_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "run"
    command = ["train", "-o", str(run), *QUICK, "--checkpoint-seconds", "0"]
    whole = os.fsync

    def full_disk(handle: int) -> None:
        if (run / "step-00000001.optimizer.safetensors").exists() and (run / "step-00000002.safetensors").exists():
            raise OSError(28, "No space left on device")
        whole(handle)

    monkeypatch.setattr(os, "fsync", full_disk)
    assert main(command) == 1
    error = capsys.readouterr().err.splitlines()[-1]
    assert (
        error == f"mriembed: error: {run}/step-00000002.average.safetensors: cannot be written: No space left on device"
    )
    monkeypatch.undo()
    assert not list(run.glob(".*"))
    assert main(command) == 0
    assert (run / "weights.safetensors").exists()


def test_weights_to_begin_from_that_are_not_there_are_refused_and_leave_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    absent = tmp_path / "absent.safetensors"
    assert main(["train", "-o", str(tmp_path / "run"), *QUICK, "--begin", str(absent)]) == 3
    assert capsys.readouterr().err == f"mriembed: error: {absent}: cannot be read: No such file or directory\n"
    assert not (tmp_path / "run").exists()


def test_ctrl_c_ends_with_130_and_says_from_which_step_the_run_continues(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = ProgressLog.__call__

    def interrupting(log: ProgressLog, progress: Progress) -> None:
        shown(log, progress)
        if progress.step == 2:
            signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(ProgressLog, "__call__", interrupting)
    command = ["train", "-o", str(tmp_path / "run"), *QUICK, "--checkpoint-seconds", "0"]
    assert main(command) == 130
    said = f"mriembed: error: {tmp_path / 'run'}: interrupted after step 2; the same command continues from step 1\n"
    assert capsys.readouterr().err.endswith(said)
    monkeypatch.undo()
    assert main(command) == 0
    assert (tmp_path / "run" / "weights.safetensors").exists()
