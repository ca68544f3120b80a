"""What the matrix of the preprocessing contract does to what a model finds: a table for the model card, and JSON.

    matrices.py [--weights CHECKPOINT] [--matrices N...] --scans PLACE... --pairs FILE --json FILE

Each matrix is evaluated on the same 200 simulated slices, 300 simulated variants of protocols and acquisitions of the
measured ones, 20 of each. The draws are others than those of `mriembed evaluate`, so that a matrix that is chosen here
is not measured there on what it was chosen by.
"""

import argparse
import json
import tempfile
from pathlib import Path

import mriembed
from mriembed.evaluation.evaluation import Evaluation, Plan, evaluate
from mriembed.evaluation.measured import read_pairs
from mriembed.scans import read_usable_slices

MATRICES = (0, 48, 64, 96, 128, 160)
METHOD = "model, float32"


def row(matrix: int, evaluation: Evaluation) -> str:
    recall = {score.trial: score.recall_at_1 for score in evaluation.scores if score.method == METHOD}
    curve = next(curve for curve in evaluation.curves if curve.perturbation == "matrix")
    half = curve.recall_at_1[METHOD][curve.values.index(48.0)]
    twins = sum(pair.found[METHOD] for pair in evaluation.repeated_scans)
    trials = (
        "simulated, another session, medium",
        "simulated, another session, hard",
        "simulated variants, same session, medium",
        "simulated variants, same session, any 4 coils",
        "measured, another session, medium",
        "measured, another session, hard",
        "measured, same session, any 4 coils",
    )
    figures = [f"{recall[trial]:.3f}" for trial in trials]
    name = str(matrix) if matrix else "as measured (0)"
    return f"| {name} | {' | '.join(figures)} | {half:.3f} | {twins} of {len(evaluation.repeated_scans)} |"


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--weights", type=Path, default=mriembed.DEFAULT_WEIGHTS)
    parser.add_argument("--scans", type=Path, nargs="+", required=True)
    parser.add_argument("--image-files", nargs="+", default=[])
    parser.add_argument("--matrices", type=int, nargs="+", default=MATRICES, help="pixels of a side; 0: as measured")
    parser.add_argument("--pairs", type=Path, required=True)
    parser.add_argument("--json", type=Path, required=True)
    options = parser.parse_args()
    slices = read_usable_slices(options.scans, image_files=options.image_files, on_refused=print)
    pairs = read_pairs(options.pairs, slices)
    print(
        "| matrix | simulated, another session, medium | hard | variants, same session, medium | any 4 coils "
        "| measured, another session, medium | hard | any 4 coils | 48 of 96 pixels | repeated |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        for matrix in options.matrices:
            model = Path(folder) / f"{matrix}.pt"
            mriembed.export_model(model, weights=options.weights, matrix=matrix)
            plan = Plan(simulated=200, variants=300, curve=60, volumes=0, contrasts=0, seed=1)
            evaluation = evaluate(model, plan, slices, pairs)
            results[matrix] = json.loads(evaluation.as_json())
            print(row(matrix, evaluation), flush=True)
    options.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
