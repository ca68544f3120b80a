"""Where MRD's words put the samples of a raw scan: an independent answer to compare the readers with.

- Sample i of a readout lies at k = i - center_sample, of a reversed one at center_sample - i, in steps of the encoded
  space; the first discard_pre and the last discard_post samples are discarded.
- A line lies at its encoding step less the center of the step's limits; without limits, less half the matrix.
- What was acquired several times is averaged; what was not is zero.
- Where no readout has a center_sample, or a center of limits that cover the matrix is 0, nobody set it: then the centre
  is in the middle.
- The encoded space has more field of view than the reconstructed one where it is oversampled: its middle is kept.
  Along an axis of which the header has no fields of view, or one for both spaces although the matrices differ, the
  matrices tell. Only where they are as much smaller along x and y alike, the image has a lower resolution.
"""

import numpy as np
from numpy.typing import NDArray

from raw_scan import (
    CALIBRATION,
    DUMMY,
    FEEDBACK,
    NAVIGATION,
    NOISE,
    PHASE_CORRECTION,
    REVERSE,
    Limits,
    RawScan,
    Readout,
)

Complex = NDArray[np.complex128]
_NO_IMAGE = NOISE | NAVIGATION | PHASE_CORRECTION | FEEDBACK | DUMMY


def _inverse(samples: Complex, axis: int) -> Complex:
    moved = np.fft.ifft(np.fft.ifftshift(samples, axis), axis=axis, norm="ortho")
    return np.asarray(np.fft.fftshift(moved, axis))


def _forward(samples: Complex, axis: int) -> Complex:
    moved = np.fft.fft(np.fft.ifftshift(samples, axis), axis=axis, norm="ortho")
    return np.asarray(np.fft.fftshift(moved, axis))


def _middle(samples: Complex, axis: int, length: int) -> Complex:
    begin = samples.shape[axis] // 2 - length // 2
    return np.take(samples, np.arange(begin, begin + length), axis)


def _center(limits: Limits | None, size: int) -> int:
    if limits is None or size == 1:
        return size // 2
    unset = limits.center == 0 and limits.maximum - limits.minimum + 1 == size
    return limits.minimum + size // 2 if unset else limits.center


def _is_volume(scan: RawScan) -> bool:
    """Some headers give a 2D scan several partitions of which no acquisition knows."""
    return len({line.step_2 for line in scan.readouts if not line.flags & _NO_IMAGE}) > 1


def _kept_lengths(scan: RawScan) -> list[int]:
    """Pixels of the encoded space's images that lie inside the reconstructed field of view, along x, y and z."""
    spaces = zip(scan.encoded.matrix, scan.recon.matrix, scan.encoded.fov, scan.recon.fov, strict=True)
    by_matrices, by_fov, larger, one_fov = [], [], [], []
    for size, recon, encoded_fov, recon_fov in spaces:
        known = min(encoded_fov, recon_fov) > 0
        by_matrices.append(min(size, recon))
        by_fov.append(min(size, round(size * recon_fov / encoded_fov)) if known else by_matrices[-1])
        larger.append(by_fov[-1] / recon)
        one_fov.append(encoded_fov == recon_fov)
    return [
        matrices if same and factor > 1 and not larger[0] == larger[1] == factor else fov
        for matrices, fov, factor, same in zip(by_matrices, by_fov, larger, one_fov, strict=True)
    ]


def _whitening(scan: RawScan) -> Complex | None:
    noise = [
        line.samples[:, line.discard_pre : line.samples.shape[1] - line.discard_post]
        for line in scan.readouts
        if line.flags & NOISE and not line.flags & DUMMY
    ]
    if not noise:
        return None
    samples = np.concatenate(noise, axis=1).astype(np.complex128)
    covariance: Complex = samples @ samples.conj().T / (samples.shape[1] - 1)
    return np.asarray(np.linalg.inv(np.linalg.cholesky(covariance)), np.complex128)


def _placed(scan: RawScan, lines: list[Readout]) -> Complex:
    """(coils, z, y, x), averaged."""
    nx, ny, nz = scan.encoded.matrix
    if not _is_volume(scan):
        nz = 1
    coils = lines[0].samples.shape[0]
    grid = np.zeros((coils, nz, ny, nx), np.complex128)
    counts = np.zeros((nz, ny, nx))
    centred = any(line.center_sample for line in lines)
    for line in lines:
        number = line.samples.shape[1]
        index = np.arange(line.discard_pre, number - line.discard_post)
        offset = index - (line.center_sample if centred else number // 2)
        x = nx // 2 + (-offset if line.flags & REVERSE else offset)
        y = ny // 2 + line.step_1 - _center(scan.limits_1, ny)
        z = 0 if nz == 1 else nz // 2 + line.step_2 - _center(scan.limits_2, nz)
        inside = (x >= 0) & (x < nx)
        if 0 <= y < ny and 0 <= z < nz:
            grid[:, z, y, x[inside]] += line.samples[:, index[inside]]
            counts[z, y, x[inside]] += 1
    return grid / np.maximum(counts, 1)


def placed_slices(scan: RawScan) -> list[Complex]:
    """The scan's slices, each (coils, y, x), whitened where the scan has noise, without oversampling.

    In the order of slice, contrast, repetition, set and partition. ACS lines count as lines of their slice.
    """
    volumes: dict[tuple[int, ...], list[Readout]] = {}
    for line in scan.readouts:
        if not line.flags & _NO_IMAGE:
            volumes.setdefault((line.slice, line.contrast, line.repetition, line.set), []).append(line)
    whitening = _whitening(scan)
    kept_x, kept_y, kept_z = _kept_lengths(scan)
    kept_z = kept_z if _is_volume(scan) else 1
    slices: list[Complex] = []
    for key in sorted(volumes):
        imaging = [line for line in volumes[key] if not line.flags & CALIBRATION]
        measured = {(line.step_1, line.step_2) for line in imaging}
        calibration = [
            line for line in volumes[key] if line.flags & CALIBRATION and (line.step_1, line.step_2) not in measured
        ]
        images = _placed(scan, imaging + calibration)
        for axis, length in ((1, kept_z), (2, kept_y), (3, kept_x)):
            images = _middle(_inverse(images, axis), axis, length)
        if whitening is not None:
            images = np.tensordot(whitening, images, 1)
        kspace = _forward(_forward(images, 2), 3)
        slices += [kspace[:, z] for z in range(kept_z)]
    return slices
