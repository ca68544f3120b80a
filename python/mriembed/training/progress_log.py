"""What a run tells while it goes on: a bar on the terminal (lines in a log file), and TensorBoard's log."""

from __future__ import annotations

import sys
from pathlib import Path
from types import TracebackType

from mriembed.errors import InvalidArgumentError
from mriembed.training.trainer import Progress

_STEPS_A_LINE = 100


class ProgressLog:
    """Shows each step; a context manager. Writes nothing before the first step."""

    def __init__(self, folder: Path) -> None:
        """Makes a log in `folder`.

        Raises:
            InvalidArgumentError: tensorboard or tqdm is not installed.
        """
        try:
            from torch.utils.tensorboard import SummaryWriter
            from tqdm import tqdm
        except ImportError as error:
            raise InvalidArgumentError(
                f'training needs more packages: pip install "mriembed[train]" ({error.name} is missing)'
            ) from None
        self._folder = folder
        self._make_writer = SummaryWriter
        self._make_bar = tqdm
        self._writer: SummaryWriter | None = None
        self._bar: tqdm[int] | None = None

    def __call__(self, progress: Progress) -> None:
        """Shows a step."""
        if self._writer is None or self._bar is None:
            # What was logged after the checkpoint that a run goes on from is overwritten.
            self._writer = self._make_writer(str(self._folder), purge_step=progress.step)
            steps = range(progress.steps)
            self._bar = self._make_bar(steps, initial=progress.step - 1, unit="step", disable=None)
        self._writer.add_scalar("loss", progress.loss, progress.step)
        self._writer.add_scalar("learning rate", progress.learning_rate, progress.step)
        self._writer.add_scalar("pairs per second", progress.pairs_per_second, progress.step)
        self._writer.add_scalar("share of time that draws pairs", progress.drawing_share, progress.step)
        self._bar.set_postfix(loss=f"{progress.loss:.3f}", refresh=False)
        self._bar.update()
        if self._bar.disable and progress.step % _STEPS_A_LINE == 0:
            print(
                f"step {progress.step} of {progress.steps}: loss {progress.loss:.3f}, "
                f"{progress.pairs_per_second:.0f} pairs/s, {progress.drawing_share:.0%} of the time for drawing them",
                file=sys.stderr,
                flush=True,
            )

    def __enter__(self) -> ProgressLog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()
        if self._writer is not None:
            self._writer.close()
