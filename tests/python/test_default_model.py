import argparse
import json
import re
from pathlib import Path

import pytest
import torch
from quality_table import METHODS, QUALITY, single_change_rows
from safetensors import safe_open
from safetensors.torch import load_file

import mriembed
from mriembed import DEFAULT_WEIGHTS, Embedder
from mriembed.checkpoint import read_training
from mriembed.evaluation.gallery import Score
from mriembed.evaluation.measured import measured_trials, read_pairs
from mriembed.evaluation.methods import DeployedModel, Method, Thumbnail
from mriembed.evaluation.simulated import simulated_trials
from mriembed.malloc_tuning import keep_freed_memory
from mriembed.scans import read_slices
from mriembed.training.recipe import Recipe, add_recipe_options, recipe_of

REPOSITORY = Path(__file__).resolve().parents[2]
README = REPOSITORY / "README.md"
RESULTS = json.loads(QUALITY.read_text())
CARD = DEFAULT_WEIGHTS.with_name("MODEL_CARD.md")

# Every measured scan that the package can read, each once.
USABLE = ["pulseq*/s*.npy", "sigpy*/*.npy", "gpunufft*/*.npy", "twixtools*/*.h5", "twixtools*/*epi.npy"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("default") / "model.pt"
    mriembed.export_model(path, weights=DEFAULT_WEIGHTS)
    return path


def test_the_weights_come_from_the_command_of_the_model_card() -> None:
    training = read_training(DEFAULT_WEIGHTS)
    assert training is not None
    assert (training.num_coils, training.embed_dim, training.matrix) == (8, 256, Recipe().model_matrix)
    card = CARD.read_text()
    first = re.search(r"mriembed train -o first --steps (\d+)", card)
    runs = re.findall(r"^\| (\d+) \| ([\d.]+)" + r" \| (\d+)" * 5 + r" \| \d+ \|$", card, re.MULTILINE)
    command = re.search(r"-m mriembed\.cli train (.*?)\n\n", card.replace("\\\n", " "), re.DOTALL)
    assert first is not None
    assert command is not None
    steps = " + ".join([first[1], *(run[2] for run in runs)])
    assert training.source.startswith(f"trained {steps} steps on simulated slices, seed {runs[-1][0]}, ")

    last_run = dict(zip(("SEED", "RATE", "STEPS", "MEAN", "WHITENED", "CENTRED", "STAGE"), runs[-1], strict=True))
    parser = argparse.ArgumentParser()
    add_recipe_options(parser)
    given, _ = parser.parse_known_args([last_run.get(word, word) for word in command[1].split()])
    with safe_open(DEFAULT_WEIGHTS, framework="pt") as file:
        recipe = json.loads(file.metadata()["recipe"])
    asked_for = recipe_of(given, measured_share=recipe["measured_share"], begun_from=recipe["begun_from"])
    assert json.loads(asked_for.to_json()) == recipe


def test_the_weights_are_small_and_finite() -> None:
    assert DEFAULT_WEIGHTS.stat().st_size < 2.5e6
    assert all(bool(torch.isfinite(value).all()) for value in load_file(DEFAULT_WEIGHTS).values())


def table_rows(document: Path) -> dict[str, list[str]]:
    """Cells of the rows of a document's tables after the first cell, by this one."""
    lines = [line for line in document.read_text().splitlines() if line.startswith("| ")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {name: cells for name, *cells in rows}


def recall_of_trial(results: dict[str, list[dict[str, object]]], trial: str) -> list[str]:
    found = {score["method"]: score["recall_at_1"] for score in results["scores"] if score["trial"] == trial}
    return [f"{found[method]:.3f}" for method in METHODS]


def test_the_model_card_shows_the_single_changes_that_were_measured_with_these_weights(model: Path) -> None:
    results = RESULTS["single_changes"]
    assert results["model"]["weights_sha256"] == Embedder.load(model).info.weights_sha256
    assert results["plan"]["single_changes"] == 1000
    rows = table_rows(CARD)
    expected = single_change_rows(results)
    assert len(expected) == 3 + 2
    for name, figures in expected:
        assert rows[name] == [figures[method] for method in METHODS]
    for name, trial in (
        ("1000 simulated slices, tilt of 1 / 3 / 6 degrees", "simulated, tilt alone"),
        (
            "1000 simulated slices, transmit field, flip angles up to 15 / 25 / 40 % off",
            "simulated, transmit field alone",
        ),
        ("1000 simulated slices, N/2 ghost of 2 / 5 / 10 %", "simulated, ghost alone"),
        ("18 measured slices, N/2 ghost of 2 / 5 / 10 %", "measured, ghost alone"),
    ):
        levels = [recall_of_trial(results, f"{trial}, {level}") for level in ("easy", "medium", "hard")]
        assert rows[name] == [" / ".join(figures) for figures in zip(*levels, strict=True)]


def test_the_readme_shows_the_medium_level_of_another_session_and_of_a_tilt() -> None:
    rows = table_rows(README)
    for name, part, trial in (
        ("400 simulated slices, another session, medium", "evaluation", "simulated, another session, medium"),
        ("18 measured slices, another session, medium", "evaluation", "measured, another session, medium"),
        ("1000 simulated slices, tilt of 3 degrees alone", "single_changes", "simulated, tilt alone, medium"),
    ):
        assert rows[name] == recall_of_trial(RESULTS[part], trial)


def by_method(scores: list[Score], trial: str) -> dict[str, Score]:
    return {score.method: score for score in scores if score.trial == trial}


@pytest.fixture(scope="module")
def simulated(model: Path) -> list[Score]:
    """By each precision that this machine computes in."""
    keep_freed_memory()
    embedders = {name: Embedder.load(model, precision=name) for name in ("float32", "bfloat16")}
    methods = [DeployedModel(name, one) for name, one in embedders.items() if one.compute_dtype == name]
    return simulated_trials([*methods, Thumbnail()], 200, 1, lambda _: None)[0]


def precisions(scores: list[Score]) -> set[str]:
    return {score.method for score in scores} - {Thumbnail.name}


def test_a_background_phase_does_not_hide_simulated_slices(simulated: list[Score]) -> None:
    alone = by_method(simulated, "simulated, phase alone")
    for name in precisions(simulated):
        assert alone[name].recall_at_1 >= 0.99


@pytest.mark.parametrize("session", ["another session", "same session"])
@pytest.mark.parametrize("level", ["easy", "medium", "hard"])
def test_simulated_slices_that_were_never_trained_on_are_found_again_far_more_often_than_by_a_thumbnail(
    simulated: list[Score], session: str, level: str
) -> None:
    """What these weights do, not what is wanted of them: the model card names the targets that they miss."""
    scores = by_method(simulated, f"simulated, {session}, {level}")
    better = {("another session", "easy"): 0.1, ("same session", "easy"): 0.0, ("same session", "medium"): 0.1}
    for name in precisions(simulated):
        assert scores[name].recall_at_1 > scores[Thumbnail.name].recall_at_1 + better.get((session, level), 0.15)
        assert scores[name].recall_at_1 >= scores["float32"].recall_at_1 - 0.01


@pytest.fixture(scope="module")
def measured(model: Path, shared_data: Path) -> tuple[list[Score], int]:
    """Scores, and how many repeated scans are found."""
    files = sorted(file for pattern in USABLE for file in shared_data.glob(pattern))
    slices = [scan for file in files for scan in read_slices(file, image_files=["*images*"])]
    assert len(slices) == 18
    pairs = read_pairs(Path(__file__).parent / "evaluation" / "skyra_pairs.txt", slices)
    methods: list[Method] = [DeployedModel("model", Embedder.load(model)), Thumbnail()]
    scores, repeated, _, _ = measured_trials(methods, slices, pairs, 4, 1, lambda _: None)
    return scores, sum(pair.found["model"] for pair in repeated)


def test_measured_slices_and_their_repeated_scans_are_found_again(measured: tuple[list[Score], int]) -> None:
    scores, repeated = measured
    assert repeated == 6
    assert by_method(scores, "measured, phase alone")["model"].recall_at_1 >= 0.99
    assert by_method(scores, "measured, same session, any 4 coils")["model"].recall_at_1 >= 0.95
    medium = by_method(scores, "measured, another session, medium")
    assert medium["model"].recall_at_1 > medium[Thumbnail.name].recall_at_1 + 0.2
