import numpy as np
import pytest
import torch

from mriembed.simulation.ghost import with_ghost


def images(kspace: np.ndarray) -> np.ndarray:
    axes = (-2, -1)
    return np.fft.fftshift(np.fft.ifft2(np.fft.ifftshift(kspace, axes), axes=axes, norm="ortho"), axes)


def half_a_body(lines: int) -> torch.Tensor:
    """k-space of images that are empty but for a quarter of the field of view along y: ghosts lie beside the body."""
    image = np.zeros((3, 2, lines, 20), complex)
    size = (3, 2, lines // 4, 9)
    random = np.random.default_rng(0)
    image[:, :, lines // 2 - lines // 8 : lines // 2 - lines // 8 + lines // 4, 5:14] = random.normal(size=size)
    axes = (-2, -1)
    kspace = np.fft.fftshift(np.fft.fft2(np.fft.ifftshift(image, axes), axes=axes, norm="ortho"), axes)
    return torch.from_numpy(kspace.astype(np.complex64))


@pytest.mark.parametrize("strength", [0.02, 0.05, 0.1])
@pytest.mark.parametrize("lines", [32, 40])
def test_the_ghost_is_the_image_shifted_by_half_of_the_field_of_view_with_the_energy_of_its_strength(
    strength: float, lines: int
) -> None:
    before = half_a_body(lines)
    after = with_ghost(before, strength, torch.Generator().manual_seed(0))
    body, found = np.abs(images(before.numpy())), np.abs(images(after.numpy()))
    within = np.zeros(lines, bool)
    within[lines // 2 - lines // 8 : lines // 2 - lines // 8 + lines // 4] = True
    shifted = np.roll(within, lines // 2)
    energy = [float(np.square(found[:, :, part]).sum()) for part in (within, shifted, ~(within | shifted))]
    assert energy[1] / energy[0] == pytest.approx(strength**2, rel=1e-3)
    assert energy[2] == pytest.approx(0, abs=1e-8 * energy[0])
    assert sum(energy) == pytest.approx(float(np.square(body).sum()), rel=1e-5)
    ghost = np.roll(found, lines // 2, 2)[:, :, within]
    np.testing.assert_allclose(ghost, strength * found[:, :, within], rtol=0, atol=1e-6 * body.max())


def test_every_other_line_has_one_phase_error_of_either_sign_in_all_coils_and_lines_that_are_missing_stay_so() -> None:
    kspace = torch.ones(40, 3, 16, 4, dtype=torch.complex64)
    kspace[:, :, 5] = 0
    error = with_ghost(kspace, 0.05, torch.Generator().manual_seed(0)) * kspace.conj()
    assert bool((error[:, :, 5] == 0).all())
    assert torch.equal(error[:, :, ::2], torch.ones(40, 3, 8, 4, dtype=torch.complex64))
    odd = error[:, :, [1, 3, 7, 9, 11, 13, 15]].angle()
    torch.testing.assert_close(odd.abs(), torch.full_like(odd, 2 * float(np.arctan(0.05))))
    signs = odd.sign()
    assert bool((signs == signs[:, :1, :1, :1]).all())
    assert 5 < int((signs[:, 0, 0, 0] > 0).sum()) < 35


def test_no_strength_is_no_ghost() -> None:
    kspace = half_a_body(32)
    assert torch.equal(with_ghost(kspace, 0.0, torch.Generator().manual_seed(0)), kspace)
