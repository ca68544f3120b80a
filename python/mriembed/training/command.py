"""The command `mriembed train`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mriembed.errors import BadInputError
from mriembed.training.recipe import LOSSES, Recipe

if TYPE_CHECKING:
    from mriembed.scans import ScanSlice

_DESCRIPTION = """\
Trains the network on pairs of acquisitions of the same slice: simulated ones, or the user's own scans, scanned again by
the simulator. Stopped at any moment, the same command goes on from the last checkpoint, to the same weights bit by bit.
`torchrun --nproc-per-node N -m mriembed.cli train ...` shares the work between N processes."""


def add_train_command(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Adds `train` to the command line."""
    recipe = Recipe()
    parser = commands.add_parser(
        "train",
        help="train the network",
        description=_DESCRIPTION,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="FOLDER", help="folder of the run")
    parser.add_argument("--steps", type=int, default=recipe.steps, help="steps of the optimizer")
    parser.add_argument("--bodies", type=int, default=recipe.bodies, help="simulated bodies of a step")
    parser.add_argument("--slices", type=int, default=recipe.slices, help="slices of each body")
    parser.add_argument(
        "--parts",
        type=int,
        default=recipe.parts,
        help="parts of a step that processes can share; a GPU draws fewer ones sooner",
    )
    parser.add_argument("--num-coils", type=int, default=recipe.num_coils, help="virtual coils")
    parser.add_argument("--embed-dim", type=int, default=recipe.embed_dim, help="length of an embedding")
    parser.add_argument(
        "--matrix", type=int, default=recipe.matrix, help="pixels of a side that slices are brought to in training"
    )
    parser.add_argument(
        "--enlarged", type=float, default=recipe.enlarged, help="model files take a matrix so many times as large"
    )
    parser.add_argument("--loss", choices=LOSSES, default=recipe.loss)
    parser.add_argument("--temperature", type=float, default=recipe.temperature, help="of the losses graded and ntxent")
    parser.add_argument("--reach", type=float, default=recipe.reach, help="of the loss graded, in millimetres")
    parser.add_argument("--learning-rate", type=float, default=recipe.learning_rate, help="of Muon, at its highest")
    parser.add_argument("--weight-decay", type=float, default=recipe.weight_decay, help="of Muon")
    parser.add_argument("--warm-up", type=int, default=recipe.warm_up, help="steps until the rate is reached")
    parser.add_argument(
        "--average-after",
        type=int,
        default=recipe.average_after,
        help="step after which the rate falls no further and weights are averaged; about three quarters of --steps",
    )
    parser.add_argument(
        "--hardest-after",
        type=int,
        default=recipe.hardest_after,
        help="step from which on pairs differ by all that they ever may; about two thirds of --steps",
    )
    parser.add_argument(
        "--uses", type=int, default=recipe.uses, help="steps that a pair is used in, mirrored each time"
    )
    parser.add_argument(
        "--whitened-by",
        type=int,
        default=recipe.whitened_by,
        help="steps' worth of pairs by which embeddings are whitened at the end; 0: not",
    )
    parser.add_argument("--begin", type=Path, metavar="WEIGHTS", help="begin from these weights, not from random ones")
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default=recipe.precision)
    parser.add_argument(
        "--scans", nargs="+", default=[], type=Path, metavar="PLACE", help="train on these scan files and folders, too"
    )
    parser.add_argument(
        "--image-files", nargs="+", default=[], metavar="PATTERN",
        help="names of .npy and BART files that hold coil images, for instance '*images*'",
    )  # fmt: skip
    parser.add_argument(
        "--measured-share", type=float, default=0.5, help="share of the pairs that are of --scans; 1: no simulated ones"
    )
    parser.add_argument("--seed", type=int, default=recipe.seed, help="decides everything that is drawn")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads; 0: as many as torch would take")
    parser.add_argument("--checkpoint-seconds", type=float, default=60.0, help="time between checkpoints")
    parser.set_defaults(run=_train)


def _train(options: argparse.Namespace) -> int:
    import hashlib

    import torch

    from mriembed.scans import read_usable_slices
    from mriembed.training.held_out import held_out_recall
    from mriembed.training.kept_memory import keep_freed_memory
    from mriembed.training.measured_pairs import MeasuredPairs, split_by_file
    from mriembed.training.process_group import process_group
    from mriembed.training.progress_log import ProgressLog
    from mriembed.training.trainer import train

    recipe = Recipe(
        steps=options.steps,
        bodies=options.bodies,
        slices=options.slices,
        parts=options.parts,
        num_coils=options.num_coils,
        embed_dim=options.embed_dim,
        matrix=options.matrix,
        enlarged=options.enlarged,
        loss=options.loss,
        temperature=options.temperature,
        reach=options.reach,
        learning_rate=options.learning_rate,
        weight_decay=options.weight_decay,
        warm_up=options.warm_up,
        average_after=options.average_after,
        hardest_after=options.hardest_after,
        uses=options.uses,
        whitened_by=options.whitened_by,
        begun_from=hashlib.sha256(options.begin.read_bytes()).hexdigest() if options.begin else "",
        precision=options.precision,
        measured_share=options.measured_share if options.scans else 0.0,
        seed=options.seed,
    )
    if options.threads > 0:
        torch.set_num_threads(options.threads)
    keep_freed_memory()
    with process_group(options.device) as group:
        measured: MeasuredPairs | None = None
        held_out: list[ScanSlice] = []
        if options.scans:
            slices = read_usable_slices(
                options.scans,
                image_files=options.image_files,
                on_refused=lambda error: _warn(error) if group.leads else None,
            )
            trained, held_out = split_by_file(slices, recipe.seed)
            measured = MeasuredPairs(trained, group.device)
        with ProgressLog(options.output) as log:
            weights = train(
                recipe,
                options.output,
                group,
                measured=measured,
                begin=options.begin,
                checkpoint_seconds=options.checkpoint_seconds,
                on_step=log,
            )
        if group.leads and weights is not None:
            if len(held_out) > 1:
                recall = held_out_recall(weights, recipe, held_out)
                files = len({scan.file for scan in held_out})
                print(f"of {len(held_out)} slices of {files} files kept from training, {recall:.1%} are found again")
            print(f"{weights}: trained; mriembed export --weights {weights} -o model.pt makes a model file of it")
    return 0


def _warn(error: BadInputError) -> None:
    print(f"mriembed: warning: left out: {error}", file=sys.stderr)
