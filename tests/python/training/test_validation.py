from pathlib import Path

import numpy as np
import torch

from mriembed import DEFAULT_WEIGHTS
from mriembed.scans import ScanSlice
from mriembed.simulation import simulate_images, simulate_kspace
from mriembed.training.recipe import Recipe
from mriembed.training.validation import validation_recall


def recall(kspace: list[np.ndarray]) -> float:
    slices = [ScanSlice(one, Path(f"{number}.npy"), 0) for number, one in enumerate(kspace)]
    return validation_recall(DEFAULT_WEIGHTS, Recipe(), slices)


def test_different_slices_are_found_again_and_of_equal_ones_the_first_alone() -> None:
    generator = torch.Generator().manual_seed(0)
    kspace = simulate_kspace(simulate_images(3, 1, 64, generator), 8, generator).numpy()
    assert recall([kspace[0], kspace[1], kspace[2]]) == 1.0
    assert recall([kspace[0], kspace[0]]) == 0.5
    assert recall([kspace[1], kspace[0], kspace[0], kspace[0]]) == 0.5
