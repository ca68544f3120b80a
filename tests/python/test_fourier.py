import numpy as np
import pytest
import torch

from mriembed.fourier import image_to_kspace, kspace_to_image


@pytest.mark.parametrize("shape", [(2, 3, 8, 8), (2, 6, 8), (6, 4), (1, 2, 7, 10), (1, 5, 9)])
def test_transforms_are_centred_orthonormal_and_inverse(shape: tuple[int, ...]) -> None:
    image = torch.randn(*shape, dtype=torch.complex64, generator=torch.Generator().manual_seed(0))
    kspace = image_to_kspace(image)
    reference = np.fft.fftshift(
        np.fft.fft2(np.fft.ifftshift(image.numpy(), axes=(-2, -1)), norm="ortho"), axes=(-2, -1)
    )
    np.testing.assert_allclose(kspace.numpy(), reference, rtol=0, atol=1e-5)
    torch.testing.assert_close(kspace.abs().square().sum(), image.abs().square().sum())  # Parseval
    torch.testing.assert_close(kspace_to_image(kspace), image)
