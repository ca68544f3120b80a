"""The command `mriembed train`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from mriembed.errors import BadInputError, InvalidArgumentError
from mriembed.help_text import DefaultsFormatter
from mriembed.standard_output import print_line
from mriembed.training.recipe import add_recipe_options, recipe_of

if TYPE_CHECKING:
    from mriembed.scans import ScanSlice

_DESCRIPTION = """\
Trains the network on pairs of acquisitions of the same slice: simulated slices, or slices of --scans that the simulator
acquires again. After an interruption, the same command continues from the last checkpoint and ends with the same
weights, bit for bit. `torchrun --nproc-per-node N -m mriembed.cli train ...` shares the work between N processes."""


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser], purpose: str) -> None:
    """Adds `train` to the command line."""
    parser = commands.add_parser(
        "train",
        help=purpose,
        description=_DESCRIPTION,
        formatter_class=DefaultsFormatter,
    )
    parser.add_argument("-o", "--output", required=True, type=Path, metavar="FOLDER", help="folder of the run")
    add_recipe_options(parser)
    parser.add_argument("--begin", type=Path, metavar="WEIGHTS", help="begin with these weights instead of random ones")
    parser.add_argument(
        "--scans", nargs="+", default=[], type=Path, metavar="PLACE", help="also train on these scan files and folders"
    )
    parser.add_argument(
        "--image-files", nargs="+", default=[], metavar="PATTERN",
        help="names of NumPy and BART files that contain coil images, for instance '*images*'",
    )  # fmt: skip
    parser.add_argument(
        "--measured-share", type=float, default=0.5, help="share of the pairs from --scans; 1: no simulated pairs"
    )
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu", help="where to train")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads; 0: as many as torch uses by default")
    parser.add_argument("--checkpoint-seconds", type=float, default=60.0, help="seconds between checkpoints")
    parser.set_defaults(run=_train)


def _train(options: argparse.Namespace) -> int:
    import torch

    from mriembed.checkpoint import file_sha256
    from mriembed.malloc_tuning import keep_freed_memory
    from mriembed.scans import read_usable_slices
    from mriembed.training.measured_pairs import MeasuredPairs, split_by_file
    from mriembed.training.process_group import process_group
    from mriembed.training.progress_log import ProgressLog
    from mriembed.training.run_folder import RunFolder
    from mriembed.training.trainer import train
    from mriembed.training.validation import validation_recall

    recipe = recipe_of(
        options,
        measured_share=options.measured_share if options.scans else 0.0,
        begun_from=file_sha256(options.begin) if options.begin else "",
    )
    for name, value in (("--threads", options.threads), ("--checkpoint-seconds", options.checkpoint_seconds)):
        if not value >= 0:
            raise InvalidArgumentError(f"{name}: must be at least 0, not {value}")
    if options.threads > 0:
        torch.set_num_threads(options.threads)
    keep_freed_memory()
    with process_group(options.device) as group:
        if group.leads:
            RunFolder(options.output).check_place()  # before the scans, which take longer
        measured: MeasuredPairs | None = None
        validation: list[ScanSlice] = []
        if options.scans:
            slices = read_usable_slices(
                options.scans,
                image_files=options.image_files,
                on_refused=lambda error: _warn(error) if group.leads else None,
            )
            trained, validation = split_by_file(slices, recipe.seed)
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
            if len(validation) > 1:
                recall = validation_recall(weights, recipe, validation)
                files = len({scan.file for scan in validation})
                print_line(
                    f"of {len(validation)} slices of {files} files kept from training, {recall:.1%} are found again"
                )
            print_line(f"{weights}: trained; mriembed export --weights {weights} -o model.pt makes a model file of it")
    return 0


def _warn(error: BadInputError) -> None:
    print(f"mriembed: warning: left out: {error}", file=sys.stderr)
