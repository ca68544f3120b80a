"""Where this environment's mriembed_cli is: beside its Python, whatever PATH says."""

import sysconfig
from pathlib import Path

PROGRAM = Path(sysconfig.get_path("scripts")) / "mriembed_cli"
