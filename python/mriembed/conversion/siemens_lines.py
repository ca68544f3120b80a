"""From the lines of a Siemens measurement to acquisitions of MRD."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from mriembed.conversion.siemens_header import Extent, Limits

# Flags of the measurement data header, and what MRD calls them (siemens_to_ismrmrd).
_FLAGS = {
    "FIRSTSCANINSLICE": "ACQ_FIRST_IN_SLICE",
    "LASTSCANINSLICE": "ACQ_LAST_IN_SLICE",
    "LASTSCANINMEAS": "ACQ_LAST_IN_MEASUREMENT",
    "NOISEADJSCAN": "ACQ_IS_NOISE_MEASUREMENT",
    "PATREFANDIMASCAN": "ACQ_IS_PARALLEL_CALIBRATION_AND_IMAGING",
    "REFLECT": "ACQ_IS_REVERSE",
    "PHASCOR": "ACQ_IS_PHASECORR_DATA",
    "RTFEEDBACK": "ACQ_IS_RTFEEDBACK_DATA",
    "HPFEEDBACK": "ACQ_IS_HPFEEDBACK_DATA",
    "RETRO_DUMMYSCAN": "ACQ_IS_DUMMYSCAN_DATA",
    "REFPHASESTABSCAN": "ACQ_IS_PHASE_STABILIZATION_REFERENCE",
    "PHASESTABSCAN": "ACQ_IS_PHASE_STABILIZATION",
}
_NO_SAMPLES = ("ACQEND", "SYNCDATA")
# What is no line of the image or of its calibration.
_OTHER = ("NOISEADJSCAN", "PHASCOR", "RTFEEDBACK", "HPFEEDBACK", "RETRO_DUMMYSCAN", "REFPHASESTABSCAN", "PHASESTABSCAN")


def lines_of(measurement: Any) -> list[Any]:  # noqa: ANN401
    """The blocks of a measurement of twixtools that hold samples."""
    return [block for block in measurement["mdb"] if not any(block.is_flag_set(flag) for flag in _NO_SAMPLES)]


def noise_lines(lines: Sequence[Any]) -> list[Any]:
    """Those of them that measured noise."""
    return [line for line in lines if line.is_flag_set("NOISEADJSCAN")]


def imaging_lines(lines: Sequence[Any]) -> list[Any]:
    """Those of them that are of the image or of its calibration."""
    return [line for line in lines if not any(line.is_flag_set(flag) for flag in _OTHER)]


def limits_of(lines: Sequence[Any], counter: str, center: str) -> Limits:
    """Of the encoding steps of imaging lines.

    Args:
        lines: of the image, at least one.
        counter: of the step, "Lin" or "Par".
        center: of the step at the centre of k-space, which most lines agree on: "CenterLin" or "CenterPar".
    """
    steps = [int(getattr(line.mdh.Counter, counter)) for line in lines]
    centers = Counter(int(getattr(line.mdh, center)) for line in lines)
    return Limits(min(steps), max(steps), centers.most_common(1)[0][0])


def extent_of(lines: Sequence[Any]) -> Extent:
    """Of imaging lines, at least one. Those of the calibration alone may be shorter: they count if they are all."""
    lines = [line for line in lines if not _is_calibration(line)] or lines
    samples = max(int(line.mdh.SamplesInScan) for line in lines)
    return Extent(
        samples,
        all(int(line.mdh.CenterCol) == samples // 2 for line in lines if int(line.mdh.SamplesInScan) == samples),
        max(int(line.mdh.Counter.Lin) for line in lines) + 1,
        any(int(line.mdh.CenterLin) > 0 for line in lines),
    )


def acquisition_of(line: Any, dwell_time_us: float) -> Any:  # noqa: ANN401
    """An `ismrmrd.Acquisition` with the samples of a line, and all that its header says."""
    import ismrmrd

    samples = np.atleast_2d(line.data).astype(np.complex64)
    head, counter = line.mdh, line.mdh.Counter
    acquisition = ismrmrd.Acquisition.from_array(samples)
    for siemens, mrd in _FLAGS.items():
        if line.is_flag_set(siemens):
            acquisition.set_flag(getattr(ismrmrd, mrd))
    if _is_calibration(line):
        acquisition.set_flag(ismrmrd.ACQ_IS_PARALLEL_CALIBRATION)
    acquisition.measurement_uid = int(head.MeasUID)
    acquisition.scan_counter = int(head.ScanCounter)
    acquisition.acquisition_time_stamp = int(head.TimeStamp)
    acquisition.center_sample = int(head.CenterCol)
    acquisition.discard_pre, acquisition.discard_post = int(head.CutOff.Pre), int(head.CutOff.Post)
    acquisition.sample_time_us = dwell_time_us
    index = acquisition.idx
    index.kspace_encode_step_1, index.kspace_encode_step_2 = int(counter.Lin), int(counter.Par)
    index.average, index.slice, index.contrast = int(counter.Ave), int(counter.Sli), int(counter.Eco)
    index.phase, index.repetition = int(counter.Phs), int(counter.Rep)
    index.set, index.segment = int(counter.Set), int(counter.Seg)
    index.user[5], index.user[6] = int(head.CenterLin), int(head.CenterPar)
    place = head.SliceData.SlicePos
    axes = _axes(np.asarray(head.SliceData.Quaternion, np.float64))
    for axis in range(3):
        acquisition.position[axis] = (place.Sag, place.Cor, place.Tra)[axis]
        acquisition.read_dir[axis], acquisition.phase_dir[axis], acquisition.slice_dir[axis] = axes[axis]
    return acquisition


def _is_calibration(line: Any) -> bool:  # noqa: ANN401
    """Whether it is of the calibration of a parallel reconstruction alone."""
    return line.is_flag_set("PATREFSCAN") and not line.is_flag_set("PATREFANDIMASCAN")


def _axes(quaternion: np.ndarray) -> np.ndarray:
    """(3, 3): the patient's components of the read, phase and slice directions, by the scalar-first quaternion."""
    w, x, y, z = quaternion
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ]
    )
