"""The preprocessing once more: NumPy, complex128, the steps of docs/preprocessing.md in order, slice by slice."""

from dataclasses import dataclass

import numpy as np

from completion_reference import completed


@dataclass(frozen=True)
class Reference:
    """What the page says; every array is of one slice."""

    num_coils: int = 8
    coil_compression: str = "pca"
    matrix: int | None = None

    def from_kspace(
        self,
        kspace: np.ndarray,
        noise_covariance: np.ndarray | None = None,
        readout_width: int | None = None,
        phase_height: int | None = None,
        pixel_aspect: float = 1,
    ) -> tuple[np.ndarray, float]:
        """(coils, y, x) to the network input (channels, H, W), float64, and the share of energy kept."""
        kspace = _scaled(kspace)
        measured = np.any(kspace != 0, axis=(0, 2))
        if noise_covariance is not None:
            lower = np.linalg.cholesky(noise_covariance / np.trace(noise_covariance).real)
            kspace = np.einsum("ij,jyx->iyx", np.linalg.inv(lower), kspace)
        images = centred_ifft2(kspace)
        if readout_width is not None:
            begin = images.shape[2] // 2 - readout_width // 2
            images = images[:, :, begin : begin + readout_width]
        return self._from_images(images, phase_height or images.shape[1], pixel_aspect, measured)

    def from_images(self, images: np.ndarray) -> tuple[np.ndarray, float]:
        """(coils, y, x) to the network input and the share of energy kept."""
        return self._from_images(_scaled(images), images.shape[1], 1)

    def _from_images(
        self, images: np.ndarray, phase_height: int, pixel_aspect: float, measured: np.ndarray | None = None
    ) -> tuple[np.ndarray, float]:
        energy_kept = 1.0
        if self.coil_compression == "pca":
            images, energy_kept = self._compressed(images, phase_height)
        if measured is not None and not measured.all():
            images = _centred_ifft_along_y(completed(_centred_fft_along_y(images), measured))
        begin = images.shape[1] // 2 - phase_height // 2
        images = images[:, begin : begin + phase_height]
        kspace = self._centred(images, pixel_aspect)
        combined = _combined(kspace)
        power = np.abs(combined) ** 2
        mean = power.mean()
        channels = [combined / np.sqrt(mean)]
        for width in windows(self.num_coils):
            local = np.maximum(low_passed(centred_fft2(power), width).real, 0)
            channels.append(combined / np.sqrt(local + 0.01 * mean))
        network_input = np.concatenate([np.abs(channels), np.real(channels)])
        return network_input / np.sqrt(np.mean(np.sum(network_input**2, axis=0))), energy_kept

    def _compressed(self, images: np.ndarray, phase_height: int) -> tuple[np.ndarray, float]:
        coils, height, width = images.shape
        kspace = centred_fft2(images)
        lines = min(height, int(np.ceil(24 * height / phase_height)))
        central = kspace[:, height // 2 - lines // 2 : height // 2 - lines // 2 + lines]
        signal = np.abs(central).max() > 1e-12 * np.abs(kspace).max()  # more than rounding of the transforms
        lines = central if signal else kspace
        vectors, singular, _ = np.linalg.svd(lines.reshape(coils, -1), full_matrices=False)
        kept = min(len(singular), self.num_coils)  # fewer than coils where there are fewer samples
        virtual = vectors[:, :kept].conj().T @ images.reshape(coils, -1)
        energies = singular**2
        return virtual.reshape(kept, height, width), float(energies[:kept].sum() / energies.sum())

    def _centred(self, images: np.ndarray, pixel_aspect: float) -> np.ndarray:
        kspace = centred_fft2(images)
        cycles = [echo_position(kspace, axis) for axis in (1, 2)]  # per pixel
        if self.matrix is not None:
            side = max(images.shape[1] * pixel_aspect, images.shape[2])
            images = resized(images, int(np.floor(side / pixel_aspect + 0.5)), int(np.floor(side + 0.5)))
        for axis, position in zip((1, 2), cycles, strict=True):
            samples = np.round(position * images.shape[axis])
            pixel = np.arange(images.shape[axis]) - images.shape[axis] // 2
            ramp = np.exp(-2j * np.pi * samples * pixel / images.shape[axis])
            images = images * (ramp[:, None] if axis == 1 else ramp)
        kspace = centred_fft2(images)
        if self.matrix is not None:
            kspace = resized(kspace, self.matrix, self.matrix) * (
                self.matrix / np.sqrt(images.shape[1] * images.shape[2])
            )
        return kspace


def _centred_fft_along_y(images: np.ndarray) -> np.ndarray:
    return np.fft.fftshift(np.fft.fft(np.fft.ifftshift(images, 1), axis=1, norm="ortho"), 1)


def _centred_ifft_along_y(kspace: np.ndarray) -> np.ndarray:
    return np.fft.fftshift(np.fft.ifft(np.fft.ifftshift(kspace, 1), axis=1, norm="ortho"), 1)


def windows(num_coils: int) -> list[float]:
    """Samples of k-space in the window of each channel but the first."""
    return [4 * 4 ** ((channel - 1) / max(1, num_coils - 2)) for channel in range(1, num_coils)]


def echo_position(kspace: np.ndarray, axis: int) -> float:
    """Cycles per pixel."""
    begin = [max(0, length // 2 - 24) for length in kspace.shape[1:]]
    central = kspace[:, begin[0] : kspace.shape[1] // 2 + 24, begin[1] : kspace.shape[2] // 2 + 24]
    energy = np.sum(np.abs(central) ** 2, axis=(0, 3 - axis))
    k = np.arange(len(energy)) - len(energy) // 2
    mean = np.angle(np.sum(energy * np.exp(2j * np.pi * k / len(energy))))
    return float(mean * len(energy) / (2 * np.pi * kspace.shape[axis]))


def low_passed(kspace: np.ndarray, width: float) -> np.ndarray:
    """Images of the central samples of centred k-space (..., y, x)."""

    def window(length: int) -> np.ndarray:
        k = np.arange(length) - length // 2
        return np.where(np.abs(k) < width / 2, np.cos(np.pi * k / width) ** 2, 0)

    return centred_ifft2(kspace * window(kspace.shape[-2])[:, None] * window(kspace.shape[-1]))


def _combined(kspace: np.ndarray) -> np.ndarray:
    images, low = centred_ifft2(kspace), low_passed(kspace, 20)
    strength = np.sum(np.abs(low) ** 2, axis=0)
    combined: np.ndarray = np.sum(low.conj() * images, axis=0) / np.sqrt(strength + 0.02**2 * strength.mean())
    return combined


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


def _scaled(slices: np.ndarray) -> np.ndarray:
    slices = slices.astype(np.complex128)
    result: np.ndarray = slices / np.abs(slices).max()
    return result
