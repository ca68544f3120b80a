"""What the preprocessor makes of NumPy arrays."""

import numpy as np
import torch

from mriembed import CoilPreprocessor


def prepared(
    preprocessor: CoilPreprocessor,
    kspace: np.ndarray,
    covariance: np.ndarray | None = None,
    readout_width: int | None = None,
) -> np.ndarray:
    """The network input."""
    psi = None if covariance is None else torch.from_numpy(covariance)
    result: np.ndarray = preprocessor(torch.from_numpy(kspace), psi, readout_width).numpy()
    return result


def images_of(kspace: np.ndarray, readout_width: int | None = None, covariance: np.ndarray | None = None) -> np.ndarray:
    """Coil images as the preprocessor makes them (steps 0 to 3)."""
    psi = None if covariance is None else torch.from_numpy(covariance)
    preprocessor = CoilPreprocessor(len(kspace), "none")
    return preprocessor._virtual_coils(torch.from_numpy(kspace[None]), psi, readout_width, None)[0][0].numpy()
