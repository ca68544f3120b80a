"""The command `mriembed openrecon-label`."""

from __future__ import annotations

import argparse
import json

from mriembed.standard_output import print_line


def add_command(commands: argparse._SubParsersAction[argparse.ArgumentParser], purpose: str) -> None:
    """Adds `openrecon-label` to the command line."""
    parser = commands.add_parser(
        "openrecon-label",
        help=purpose,
        description='Prints KEY=BASE64 for `docker build --label "$(mriembed openrecon-label)"`.',
    )
    parser.add_argument("--json", action="store_true", help="print the JSON itself (ApplSpec.json of newer packages)")
    parser.set_defaults(run=_print_label)


def _print_label(options: argparse.Namespace) -> int:
    from mriembed.openrecon.label import docker_label, openrecon_label

    print_line(json.dumps(openrecon_label(), indent=2, ensure_ascii=False) if options.json else docker_label())
    return 0
