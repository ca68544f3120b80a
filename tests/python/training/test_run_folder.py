import json
from pathlib import Path

import pytest
import torch

from mriembed import InvalidArgumentError, ModelFileError
from mriembed.atomic_file import write_atomically
from mriembed.checkpoint import read_training
from mriembed.training import run_folder
from mriembed.training.recipe import Recipe
from mriembed.training.run_folder import Checkpoint, RunFolder

RECIPE = Recipe(steps=9, seed=4, inference_matrix_scale=1.5)


def checkpoint(step: int) -> Checkpoint:
    value = float(step)
    return Checkpoint(
        step,
        {"a": torch.full((3,), value)},
        {"module.a": torch.full((3,), value / 2), "n_averaged": torch.tensor(step)},
        {"a/step": torch.tensor(value)},
        1.5 * step,
    )


def test_a_checkpoint_comes_back_as_it_was_and_the_one_before_goes(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    assert run.open(RECIPE) is None
    run.save(RECIPE, checkpoint(2))
    run.save(RECIPE, checkpoint(4))
    found = RunFolder(tmp_path / "run").open(RECIPE)
    assert found is not None
    assert (found.step, found.seconds) == (4, 6.0)
    assert torch.equal(found.weights["a"], torch.full((3,), 4.0))
    assert torch.equal(found.average["module.a"], torch.full((3,), 2.0))
    assert torch.equal(found.average["n_averaged"], torch.tensor(4))
    assert torch.equal(found.optimizer["a/step"], torch.tensor(4.0))
    names = sorted(file.name for file in (tmp_path / "run").iterdir())
    assert names == [
        "run.json",
        "step-00000004.average.safetensors",
        "step-00000004.optimizer.safetensors",
        "step-00000004.safetensors",
    ]


@pytest.mark.parametrize("dies_at", [0, 1, 2, 3])
def test_a_run_that_dies_while_it_writes_a_checkpoint_keeps_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, dies_at: int
) -> None:
    run = RunFolder(tmp_path)
    run.open(RECIPE)
    run.save(RECIPE, checkpoint(2))
    writes: list[Path] = []

    def dying(path: Path, content: bytes) -> None:
        if len(writes) == dies_at:
            raise KeyboardInterrupt
        writes.append(path)
        write_atomically(path, content)

    monkeypatch.setattr(run_folder, "write_atomically", dying)
    with pytest.raises(KeyboardInterrupt):
        run.save(RECIPE, checkpoint(4))
    monkeypatch.undo()
    found = RunFolder(tmp_path).open(RECIPE)
    assert found is not None
    assert found.step == 2
    run.save(RECIPE, checkpoint(6))
    assert len(list(tmp_path.iterdir())) == 4  # nothing of the dead one is left


def test_what_a_killed_run_left_half_written_goes_with_the_next_checkpoint(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    run.open(RECIPE)
    run.save(RECIPE, checkpoint(2))
    (tmp_path / ".mriembed-a1b2c3.tmp").write_bytes(b"half")
    (tmp_path / ".notes.tmp").write_bytes(b"mine")
    run.save(RECIPE, checkpoint(6))
    assert sorted(file.name for file in tmp_path.glob(".*")) == [".notes.tmp"]


def test_the_last_step_is_that_of_the_last_whole_checkpoint(tmp_path: Path) -> None:
    run = RunFolder(tmp_path / "run")
    assert run.last_step() == 0
    run.open(RECIPE)
    assert run.last_step() == 0
    run.save(RECIPE, checkpoint(2))
    assert run.last_step() == 2


def test_weights_of_a_finished_run_say_how_they_were_trained(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    run.open(RECIPE)
    run.finish(RECIPE, 9, checkpoint(9).weights, 13.5)
    training = read_training(run.weights_file)
    assert training is not None
    assert (training.num_coils, training.embed_dim, training.matrix) == (8, 256, 96)
    assert training.source.startswith("trained 9 steps on simulated slices, seed 4, by mriembed ")


def test_other_settings_in_a_folder_with_a_run_are_refused(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    run.open(RECIPE)
    run.save(RECIPE, checkpoint(2))
    with pytest.raises(InvalidArgumentError) as refused:
        run.open(Recipe(steps=10, seed=4))
    assert str(refused.value) == (
        f"{tmp_path}: holds a run with other settings (steps 9, inference_matrix_scale 1.5); "
        f"give those of {tmp_path / 'run.json'}, or a new folder"
    )
    of_another_version = {**json.loads(RECIPE.to_json()), "few_coils_after": 7}
    (tmp_path / "run.json").write_text(json.dumps({"recipe": of_another_version, "step": 0, "seconds": 0.0}))
    with pytest.raises(InvalidArgumentError, match=r"other settings \(few_coils_after 7\)"):
        run.open(RECIPE)
    (tmp_path / "run.json").write_text(json.dumps({"recipe": [], "step": 0, "seconds": 0.0}))
    with pytest.raises(InvalidArgumentError, match=r"other settings \(steps None, "):
        run.open(RECIPE)


def test_a_folder_with_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("precious")
    with pytest.raises(InvalidArgumentError, match="exists and holds no training run"):
        RunFolder(tmp_path).open(RECIPE)
    with pytest.raises(InvalidArgumentError, match="exists and holds no training run"):
        RunFolder(tmp_path / "thesis.txt").open(RECIPE)
    assert [file.name for file in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_damaged_checkpoint_is_refused_by_name(tmp_path: Path) -> None:
    run = RunFolder(tmp_path)
    run.open(RECIPE)
    run.save(RECIPE, checkpoint(2))
    file = tmp_path / "step-00000002.safetensors"
    file.write_bytes(file.read_bytes()[:-4])
    with pytest.raises(ModelFileError, match=r"step-00000002\.safetensors: this checkpoint cannot be read"):
        run.open(RECIPE)
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(ModelFileError, match=r"run\.json: damaged"):
        run.open(RECIPE)
    (tmp_path / "run.json").write_text(json.dumps({"recipe": json.loads(RECIPE.to_json())}))
    with pytest.raises(ModelFileError, match=r"run\.json: damaged"):
        run.open(RECIPE)
