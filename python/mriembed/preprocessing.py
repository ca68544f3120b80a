"""From multi-coil k-space or coil images to the channels that the network reads.

`docs/preprocessing.md` defines the preprocessing and its version: steps, formulas, sources and edge cases. In short:

1. prewhitening with a noise covariance
2. centred orthonormal inverse FFT over y and x
3. readout oversampling removed by a centred crop of x
4. coil compression to virtual coils by PCA of the 24 central lines of k-space, and phase oversampling removed by a
   centred crop of y
5. k-space shifted so that its energy lies at the centre, and brought to a fixed matrix over a square field of view
6. the virtual coils combined to one image without its smooth phase
7. local brightness divided out, once for each channel with a neighbourhood of its own
8. magnitudes, then real parts, as float32 channels of unit mean energy

Steps 5 to 7 take out what another session changes: the echo's position, the smooth background phase, the array and its
shading. The combination of step 6 is the same for any unitary mixing of the virtual coils.

Steps 1 to 4 are linear and act on different axes. This implementation therefore transforms x, crops, computes the
coils' Gram matrix of the calibration region there (the transform over x is unitary and leaves it as it is), applies
prewhitening and compression as one matrix, and transforms and crops y for the virtual coils only.
"""

import math
from typing import Optional

import torch
from torch import Tensor, nn

from mriembed.fourier import centred_fft, centred_ifft, centred_resize

PREPROCESSING_VERSION = 4
CALIBRATION_LINES = 24  # as many as `bart ecalib` takes by default
ECHO_WINDOW = 48  # samples of k-space along each axis in which the echo is looked for
LOW_RESOLUTION = 20  # samples of k-space that the low-resolution images are made of
DARKEST_COILS = 0.02  # of the low-resolution images' root mean square: their strength does not fall below it
DARKEST = 0.1  # of the combined image's root mean square: local brightness does not fall below it
LEAST_ENERGY = 1e-9  # share that a crop must leave; rounding in float32 leaves some 1e-14
SMALLEST_MATRIX, LARGEST_MATRIX = 8, 1024


def square_field_of_view(height: int, width: int, pixel_aspect: float) -> tuple[int, int]:
    """Pixels along y and x of the smallest square field of view that holds a slice, as `preprocess_kspace` takes it.

    Args:
        height, width: pixels of the slice without oversampling.
        pixel_aspect: height of a pixel (field of view along y / number of lines) over its width.
    """
    side = max(height * pixel_aspect, width)  # in widths of a pixel
    return max(height, math.floor(side / pixel_aspect + 0.5)), max(width, math.floor(side + 0.5))


def _hann_windows(length: int, widths: Tensor) -> Tensor:
    """cos^2(pi k / width) for the samples k = -(length // 2) ... of a centred k-space, 0 from |k| = width / 2 on.

    A row for each of the `widths`: (widths, length).
    """
    k = torch.arange(length, device=widths.device, dtype=torch.float32) - float(length // 2)
    inside = k.abs() < 0.5 * widths[:, None]
    hann = torch.cos(k * math.pi / widths[:, None]).square()
    return torch.where(inside, hann, torch.zeros_like(hann))


def _low_passed(kspace: Tensor, widths: Tensor) -> Tensor:
    """Images of the central samples of k-space (B, coils, y, x), by Hann windows of so many samples an axis.

    One width is for all coils; several are for one coil each, or for the only one: (B, coils or widths, y, x).
    """
    rows = _hann_windows(kspace.size(2), widths)
    columns = _hann_windows(kspace.size(3), widths)
    images: Tensor = centred_ifft(centred_ifft(kspace * rows[:, :, None] * columns[:, None, :], 2), 3)
    return images


def _echo_position(kspace: Tensor, axis: int, window: int) -> Tensor:
    """Where the energy of k-space (B, coils, y, x) lies along `axis`, in cycles per pixel, (B,) float64.

    It is the circular mean over the `window` central samples of both axes, which white noise does not move.
    """
    rows, columns = min(kspace.size(2), window), min(kspace.size(3), window)
    central = kspace.narrow(2, kspace.size(2) // 2 - rows // 2, rows)
    central = central.narrow(3, kspace.size(3) // 2 - columns // 2, columns)
    energy = torch.view_as_real(central).square().sum([1, 5 - axis, 4]).to(torch.float64)
    samples = energy.size(1)
    k = torch.arange(samples, device=kspace.device, dtype=torch.float64) - float(samples // 2)
    turn = k * (2 * math.pi / samples)
    mean = torch.atan2((energy * torch.sin(turn)).sum(1), (energy * torch.cos(turn)).sum(1))
    return mean * (float(samples) / (2 * math.pi * float(kspace.size(axis))))


def _shift_kspace(images: Tensor, axis: int, samples: Tensor) -> Tensor:
    """Images (B, coils, y, x) whose k-space is shifted, cyclically, by -`samples` (B,) along `axis`."""
    length = images.size(axis)
    position = torch.arange(length, device=images.device, dtype=torch.float64) - float(length // 2)
    turn = samples[:, None] * position * (-2 * math.pi / length)
    ramp = torch.complex(torch.cos(turn), torch.sin(turn)).to(torch.complex64)
    return images * (ramp[:, None, :, None] if axis == 2 else ramp[:, None, None, :])


def _central_lines(hybrid: Tensor, lines: int) -> Tensor:
    """So many lines around the centre of the slices (B, coils, y, x) as k-space along y."""
    return hybrid.narrow(2, hybrid.size(2) // 2 - lines // 2, lines)


def _energy(samples: Tensor) -> Tensor:
    """Sum of the squared magnitudes of each slice (B, ...), (B,) float64."""
    return torch.view_as_real(samples.resolve_conj()).square().flatten(1).sum(1, dtype=torch.float64)


class CoilPreprocessor(nn.Module):
    """Turns a batch of slices of one geometry, (B, coils, y, x) complex, into (B, 2 x num_coils, H, W).

    Scriptable; holds no weights. Work is done in complex64, the small coil matrices in complex128.
    The order, phases and any unitary mixing of the coils do not change the result, nor does the global scale.

    Args:
        num_coils: number of virtual coils.
        coil_compression: "pca" compresses any number of coils to at most `num_coils`; "none" takes exactly
            `num_coils` coils as they are.
        matrix: side of the square matrix that every slice is resampled to, 8 to 1024 pixels; None keeps the native
            size.

    Raises:
        ValueError: for arguments outside their range.
    """

    def __init__(self, num_coils: int = 8, coil_compression: str = "pca", matrix: Optional[int] = None) -> None:
        super().__init__()
        if num_coils < 1:
            raise ValueError(f"num_coils must be at least 1, not {num_coils}")
        if coil_compression not in ("pca", "none"):
            raise ValueError(f'coil_compression must be "pca" or "none", not "{coil_compression}"')
        if matrix is not None and not SMALLEST_MATRIX <= matrix <= LARGEST_MATRIX:
            raise ValueError(f"matrix must lie in {SMALLEST_MATRIX}..{LARGEST_MATRIX}, not {matrix}")
        self.num_coils = num_coils
        self.coil_compression = coil_compression
        self.matrix: Optional[int] = matrix
        self.calibration_lines = CALIBRATION_LINES
        self.echo_window = ECHO_WINDOW
        self.low_resolution = LOW_RESOLUTION
        self.darkest_coils = DARKEST_COILS
        self.darkest = DARKEST
        self.least_energy = LEAST_ENERGY
        self.preprocessing_version = PREPROCESSING_VERSION  # libmriembed reads it in a model file

    def forward(
        self,
        kspace: Tensor,
        noise_covariance: Optional[Tensor] = None,
        readout_width: Optional[int] = None,
        phase_height: Optional[int] = None,
        square: Optional[tuple[int, int]] = None,
    ) -> Tensor:
        """Network input of k-space: the first result of `preprocess_kspace`."""
        return self.preprocess_kspace(kspace, noise_covariance, readout_width, phase_height, square)[0]

    @torch.jit.export
    def preprocess_kspace(
        self,
        kspace: Tensor,
        noise_covariance: Optional[Tensor] = None,
        readout_width: Optional[int] = None,
        phase_height: Optional[int] = None,
        square: Optional[tuple[int, int]] = None,
    ) -> tuple[Tensor, Tensor]:
        """Network input and energy kept of k-space: all steps.

        Args:
            kspace: (B, coils, y, x) complex, fully sampled or zero-filled, centre at (y // 2, x // 2).
            noise_covariance: (coils, coils) complex, n n^H / (N - 1); its overall scale does not matter.
                None: no prewhitening.
            readout_width: width in pixels to crop x to, at most the number of samples; None: no crop.
            phase_height: height in pixels to crop y to, at most the number of lines; None: no crop.
            square: pixels along y and x of the square field of view that the slice is padded to
                (`square_field_of_view`); None: pixels are square.

        Returns:
            The network input (B, 2 x num_coils, H, W), float32, and for each slice the share of the
            calibration region's energy that the virtual coils keep (B,), float64, in (0, 1].

        Raises:
            TypeError, ValueError: an array of wrong dtype or shape, a slice that is all zero or holds
                NaN or Inf (named by its index), a covariance that is not positive definite.
        """
        virtual, energy_kept = self._virtual_coils(kspace, noise_covariance, readout_width, phase_height)
        return self._network_input(virtual, square), energy_kept

    @torch.jit.export
    def preprocess_images(self, coil_images: Tensor) -> tuple[Tensor, Tensor]:
        """Steps 4 to 8, for coil images (B, coils, y, x) complex of square pixels. Returns and raises as
        `preprocess_kspace`.
        """
        scaled = self._scaled_to_unit_peak(coil_images)
        lines = self._lines_of_calibration(scaled.size(2), None)
        virtual, energy_kept = self._combine_coils(scaled, centred_fft(scaled, 2), None, lines)
        return self._network_input(virtual, None), energy_kept

    def coil_weights(
        self,
        kspace: Tensor,
        noise_covariance: Optional[Tensor],
        readout_width: Optional[int],
        phase_height: Optional[int],
    ) -> tuple[Tensor, Tensor]:
        """What `mriembed.completion` needs of steps 1 to 4: the slices over their peaks as images along x and k-space
        along y, (B, coils, y, x) complex64, and the virtual coils' weights, (B, virtual coils, coils) complex128.

        Arguments and errors are those of `preprocess_kspace`.
        """
        hybrid, whitening, lines = self._hybrid(kspace, noise_covariance, readout_width, phase_height)
        if self.coil_compression == "pca":
            return hybrid, self._principal_coils(hybrid, whitening, lines)[0]
        identity = torch.eye(self.num_coils, dtype=torch.complex128, device=kspace.device)
        rows = identity if whitening is None else whitening
        return hybrid, rows.expand(kspace.size(0), -1, -1)

    def _virtual_coils(
        self,
        kspace: Tensor,
        noise_covariance: Optional[Tensor],
        readout_width: Optional[int],
        phase_height: Optional[int],
    ) -> tuple[Tensor, Tensor]:
        """Steps 1 to 4 of k-space: images of the virtual coils (B, coils, y, x) complex64, and energy kept."""
        hybrid, whitening, lines = self._hybrid(kspace, noise_covariance, readout_width, phase_height)
        virtual, energy_kept = self._combine_coils(hybrid, hybrid, whitening, lines)
        images = centred_ifft(virtual, 2)
        if phase_height is not None:  # noqa: SIM102
            if phase_height < kspace.size(2):
                whole = images
                images = centred_resize(images, 2, phase_height)
                self._refuse_without_signal(_energy(images), _energy(whole), "cropped phase encoding")
        return images, energy_kept

    def _hybrid(
        self,
        kspace: Tensor,
        noise_covariance: Optional[Tensor],
        readout_width: Optional[int],
        phase_height: Optional[int],
    ) -> tuple[Tensor, Optional[Tensor], int]:
        """The slices over their peaks, as images along x without oversampling and k-space along y; the whitening
        matrix, and the number of lines of the calibration region.
        """
        scaled = self._scaled_to_unit_peak(kspace)
        whitening: Optional[Tensor] = None
        if noise_covariance is not None:
            whitening = self._whitening(noise_covariance, kspace.size(1)).to(kspace.device)
        if phase_height is not None:  # noqa: SIM102 - "and" makes an operation that no model file may hold
            if phase_height < 1 or phase_height > kspace.size(2):
                raise ValueError(f"phase height must lie in 1..{kspace.size(2)} lines, not {phase_height}")
        lines = self._lines_of_calibration(kspace.size(2), phase_height)
        hybrid = centred_ifft(scaled, 3)
        if readout_width is not None:
            if readout_width < 1 or readout_width > kspace.size(3):
                raise ValueError(f"readout width must lie in 1..{kspace.size(3)} samples, not {readout_width}")
            if readout_width < kspace.size(3):
                whole = hybrid
                hybrid = centred_resize(hybrid, 3, readout_width)
                before, after = _energy(_central_lines(whole, lines)), _energy(_central_lines(hybrid, lines))
                signal = before > 0
                before = torch.where(signal, before, _energy(whole))
                after = torch.where(signal, after, _energy(hybrid))
                self._refuse_without_signal(after, before, "cropped readout")
        return hybrid, whitening, lines

    def _lines_of_calibration(self, height: int, phase_height: Optional[int]) -> int:
        """How many central lines the coils are compressed by: with phase oversampling, as many more lie as densely."""
        lines = self.calibration_lines
        if phase_height is not None:
            lines = 0 - (0 - lines * height) // phase_height  # rounded up, by operations that a model file may hold
        return min(height, lines)

    def _scaled_to_unit_peak(self, slices: Tensor) -> Tensor:
        """Checks the slices and divides each by its largest real or imaginary part, so that squares neither
        overflow nor vanish for values from 1e-30 to 1e30.
        """
        if not slices.is_complex():
            raise TypeError("expected a complex tensor (slices, coils, y, x), got a real one")
        if slices.dim() != 4:
            raise ValueError(f"expected 4 dimensions (slices, coils, y, x), got {slices.dim()}")
        if slices.size(1) < 1 or slices.size(2) < 1 or slices.size(3) < 1:
            raise ValueError(f"expected (slices, coils, y, x) without empty axes, got {slices.shape}")
        if self.coil_compression == "none" and slices.size(1) != self.num_coils:
            raise ValueError(
                f"this model takes exactly {self.num_coils} coils (coil compression is off), got {slices.size(1)}"
            )
        parts = torch.view_as_real(slices.resolve_conj())
        peak = parts.abs().flatten(1).amax(1)  # NaN wins over every number, so one look finds all three faults
        good = torch.isfinite(peak) & (peak > 0)
        if not bool(good.all()):
            index = int(torch.nonzero(~good)[0].item())
            if bool(peak[index] == 0):
                raise ValueError(f"slice {index} is all zero; a slice needs signal to be embedded")
            raise ValueError(f"slice {index} holds NaN or infinite samples; only finite samples can be embedded")
        scaled = parts / peak.reshape(-1, 1, 1, 1, 1)
        return torch.view_as_complex(scaled.to(torch.float32).contiguous())

    def _whitening(self, noise_covariance: Tensor, coils: int) -> Tensor:
        """L^-1 with psi = L L^H, for psi scaled to unit mean noise power; (coils, coils) complex128."""
        if noise_covariance.dim() != 2 or noise_covariance.size(0) != coils or noise_covariance.size(1) != coils:
            raise ValueError(f"expected a noise covariance ({coils}, {coils}), got {noise_covariance.shape}")
        covariance = noise_covariance.to(torch.complex128)
        power = torch.real(torch.diagonal(covariance)).mean()
        if not bool(torch.isfinite(torch.view_as_real(covariance)).all()) or not bool(power > 0):
            raise ValueError("the noise covariance holds NaN or infinite values, or no noise power at all")
        covariance = covariance / power
        lower, failed = torch.linalg.cholesky_ex(0.5 * (covariance + covariance.mH))
        if bool(failed != 0):
            raise ValueError(
                "the noise covariance is not positive definite: "
                "it needs more noise samples than coils, and noise in every coil"
            )
        identity = torch.eye(coils, dtype=torch.complex128, device=covariance.device)
        whitening: Tensor = torch.linalg.solve_triangular(lower, identity, upper=False)
        return whitening

    def _combine_coils(
        self, slices: Tensor, hybrid: Tensor, whitening: Optional[Tensor], lines: int
    ) -> tuple[Tensor, Tensor]:
        """Prewhitening and coil compression as one matrix, which comes from central `lines` of the hybrid: the
        slices as images along x and as k-space along y. Returns (B, num_coils, y, x) complex64 and energy kept.
        """
        batch, coils, height, width = slices.shape
        pixels = slices.reshape(batch, coils, height * width)
        if self.coil_compression == "none":
            combined = pixels
            if whitening is not None:
                combined = torch.matmul(whitening.to(torch.complex64), pixels)
            energy_kept = torch.ones(batch, dtype=torch.float64, device=slices.device)
            return combined.reshape(batch, coils, height, width), energy_kept

        rows, energy_kept = self._principal_coils(hybrid, whitening, lines)
        virtual = torch.matmul(rows.to(torch.complex64), pixels)
        return virtual.reshape(batch, rows.size(1), height, width), energy_kept

    def _principal_coils(self, hybrid: Tensor, whitening: Optional[Tensor], lines: int) -> tuple[Tensor, Tensor]:
        """The virtual coils' weights (B, virtual coils, coils) complex128, prewhitening among them, and energy kept."""
        gram = self._calibration_gram(hybrid, lines)
        if whitening is not None:
            gram = whitening @ gram @ whitening.mH
        eigenvalues, eigenvectors = torch.linalg.eigh(gram)  # ascending
        kept = min(hybrid.size(1), self.num_coils)
        rows = eigenvectors.mH.flip(1)[:, :kept]
        if whitening is not None:
            rows = rows @ whitening
        energies = eigenvalues.clamp(min=0.0).flip(1)
        energy_kept = energies[:, :kept].sum(1) / energies.sum(1)
        return rows, energy_kept

    def _calibration_gram(self, hybrid: Tensor, lines: int) -> Tensor:
        """V V^H of the calibration region for each slice, (B, coils, coils) complex128; V is (coils, samples)."""
        batch, coils = hybrid.size(0), hybrid.size(1)
        central = _central_lines(hybrid, lines).reshape(batch, coils, -1).to(torch.complex128)
        gram = torch.matmul(central, central.mH)
        signal = torch.diagonal(gram, dim1=1, dim2=2).abs().sum(1) > 0
        if not bool(signal.all()):
            whole = hybrid.reshape(batch, coils, -1).to(torch.complex128)
            gram = torch.where(signal.reshape(-1, 1, 1), gram, torch.matmul(whole, whole.mH))
        return gram

    def _network_input(self, virtual: Tensor, square: Optional[tuple[int, int]]) -> Tensor:
        """Steps 5 to 8, of the images of virtual coils (B, coils, y, x)."""
        kspace = self._centred_kspace(virtual, square)
        combined = self._combined(kspace)
        evened = self._over_local_brightness(combined)
        parts = torch.cat([evened.abs(), torch.real(evened)], dim=1)
        energy = parts.square().sum(1).mean([1, 2])
        return parts / energy.sqrt().reshape(-1, 1, 1, 1)

    def _centred_kspace(self, virtual: Tensor, square: Optional[tuple[int, int]]) -> Tensor:
        """Step 5: k-space of the matrix, with the echo at its centre. Values in the image keep their size."""
        matrix = self.matrix
        kspace = centred_fft(centred_fft(virtual, 2), 3)
        position_y = _echo_position(kspace, 2, self.echo_window)
        position_x = _echo_position(kspace, 3, self.echo_window)
        if matrix is not None:
            side = max(virtual.size(2), virtual.size(3))
            height, width = side, side
            if square is not None:
                height, width = square
                if height < virtual.size(2) or width < virtual.size(3):
                    raise ValueError(f"the square field of view ({height}, {width}) does not hold the slice")
            virtual = centred_resize(centred_resize(virtual, 2, height), 3, width)
        virtual = _shift_kspace(virtual, 2, torch.round(position_y * virtual.size(2)))
        virtual = _shift_kspace(virtual, 3, torch.round(position_x * virtual.size(3)))
        kspace = centred_fft(centred_fft(virtual, 2), 3)
        if matrix is not None:
            whole = _energy(kspace)
            factor = float(matrix) / (float(kspace.size(2)) * float(kspace.size(3))) ** 0.5
            kspace = centred_resize(centred_resize(kspace, 2, matrix), 3, matrix)
            self._refuse_without_signal(_energy(kspace), whole, "cropped matrix")
            kspace = kspace * factor
        return kspace

    def _combined(self, kspace: Tensor) -> Tensor:
        """Step 6: one image of all coils without its smooth phase, (B, 1, y, x)."""
        images = centred_ifft(centred_ifft(kspace, 2), 3)
        low = _low_passed(kspace, torch.ones([1], device=kspace.device) * float(self.low_resolution))
        strength = torch.view_as_real(low).square().sum([1, 4])[:, None]
        mean = strength.mean([2, 3], keepdim=True)
        self._refuse_without_signal(_energy(low), _energy(kspace), "low-resolution image")
        darkest = self.darkest_coils * self.darkest_coils * mean
        combined: Tensor = (low.conj() * images).sum(1, keepdim=True) / (strength + darkest).sqrt()
        return combined

    def _over_local_brightness(self, combined: Tensor) -> Tensor:
        """Step 7: the combined image over its local brightness, (B, windows, y, x)."""
        power = torch.view_as_real(combined).square().sum(4)
        mean = power.mean([2, 3], keepdim=True)
        if self.num_coils == 1:
            return combined / mean.sqrt()
        spectrum = centred_fft(centred_fft(torch.complex(power, torch.zeros_like(power)), 2), 3)
        window = torch.arange(self.num_coils - 1, device=combined.device, dtype=torch.float32)
        widths = torch.pow(4.0, 1.0 + window / float(max(1, self.num_coils - 2)))
        local = torch.real(_low_passed(spectrum, widths)).clamp(min=0.0)
        evened = combined / (local + self.darkest * self.darkest * mean).sqrt()
        return torch.cat([combined / mean.sqrt(), evened], dim=1)

    def _refuse_without_signal(self, energy: Tensor, whole: Tensor, where: str) -> None:
        good = energy > self.least_energy * whole
        if not bool(good.all()):
            index = int(torch.nonzero(~good)[0].item())
            raise ValueError(f"slice {index} has no signal left inside the {where}")
