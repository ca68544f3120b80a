"""The folder of a training run: its recipe, the last checkpoint, and at its end the weights.

    run.json                             the recipe, and which step's files are the last whole ones
    step-NNNNNNNN.safetensors            the network's weights after that step
    step-NNNNNNNN.average.safetensors    the mean of the weights so far, and of how many steps it is
    step-NNNNNNNN.optimizer.safetensors
    weights.safetensors                  once the run is done, for `mriembed export --weights`
    events.out.tfevents...               TensorBoard's log

A checkpoint's files are written first and named in run.json last, each atomically: a run killed at any moment leaves
the checkpoint before, whole.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mriembed._build_info import SOURCE_REVISION, VERSION
from mriembed.atomic_file import TEMPORARY_FILES, write_atomically
from mriembed.errors import InvalidArgumentError, ModelFileError
from mriembed.output_file import check_folder_of
from mriembed.preprocessing import PREPROCESSING_VERSION
from mriembed.training.recipe import Recipe

_INDEX = "run.json"


@dataclass(frozen=True)
class Checkpoint:
    """All that a run needs to go on after `step` steps as if nothing had happened."""

    step: int
    weights: dict[str, Tensor]
    average: dict[str, Tensor]  # state of an AveragedModel
    optimizer: dict[str, Tensor]
    seconds: float  # of training so far


class RunFolder:
    """One training run on the disk. Only the leading process writes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def weights_file(self) -> Path:
        """Where the weights lie once the run is done."""
        return self.path / "weights.safetensors"

    def check_place(self) -> None:
        """Refuses a place where no run can be; changes nothing.

        Raises:
            InvalidArgumentError: something else is there, or the folder above does not exist or takes no folders.
            ModelFileError: run.json is damaged.
        """
        if not self.path.exists():
            check_folder_of(self.path)
        elif self._index() is None and (not self.path.is_dir() or any(self.path.iterdir())):
            raise InvalidArgumentError(f"{self.path}: exists and holds no training run; name a new folder")

    def open(self, recipe: Recipe) -> Checkpoint | None:
        """Makes the folder, or continues the run in it. Returns its last checkpoint, if there is one.

        Raises:
            InvalidArgumentError: the folder holds another recipe's run, or something else; see `check_place`.
            ModelFileError: the checkpoint is damaged.
            OSError: the folder cannot be made.
        """
        self.check_place()
        index = self._index()
        if index is None:
            self.path.mkdir(exist_ok=True)
            self._write_index(recipe, 0, 0.0)
            return None
        asked = json.loads(recipe.to_json())
        if index["recipe"] != asked:
            found = index["recipe"] if isinstance(index["recipe"], dict) else {}
            names = [name for name in asked | found if found.get(name) != asked.get(name)]
            others = ", ".join(f"{name} {found.get(name)}" for name in names)
            raise InvalidArgumentError(
                f"{self.path}: holds a run with other settings ({others}); give those of {self.path / _INDEX}, or a "
                "new folder"
            )
        if index["step"] == 0:
            return None
        return self._checkpoint(int(index["step"]), float(index["seconds"]))

    def last_step(self) -> int:
        """The step of the last whole checkpoint; 0: there is none.

        Raises:
            ModelFileError: run.json is damaged.
        """
        index = self._index()
        return 0 if index is None else int(index["step"])

    def save(self, recipe: Recipe, checkpoint: Checkpoint) -> None:
        """Writes a checkpoint and lets the one before go.

        Raises:
            OSError: it cannot be written; the one before stays.
        """
        from safetensors.torch import save

        files = self._files(checkpoint.step)
        metadata = _metadata(recipe, checkpoint.step, checkpoint.seconds)
        contents = (checkpoint.weights, checkpoint.average, checkpoint.optimizer)
        for file, content in zip(files, contents, strict=True):
            write_atomically(file, save(_contiguous(content), metadata))
        self._write_index(recipe, checkpoint.step, checkpoint.seconds)
        for file in [
            *self.path.glob("step-*.safetensors"),
            *self.path.glob(TEMPORARY_FILES),
        ]:  # the latter of killed runs
            if file not in files:
                file.unlink(missing_ok=True)

    def finish(
        self, recipe: Recipe, step: int, weights: dict[str, Tensor], seconds: float, steps_before: str = ""
    ) -> None:
        """Writes the weights of a run that is done; `steps_before` are those of the weights that it began from."""
        from safetensors.torch import save

        metadata = _metadata(recipe, step, seconds)
        metadata["steps"] = f"{steps_before} + {step}" if steps_before else str(step)
        write_atomically(self.weights_file, save(_contiguous(weights), metadata))

    def _files(self, step: int) -> tuple[Path, Path, Path]:
        """Of a checkpoint: its weights, their mean, the optimizer's state."""
        stem = f"step-{step:08}"
        return (
            self.path / f"{stem}.safetensors",
            self.path / f"{stem}.average.safetensors",
            self.path / f"{stem}.optimizer.safetensors",
        )

    def _write_index(self, recipe: Recipe, step: int, seconds: float) -> None:
        index = {"recipe": json.loads(recipe.to_json()), "step": step, "seconds": round(seconds, 1)}
        write_atomically(self.path / _INDEX, json.dumps(index, indent=1).encode())

    def _index(self) -> dict[str, Any] | None:
        path = self.path / _INDEX
        try:
            content: dict[str, Any] = json.loads(path.read_bytes())
            return {name: content[name] for name in ("recipe", "step", "seconds")}
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (KeyError, TypeError, ValueError):
            raise ModelFileError(f"{path}: damaged: it does not say which checkpoint is the last whole one") from None

    def _checkpoint(self, step: int, seconds: float) -> Checkpoint:
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        read = []
        for file in self._files(step):
            try:
                read.append(load_file(file))
            except (OSError, SafetensorError) as error:
                raise ModelFileError(f"{file}: this checkpoint cannot be read: {error}") from None
        return Checkpoint(step, read[0], read[1], read[2], seconds)


def _contiguous(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: value.detach().cpu().contiguous() for name, value in tensors.items()}


def _metadata(recipe: Recipe, step: int, seconds: float) -> dict[str, str]:
    return {
        "recipe": recipe.to_json(),
        "step": str(step),
        "seconds": f"{seconds:.0f}",
        "preprocessing_version": str(PREPROCESSING_VERSION),
        "mriembed": VERSION,
        "source_revision": SOURCE_REVISION,
        "torch": str(torch.__version__),
    }
