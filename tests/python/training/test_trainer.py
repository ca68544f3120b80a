import math
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from mriembed import CoilPreprocessor, InvalidArgumentError, ModelFileError, MRIEmbeddingModel
from mriembed.checkpoint import load_weights, read_training
from mriembed.training import trainer
from mriembed.training.losses import loss_of_views, make_loss
from mriembed.training.process_group import ProcessGroup
from mriembed.training.recipe import Recipe
from mriembed.training.simulated_pairs import simulated_pairs
from mriembed.training.trainer import Progress, TrainingError, learning_rate, strength, train

ALONE = ProcessGroup(0, 1, torch.device("cpu"))
# float32: torch imitates bfloat16 on processors without a unit for it, which is slow.
SMALL = Recipe(
    precision="float32",
    steps=6,
    subjects=2,
    slices=4,
    shards=2,
    num_coils=4,
    embed_dim=32,
    matrix=16,
    warm_up=2,
    average_after=3,
    whitened_by=0,
    centred_by=0,
)


def losses_of(recipe: Recipe, folder: Path, **options: object) -> list[float]:
    losses: list[float] = []
    train(recipe, folder, ALONE, on_step=lambda progress: losses.append(progress.loss), **options)  # type: ignore[arg-type]
    return losses


def test_the_rate_warms_up_and_falls_as_half_a_cosine() -> None:
    recipe = Recipe(steps=110, warm_up=10, learning_rate=1.0)
    assert learning_rate(recipe, 0) == pytest.approx(0.1)
    assert learning_rate(recipe, 9) == pytest.approx(1.0)
    assert learning_rate(recipe, 60) == pytest.approx(0.5)
    assert learning_rate(recipe, 35) == pytest.approx(0.5 + 0.5 * math.cos(math.pi / 4))
    assert learning_rate(recipe, 109) < 0.001


def test_the_rate_stays_where_it_is_once_weights_are_averaged() -> None:
    recipe = Recipe(steps=110, warm_up=10, learning_rate=1.0, average_after=60)
    assert learning_rate(recipe, 35) == pytest.approx(0.5 + 0.5 * math.cos(math.pi / 4))
    assert learning_rate(recipe, 60) == learning_rate(recipe, 109) == pytest.approx(0.5)
    assert learning_rate(replace(recipe, average_after=0), 5) == pytest.approx(0.6)
    assert learning_rate(replace(recipe, average_after=0), 109) == pytest.approx(1.0)


def test_pairs_get_harder_until_they_are_as_hard_as_ever() -> None:
    recipe = Recipe(hardest_after=100)
    assert strength(recipe, 0) == pytest.approx(0.35)
    assert strength(recipe, 50) == pytest.approx(0.35 + 0.65 / 2)
    assert strength(recipe, 100) == strength(recipe, 5000) == 1.0
    assert strength(replace(recipe, hardest_after=0), 0) == 1.0


def test_a_pair_is_used_as_often_as_asked_for_each_time_as_another_mirror_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[torch.Tensor] = []
    forward = MRIEmbeddingModel.forward

    def seeing(self: MRIEmbeddingModel, x: torch.Tensor, normalize: bool | None = None) -> torch.Tensor:
        if len(x) == 8:
            seen.append(x.detach().clone())
        return forward(self, x, normalize)

    monkeypatch.setattr(MRIEmbeddingModel, "forward", seeing)
    train(replace(SMALL, shards=1, subjects=1, uses=3), tmp_path / "run", ALONE)
    assert len(seen) == 6

    def summary(step: int) -> torch.Tensor:  # what no mirror image changes
        return seen[step].flatten(2).sort(2).values

    for first in (0, 3):
        for use in (1, 2):
            assert torch.equal(summary(first), summary(first + use))
            assert not torch.equal(seen[first], seen[first + use])
    assert not torch.equal(summary(0), summary(3))


def test_the_weights_of_a_run_are_the_mean_of_those_after_each_step_from_average_after_on(tmp_path: Path) -> None:
    after = {}
    for step in range(1, SMALL.steps):
        train(SMALL, tmp_path / "run", ALONE, stop_after=step)
        after[step] = load_file(tmp_path / "run" / f"step-{step:08}.safetensors")
    train(SMALL, tmp_path / "run", ALONE)
    after[SMALL.steps] = load_file(tmp_path / "run" / f"step-{SMALL.steps:08}.safetensors")
    for name, trained in load_file(tmp_path / "run" / "weights.safetensors").items():
        mean = torch.stack([after[step][name].double() for step in (4, 5, 6)]).mean(0)
        torch.testing.assert_close(trained.double(), mean, rtol=1e-5, atol=1e-7)
        assert not torch.equal(trained, after[6][name]) or not after[6][name].any()


def test_the_embeddings_of_a_run_are_whitened_by_pairs_that_no_step_has_seen(tmp_path: Path) -> None:
    recipe = replace(SMALL, hardest_after=0)
    train(recipe, tmp_path / "plain", ALONE)
    train(replace(recipe, whitened_by=120), tmp_path / "whitened", ALONE)
    plain, whitened = (load_file(tmp_path / name / "weights.safetensors") for name in ("plain", "whitened"))
    assert {name for name in plain if not torch.equal(plain[name], whitened[name])} == {"head.weight", "head.bias"}

    generator = torch.Generator().manual_seed(99)
    views = [simulated_pairs(4, 8, CoilPreprocessor(4, "pca", 16), 16, generator)[:2] for _ in range(30)]

    def largest_share(weights: Path) -> float:
        """Of the variance within unseen pairs, what the direction of the largest has."""
        model = MRIEmbeddingModel(embed_dim=recipe.embed_dim, antialiased_stage=recipe.antialiased_stage)
        load_weights(model, weights)
        with torch.no_grad():
            differences = torch.cat([model(first, False) - model(second, False) for first, second in views])
        variances = torch.linalg.eigvalsh(differences.T @ differences)
        return float(variances[-1] / variances.sum())

    before = largest_share(tmp_path / "plain" / "weights.safetensors")
    assert largest_share(tmp_path / "whitened" / "weights.safetensors") < 0.6 * before


def test_a_run_begins_from_the_weights_that_it_is_given(tmp_path: Path) -> None:
    train(SMALL, tmp_path / "first", ALONE)
    begin = tmp_path / "first" / "weights.safetensors"
    recipe = replace(SMALL, learning_rate=1e-9, begun_from="abc", seed=5)
    train(recipe, tmp_path / "second", ALONE, begin=begin, stop_after=3)
    train(recipe, tmp_path / "second", ALONE, begin=begin)  # goes on, and does not begin again
    again = load_file(tmp_path / "second" / "weights.safetensors")
    for name, weight in load_file(begin).items():
        torch.testing.assert_close(again[name], weight, rtol=1e-4, atol=1e-5)
    training = read_training(tmp_path / "second" / "weights.safetensors")
    assert training is not None
    assert training.source.startswith("trained 6 + 6 steps on simulated slices, seed 5, ")
    with pytest.raises(InvalidArgumentError, match="needs their file"):
        train(recipe, tmp_path / "third", ALONE)
    with pytest.raises(InvalidArgumentError, match="another needs none"):
        train(SMALL, tmp_path / "third", ALONE, begin=begin)


def test_a_run_without_steps_whitens_the_weights_that_it_begins_from(tmp_path: Path) -> None:
    train(SMALL, tmp_path / "first", ALONE)
    begin = tmp_path / "first" / "weights.safetensors"
    recipe = replace(SMALL, steps=0, whitened_by=16, begun_from="abc")
    before, after = load_file(begin), load_file(train(recipe, tmp_path / "second", ALONE, begin=begin) or begin)
    assert {name for name, value in before.items() if not torch.equal(value, after[name])} == {
        "head.weight",
        "head.bias",
    }
    training = read_training(tmp_path / "second" / "weights.safetensors")
    assert training is not None
    assert training.source.startswith("trained 6 + 0 steps on simulated slices, ")


def test_the_embeddings_of_a_run_are_centred_by_pairs_that_no_step_has_seen(tmp_path: Path) -> None:
    recipe = replace(SMALL, whitened_by=8)
    train(recipe, tmp_path / "plain", ALONE)
    train(replace(recipe, centred_by=60), tmp_path / "centred", ALONE)
    plain, centred = (load_file(tmp_path / name / "weights.safetensors") for name in ("plain", "centred"))
    assert {name for name in plain if not torch.equal(plain[name], centred[name])} == {"head.bias"}

    generator = torch.Generator().manual_seed(99)
    views = [simulated_pairs(4, 8, CoilPreprocessor(4, "pca", 16), 16, generator)[1] for _ in range(20)]

    def mean_embedding(weights: Path) -> torch.Tensor:
        model = MRIEmbeddingModel(embed_dim=recipe.embed_dim, antialiased_stage=recipe.antialiased_stage)
        load_weights(model, weights)
        with torch.no_grad():
            return torch.cat([model(second, False) for second in views]).mean(0)

    before, after = (mean_embedding(tmp_path / name / "weights.safetensors") for name in ("plain", "centred"))
    assert float((after - 0.5 * before).norm() / before.norm()) < 0.05


def test_a_run_that_ends_before_weights_are_averaged_gives_those_of_the_last_step(tmp_path: Path) -> None:
    train(replace(SMALL, average_after=6), tmp_path / "run", ALONE)
    last = load_file(tmp_path / "run" / "step-00000006.safetensors")
    for name, trained in load_file(tmp_path / "run" / "weights.safetensors").items():
        assert torch.equal(trained, last[name])


def test_seconds_of_training_lower_the_loss_of_unseen_pairs(tmp_path: Path) -> None:
    """Slices are found again only after minutes: the sessions of a pair share nothing but the anatomy."""
    recipe = Recipe(
        steps=150, subjects=4, slices=4, shards=1, num_coils=4, embed_dim=64, matrix=32, warm_up=10,
        precision="float32", whitened_by=0, centred_by=0,
    )  # fmt: skip
    losses = losses_of(recipe, tmp_path / "run")
    assert sum(losses[-10:]) < 0.9 * sum(losses[:10])

    def loss(model: MRIEmbeddingModel) -> float:
        generator = torch.Generator().manual_seed(12345)
        total = 0.0
        for _ in range(6):
            first, second, coordinates = simulated_pairs(4, 4, CoilPreprocessor(4, "pca", 32), 32, generator)
            graded = make_loss(recipe.loss, recipe.temperature, recipe.reach)
            total += float(graded(model.embed(torch.cat([first, second])), torch.cat([coordinates, coordinates])))
        return total

    trained = MRIEmbeddingModel(embed_dim=recipe.embed_dim, antialiased_stage=recipe.antialiased_stage)
    load_weights(trained, tmp_path / "run" / "weights.safetensors")
    torch.manual_seed(0)
    assert loss(trained) < 0.9 * loss(
        MRIEmbeddingModel(embed_dim=recipe.embed_dim, antialiased_stage=recipe.antialiased_stage).materialize(8)
    )


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_run_that_is_left_and_resumed_ends_at_the_same_bits(tmp_path: Path, precision: str) -> None:
    recipe = replace(SMALL, precision=precision)
    whole = losses_of(recipe, tmp_path / "whole")
    first = losses_of(recipe, tmp_path / "pieces", stop_after=2)
    assert not (tmp_path / "pieces" / "weights.safetensors").exists()
    second = losses_of(recipe, tmp_path / "pieces", stop_after=5)
    rest = losses_of(recipe, tmp_path / "pieces")
    assert first + second + rest == whole
    once, pieced = (load_file(tmp_path / name / "weights.safetensors") for name in ("whole", "pieces"))
    assert all(torch.equal(once[name], pieced[name]) for name in once)


def test_a_run_killed_at_any_moment_and_started_again_ends_at_the_same_bits(tmp_path: Path) -> None:
    options = ["--steps", "30", "--subjects", "2", "--slices", "4", "--shards", "1", "--num-coils", "4"]
    options += ["--average-after", "5", "--whitened-by", "1", "--centred-by", "1", "--precision", "float32"]
    options += ["--embed-dim", "32", "--matrix", "16", "--checkpoint-seconds", "0", "--threads", "1"]

    def command(folder: Path) -> list[str]:
        return [sys.executable, "-m", "mriembed.cli", "train", "-o", str(folder), *options]

    subprocess.run(command(tmp_path / "whole"), check=True, capture_output=True)
    kills = 0
    for milliseconds in (0, 130, 370):
        process = subprocess.Popen(command(tmp_path / "killed"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        before = checkpointed(tmp_path / "killed")
        while process.poll() is None and checkpointed(tmp_path / "killed") == before:
            time.sleep(0.005)
        try:
            process.wait(milliseconds / 1000)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            kills += 1
    assert kills >= 1
    subprocess.run(command(tmp_path / "killed"), check=True, capture_output=True)
    whole, killed = (tmp_path / name / "weights.safetensors" for name in ("whole", "killed"))
    assert all(torch.equal(value, load_file(killed)[name]) for name, value in load_file(whole).items())


def checkpointed(folder: Path) -> bytes:
    index = folder / "run.json"
    return index.read_bytes() if index.exists() else b""


def test_two_processes_give_the_loss_curve_of_one(tmp_path: Path) -> None:
    """Negatives are shared: the loss of half a batch would be far smaller (ln 15 to ln 7 at the start)."""
    recipe = Recipe(
        steps=8, subjects=4, slices=2, shards=2, num_coils=4, embed_dim=32, matrix=16, warm_up=2, precision="float32",
        whitened_by=2, centred_by=2,
        learning_rate=5e-4,  # Muon makes rounding, which differs, as large as what is learnt from few slices
    )  # fmt: skip
    alone = losses_of(recipe, tmp_path / "alone")
    program = tmp_path / "program.py"
    program.write_text(
        "import json, sys\nfrom pathlib import Path\n"
        "from mriembed.training.process_group import process_group\n"
        "from mriembed.training.recipe import Recipe\n"
        "from mriembed.training.trainer import train\n"
        "with process_group('cpu') as group:\n"
        "    train(Recipe(**json.loads(sys.argv[1])), Path(sys.argv[2]), group,\n"
        "          on_step=lambda progress: print('loss', progress.loss, flush=True))\n"
    )
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*torchrun, str(program), recipe.to_json(), str(tmp_path / "two")], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    shared = [float(line.split()[1]) for line in done.stdout.splitlines() if line.startswith("loss ")]
    assert shared == pytest.approx(alone, rel=2e-4)
    one, two = (load_file(tmp_path / name / "weights.safetensors") for name in ("alone", "two"))
    for name, value in one.items():
        torch.testing.assert_close(two[name], value, rtol=0, atol=2e-3)


def test_a_loss_that_is_not_a_number_stops_the_run_and_keeps_the_last_good_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []

    def breaking(loss: nn.Module, *arguments: torch.Tensor) -> torch.Tensor:
        calls.append(1)
        return loss_of_views(loss, *arguments) * (math.nan if len(calls) == 4 else 1.0)

    monkeypatch.setattr(trainer, "loss_of_views", breaking)
    with pytest.raises(
        TrainingError, match=r"step 4: the loss became nan; the last good checkpoint, of step 3, is kept"
    ):
        train(SMALL, tmp_path / "run", ALONE, checkpoint_seconds=0)
    monkeypatch.undo()
    weights = load_file(tmp_path / "run" / "step-00000003.safetensors")
    assert all(bool(torch.isfinite(value).all()) for value in weights.values())
    resumed: list[Progress] = []
    train(SMALL, tmp_path / "run", ALONE, on_step=resumed.append)
    assert [progress.step for progress in resumed] == [4, 5, 6]


def test_an_interrupted_run_says_where_it_continues_and_ends_at_the_same_bits(tmp_path: Path) -> None:
    def interrupting(progress: Progress) -> None:
        if progress.step == 4:
            raise KeyboardInterrupt

    folder = tmp_path / "run"
    train(SMALL, folder, ALONE, stop_after=2)
    with pytest.raises(
        KeyboardInterrupt, match=r"run: interrupted after step 4; the same command continues from step 2$"
    ):
        train(SMALL, folder, ALONE, on_step=interrupting)
    losses_of(SMALL, folder)
    losses_of(SMALL, tmp_path / "whole")
    once, pieced = (load_file(path / "weights.safetensors") for path in (tmp_path / "whole", folder))
    assert all(torch.equal(once[name], pieced[name]) for name in once)


def test_weights_that_cannot_be_begun_from_leave_no_folder(tmp_path: Path) -> None:
    begin = tmp_path / "begin.safetensors"
    begin.write_text("no weights")
    with pytest.raises(ModelFileError, match=r"begin\.safetensors: not a weights-only checkpoint"):
        train(replace(SMALL, begun_from="abc"), tmp_path / "run", ALONE, begin=begin)
    assert not (tmp_path / "run").exists()


def test_processes_that_cannot_share_a_step_evenly_are_refused(tmp_path: Path) -> None:
    with pytest.raises(
        InvalidArgumentError,
        match=r"3 processes cannot share the 2 shards of a step evenly; shards must be a multiple of 3$",
    ):
        train(SMALL, tmp_path / "run", ProcessGroup(0, 3, torch.device("cpu")))


def test_a_share_of_measured_pairs_without_any_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgumentError, match=r"a measured share of 0\.5 needs measured pairs"):
        train(replace(SMALL, measured_share=0.5), tmp_path / "run", ALONE)
