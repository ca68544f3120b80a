import json
from pathlib import Path

import pytest
import torch

from mriembed import Embedder
from mriembed.evaluation.evaluation import Evaluation, Plan, evaluate
from mriembed.evaluation.report import html_report
from mriembed.evaluation.table import table
from mriembed.malloc_tuning import keep_freed_memory
from mriembed.scans import ScanSlice
from mriembed.simulation import simulate_images, simulate_kspace


@pytest.fixture(scope="module")
def progress() -> dict[str, tuple[int, int]]:
    """By each trial, how many of its slices were done at last, and how many there are."""
    return {}


@pytest.fixture(scope="module")
def evaluation(model_file: Path, progress: dict[str, tuple[int, int]]) -> Evaluation:
    keep_freed_memory()
    generator = torch.Generator().manual_seed(3)
    kspace = simulate_kspace(simulate_images(4, 1, 48, generator), 20, generator).numpy()
    slices = [ScanSlice(one, Path(f"<{number}>.npy"), 0) for number, one in enumerate(kspace)]
    plan = Plan(
        simulated=20,
        single_changes=8,
        variants=12,
        curve=4,
        volumes=2,
        contrasts=2,
        repeats=2,
        examples=80,
        precisions=("float32", "bfloat16"),
        threads=1,
    )

    def on_progress(name: str, done: int, of: int) -> None:
        progress[name] = done, of

    return evaluate(model_file, plan, slices, [(0, 1)], on_progress=on_progress)


EMBEDDINGS = ["model, float32", "model, bfloat16", "thumbnail 32 x 32", "PCA, 64 components", "random weights"]
METHODS = [*EMBEDDINGS, "registered thumbnail 64 x 64"]


def test_every_trial_compares_every_precision_and_every_baseline(evaluation: Evaluation) -> None:
    trials = {score.trial for score in evaluation.scores}
    assert len(trials) == 18 + 9 + 6
    for trial in trials:
        assert [score.method for score in evaluation.scores if score.trial == trial] == METHODS
    assert all(list(curve.recall_at_1) == EMBEDDINGS for curve in evaluation.curves)
    assert [score.method for score in evaluation.volumes] == METHODS
    assert [ordering.method for ordering in evaluation.orderings] == METHODS
    assert [score.method for score in evaluation.contrasts[::4]] == METHODS
    assert list(evaluation.repeated_scans[0].found) == METHODS


@pytest.mark.usefixtures("evaluation")
def test_progress_ends_at_the_number_of_slices(progress: dict[str, tuple[int, int]]) -> None:
    assert progress == {
        "simulated slices": (20, 20),
        "single changes": (8, 8),
        "measured slices": (4, 4),
        "volumes": (2, 2),
        "contrasts": (2, 2),
        "variants": (12, 12),
        "robustness curves": (4, 4),
    }


def test_other_sessions_lead(evaluation: Evaluation) -> None:
    kinds = ["same session" in score.trial for score in evaluation.scores]
    assert kinds == sorted(kinds)
    assert "another session" in evaluation.scores[0].trial
    assert table(evaluation).splitlines()[0].startswith("simulated, another session, easy: 20 queries")
    assert "simulated, tilt alone, medium: 8 queries among 8 slices" in table(evaluation)
    report = html_report(evaluation)
    assert "measured, ghost alone, hard: 4 queries among 4 slices" in report
    assert report.index("another session, medium") < report.index("same session, medium")


def test_the_machine_says_which_precision_was_computed_in_another(evaluation: Evaluation, model_file: Path) -> None:
    replaced = Embedder.load(model_file, precision="bfloat16").compute_dtype == "float32"
    assert evaluation.machine.endswith(", bfloat16 computed in float32") == replaced
    assert table(evaluation).endswith(f"\n{evaluation.machine}")


def test_precisions_nearly_agree(evaluation: Evaluation) -> None:
    rows = [evaluation.found[0].gallery.rows(method) for method in METHODS[:2]]
    assert float((rows[0] * rows[1]).sum(1).min()) > 0.999


def test_the_json_holds_what_the_table_shows(evaluation: Evaluation) -> None:
    content = json.loads(evaluation.as_json())
    assert content["plan"]["precisions"] == ["float32", "bfloat16"]
    assert content["model"]["weights_sha256"] == evaluation.model.weights_sha256
    assert [score["recall_at_1"] for score in content["scores"]] == [s.recall_at_1 for s in evaluation.scores]
    text = table(evaluation)
    for score in content["scores"]:
        assert f"{score['trial']}: {score['queries']} queries among {score['gallery']} slices" in text
        assert any(
            line.split()[-4:-2] == [f"{score['recall_of_itself']:.3f}", f"{score['mean_average_precision']:.3f}"]
            for line in text.splitlines()
            if line.strip().startswith(score["method"]) and len(line.split()) > 5
        )
    for method, volume in zip(METHODS, content["volumes"], strict=True):
        line = next(line for line in text.split("simulated volumes")[1].splitlines() if line.strip().startswith(method))
        assert line.split()[-1] == f"{volume['spearman']:.3f}"
    assert [ordering["is_ordered"] for ordering in content["orderings"]] == [
        "medians are ordered" in line for line in text.splitlines() if line.startswith("distances by")
    ]
    assert len(content["contrasts"]) == 4 * len(METHODS)


def test_the_report_needs_nothing_but_itself(evaluation: Evaluation) -> None:
    report = html_report(evaluation)
    assert report.startswith("<!doctype html>")
    assert report.count("<svg") == 3  # the curves, and a map of each gallery
    assert "src='http" not in report
    assert "<script" not in report
    assert "&lt;0&gt;.npy" in report
    assert "<0>.npy" not in report
    assert report.count("data:image/png;base64,") >= 2 * 5
