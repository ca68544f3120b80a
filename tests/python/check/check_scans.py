"""Raw scans of a simulated slice with and without faults, as MRD files with named coils."""

from __future__ import annotations

from pathlib import Path

import h5py
import numpy as np
import torch

from mriembed.simulation import simulate_images, simulate_kspace
from mriembed.simulation.faults import RawSlices
from raw_scan import NOISE, Limits, RawScan, Readout, Space, write_raw_scan

SIZE, COILS = 64, 6


def faultless(slices: int = 2, *, coils: int = COILS, size: int = SIZE) -> RawSlices:
    """White noise, a tenth of the signal in every coil, and its measurement."""
    generator = torch.Generator().manual_seed(3)
    kspace = simulate_kspace(simulate_images(slices, 1, size, generator), coils, generator).numpy()
    random = np.random.default_rng(3)
    sd = 0.1 * np.sqrt(np.mean(np.abs(kspace) ** 2) / 2)

    def noise(*shape: int) -> np.ndarray:
        return np.asarray(sd * (random.standard_normal(shape) + 1j * random.standard_normal(shape)), np.complex64)

    return RawSlices(kspace + noise(*kspace.shape), noise(coils, 4096))


def write_scan(path: Path, raw: RawSlices, names: list[str] | None = None, *, group: str = "dataset") -> Path:
    """`names`: of coils, as the XML header writes them."""
    height, width = raw.kspace.shape[2:]
    lines = [] if raw.noise is None else [Readout(part, 0, flags=NOISE) for part in np.split(raw.noise, 8, axis=1)]
    for number, kspace in enumerate(raw.kspace):
        lines += [Readout(kspace[:, y], width // 2, step_1=y, slice=number) for y in range(height)]
    space = Space((width, height, 1), (width, height, 5))
    write_raw_scan(path, RawScan(space, space, Limits(0, height - 1, height // 2), None, lines))
    with h5py.File(path, "r+") as file:
        if names is not None:
            labels = "".join(
                f"<coilLabel><coilNumber>{number}</coilNumber><coilName>{name}</coilName></coilLabel>"
                for number, name in enumerate(names)
            )
            text = file["dataset/xml"][0].decode()
            system = f"<acquisitionSystemInformation>{labels}</acquisitionSystemInformation><experimentalConditions>"
            text = text.replace("<experimentalConditions>", system, 1)
            del file["dataset/xml"]
            file["dataset"].create_dataset("xml", data=np.array([text.encode()], h5py.string_dtype()), maxshape=(None,))
        if group != "dataset":
            file.move("dataset", group)
    return path


def join_measurements(path: Path, first: Path, second: Path) -> Path:
    """One file with the measurements of two."""
    with h5py.File(path, "w") as file, h5py.File(first) as one, h5py.File(second) as two:
        one.copy("dataset", file, "scan_1")
        two.copy("dataset", file, "scan_2")
    return path
