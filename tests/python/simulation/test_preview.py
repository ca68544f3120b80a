from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mriembed import InvalidArgumentError
from mriembed.cli import main
from mriembed.simulation import preview
from mriembed.simulation.preview import write_preview
from mriembed.simulation.volumes import Volume, random_volume


def pixels(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image)


def test_the_picture_shows_five_rows_of_slices_and_a_volume_and_follows_the_seed(tmp_path: Path) -> None:
    for name, seed in (("a", 3), ("b", 3), ("c", 4)):
        write_preview(tmp_path / f"{name}.png", seed=seed, columns=4, size=64)
    first, again, other = (pixels(tmp_path / f"{name}.png") for name in "abc")
    assert first.shape == (6 * 64, 4 * 64)
    assert (first == again).all()
    assert (first != other).any()
    assert first.reshape(6, 64, 4, 64).std(axis=(1, 3)).min() > 5  # nothing is blank


@pytest.mark.parametrize(("columns", "spacing"), [(1, 8), (8, 8), (15, 8), (32, 3.75)])
def test_slices_of_the_volume_lie_eight_millimetres_apart_or_as_its_length_allows(
    columns: int, spacing: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def recording(positions: torch.Tensor, size: int, generator: torch.Generator) -> Volume:
        asked.append(positions)
        return random_volume(positions, size, generator)

    monkeypatch.setattr(preview, "random_volume", recording)
    write_preview(tmp_path / "p.png", columns=columns, size=16)
    (positions,) = asked
    assert positions.tolist() == [spacing * index for index in range(columns)]
    assert positions[-1] <= 120


def test_neighbours_in_the_volume_are_more_alike_than_its_ends(tmp_path: Path) -> None:
    for seed in range(6):
        write_preview(tmp_path / "p.png", seed=seed, columns=8, size=32, overwrite=True)
        row = pixels(tmp_path / "p.png").reshape(6, 32, 8, 32)[5].transpose(1, 0, 2)
        correlation = np.corrcoef(row[:, 16:].reshape(8, -1))  # below the label
        assert np.diagonal(correlation, 1).mean() > correlation[0, -1] + 0.02


def test_the_command_writes_it_and_refuses_a_folder_that_is_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = tmp_path / "p.png"
    assert main(["simulate", "--preview", str(picture), "--slices", "2"]) == 0
    assert capsys.readouterr().out == f"{picture}: 2 simulated slices, and as many of a volume\n"
    assert pixels(picture).shape == (768, 256)
    with pytest.raises(InvalidArgumentError, match="does not exist"):
        write_preview(tmp_path / "absent" / "p.png")


def test_an_existing_picture_is_replaced_only_with_force(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    picture = tmp_path / "p.png"
    picture.write_text("precious")
    command = ["simulate", "--preview", str(picture), "--slices", "1"]
    assert main(command) == 2
    assert f"{picture}: the file exists; --force " in capsys.readouterr().err
    assert picture.read_text() == "precious"
    assert main([*command, "--force"]) == 0
    assert pixels(picture).shape == (768, 128)
