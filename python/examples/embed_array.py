"""Embeds the slices of a NumPy array and prints each slice's nearest other slice.

Usage: `python embed_array.py MODEL KSPACE`; KSPACE: .npy file, complex64, (slices, coils, y, x)
"""

import sys

import numpy as np

import mriembed


def main(model: str, file: str) -> int:
    """Prints a line for each slice; gives the exit code."""
    try:
        kspace = np.load(file).astype(np.complex64)
        embedder = mriembed.Embedder.load(model)  # once, for any number of arrays and threads
        embeddings = embedder.embed_kspace(kspace)  # (slices, 256), of unit length
    except mriembed.Error as error:
        print(f"embed_array: {error}", file=sys.stderr)
        return 1
    distances = 1 - embeddings @ embeddings.T
    np.fill_diagonal(distances, np.inf)  # a slice is not its own neighbour
    for number, row in enumerate(distances):
        print(f"slice {number}: nearest slice {row.argmin()}, distance {row.min():.4f}")
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: embed_array.py MODEL KSPACE")
    sys.exit(main(sys.argv[1], sys.argv[2]))
