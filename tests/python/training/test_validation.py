from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from mriembed import MRIEmbeddingModel
from mriembed.scans import ScanSlice
from mriembed.simulation import simulate_images, simulate_kspace
from mriembed.training.recipe import Recipe
from mriembed.training.validation import validation_recall


def test_slices_that_are_the_same_are_found_as_often_as_chance_has_it(tmp_path: Path) -> None:
    generator = torch.Generator().manual_seed(0)
    kspace = simulate_kspace(simulate_images(2, 1, 32, generator), 6, generator).numpy()
    torch.manual_seed(0)
    weights = tmp_path / "weights.safetensors"
    save_file(MRIEmbeddingModel(embed_dim=16).materialize(8).state_dict(), weights)
    recipe = Recipe(num_coils=4, embed_dim=16, matrix=32)

    def recall(slices: list[np.ndarray]) -> float:
        return validation_recall(weights, recipe, [ScanSlice(k, Path(f"{i}.npy"), 0) for i, k in enumerate(slices)])

    assert recall([kspace[0], kspace[0]]) < 1.0
    assert recall([kspace[0]]) == 1.0
    assert 0.5 <= recall([kspace[0], kspace[1]]) <= 1.0
