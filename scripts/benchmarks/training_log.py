"""How long a training run took, and where its time went, from its TensorBoard log: `training_log.py FOLDER [OTHER]`.

With another run of the same recipe it also tells how far the two are apart.
"""

import json
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def curve(folder: Path, name: str) -> np.ndarray:
    """What the run logged under this name, a value a step."""
    events = EventAccumulator(str(folder), size_guidance={"scalars": 0})
    events.Reload()
    return np.array([event.value for event in events.Scalars(name)])


def describe(folder: Path) -> None:
    """Prints the run's loss and speed."""
    rate, loss = curve(folder, "pairs per second"), curve(folder, "loss")
    drawing = curve(folder, "share of time that draws pairs")
    run = json.loads((folder / "run.json").read_text())
    minutes = run["recipe"]["bodies"] * run["recipe"]["slices"] / rate / 60
    stopped = minutes > 10 * np.median(minutes)
    print(f"{len(loss)} steps in {run['seconds'] / 60:.0f} minutes; loss of the last hundred: {loss[-100:].mean():.3f}")
    if stopped.any():
        usual = f"{minutes[~stopped].sum():.0f} minutes"
        print(f"{stopped.sum()} of them took over ten times the median; the others took {usual}")
    print(f"pairs per second: median {np.median(rate):.0f}, the fastest tenth above {np.quantile(rate, 0.9):.0f}")
    print(f"share of the time that draws and prepares pairs: median {np.median(drawing):.0%}")


def compare(folder: Path, other: Path) -> None:
    """Prints the largest differences of two runs' losses and weights."""
    losses = [curve(run, "loss") for run in (folder, other)]
    weights = [load_file(run / "weights.safetensors") for run in (folder, other)]
    print(f"losses differ by at most {np.abs(losses[0] / losses[1] - 1).max():.1e} of their value")
    apart = max(np.abs(tensor - weights[1][name]).max() for name, tensor in weights[0].items())
    print(f"weights differ by at most {apart:.1e}")


if __name__ == "__main__":
    folders = [Path(argument) for argument in sys.argv[1:]]
    describe(folders[0])
    if len(folders) > 1:
        compare(*folders[:2])
