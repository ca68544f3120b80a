"""The OpenRecon label: what a host reads of a container before it starts it."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any, Final

import mriembed

LABEL_KEY: Final = "com.siemens-healthineers.magneticresonance.openrecon.metadata:1.1.0"
"""Key of the image's label, for OpenRecon of VA60 and VA61."""

MIN_REQUIRED_MEMORY_MB: Final = 2048
"""Memory (MB) that the container may take; the only place of this figure.

The service holds what it was sent of slices that are not whole: of an interleaved scan of 32 coils, 256 lines of 512
samples, 704 MiB for 16 slices (`scripts/benchmarks/serve_latency.py`). This is enough for some 50 of those at once.
"""

_TEMPLATE = Path(__file__).with_name("label.json")


def openrecon_label() -> dict[str, Any]:
    """What label.schema.json describes: label.json with the version of this package and the memory figure."""
    label: dict[str, Any] = json.loads(_TEMPLATE.read_text(encoding="utf-8"))
    label["general"]["version"] = mriembed.__version__
    label["general"]["regulatory_information"]["production_identifier"] = mriembed.__version__
    label["reconstruction"]["min_required_memory"] = MIN_REQUIRED_MEMORY_MB
    return label


def docker_label() -> str:
    """`KEY=VALUE` for `docker build --label`; VALUE is the base64 of the label's JSON, in UTF-8."""
    text = json.dumps(openrecon_label(), ensure_ascii=False)
    return f"{LABEL_KEY}={base64.b64encode(text.encode()).decode('ascii')}"
