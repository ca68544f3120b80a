from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mriembed import InvalidArgumentError
from mriembed.cli import main
from mriembed.simulation.preview import write_preview


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def test_the_picture_shows_five_rows_of_slices_and_follows_the_seed(tmp_path: Path) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        write_preview(tmp_path / f"{name}.png", seed=seed, columns=4, size=64)
    first, again, other = (pixels(tmp_path / f"{name}.png") for name in "abc")
    assert first.shape == (5 * 64, 4 * 64)
    assert (first == again).all()
    assert (first != other).any()
    assert first.reshape(5, 64, 4, 64).std(axis=(1, 3)).min() > 5  # nothing is blank


def test_the_command_writes_it_and_refuses_a_folder_that_is_not_there(tmp_path: Path) -> None:
    assert main(["simulate", "--preview", str(tmp_path / "p.png"), "--slices", "2"]) == 0
    assert pixels(tmp_path / "p.png").shape == (640, 256)
    with pytest.raises(InvalidArgumentError, match="does not exist"):
        write_preview(tmp_path / "absent" / "p.png")
    assert main(["simulate", "--preview", str(tmp_path / "absent" / "p.png")]) == 2
