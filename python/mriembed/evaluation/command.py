"""The command `mriembed evaluate`."""

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from mriembed.errors import InvalidArgumentError
from mriembed.help_text import DefaultsFormatter
from mriembed.output_file import HTML_ENDINGS, check_output_file
from mriembed.standard_output import print_line

if TYPE_CHECKING:
    from mriembed.evaluation.evaluation import Evaluation
    from mriembed.scans import ScanSlice

_DESCRIPTION = """\
Acquires slices again, simulated slices and those of --scans, and searches for each acquisition among all slices: with
libmriembed, as mriembed_cli does, and with four baselines. Another session changes background phase, coil array, noise,
matrix, sampling and position; the same session keeps phase and array. Single changes keep everything else: phase,
array, tilt of the slice, transmit field, N/2 ghost. Prints tables, and writes JSON and an HTML report."""


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser], purpose: str) -> None:
    """Adds `evaluate` to the command line."""
    parser = commands.add_parser(
        "evaluate",
        help=purpose,
        description=_DESCRIPTION,
        formatter_class=DefaultsFormatter,
    )
    parser.add_argument("model", type=Path, metavar="MODEL", help="model file (.pt)")
    parser.add_argument("--scans", nargs="+", default=[], type=Path, metavar="PLACE", help="scan files or folders")
    parser.add_argument(
        "--image-files", nargs="+", default=[], metavar="PATTERN",
        help="names of NumPy and BART files that contain coil images, for instance '*images*'",
    )  # fmt: skip
    parser.add_argument(
        "--pairs", type=Path, metavar="FILE", help="repeated scans: two names of slices a line, FILE.npy or FILE.h5:3"
    )
    parser.add_argument(
        "--precision",
        nargs="+",
        default=["float32"],
        choices=("float32", "bfloat16"),
        help="precisions in which the model is measured",
    )
    parser.add_argument("--slices", type=int, default=1000, help="simulated slices; 0: none")
    parser.add_argument(
        "--single-changes", type=int, default=200, help="simulated slices for tilt, transmit field and ghost; 0: none"
    )
    parser.add_argument("--variants", type=int, default=300, help="simulated slices that differ little; 0: none")
    parser.add_argument("--curve-slices", type=int, default=200, help="simulated slices for the curves; 0: no curves")
    parser.add_argument(
        "--volumes", type=int, default=12, help="simulated subjects with slices at known positions; 0: none"
    )
    parser.add_argument("--contrasts", type=int, default=25, help="simulated subjects with other contrasts; 0: none")
    parser.add_argument("--repeats", type=int, default=20, help="acquisitions of each measured slice at each level")
    parser.add_argument("--seed", type=int, default=0, help="seed of slices and acquisitions")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads; 0: as many as torch uses by default")
    parser.add_argument(
        "--allow-unsealed",
        action="store_true",
        help="also load a TorchScript file without a seal; damage in it may go unnoticed",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results as JSON (.json)")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write a report with pictures (.html), one file")
    parser.set_defaults(run=_evaluate)


def _evaluate(options: argparse.Namespace) -> int:
    import torch

    from mriembed.evaluation.evaluation import Plan, evaluate
    from mriembed.evaluation.measured import read_pairs
    from mriembed.evaluation.table import table
    from mriembed.malloc_tuning import keep_freed_memory
    from mriembed.model_description import UnsealedModelWarning

    _refuse_what_does_not_fit(options)
    if options.threads > 0:
        torch.set_num_threads(options.threads)
    keep_freed_memory()
    _look_at_model(options)  # before the scans, which take longer
    slices = _measured_slices(options) if options.scans else []
    pairs = read_pairs(options.pairs, slices) if options.pairs else []
    plan = Plan(
        simulated=options.slices,
        single_changes=options.single_changes,
        variants=options.variants,
        curve=options.curve_slices,
        volumes=options.volumes,
        contrasts=options.contrasts,
        repeats=options.repeats,
        precisions=tuple(options.precision),
        threads=options.threads,
        seed=options.seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnsealedModelWarning)  # which `_look_at_model` has printed
        evaluation = evaluate(
            options.model,
            plan,
            slices,
            pairs,
            allow_unsealed=options.allow_unsealed,
            on_progress=_show_progress,
        )
    try:
        print_line(table(evaluation))
    finally:  # neither is lost where the other cannot be written
        _write_files(options, evaluation)
    return 0


def _write_files(options: argparse.Namespace, evaluation: Evaluation) -> None:
    from mriembed.atomic_file import write_atomically

    if options.json:
        write_atomically(options.json, evaluation.as_json().encode())
    if options.html:
        from mriembed.evaluation.report import html_report

        write_atomically(options.html, html_report(evaluation).encode())
        print_line(f"\n{options.html}: the report")


def _refuse_what_does_not_fit(options: argparse.Namespace) -> None:
    for name, value, least in (
        ("--slices", options.slices, 0),
        ("--single-changes", options.single_changes, 0),
        ("--variants", options.variants, 0),
        ("--curve-slices", options.curve_slices, 0),
        ("--volumes", options.volumes, 0),
        ("--contrasts", options.contrasts, 0),
        ("--repeats", options.repeats, 1),
        ("--threads", options.threads, 0),
    ):
        if value < least:
            raise InvalidArgumentError(f"{name}: must be at least {least}, not {value}")
    if options.pairs and not options.scans:
        raise InvalidArgumentError("--pairs: names slices of --scans, which is missing")
    if options.html:
        _need_report_packages()
    inputs = [options.model, *options.scans, *([options.pairs] if options.pairs else [])]
    for file, endings in ((options.json, (".json",)), (options.html, HTML_ENDINGS)):
        if file is not None:
            check_output_file(file, inputs=inputs, endings=endings)
    if options.volumes == 1:
        raise InvalidArgumentError("--volumes: must be 0 or at least 2: distances to other subjects are measured")
    simulated = (
        options.slices,
        options.single_changes,
        options.variants,
        options.curve_slices,
        options.volumes,
        options.contrasts,
    )
    if not (options.scans or any(simulated)):
        raise InvalidArgumentError(
            "nothing to evaluate: give --scans, or leave one of --slices, --single-changes, --variants, "
            "--curve-slices, --volumes and --contrasts above 0"
        )


def _look_at_model(options: argparse.Namespace) -> None:
    """Refuses a file that cannot be loaded; a seal that is missing, as was allowed, is a line, as of `mriembed_cli`."""
    from mriembed.model_description import UnsealedModelWarning
    from mriembed.model_file import read_description

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnsealedModelWarning)
        description = read_description(options.model, allow_unsealed=options.allow_unsealed)
    if not description.sealed:
        print(
            f"mriembed: warning: {options.model}: not sealed, loaded because of --allow-unsealed; damage in it may go "
            "unnoticed",
            file=sys.stderr,
        )


def _measured_slices(options: argparse.Namespace) -> list[ScanSlice]:
    from mriembed.scans import read_usable_slices

    slices = _without_copies(
        read_usable_slices(
            options.scans,
            image_files=options.image_files,
            on_refused=lambda error: print(f"mriembed: warning: left out: {error}", file=sys.stderr),
        )
    )
    if len(slices) < 2:
        raise InvalidArgumentError(f"--scans: {len(slices)} usable slice(s); finding one again needs at least two")
    return slices


def _without_copies(slices: list[ScanSlice]) -> list[ScanSlice]:
    """Each slice once: of a scan that lies there in two formats, only one can be found again as itself."""
    import hashlib

    import numpy as np

    kept: dict[bytes, ScanSlice] = {}
    for scan in slices:
        digest = hashlib.sha256(repr(scan.kspace.shape).encode() + np.ascontiguousarray(scan.kspace).tobytes()).digest()
        if digest in kept:
            print(
                f"mriembed: warning: left out: {scan.name} holds the same samples as {kept[digest].name}",
                file=sys.stderr,
            )
        else:
            kept[digest] = scan
    return list(kept.values())


def _need_report_packages() -> None:
    try:
        import jinja2  # noqa: F401
        import matplotlib  # noqa: F401
        import PIL  # noqa: F401
        import sklearn  # noqa: F401
    except ImportError as error:
        raise InvalidArgumentError(
            f'--html: the report needs more packages: pip install "mriembed[evaluate]" ({error.name} is missing)'
        ) from None


def _show_progress(name: str, done: int, total: int) -> None:
    if sys.stderr.isatty():
        print(f"\r{name}: {done} of {total}", end="\n" if done == total else "", file=sys.stderr, flush=True)
