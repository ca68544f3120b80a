"""How long a training run took, and where its time went, from its TensorBoard log: `training_log.py FOLDER`."""

import json
import sys
from pathlib import Path

import numpy as np
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def main(folder: str) -> None:
    events = EventAccumulator(folder, size_guidance={"scalars": 0})
    events.Reload()

    def curve(name: str) -> np.ndarray:
        return np.array([event.value for event in events.Scalars(name)])

    rate, drawing, loss = curve("pairs per second"), curve("share of time that draws pairs"), curve("loss")
    seconds = json.loads((Path(folder) / "run.json").read_text())["seconds"]
    print(f"{len(loss)} steps in {seconds / 60:.0f} minutes; loss of the last hundred: {loss[-100:].mean():.3f}")
    print(f"pairs per second: median {np.median(rate):.0f}, the fastest tenth above {np.quantile(rate, 0.9):.0f}")
    print(f"share of the time that draws and prepares pairs: median {np.median(drawing):.0%}")


if __name__ == "__main__":
    main(sys.argv[1])
