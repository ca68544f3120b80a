"""The preprocessing contract once more: NumPy, complex128, the eight steps in their literal order, slice by slice."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Reference:
    """What the contract says; every array is of one slice."""

    num_coils: int = 8
    coil_compression: str = "pca"
    matrix: int | None = None
    contract: int = 3

    def from_kspace(
        self, kspace: np.ndarray, noise_covariance: np.ndarray | None = None, readout_width: int | None = None
    ) -> tuple[np.ndarray, float]:
        """(coils, y, x) to stacked channels (2 x num_coils, H, W) and the share of energy kept."""
        kspace = _scaled(kspace)
        if noise_covariance is not None:
            lower = np.linalg.cholesky(noise_covariance / np.trace(noise_covariance).real)
            kspace = np.einsum("ij,jyx->iyx", np.linalg.inv(lower), kspace)
        images = centred_ifft2(kspace)
        if readout_width is not None:
            begin = images.shape[2] // 2 - readout_width // 2
            images = images[:, :, begin : begin + readout_width]
        return self._from_images(images)

    def from_images(self, images: np.ndarray) -> tuple[np.ndarray, float]:
        """(coils, y, x) to stacked channels and the share of energy kept."""
        return self._from_images(_scaled(images))

    def _from_images(self, images: np.ndarray) -> tuple[np.ndarray, float]:
        energy_kept = 1.0
        if self.coil_compression == "pca":
            images, energy_kept = self._compressed(images)
        if self.contract < 3:
            images = self._with_fixed_phases(images)
        if self.matrix is not None:
            images = resampled(images, self.matrix)
        if self.contract >= 3:
            images = self._with_fixed_phases(images)
        images = images / np.sqrt(np.mean(np.sum(np.abs(images) ** 2, axis=0)))
        return np.concatenate([images.real, images.imag]).astype(np.float32), energy_kept

    def _with_fixed_phases(self, images: np.ndarray) -> np.ndarray:
        images = images.copy()
        for image in images if self.coil_compression == "pca" else ():
            phase = np.sum(image * np.abs(image))
            if phase != 0:
                image *= np.conj(phase) / np.abs(phase)
        return images

    def _compressed(self, images: np.ndarray) -> tuple[np.ndarray, float]:
        coils, height, width = images.shape
        kspace = centred_fft2(images)
        central = kspace[:, max(0, height // 2 - 12) : height // 2 + 12]
        signal = np.abs(central).max() > 1e-12 * np.abs(kspace).max()  # more than rounding of the transforms
        lines = central if self.contract > 1 and signal else kspace
        vectors, singular, _ = np.linalg.svd(lines.reshape(coils, -1), full_matrices=False)
        kept = min(coils, self.num_coils)
        virtual = np.zeros((self.num_coils, height * width), np.complex128)
        virtual[:kept] = vectors[:, :kept].conj().T @ images.reshape(coils, -1)
        energies = singular**2
        return virtual.reshape(self.num_coils, height, width), float(energies[:kept].sum() / energies.sum())


def centred_ifft2(kspace: np.ndarray) -> np.ndarray:
    axes = (-2, -1)
    return np.fft.fftshift(np.fft.ifft2(np.fft.ifftshift(kspace, axes), norm="ortho"), axes)


def centred_fft2(images: np.ndarray) -> np.ndarray:
    axes = (-2, -1)
    return np.fft.fftshift(np.fft.fft2(np.fft.ifftshift(images, axes), norm="ortho"), axes)


def resized(array: np.ndarray, height: int, width: int) -> np.ndarray:
    """Crops or zero-pads the last two axes; index n // 2 stays the centre."""
    result = np.zeros((*array.shape[:-2], height, width), array.dtype)
    take, put = [], []
    for old, new in zip(array.shape[-2:], (height, width), strict=True):
        length = min(old, new)
        take.append(slice(old // 2 - length // 2, old // 2 - length // 2 + length))
        put.append(slice(new // 2 - length // 2, new // 2 - length // 2 + length))
    result[..., put[0], put[1]] = array[..., take[0], take[1]]
    return result


def resampled(images: np.ndarray, matrix: int) -> np.ndarray:
    square = max(images.shape[-2:])
    padded = resized(images, square, square)
    if square == matrix:
        return padded
    return centred_ifft2(resized(centred_fft2(padded), matrix, matrix)) * (matrix / square)


def _scaled(slices: np.ndarray) -> np.ndarray:
    slices = slices.astype(np.complex128)
    return slices / np.abs(slices).max()
