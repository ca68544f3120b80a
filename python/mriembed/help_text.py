"""How `--help` shows the default of an option."""

from __future__ import annotations

import argparse


class DefaultsFormatter(argparse.ArgumentDefaultsHelpFormatter):
    """Adds defaults that are values; of switches and of options that have none, the help text says all."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        has_value = not (action.default is None or isinstance(action.default, bool) or action.default == [])
        return super()._get_help_string(action) if has_value else action.help
