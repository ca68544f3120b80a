import numpy as np
import torch

from mriembed.evaluation.methods import Thumbnail
from mriembed.evaluation.single_change_trials import body_with_changes, single_change_trials


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def images(kspace: torch.Tensor) -> np.ndarray:
    axes = (-2, -1)
    unshifted = np.fft.ifft2(np.fft.ifftshift(kspace.numpy(), axes), axes=axes, norm="ortho")
    return np.fft.fftshift(unshifted, axes)


def test_every_change_is_tried_at_every_level_among_all_slices() -> None:
    done: list[int] = []
    scores = single_change_trials([Thumbnail()], 10, 0, done.append)
    assert [score.trial for score in scores] == [
        f"simulated, {change} alone, {level}"
        for change in ("tilt", "transmit field", "ghost")
        for level in ("easy", "medium", "hard")
    ]
    assert all(score.queries == score.gallery == 10 for score in scores)
    assert done == [4, 4, 2]
    alignment = [score.alignment or 0 for score in scores]
    for easy, medium, hard in (alignment[0:3], alignment[3:6], alignment[6:9]):
        assert 0 < easy < medium < hard
    assert scores == single_change_trials([Thumbnail()], 10, 0, done.append)
    assert scores != single_change_trials([Thumbnail()], 10, 1, done.append)


def test_changes_of_no_strength_change_nothing() -> None:
    none = {"none": 0.0}
    kspace, changed = body_with_changes(seeded(), none, none, none)
    assert list(changed) == ["tilt alone, none", "transmit field alone, none", "ghost alone, none"]
    for again in changed.values():
        assert again.shape == kspace.shape
        error = torch.linalg.vector_norm(again - kspace) / torch.linalg.vector_norm(kspace)
        assert float(error) < 1e-4


def test_a_changed_slice_keeps_its_array_and_its_phase() -> None:
    """Ratios of coils are those of sensitivities and receivers, whatever the body's signal is."""
    kspace, changed = body_with_changes(seeded(3))
    before = images(kspace)
    bright = np.square(np.abs(before)).sum(1) > 0.5 * np.square(np.abs(before)).sum(1).mean((1, 2), keepdims=True)
    for name in ("tilt alone, easy", "transmit field alone, hard"):
        after = images(changed[name])
        alike = np.abs((before * after.conj()).sum(1)) / np.linalg.norm(before, axis=1) / np.linalg.norm(after, axis=1)
        assert float(np.median(alike[bright])) > 0.995
        turned = np.abs(np.angle((before * after.conj()).sum(1)))  # the signal is real: by 0 or by half a turn
        assert float(np.median(np.minimum(turned, np.pi - turned)[bright])) < 0.05


def test_a_ghost_lies_half_of_the_field_of_view_away_and_has_the_strength_of_its_level() -> None:
    kspace, changed = body_with_changes(seeded(), ghosts={"easy": 0.02, "hard": 0.1})
    for level, strength in (("easy", 0.02), ("hard", 0.1)):
        before, after = images(kspace), images(changed[f"ghost alone, {level}"])
        shifted = np.roll(before, before.shape[2] // 2, axis=2)
        for index in range(len(before)):
            pair = np.stack([before[index].ravel(), shifted[index].ravel()], 1)
            parts, *_ = np.linalg.lstsq(pair, after[index].ravel(), rcond=None)
            np.testing.assert_allclose(np.abs(parts[1] / parts[0]), strength, rtol=1e-3)
            np.testing.assert_allclose(pair @ parts, after[index].ravel(), rtol=0, atol=1e-4 * np.abs(before).max())
