"""From multi-coil k-space or coil images to the stacked channels that the network reads.

This is preprocessing contract version 3. Its order is part of the contract, because a scanner and a
training run must agree in every step:

1. prewhitening with a noise covariance (Roemer et al. 1990, doi:10.1002/mrm.1910160203)
2. centred orthonormal inverse FFT over y and x (the convention of fastMRI and of `bart fft -u -i`)
3. readout oversampling removed by a centred crop of x
4. coil compression to virtual coils by PCA (Buehrer et al. 2007, doi:10.1002/mrm.21237) of the calibration
   lines: the 24 central lines of y in k-space, all of them where there are fewer or these hold no signal
5. resampling to a fixed matrix, where the contract names one
6. the phase of each virtual coil fixed: the sum of its pixels v |v| is real and positive
7. scaling to unit root-mean-square
8. real parts, then imaginary parts, as float32 channels

Version 1 took all lines for step 4. The calibration lines are what undersampled scans have in full, and hold
most of the energy; the virtual coils can be known before the other samples are read. Version 2 fixed the phase
before it resampled: now what the matrix does not keep serves the calibration alone, and no more of it is computed.
Every sample is looked at all the same, and a slice that holds NaN or infinite ones anywhere is refused.

Steps 1 to 4 are linear and act on different axes, so this implementation reorders them without changing
the result: it transforms x, crops, gathers the coils' Gram matrix of the calibration lines there (the
transform over x is unitary and leaves it as it is), applies prewhitening and compression as one matrix, and
transforms y for the virtual coils only.
"""

from __future__ import annotations

from typing import Optional

import torch
from torch import Tensor, nn

CONTRACT_VERSION = 3
CALIBRATION_LINES = 24  # as many as `bart ecalib` takes by default


def _centred_fft(x: Tensor, axis: int) -> Tensor:
    """Centred orthonormal FFT along one axis, for odd and even lengths."""
    shifted = torch.fft.ifftshift(x, dim=[axis])
    transformed: Tensor = torch.fft.fftshift(torch.fft.fft(shifted, dim=axis, norm="ortho"), dim=[axis])
    return transformed


def _centred_ifft(x: Tensor, axis: int) -> Tensor:
    """Centred orthonormal inverse FFT along one axis, for odd and even lengths."""
    shifted = torch.fft.ifftshift(x, dim=[axis])
    transformed: Tensor = torch.fft.fftshift(torch.fft.ifft(shifted, dim=axis, norm="ortho"), dim=[axis])
    return transformed


def _centred_resize(x: Tensor, axis: int, length: int) -> Tensor:
    """Crops or zero-pads one axis so that its centre, index n // 2, stays the centre."""
    size = x.size(axis)
    if size >= length:
        return x.narrow(axis, size // 2 - length // 2, length)
    shape = list(x.shape)
    shape[axis] = length
    padded = torch.zeros(shape, dtype=x.dtype, device=x.device)
    padded.narrow(axis, length // 2 - size // 2, size).copy_(x)
    return padded


def _resample_axis(x: Tensor, axis: int, square: int, matrix: int) -> Tensor:
    """Pads one image axis to `square` pixels and changes their number to `matrix` through k-space.

    The factor keeps image values at their size: an orthonormal FFT of n ones gives sqrt(n) at the centre.
    """
    padded = _centred_resize(x, axis, square)
    if square == matrix:
        return padded
    kspace = _centred_resize(_centred_fft(padded, axis), axis, matrix)
    image: Tensor = _centred_ifft(kspace, axis) * (float(matrix) / float(square)) ** 0.5
    return image


class CoilPreprocessor(nn.Module):
    """Turns a batch of slices of one geometry, (B, coils, y, x) complex, into (B, 2 x num_coils, H, W).

    Scriptable; holds no weights. Work is done in complex64, the small coil matrices in complex128.
    Physical coil count, order, phases and the global scale do not change the result (as long as the
    leading eigenvalues of the coil Gram matrix are distinct).

    Args:
        num_coils: number of virtual coils.
        coil_compression: "pca" compresses any number of coils to `num_coils`, filling with zeros where
            there are fewer; "none" takes exactly `num_coils` coils as they are.
        matrix: side of the square matrix that every slice is resampled to; None keeps the native size.

    Raises:
        ValueError: for arguments outside their range.
    """

    def __init__(self, num_coils: int = 8, coil_compression: str = "pca", matrix: Optional[int] = None) -> None:
        super().__init__()
        if num_coils < 1:
            raise ValueError(f"num_coils must be at least 1, not {num_coils}")
        if coil_compression not in ("pca", "none"):
            raise ValueError(f'coil_compression must be "pca" or "none", not "{coil_compression}"')
        if matrix is not None and matrix < 8:
            raise ValueError(f"matrix must be at least 8, not {matrix}")
        self.num_coils = num_coils
        self.coil_compression = coil_compression
        self.matrix: Optional[int] = matrix
        self.calibration_lines = CALIBRATION_LINES
        self.contract_version = CONTRACT_VERSION  # by which a model file's preprocessing is known

    def forward(
        self, kspace: Tensor, noise_covariance: Optional[Tensor] = None, readout_width: Optional[int] = None
    ) -> Tensor:
        """Stacked channels of k-space: the first result of `prepare_kspace`."""
        return self.prepare_kspace(kspace, noise_covariance, readout_width)[0]

    @torch.jit.export
    def prepare_kspace(
        self, kspace: Tensor, noise_covariance: Optional[Tensor] = None, readout_width: Optional[int] = None
    ) -> tuple[Tensor, Tensor]:
        """All eight steps.

        Args:
            kspace: (B, coils, y, x) complex, fully sampled or zero-filled, centre at (y // 2, x // 2).
            noise_covariance: (coils, coils) complex, n n^H / (N - 1); its overall scale does not matter.
                None: no prewhitening.
            readout_width: width in pixels to crop x to, at most the number of samples; None: no crop.

        Returns:
            The stacked channels (B, 2 x num_coils, H, W), float32, and for each slice the share of the
            calibration lines' energy that the virtual coils keep (B,), float64, in (0, 1].

        Raises:
            TypeError, ValueError: an array of wrong dtype or shape, a slice that is all zero or holds
                NaN or Inf (named by its index), a covariance that is not positive definite.
        """
        scaled = self._scaled_to_unit_peak(kspace)
        whitening: Optional[Tensor] = None
        if noise_covariance is not None:
            whitening = self._whitening(noise_covariance, kspace.size(1)).to(kspace.device)
        hybrid = _centred_ifft(scaled, 3)
        if readout_width is not None:
            if readout_width < 1 or readout_width > kspace.size(3):
                raise ValueError(f"readout width must lie in 1..{kspace.size(3)} samples, not {readout_width}")
            hybrid = _centred_resize(hybrid, 3, readout_width)
        virtual, energy_kept = self._combine_coils(hybrid, hybrid, whitening)
        return self._stacked(_centred_ifft(virtual, 2)), energy_kept

    @torch.jit.export
    def prepare_images(self, coil_images: Tensor) -> tuple[Tensor, Tensor]:
        """Steps 4 to 8, for coil images (B, coils, y, x) complex. Returns and raises as `prepare_kspace`."""
        scaled = self._scaled_to_unit_peak(coil_images)
        virtual, energy_kept = self._combine_coils(scaled, _centred_fft(scaled, 2), None)
        return self._stacked(virtual), energy_kept

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

    def _combine_coils(self, slices: Tensor, hybrid: Tensor, whitening: Optional[Tensor]) -> tuple[Tensor, Tensor]:
        """Prewhitening and coil compression as one matrix, which comes from the hybrid: the slices as images
        along x and as k-space along y. Returns (B, num_coils, y, x) complex64 and energy kept.
        """
        batch, coils, height, width = slices.shape
        pixels = slices.reshape(batch, coils, height * width)
        if self.coil_compression == "none":
            combined = pixels
            if whitening is not None:
                combined = torch.matmul(whitening.to(torch.complex64), pixels)
            energy_kept = torch.ones(batch, dtype=torch.float64, device=slices.device)
            return combined.reshape(batch, coils, height, width), energy_kept

        gram = self._calibration_gram(hybrid)
        if whitening is not None:
            gram = whitening @ gram @ whitening.mH
        eigenvalues, eigenvectors = torch.linalg.eigh(gram)  # ascending
        kept = min(coils, self.num_coils)
        rows = eigenvectors.mH.flip(1)[:, :kept]
        if whitening is not None:
            rows = rows @ whitening
        virtual = torch.matmul(rows.to(torch.complex64), pixels)
        if kept < self.num_coils:
            missing = torch.zeros(
                batch, self.num_coils - kept, height * width, dtype=virtual.dtype, device=virtual.device
            )
            virtual = torch.cat([virtual, missing], dim=1)
        energies = eigenvalues.clamp(min=0.0).flip(1)
        energy_kept = energies[:, :kept].sum(1) / energies.sum(1)
        return virtual.reshape(batch, self.num_coils, height, width), energy_kept

    def _calibration_gram(self, hybrid: Tensor) -> Tensor:
        """V V^H of the calibration lines for each slice, (B, coils, coils) complex128; V is (coils, samples)."""
        batch, coils, height, _ = hybrid.shape
        lines = min(height, self.calibration_lines)
        central = hybrid.narrow(2, height // 2 - lines // 2, lines).reshape(batch, coils, -1).to(torch.complex128)
        gram = torch.matmul(central, central.mH)
        signal = torch.diagonal(gram, dim1=1, dim2=2).abs().sum(1) > 0
        if not bool(signal.all()):
            whole = hybrid.reshape(batch, coils, -1).to(torch.complex128)
            gram = torch.where(signal.reshape(-1, 1, 1), gram, torch.matmul(whole, whole.mH))
        return gram

    def _stacked(self, virtual: Tensor) -> Tensor:
        """Steps 5 to 8: matrix, phase, scale, layout."""
        matrix = self.matrix
        if matrix is not None:
            square = max(virtual.size(2), virtual.size(3))
            virtual = _resample_axis(_resample_axis(virtual, 2, square, matrix), 3, square, matrix)
        if self.coil_compression != "none":
            phasor = (virtual * virtual.abs()).sum([2, 3], keepdim=True)
            magnitude = phasor.abs()
            rotation = torch.where(magnitude > 0, phasor.conj() / magnitude, torch.ones_like(phasor))
            virtual = virtual * rotation
        parts = torch.view_as_real(virtual.resolve_conj())
        energy = parts.square().sum([1, 4]).mean([1, 2])
        if not bool((energy > 0).all()):
            index = int(torch.nonzero(~(energy > 0))[0].item())
            raise ValueError(f"slice {index} has no signal left inside the cropped readout or matrix")
        parts = parts / energy.sqrt().reshape(-1, 1, 1, 1, 1)
        return torch.cat([parts[..., 0], parts[..., 1]], dim=1)
