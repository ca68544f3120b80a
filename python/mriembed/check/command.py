"""The command `mriembed check`."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from mriembed.errors import InvalidArgumentError
from mriembed.output_file import HTML_ENDINGS, check_output_file
from mriembed.standard_output import print_line

_DESCRIPTION = """\
Measures coils and signal in k-space with `mriembed_cli check` and writes the findings, all figures, and images, k-space
and noise spectra of coils as one HTML file. The page holds file names and coil names, and no other text of the scans.
Without --html, mriembed_cli prints the findings: `mriembed check --help`."""
_EXIT_CODES = "Exit code 10 if there is a finding, 4 if a file cannot be read; the others are still checked."


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser], purpose: str) -> None:
    """Adds `check --html` to the command line; `check` alone is mriembed_cli's."""
    parser = commands.add_parser("check", help=purpose, description=_DESCRIPTION, epilog=_EXIT_CODES)
    parser.add_argument("scans", nargs="+", metavar="SCAN", help="scan files of k-space; - for standard input")
    parser.add_argument("--html", required=True, type=Path, metavar="FILE", help="page to write (.html), one file")
    parser.add_argument("--noise", metavar="FILE", help="noise measurement: MRD, or NumPy array (coils, samples)")
    parser.add_argument(
        "--group", metavar="NAME", help="name of the measurement to read, in raw MRD files with several"
    )
    parser.add_argument(
        "--allow-undersampled", action="store_true", help="also check scans with missing lines and no ACS lines"
    )
    parser.add_argument("--limits", metavar="FILE", help="JSON file with limits of findings")
    parser.add_argument(
        "--reference",
        metavar="FILE",
        help="output of `check --json` for an earlier, faultless scan with the same coils",
    )
    parser.set_defaults(run=_check)


def _check(options: argparse.Namespace) -> int:
    from mriembed.check.program import captured

    _need_page_packages()
    if "-" in options.scans:
        raise InvalidArgumentError("-: --html reads each scan twice; name a file instead of standard input")
    inputs = [*options.scans, options.noise, options.limits, options.reference]
    check_output_file(options.html, inputs=[Path(file) for file in inputs if file is not None], endings=HTML_ENDINGS)
    output = captured(_arguments(options, "--json"))
    for message in output.messages:
        print(f"mriembed: {message}", file=sys.stderr)
    if output.lines:
        _write_page(options, output.lines, output.messages)
    return output.exit_code


def _arguments(options: argparse.Namespace, *more: str) -> list[str]:
    """The arguments of `mriembed_cli`."""
    arguments = ["check", *more]
    for name in ("noise", "group", "limits", "reference"):
        value = getattr(options, name)
        arguments += [] if value is None else [f"--{name}={value}"]
    arguments += ["--allow-undersampled"] if options.allow_undersampled else []
    return [*arguments, "--", *options.scans]


def _write_page(options: argparse.Namespace, lines: list[str], messages: list[str]) -> None:
    from mriembed.atomic_file import write_atomically
    from mriembed.check.measurement import measurement_of
    from mriembed.check.page import ScanFiles, html_page

    measurements = [measurement_of(line) for line in lines]
    # Names that are not UTF-8 are changed in JSON.
    paths = {os.fsencode(name).decode("utf-8", "replace"): Path(name) for name in options.scans}
    noise = None if options.noise is None else Path(options.noise)
    files = ScanFiles(paths, options.group or "", noise, options.allow_undersampled)
    errors = [message.removeprefix("error: ") for message in messages if message.startswith("error: ")]
    write_atomically(options.html, html_page(measurements, files, errors).encode("utf-8", "replace"))
    found = sum(len(measurement.findings) for measurement in measurements)
    print_line(
        f"{options.html}: {found or 'no'} finding{'' if found == 1 else 's'} in {len(measurements)} measurement(s)"
    )


def _need_page_packages() -> None:
    try:
        import jinja2  # noqa: F401
        import PIL  # noqa: F401
    except ImportError as error:
        raise InvalidArgumentError(
            f'--html: the page needs more packages: pip install "mriembed[report]" ({error.name} is missing)'
        ) from None
