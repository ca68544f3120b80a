"""The command `mriembed convert`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from mriembed.standard_output import print_line

_DESCRIPTION = """\
Writes the scan of a Siemens raw data file (.dat, syngo VB and later) as MRD (ISMRMRD) HDF5, with the coils' names, the
noise lines of earlier measurements in the file, reversed lines and the centre of k-space. Samples do not change. No
data about the patient are written."""


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser], purpose: str) -> None:
    """Adds `convert` to the command line."""
    parser = commands.add_parser("convert", help=purpose, description=_DESCRIPTION)
    parser.add_argument("source", type=Path, metavar="SCAN.dat")
    parser.add_argument("target", type=Path, metavar="SCAN.h5")
    parser.add_argument("--force", action="store_true", help="replace an existing file")
    parser.set_defaults(run=_convert)


def _convert(options: argparse.Namespace) -> int:
    from mriembed.conversion.convert import convert

    converted = convert(options.source, options.target, overwrite=options.force)
    for warning in converted.warnings:
        print(f"mriembed: warning: {options.source}: {warning}", file=sys.stderr)
    text = f"{options.target}: {converted.acquisitions} acquisitions, {converted.noise} noise lines"
    if converted.left_out:
        text += f"; {converted.left_out} measurements before the scan left out"
    print_line(text)
    return 0
