"""Raw scans as files, and what `mriembed_cli check` says of them."""

import json
import subprocess
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from mriembed.simulation.faults import RawSlices
from program import PROGRAM
from raw_scan import NOISE, Limits, RawScan, Readout, Space, write_raw_scan

SIZE, COILS = 96, 8


def check(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [str(PROGRAM), "check", *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)


def figures(*arguments: object) -> dict[str, Any]:
    (line,) = check("--json", *arguments).stdout.splitlines()
    found: dict[str, Any] = json.loads(line)
    return found


def raw_scan(raw: RawSlices, noise_sample_time: float) -> RawScan:
    parts = [] if raw.noise is None else np.split(raw.noise, 8, axis=1)
    lines = [Readout(part, 0, flags=NOISE, sample_time=noise_sample_time) for part in parts]
    for number, kspace in enumerate(raw.kspace):
        lines += [Readout(kspace[:, y], SIZE // 2, step_1=y, slice=number) for y in range(SIZE)]
    space = Space((SIZE, SIZE, 1), (SIZE, SIZE, 5))
    return RawScan(space, space, Limits(0, SIZE - 1, SIZE // 2), None, lines)


def written(path: Path, raw: RawSlices, names: list[str] | None = None, *, noise_sample_time: float = 5) -> Path:
    """`noise_sample_time`: in microseconds; that of the scan is 5."""
    write_raw_scan(path, raw_scan(raw, noise_sample_time))
    if names is not None:
        labels = "".join(
            f"<coilLabel><coilNumber>{number}</coilNumber><coilName>{name}</coilName></coilLabel>"
            for number, name in enumerate(names)
        )
        with h5py.File(path, "r+") as file:
            text = file["dataset/xml"][0].decode()
            system = f"<acquisitionSystemInformation>{labels}</acquisitionSystemInformation><experimentalConditions>"
            del file["dataset/xml"]
            file["dataset"].create_dataset(
                "xml",
                data=np.array([text.replace("<experimentalConditions>", system, 1).encode()], h5py.string_dtype()),
                maxshape=(None,),
            )
    return path
