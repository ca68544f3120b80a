"""Where this environment's programs are, beside its Python, whatever PATH says; and the help of their commands."""

import functools
import subprocess
import sysconfig
from pathlib import Path

PROGRAM = Path(sysconfig.get_path("scripts")) / "mriembed_cli"
MRIEMBED = PROGRAM.with_name("mriembed")


@functools.cache
def help_of(command: str) -> str:
    shown = subprocess.run([PROGRAM, command, "--help"], check=False, capture_output=True, text=True)
    # An unknown command prints the help of the program.
    assert f"Usage: mriembed_cli {command} " in shown.stdout, f"mriembed_cli has no command {command}"
    return shown.stdout
