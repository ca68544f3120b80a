"""Raw MRD files read with h5py: an independent way from a file to k-space, for comparison with the C++ readers."""

from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import h5py
import numpy as np

_NAMESPACE = {"m": "http://www.ismrm.org/ISMRMRD"}
_NOISE_FLAG = 1 << 18


@dataclass(frozen=True)
class RawScan:
    """k-space (slices, coils, y, x) in the order of slice and repetition, and what embedding it needs."""

    kspace: np.ndarray
    readout_width: int | None
    noise_covariance: np.ndarray | None


def read_raw_scan(path: Path) -> RawScan:
    with h5py.File(path) as file:
        root = ElementTree.fromstring(file["dataset/xml"][0])
        lines = file["dataset/data"][:]
    sizes = {
        space: [int(root.find(f"m:encoding/m:{space}/m:matrixSize/m:{axis}", _NAMESPACE).text) for axis in "xy"]  # type: ignore[union-attr,arg-type]
        for space in ("encodedSpace", "reconSpace")
    }
    (nx, ny), (recon_x, _) = sizes["encodedSpace"], sizes["reconSpace"]
    noise: list[np.ndarray] = []
    images: dict[tuple[int, int], np.ndarray] = {}
    for line in lines:
        head = line["head"]
        coils, samples = int(head["active_channels"]), int(head["number_of_samples"])
        data = line["data"].view(np.complex64).reshape(coils, samples)
        if head["flags"] & _NOISE_FLAG:
            noise.append(data)
            continue
        key = (int(head["idx"]["slice"]), int(head["idx"]["repetition"]))
        image = images.setdefault(key, np.zeros((coils, ny, nx), np.complex64))
        image[:, head["idx"]["kspace_encode_step_1"]] = data
    covariance = None
    if noise:
        drawn = np.concatenate(noise, axis=1).astype(np.complex128)
        covariance = drawn @ drawn.conj().T / (drawn.shape[1] - 1)
    kspace = np.stack([images[key] for key in sorted(images)])
    return RawScan(kspace, recon_x if recon_x < nx else None, covariance)
