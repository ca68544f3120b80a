"""Recall of a trained network on the scans that were kept from its training."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from mriembed.checkpoint import load_weights
from mriembed.evaluation.metrics import recall_at_1
from mriembed.model import MRIEmbeddingModel
from mriembed.preprocessing import CoilPreprocessor
from mriembed.scans import ScanSlice
from mriembed.simulation.acquisition import reacquire
from mriembed.simulation.perturbation import SAME_SESSION
from mriembed.training.recipe import Recipe

_REPEATS = 10


def validation_recall(weights: Path, recipe: Recipe, slices: Sequence[ScanSlice]) -> float:
    """Recall at 1 of `slices`, each scanned again ten times at the medium level, among all of them."""
    model = MRIEmbeddingModel(embed_dim=recipe.embed_dim, antialiased_stage=recipe.antialiased_stage)
    load_weights(model, weights)
    preprocessor = CoilPreprocessor(recipe.num_coils, "pca", recipe.model_matrix)
    generator = torch.Generator().manual_seed(recipe.seed)
    gallery, queries = [], []
    for scan in slices:
        kspace = torch.from_numpy(scan.kspace)[None]
        gallery.append(model.embed(preprocessor.preprocess_kspace(kspace)[0]))
        for _ in range(_REPEATS):
            again = reacquire(kspace, SAME_SESSION["medium"], generator)
            queries.append(model.embed(preprocessor.preprocess_kspace(again)[0]))
    similarity = (torch.cat(queries) @ torch.cat(gallery).T).numpy()
    relevant = np.repeat(np.eye(len(slices), dtype=bool), _REPEATS, axis=0)
    return recall_at_1(similarity, relevant)
