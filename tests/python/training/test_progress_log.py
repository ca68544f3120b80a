from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from mriembed.training.progress_log import ProgressLog
from mriembed.training.trainer import Progress


def progress(step: int, loss: float) -> Progress:
    return Progress(step, 300, loss, 1e-3, 80.0, 0.5)


def test_tensorboard_reads_the_curve_also_after_a_run_was_resumed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with ProgressLog(tmp_path) as log:
        for step in range(1, 6):
            log(progress(step, 5.0 - step))
    with ProgressLog(tmp_path) as log:  # resumed from a checkpoint of step 3
        for step in range(4, 7):
            log(progress(step, 10.0 - step))
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    curve = {event.step: event.value for event in events.Scalars("loss")}
    assert curve == {1: 4.0, 2: 3.0, 3: 2.0, 4: 6.0, 5: 5.0, 6: 4.0}
    assert capsys.readouterr().out == ""


def test_a_log_file_gets_a_line_now_and_then(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressLog(tmp_path) as log:
        for step in range(1, 201):
            log(progress(step, 2.0))
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        f"step {step} of 300: loss 2.000, 80 pairs/s, 50% of the time for drawing them" for step in (100, 200)
    ]
