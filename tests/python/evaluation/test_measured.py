from pathlib import Path

import numpy as np
import pytest
import torch

from mriembed import InvalidArgumentError
from mriembed.evaluation.measured import measured_trials, read_pairs, with_transmit_shading
from mriembed.evaluation.methods import Thumbnail
from mriembed.scans import ScanSlice
from mriembed.simulation import simulate_images, simulate_kspace


def scans(count: int, coils: int = 20) -> list[ScanSlice]:
    generator = torch.Generator().manual_seed(3)
    kspace = simulate_kspace(simulate_images(count, 1, 48, generator), coils, generator).numpy()
    return [ScanSlice(one, Path(f"day1/{number}.npy"), 0) for number, one in enumerate(kspace)]


def test_pairs_are_lines_of_two_names(tmp_path: Path) -> None:
    slices = [*scans(3), ScanSlice(scans(1)[0].kspace, Path("day2/scan.h5"), 4)]
    file = tmp_path / "pairs.txt"
    file.write_text("# first, second\n0.npy 1.npy\n\n2.npy, scan.h5:4  # a later day\n")
    assert read_pairs(file, slices) == [(0, 1), (2, 3)]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0.npy\n", "line 1: expected two names of slices, found 1"),
        ("0.npy 1.npy\n0.npy 7.npy\n", "line 2: no slice '7.npy' in the scans; there are 0.npy, 1.npy"),
    ],
)
def test_a_line_that_is_no_pair_is_refused(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "pairs.txt"
    file.write_text(text)
    with pytest.raises(InvalidArgumentError, match=message):
        read_pairs(file, scans(2))
    with pytest.raises(InvalidArgumentError, match=r"none\.txt: cannot be read"):
        read_pairs(tmp_path / "none.txt", scans(2))


def test_measured_slices_are_looked_for_at_every_level_and_by_few_coils() -> None:
    slices = scans(4)
    scores, _, gallery, queries = measured_trials([Thumbnail()], slices, [], 5, 0, lambda _: None)
    expected = [
        "measured, another session, easy",
        "measured, another session, medium",
        "measured, another session, hard",
        "measured, phase alone",
        *(f"measured, transmit field alone, {level}" for level in ("easy", "medium", "hard")),
        *(f"measured, ghost alone, {level}" for level in ("easy", "medium", "hard")),
        "measured, same session, easy",
        "measured, same session, medium",
        "measured, same session, hard",
        "measured, same session, any 4 coils",
    ]
    assert [score.trial for score in scores] == expected
    single = ("transmit field", "ghost")  # a fourth of the repeats, at least
    assert all(
        (score.queries, score.gallery) == (8 if any(change in score.trial for change in single) else 20, 4)
        for score in scores
    )
    assert len(gallery.labels) == 4
    assert queries.labels == [number for number in range(4) for _ in range(5)]
    few = [score.trial for score in measured_trials([Thumbnail()], scans(4, 8), [], 1, 0, lambda _: None)[0]]
    assert few == expected[:-1]  # 4 of 8 coils are not few
    phase_alone = next(score for score in scores if score.trial == "measured, phase alone")
    assert phase_alone.recall_at_1 == 1.0
    assert phase_alone.alignment == pytest.approx(0, abs=1e-6)  # a thumbnail does not know of phases


@pytest.mark.parametrize("shape", [(32, 32), (20, 32), (33, 24)])
def test_a_transmit_field_shades_all_coils_alike_and_smoothly_around_one(shape: tuple[int, int]) -> None:
    axes = (-2, -1)
    random = np.random.default_rng(0)
    y, x = np.meshgrid(*(np.linspace(-1, 1, count) for count in shape), indexing="ij")
    body = (y / 0.8) ** 2 + (x / 0.7) ** 2 < 1
    image = body * np.exp(2j * np.pi * random.random((1, 3, *shape)))
    kspace = np.fft.fftshift(np.fft.fft2(np.fft.ifftshift(image, axes), axes=axes, norm="ortho"), axes)
    samples = torch.from_numpy(kspace.astype(np.complex64))
    shaded = with_transmit_shading(samples, 0.25, torch.Generator().manual_seed(0)).numpy()
    found = np.fft.fftshift(np.fft.ifft2(np.fft.ifftshift(shaded, axes), axes=axes, norm="ortho"), axes)
    field = (found[0] / np.where(body, image[0], 1))[:, body]
    np.testing.assert_allclose(field.imag, 0, atol=1e-5)
    np.testing.assert_allclose(field[1:], field[:1].repeat(2, 0), atol=1e-5)
    assert field[0].real.mean() == pytest.approx(1, abs=1e-4)
    assert np.abs(field[0].real - 1).max() == pytest.approx(0.25, abs=1e-4)


def test_repeated_scans_find_each_other_and_count_as_found() -> None:
    slices = scans(3)
    random = np.random.default_rng(0)
    noise = random.standard_normal((*slices[0].kspace.shape, 2)).astype(np.float32).view(np.complex64)[..., 0]
    slices.append(ScanSlice(slices[0].kspace + 0.01 * noise, Path("day2/0.npy"), 1))
    slices.append(ScanSlice(slices[1].kspace + 0.01 * noise, Path("day2/1.npy"), 1))  # no pair, and nearer than any
    scores, repeated, _, _ = measured_trials([Thumbnail()], slices, [(0, 3), (1, 2)], 2, 0, lambda _: None)
    assert repeated[0].first == "0.npy"
    assert repeated[0].second == "0.npy:1"
    assert repeated[0].found == {Thumbnail.name: True}
    assert repeated[1].found == {Thumbnail.name: False}
    assert all(score.recall_at_1 >= score.recall_of_itself for score in scores)
