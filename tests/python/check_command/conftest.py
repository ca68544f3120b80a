import numpy as np
import pytest
import torch

from checked_files import COILS, SIZE
from mriembed.simulation import simulate_images, simulate_kspace
from mriembed.simulation.faults import RawSlices


@pytest.fixture(scope="session")
def clean() -> RawSlices:
    """Two slices with white noise, a tenth of the signal in every coil, and its measurement."""
    generator = torch.Generator().manual_seed(3)
    kspace = simulate_kspace(simulate_images(2, 1, SIZE, generator), COILS, generator).numpy()
    random = np.random.default_rng(3)
    sd = 0.1 * np.sqrt(np.mean(np.abs(kspace) ** 2) / 2)

    def noise(*shape: int) -> np.ndarray:
        return np.asarray(sd * (random.standard_normal(shape) + 1j * random.standard_normal(shape)), np.complex64)

    return RawSlices(kspace + noise(*kspace.shape), noise(COILS, 4096))
