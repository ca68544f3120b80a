"""Model files whose parts were changed, with a seal that fits: what somebody who can write seals could make."""

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from mriembed.seal import seal

DESCRIPTION = "extra/mriembed.json"


def record_of(path: Path, ending: str) -> bytes:
    """The one record of the archive whose name ends so."""
    with zipfile.ZipFile(path) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(ending))
        return archive.read(name)


def description_inside(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(record_of(path, DESCRIPTION))
    return content


def unsealed(path: Path, to: Path, changed: Mapping[str, bytes] | None = None, added: Mapping[str, bytes] = {}) -> Path:
    """A copy without a seal. `changed` gives records by the end of their names, `added` by their whole names."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(to, "w", zipfile.ZIP_STORED) as new:
        folder = old.namelist()[0].split("/")[0]
        for name in old.namelist():
            replacement = next((data for ending, data in (changed or {}).items() if name.endswith(ending)), None)
            new.writestr(name, old.read(name) if replacement is None else replacement)
        for name, data in added.items():
            new.writestr(f"{folder}/{name}", data, zipfile.ZIP_DEFLATED)
    return to


def resealed(path: Path, to: Path, changed: Mapping[str, bytes] | None = None, added: Mapping[str, bytes] = {}) -> Path:
    """The same with a new seal."""
    to.write_bytes(seal(unsealed(path, to, changed, added).read_bytes()))
    return to


def with_description(path: Path, to: Path, content: object) -> Path:
    """A sealed copy of the model file that describes itself as `content`."""
    return resealed(path, to, {DESCRIPTION: json.dumps(content).encode()})


def around(network: nn.Module, model_file: Path, to: Path) -> Path:
    """A sealed file of any network, with the description that `model_file` carries."""
    archive = io.BytesIO()
    text = record_of(model_file, DESCRIPTION).decode()
    torch.jit.save(torch.jit.script(network.eval()), archive, _extra_files={"mriembed.json": text})
    to.write_bytes(seal(archive.getvalue()))
    return to
