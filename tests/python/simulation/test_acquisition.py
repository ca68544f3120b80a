from dataclasses import replace

import numpy as np
import pytest
import torch

from mriembed.simulation.acquisition import (
    LEVELS,
    Disturbance,
    background_phase,
    image_to_kspace,
    kspace_to_image,
    scan_again,
)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def disc(batch: int, coils: int, size: int) -> torch.Tensor:
    """k-space of a disc off the centre, the same in every coil."""
    position = torch.arange(size) - size // 2
    image = ((position[:, None] - 5) ** 2 + (position[None, :] + 3) ** 2 < (size / 5) ** 2).to(torch.complex64)
    return image_to_kspace(image.expand(batch, coils, size, size).contiguous())


def root_sum_of_squares(kspace: torch.Tensor) -> torch.Tensor:
    return kspace_to_image(kspace).abs().square().sum(1).sqrt()


@pytest.mark.parametrize("shape", [(2, 3, 8, 8), (1, 2, 7, 10)])
def test_transforms_are_centred_orthonormal_and_inverse(shape: tuple[int, ...]) -> None:
    image = torch.randn(*shape, dtype=torch.complex64, generator=seeded())
    kspace = image_to_kspace(image)
    reference = np.fft.fftshift(
        np.fft.fft2(np.fft.ifftshift(image.numpy(), axes=(-2, -1)), norm="ortho"), axes=(-2, -1)
    )
    np.testing.assert_allclose(kspace.numpy(), reference, rtol=0, atol=1e-5)
    torch.testing.assert_close(kspace.abs().square().sum(), image.abs().square().sum())  # Parseval
    torch.testing.assert_close(kspace_to_image(kspace), image)


def test_without_disturbance_only_order_and_phases_of_the_coils_change() -> None:
    kspace = image_to_kspace(torch.randn(2, 5, 16, 16, dtype=torch.complex64, generator=seeded()))
    again = scan_again(kspace, Disturbance(), seeded(1))
    torch.testing.assert_close(root_sum_of_squares(again), root_sum_of_squares(kspace))
    before, after = (torch.sort(k.abs().square().sum((2, 3)), dim=1).values for k in (kspace, again))
    torch.testing.assert_close(before, after)
    assert not torch.allclose(again, kspace)


def test_noise_has_the_deviation_that_was_asked_for() -> None:
    kspace = disc(400, 1, 32)
    noise = kspace_to_image(scan_again(kspace, Disturbance(noise=0.2), seeded()))[:, 0, :4, :4]  # outside of the disc
    deviation = noise.abs().square().mean((1, 2)).sqrt()
    assert float(deviation.max()) == pytest.approx(0.2, rel=0.5)
    # Each slice draws its level from 0 to 0.2 of the disc's magnitude, 1: the mean power is 0.2^2 / 3.
    assert float(noise.abs().square().mean()) == pytest.approx(0.2**2 / 3, rel=0.15)
    assert abs(complex(noise.mean())) < 0.01


def test_undersampling_leaves_out_whole_lines_but_never_the_centre() -> None:
    kspace = torch.ones(200, 2, 64, 8, dtype=torch.complex64)
    measured = scan_again(kspace, Disturbance(undersampling=2.0), seeded()).abs().sum((1, 3)) > 1e-3
    shares = measured.float().mean(1)
    assert 0.5 <= float(shares.min()) < 0.6
    assert float(shares.max()) > 0.95
    assert bool(measured[:, 30:35].all())


def test_partial_fourier_leaves_out_one_end() -> None:
    kspace = torch.ones(200, 1, 64, 8, dtype=torch.complex64)
    measured = scan_again(kspace, Disturbance(partial_fourier=0.7), seeded()).abs().sum((1, 3)) > 1e-3
    assert bool(measured[:, :44].all())
    assert float(measured.float().mean(1).min()) == pytest.approx(0.7, abs=0.03)


def test_shift_moves_the_image_by_its_share_of_the_field_of_view() -> None:
    kspace = disc(300, 1, 64)
    position = torch.arange(64.0) - 32

    def centre(rows: torch.Tensor) -> torch.Tensor:
        return (rows.sum(2) * position).sum(1) / rows.sum((1, 2))

    moved = centre(root_sum_of_squares(scan_again(kspace, Disturbance(shift=0.1), seeded())))
    distance = moved - centre(root_sum_of_squares(kspace))
    assert float(distance.abs().max()) == pytest.approx(6.4, abs=0.2)
    assert float(distance.std()) == pytest.approx(6.4 / 3**0.5, rel=0.1)


def test_rotation_keeps_the_distance_from_the_centre() -> None:
    kspace = disc(50, 1, 64)
    position = torch.arange(64.0) - 31.5

    def centre(rows: torch.Tensor) -> torch.Tensor:
        total = rows.sum((1, 2))
        return torch.stack([(rows.sum(2) * position).sum(1), (rows.sum(1) * position).sum(1)], 1) / total[:, None]

    before = centre(root_sum_of_squares(kspace))
    after = centre(root_sum_of_squares(scan_again(kspace, Disturbance(rotation=40.0), seeded())))
    torch.testing.assert_close(after.norm(dim=1), before.norm(dim=1), rtol=0, atol=0.15)
    angles = torch.rad2deg(torch.atan2(after[:, 0], after[:, 1]) - torch.atan2(before[:, 0], before[:, 1]))
    assert 30 < float(angles.abs().max()) < 41


def test_coils_are_dropped_down_to_the_share_that_is_kept() -> None:
    kspace = torch.randn(1, 16, 8, 8, dtype=torch.complex64, generator=seeded())
    counts = {scan_again(kspace, Disturbance(fewest_coils=0.25), seeded(seed)).size(1) for seed in range(200)}
    assert counts == set(range(4, 17))


def test_gains_stay_within_their_factor() -> None:
    kspace = torch.ones(50, 4, 8, 8, dtype=torch.complex64)
    gain = scan_again(kspace, Disturbance(gain=2.0), seeded()).abs()[:, :, 4, 4]
    assert 0.5 <= float(gain.min()) < 0.6
    assert 1.8 < float(gain.max()) <= 2.0


@pytest.mark.parametrize("level", LEVELS)
def test_the_seed_decides(level: str) -> None:
    kspace = disc(2, 4, 32)
    assert torch.equal(scan_again(kspace, LEVELS[level], seeded(5)), scan_again(kspace, LEVELS[level], seeded(5)))


def test_levels_grow_harder() -> None:
    easy, middle, hard = (LEVELS[name] for name in ("easy", "middle", "hard"))
    for weaker, stronger in ((easy, middle), (middle, hard)):
        assert stronger.noise > weaker.noise
        assert stronger.undersampling > weaker.undersampling
        assert stronger.shift > weaker.shift
        assert stronger.rotation > weaker.rotation
        assert stronger.fewest_coils < weaker.fewest_coils
    assert replace(hard, noise=0.0).noise == 0.0


def test_background_phase_is_smooth_and_of_unit_magnitude() -> None:
    phase = background_phase(4, 64, seeded())
    torch.testing.assert_close(phase.abs(), torch.ones(4, 1, 64, 64))
    assert float((phase[..., 1:] - phase[..., :-1]).abs().max()) < 0.5
