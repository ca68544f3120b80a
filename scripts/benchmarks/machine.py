"""What a result must say of where it was measured."""

from __future__ import annotations

import datetime
import importlib.metadata
import importlib.util
import os
import platform
import re
from collections.abc import Iterable
from pathlib import Path

import torch

from mriembed.evaluation.evaluation import processor_name


def today() -> str:
    """The date, in UTC."""
    return datetime.datetime.now(datetime.timezone.utc).date().isoformat()


def processor() -> str:
    """The number of logical cores, the processor's name and its widest instructions."""
    plain = re.sub(r"\((R|TM)\)", "", processor_name())
    return f"{os.cpu_count()} x {' '.join(plain.split())}, {instructions()}"


def instructions() -> str:
    """The widest vector or matrix instructions that torch sees, which say more than some names do."""
    capabilities = torch.backends.cpu.get_cpu_capability()
    flags = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    return capabilities + (" with AMX" if "amx_bf16" in flags else "")


def missing(package: str) -> str:
    """Why a package cannot be used, or nothing where it is installed."""
    if importlib.util.find_spec(package) is not None:
        return ""
    return f"{package} is not installed; pip install '.[benchmark]' brings it"


def versions(packages: Iterable[str]) -> dict[str, str]:
    """The version of each package, "not installed" where it is missing."""
    found = {"python": platform.python_version()}
    for package in packages:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "not installed"
    found["torch"] = str(torch.__version__)
    return found
