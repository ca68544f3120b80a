import pytest
import torch

from mriembed.fourier import image_to_kspace, kspace_to_image
from mriembed.simulation.acquisition import acquire, reacquire
from mriembed.simulation.coils import random_sensitivities
from mriembed.simulation.perturbation import SAME_SESSION, Perturbation


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def disc(batch: int, coils: int, size: int) -> torch.Tensor:
    """k-space of a disc off the centre, the same in every coil."""
    position = torch.arange(size) - size // 2
    image = ((position[:, None] - 5) ** 2 + (position[None, :] + 3) ** 2 < (size / 5) ** 2).to(torch.complex64)
    return image_to_kspace(image.expand(batch, coils, size, size).contiguous())


def root_sum_of_squares(kspace: torch.Tensor) -> torch.Tensor:
    return kspace_to_image(kspace).abs().square().sum(1).sqrt()


def test_without_disturbance_only_order_and_phases_of_the_coils_change() -> None:
    kspace = image_to_kspace(torch.randn(2, 5, 16, 16, dtype=torch.complex64, generator=seeded()))
    again = reacquire(kspace, Perturbation(), seeded(1))
    torch.testing.assert_close(root_sum_of_squares(again), root_sum_of_squares(kspace))
    before, after = (torch.sort(k.abs().square().sum((2, 3)), dim=1).values for k in (kspace, again))
    torch.testing.assert_close(before, after)
    assert not torch.allclose(again, kspace)


def test_noise_has_the_deviation_that_was_asked_for() -> None:
    kspace = disc(400, 1, 32)
    noise = kspace_to_image(reacquire(kspace, Perturbation(noise=0.2), seeded()))[:, 0, :4, :4]  # outside of the disc
    deviation = noise.abs().square().mean((1, 2)).sqrt()
    assert float(deviation.max()) == pytest.approx(0.2, rel=0.5)
    # Each slice draws its level from 0 to 0.2 of the disc's magnitude, 1: the mean power is 0.2^2 / 3.
    assert float(noise.abs().square().mean()) == pytest.approx(0.2**2 / 3, rel=0.15)
    assert abs(complex(noise.mean())) < 0.01


def test_undersampling_leaves_out_whole_lines_but_never_the_centre() -> None:
    kspace = torch.ones(200, 2, 64, 8, dtype=torch.complex64)
    measured = reacquire(kspace, Perturbation(undersampling=2.0), seeded()).abs().sum((1, 3)) > 1e-3
    shares = measured.float().mean(1)
    assert 0.5 <= float(shares.min()) < 0.6
    assert float(shares.max()) > 0.95
    assert bool(measured[:, 30:35].all())


def test_partial_fourier_leaves_out_one_end() -> None:
    kspace = torch.ones(200, 1, 64, 8, dtype=torch.complex64)
    measured = reacquire(kspace, Perturbation(partial_fourier=0.7), seeded()).abs().sum((1, 3)) > 1e-3
    assert bool(measured[:, :44].all())
    assert float(measured.float().mean(1).min()) == pytest.approx(0.7, abs=0.03)


def test_shift_moves_the_image_by_its_share_of_the_field_of_view() -> None:
    kspace = disc(300, 1, 64)
    position = torch.arange(64.0) - 32

    def centre(rows: torch.Tensor) -> torch.Tensor:
        return (rows.sum(2) * position).sum(1) / rows.sum((1, 2))

    moved = centre(root_sum_of_squares(reacquire(kspace, Perturbation(shift=0.1), seeded())))
    distance = moved - centre(root_sum_of_squares(kspace))
    assert float(distance.abs().max()) == pytest.approx(6.4, abs=0.2)
    assert float(distance.std()) == pytest.approx(6.4 / 3**0.5, rel=0.1)


@pytest.mark.parametrize(("height", "width"), [(32, 31), (31, 32)])
def test_a_vanishing_movement_changes_nothing(height: int, width: int) -> None:
    kspace = torch.randn(2, 1, height, width, dtype=torch.complex64, generator=seeded())
    still, moved = (reacquire(kspace, Perturbation(shift=shift), seeded(1)) for shift in (0.0, 1e-7))
    torch.testing.assert_close(root_sum_of_squares(moved), root_sum_of_squares(still), rtol=0, atol=1e-3)


def test_a_shift_blurs_nothing() -> None:
    """By the shift theorem it leaves the magnitude of k-space as it is, up to the highest frequency."""
    image = torch.zeros(50, 1, 64, 64, dtype=torch.complex64)
    image[..., 16:48, 16:48] = torch.randn(50, 1, 32, 32, dtype=torch.complex64, generator=seeded())
    before = image_to_kspace(image).abs()
    after = reacquire(image_to_kspace(image), Perturbation(shift=0.1), seeded(1)).abs()
    difference = (after - before).square().mean((1, 2, 3)).sqrt() / before.square().mean((1, 2, 3)).sqrt()
    assert float(difference.max()) < 0.06


def test_rotation_keeps_the_distance_from_the_centre() -> None:
    kspace = disc(50, 1, 64)
    position = torch.arange(64.0) - 31.5

    def centre(rows: torch.Tensor) -> torch.Tensor:
        total = rows.sum((1, 2))
        return torch.stack([(rows.sum(2) * position).sum(1), (rows.sum(1) * position).sum(1)], 1) / total[:, None]

    # Centres of energy, which the ringing around the disc hardly moves.
    before = centre(root_sum_of_squares(kspace).square())
    after = centre(root_sum_of_squares(reacquire(kspace, Perturbation(rotation=40.0), seeded())).square())
    torch.testing.assert_close(after.norm(dim=1), before.norm(dim=1), rtol=0, atol=0.15)
    angles = torch.rad2deg(torch.atan2(after[:, 0], after[:, 1]) - torch.atan2(before[:, 0], before[:, 1]))
    assert 30 < float(angles.abs().max()) < 41


def test_coils_are_dropped_down_to_the_share_that_is_kept() -> None:
    kspace = torch.randn(1, 16, 8, 8, dtype=torch.complex64, generator=seeded())
    counts = {reacquire(kspace, Perturbation(fewest_coils=0.25), seeded(seed)).size(1) for seed in range(200)}
    assert counts == set(range(4, 17))


def test_gains_stay_within_their_factor() -> None:
    kspace = torch.ones(50, 4, 8, 8, dtype=torch.complex64)
    gain = reacquire(kspace, Perturbation(gain=2.0), seeded()).abs()[:, :, 4, 4]
    assert 0.5 <= float(gain.min()) < 0.6
    assert 1.8 < float(gain.max()) <= 2.0


@pytest.mark.parametrize("level", SAME_SESSION)
def test_the_seed_decides(level: str) -> None:
    kspace = disc(2, 4, 32)
    assert torch.equal(
        reacquire(kspace, SAME_SESSION[level], seeded(5)), reacquire(kspace, SAME_SESSION[level], seeded(5))
    )


def images(batch: int, size: int) -> torch.Tensor:
    return torch.randn(batch, 1, size, size, dtype=torch.complex64, generator=seeded(8))


def test_an_undisturbed_acquisition_is_the_image_under_each_coil() -> None:
    image, maps = images(2, 24), random_sensitivities(2, 5, 24, seeded(1))
    received = kspace_to_image(acquire(image, maps, Perturbation(), seeded(2)))
    expected = (image * maps).abs().flatten(2)
    found = received.abs().flatten(2)
    for slice_index in range(2):  # the coils come in another order, each with a phase
        nearest = torch.cdist(found[slice_index], expected[slice_index]).min(1)
        assert sorted(nearest.indices.tolist()) == list(range(5))
        assert float(nearest.values.max()) < 1e-3


def test_an_array_may_serve_several_slices_in_turn() -> None:
    image, maps = images(6, 16), random_sensitivities(2, 3, 16, seeded(1))
    perturbation = SAME_SESSION["medium"]
    shared = acquire(image, maps, perturbation, seeded(2))
    assert torch.equal(shared, acquire(image, maps.repeat_interleave(3, 0), perturbation, seeded(2)))


def test_readout_oversampling_widens_the_field_of_view_and_changes_nothing_within() -> None:
    image, maps = images(1, 16), random_sensitivities(1, 3, 16, seeded(1))
    plain = kspace_to_image(acquire(image, maps, Perturbation(), seeded(2)))
    wide = kspace_to_image(acquire(image, maps, Perturbation(), seeded(2), readout_oversampling=2))
    assert wide.shape == (1, 3, 16, 32)
    torch.testing.assert_close(wide[..., 8:24], plain)
    assert float(wide[..., :8].abs().max()) < 1e-5
    assert float(wide[..., 24:].abs().max()) < 1e-5


def test_what_the_matrix_does_not_resolve_is_cut_off_in_kspace() -> None:
    fine = images(1, 30)
    maps = torch.ones(1, 1, 20, 20, dtype=torch.complex64)
    kspace = acquire(fine, maps, Perturbation(), seeded())
    middle = image_to_kspace(fine)[:, :, 5:25, 5:25] * (20 / 30)  # image values keep their size
    torch.testing.assert_close(kspace.abs(), middle.abs(), rtol=1e-4, atol=1e-5)
    constant = torch.full((1, 1, 30, 30), 3.0, dtype=torch.complex64)
    torch.testing.assert_close(
        kspace_to_image(acquire(constant, maps, Perturbation(), seeded())).abs(), torch.full((1, 1, 20, 20), 3.0)
    )


def test_a_simulated_body_moves_under_coils_that_stay() -> None:
    """A coil that sees only the left half goes dark when the body leaves that half."""
    left = torch.zeros(1, 1, 32, 32, dtype=torch.complex64)
    left[..., :16] = 1
    bar = torch.zeros(60, 1, 32, 32, dtype=torch.complex64)
    bar[..., 12:20] = 1
    seen = kspace_to_image(acquire(bar, left.expand(60, 1, 32, 32), Perturbation(shift=0.2), seeded())).abs()
    assert float(seen[..., 17:].max()) < 1e-4
    bright = seen.sum((1, 2, 3))
    assert float(bright.min()) < 1.0  # all of the bar on the right
    assert float(bright.max()) > 32 * 7  # all of it on the left


def test_the_noise_of_coils_that_see_the_same_is_correlated_and_of_equal_power() -> None:
    body = torch.zeros(1, 1, 16, 16, dtype=torch.complex64)
    body[..., 4:12, 4:12] = 1
    maps = torch.ones(1, 3, 16, 16, dtype=torch.complex64)
    maps[:, 2, :8] = -1  # half of the third is in the opposite phase: over the body it has nothing in common with them
    batch = 1000
    quiet, loud = (
        acquire(body.expand(batch, -1, -1, -1), maps.expand(batch, -1, -1, -1), Perturbation(noise=level), seeded(4))
        for level in (0.0, 0.5)
    )
    noise = (loud - quiet).permute(1, 0, 2, 3).flatten(1)
    powers = noise.abs().square().mean(1)
    torch.testing.assert_close(powers, powers.mean().expand(3), rtol=0.05, atol=0)
    # The order is random, so each pair is the alike one in a third of the slices: its covariance is 0.3 on average.
    each = (loud - quiet).flatten(2)
    covariance = (each @ each.mH).abs() / each.abs().square().sum(2)[:, :1, None]
    pairs = torch.stack([covariance[:, 0, 1], covariance[:, 0, 2], covariance[:, 1, 2]], 1).sort(1).values
    assert 0.2 < float(pairs[:, 2].mean()) < 0.45
    assert float(pairs[:, :2].mean()) < 0.12
