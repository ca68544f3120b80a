"""Writes the model files that the C++ tests load.

pca.pt and none.pt (no coil compression) have 4 coils each, and pca_64.pt brings slices to 64 x 64; foreign.pt is a
TorchScript file that is no model file.
"""

import sys
import warnings
from pathlib import Path

import torch

import mriembed

folder = Path(sys.argv[1])
for compression in ("pca", "none"):
    mriembed.export_model(
        folder / f"{compression}.pt", num_coils=4, embed_dim=32, coil_compression=compression, overwrite=True
    )
mriembed.export_model(folder / "pca_64.pt", num_coils=4, embed_dim=32, matrix=64, overwrite=True)
with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    torch.jit.save(torch.jit.script(torch.nn.ReLU()), folder / "foreign.pt")
