import pytest
import torch

from mriembed.fourier import kspace_to_image
from mriembed.simulation.acquisition import reacquire
from mriembed.simulation.another_session import acquire_in_another_session, random_array
from mriembed.simulation.coils import body_coil_sensitivities
from mriembed.simulation.perturbation import ANOTHER_SESSION, SAME_SESSION, Perturbation


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def bar(batch: int, size: int = 48) -> torch.Tensor:
    image = torch.zeros(batch, 1, size, size, dtype=torch.complex64)
    image[..., size // 3 : size // 2, size // 4 : size // 2] = 1
    return image


def centre(images: torch.Tensor) -> torch.Tensor:
    """Of energy, along y, of root-sum-of-squares images, as a share of the field of view."""
    energy = images.abs().square().sum(1)
    position = (torch.arange(energy.size(1)) - energy.size(1) // 2) / energy.size(1)
    return (energy.sum(2) * position).sum(1) / energy.sum((1, 2))


def test_the_same_session_keeps_phase_and_array_and_another_one_has_limits_for_both() -> None:
    assert all(level.phase is None and level.weighting == 0 for level in SAME_SESSION.values())
    limits = [level.phase for level in ANOTHER_SESSION.values()]
    linear = [limit.linear for limit in limits if limit is not None]
    assert len(linear) == 3
    assert linear == sorted(linear)
    assert linear[-1] == 8.0
    assert [level.single_channel > 0 for level in ANOTHER_SESSION.values()] == [False, False, True]


def test_slices_of_a_session_move_together_and_those_of_others_do_not() -> None:
    perturbation = Perturbation(shift=0.2)
    heights = torch.zeros(3, 4)
    kspace = acquire_in_another_session(bar(12), heights, 32, perturbation, seeded())
    assert kspace.shape[0] == 12
    # One slice four times, under one array: equal but for nothing.
    images = kspace_to_image(kspace).unflatten(0, (3, 4))
    torch.testing.assert_close(images[:, :1].expand_as(images), images)
    places = centre(images[:, 0])
    assert float((places - places.mean()).abs().max()) > 0.01


def test_arrays_have_another_number_of_coils_and_matrix_each_time() -> None:
    drawn = [random_array(torch.zeros(1, 1), 96, ANOTHER_SESSION["medium"], seeded(seed)) for seed in range(60)]
    counts = {array.size(1) for array in drawn}
    assert 8 <= min(counts) < 11
    assert 29 < max(counts) <= 32
    sizes = {array.size(2) for array in drawn}
    assert min(sizes) >= round(0.8 * 96) - 1
    assert max(sizes) <= 96
    assert len(sizes) > 5


def test_single_channels_are_as_frequent_as_the_level_says() -> None:
    level = Perturbation(single_channel=0.3)
    single = [random_array(torch.zeros(1, 1), 24, level, seeded(seed)).size(1) == 1 for seed in range(200)]
    assert sum(single) / 200 == pytest.approx(0.3, abs=0.08)


def test_a_body_coil_is_nearly_uniform_and_changes_little_from_slice_to_slice() -> None:
    maps = body_coil_sensitivities(torch.tensor([[0.0, 0.05]]).expand(30, 2), 32, seeded())
    assert maps.shape == (60, 1, 32, 32)
    magnitude = maps.abs().flatten(1)
    assert float((magnitude.std(1) / magnitude.mean(1)).max()) < 0.3
    first, second = maps.unflatten(0, (30, 2)).unbind(1)
    assert float((first - second).abs().mean()) < 0.1 * float((first[1:] - first[:-1]).abs().mean())


def test_measured_slices_get_smooth_weightings_of_their_coils() -> None:
    """The ratio of a coil's images before and after is smooth, and is another one for each coil."""
    images = torch.ones(1, 1, 40, 32, dtype=torch.complex64).expand(1, 6, 40, 32)
    kspace = torch.fft.fftshift(torch.fft.fft2(torch.fft.ifftshift(images, (2, 3)), norm="ortho"), (2, 3))
    again = kspace_to_image(reacquire(kspace, Perturbation(weighting=0.5), seeded(2)))[0]
    steps = [(again[:, 1:] - again[:, :-1]).abs(), (again[:, :, 1:] - again[:, :, :-1]).abs()]
    assert max(float(step.max()) for step in steps) < 0.3
    magnitude = again.abs()
    assert float(magnitude.std()) > 0.05
    assert float((magnitude[0] - magnitude[1]).abs().mean()) > 0.01


def test_measured_slices_get_a_smaller_matrix_of_the_same_field_of_view() -> None:
    kspace = torch.zeros(1, 2, 60, 40, dtype=torch.complex64)
    kspace[:, :, 30, 20] = 1
    sizes = set()
    for seed in range(30):
        again = reacquire(kspace, Perturbation(resolution=0.5), seeded(seed))
        height, width = again.shape[2:]
        assert float(again.abs().amax((2, 3)).min()) == float(again[:, :, height // 2, width // 2].abs().min())
        assert height / width == pytest.approx(1.5, abs=0.11)
        sizes.add(height)
    assert min(sizes) >= 30
    assert max(sizes) <= 60
    assert len(sizes) > 5


@pytest.mark.parametrize("level", ANOTHER_SESSION)
def test_the_seed_decides(level: str) -> None:
    heights = torch.zeros(2, 1)
    first, again, other = (
        acquire_in_another_session(bar(2), heights, 32, ANOTHER_SESSION[level], seeded(seed)) for seed in (5, 5, 6)
    )
    assert torch.equal(first, again)
    assert first.shape != other.shape or not torch.equal(first, other)
