"""Reference scans for check_rates.py: the array of a simulated scan measures another object with another protocol.

Scan and reference differ in object, position of the array, field of view, signal, bandwidth, number of averages, the
bandwidth of the noise measurement, all noise, and gains. Scans are written as MRD files, which state sample time and
averages.
"""

from __future__ import annotations

from pathlib import Path

import ismrmrd
import numpy as np
import torch
from ismrmrd import xsd
from numpy.typing import NDArray

from mriembed.fourier import image_to_kspace, kspace_to_image
from mriembed.simulation import simulate_images, simulate_kspace
from mriembed.simulation.faults import RawSlices

# A coil's noise over the array's median differs by so much (standard deviation of the logarithm) between sessions of a
# 32-channel head coil at 3 T. The gain of all coils together: the SNR of a coil from year to year differs by 2.9 %
# (25,000 measurements of 196 coils, AAPM 2022).
COIL_GAIN_SD = 0.06
ARRAY_GAIN_SD = 0.03
SAMPLE_TIME_US = 5.0  # of the scan
NOISE_SAMPLES = 8192  # of a noise measurement, in each coil


def reference_scan(
    path: Path, covariance: NDArray[np.complex128], *, size: int, measured: bool, random: np.random.Generator
) -> Path:
    """Writes a reference of an array whose noise has this covariance at SAMPLE_TIME_US.

    Args:
        path: the file.
        covariance: (coils, coils).
        size: of the smallest matrix.
        measured: whether it has a noise measurement.
        random: the same state gives the same file.
    """
    coils = len(covariance)
    gains = np.exp(ARRAY_GAIN_SD * random.standard_normal() + COIL_GAIN_SD * random.standard_normal(coils))
    root = np.linalg.cholesky(gains[:, None] * covariance * gains) / np.sqrt(2)
    generator = torch.Generator().manual_seed(int(random.integers(2**62)))
    kspace = simulate_kspace(simulate_images(1, 1, size, generator), coils, generator)
    wider = round(size * random.choice([1, 1.25, 1.5])) - size
    image = np.pad(kspace_to_image(kspace).numpy()[0], ((0, 0), *((wider // 2, wider - wider // 2),) * 2))
    signal = random.uniform(0.5, 2) * image_to_kspace(torch.from_numpy(image)).numpy()
    sample_time, noise_time = random.choice([2.5, 5, 10], 2)
    averages = int(random.choice([1, 2, 4]))

    def noise(time: float, *shape: int) -> NDArray[np.complex128]:
        white = random.standard_normal((coils, *shape)) + 1j * random.standard_normal((coils, *shape))
        return np.tensordot(root * np.sqrt(SAMPLE_TIME_US / time), white, 1)

    readouts = np.stack([signal + noise(sample_time, *signal.shape[1:]) for _ in range(averages)])
    measurement = noise(noise_time, NOISE_SAMPLES) if measured else None
    return write_scan(path, readouts, measurement, sample_time, noise_time)


def write_raw(path: Path, scan: RawSlices) -> Path:
    """A scan of one slice with SAMPLE_TIME_US and one average."""
    return write_scan(path, scan.kspace[:1], scan.noise, SAMPLE_TIME_US, SAMPLE_TIME_US)


def write_scan(
    path: Path,
    readouts: NDArray[np.complexfloating],
    noise: NDArray[np.complexfloating] | None,
    sample_time: float,
    noise_time: float,
) -> Path:
    """An MRD file. `readouts`: (averages, coils, y, x); `noise`: (coils, samples). Times are of a sample, in us."""
    averages, coils, height, width = readouts.shape
    acquisitions = []
    if noise is not None:
        for part in np.split(noise, 8, axis=1):
            acquisitions.append(_acquisition(part, noise_time))
            acquisitions[-1].set_flag(ismrmrd.ACQ_IS_NOISE_MEASUREMENT)
    for average in range(averages):
        for y in range(height):
            line = _acquisition(readouts[average, :, y], sample_time)
            line.idx.kspace_encode_step_1, line.idx.average = y, average
            line.center_sample = width // 2
            acquisitions.append(line)
    path.unlink(missing_ok=True)
    with ismrmrd.File(path, "w") as file:
        file["dataset"].header = _header(coils, height, width)
        file["dataset"].acquisitions = acquisitions
    return path


def _acquisition(samples: NDArray[np.complexfloating], sample_time: float) -> ismrmrd.Acquisition:
    line = ismrmrd.Acquisition.from_array(np.ascontiguousarray(samples, np.complex64))
    line.sample_time_us = sample_time
    return line


def _header(coils: int, height: int, width: int) -> xsd.ismrmrdHeader:
    space = xsd.encodingSpaceType(
        matrixSize=xsd.matrixSizeType(x=width, y=height, z=1), fieldOfView_mm=xsd.fieldOfViewMm(x=width, y=height, z=5)
    )
    limit = xsd.limitType(minimum=0, maximum=height - 1, center=height // 2)
    return xsd.ismrmrdHeader(
        experimentalConditions=xsd.experimentalConditionsType(H1resonanceFrequency_Hz=123000000),
        acquisitionSystemInformation=xsd.acquisitionSystemInformationType(
            receiverChannels=coils,
            coilLabel=[xsd.coilLabelType(coilNumber=coil, coilName=f"H{coil + 1}") for coil in range(coils)],
        ),
        encoding=[
            xsd.encodingType(
                encodedSpace=space,
                reconSpace=space,
                encodingLimits=xsd.encodingLimitsType(kspace_encoding_step_1=limit),
                trajectory=xsd.trajectoryType.CARTESIAN,
            )
        ],
    )
