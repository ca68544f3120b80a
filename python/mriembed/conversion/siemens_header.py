"""From the protocol of a Siemens measurement to the header of MRD.

Names of the protocol and what they mean in MRD are those of siemens_to_ismrmrd
(https://github.com/ismrmrd/siemens_to_ismrmrd, parameter_maps). Who was measured stays out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mriembed.errors import BadInputError

_CARTESIAN, _RADIAL, _SPIRAL = 1, 2, 4  # ucTrajectory
_THREE_DIMENSIONAL = 4  # ucDimension
_NANOSECONDS, _MICROSECONDS = 1e-3, 1e-3  # to microseconds, to milliseconds
_RECEIVER_NOISE_BANDWIDTH = 0.793  # of Siemens' receivers, to that of the sampling


@dataclass(frozen=True)
class Limits:
    """Encoding steps that were measured, and the one at the centre of k-space."""

    minimum: int
    maximum: int
    center: int


@dataclass(frozen=True)
class Extent:
    """What the lines of an image reach over.

    Attributes:
        samples: of the longest readout. is_centred: whether the centre of k-space is its middle sample.
        lines: one more than the last encoding step.
        states_center: whether any line says which one lies at the centre of k-space.
    """

    samples: int
    is_centred: bool
    lines: int
    states_center: bool


class Protocol:
    """The protocol of a measurement, as twixtools parses it.

    Args:
        parts: of the header, by name: "Meas", "MeasYaps", "Dicom", ...
    """

    def __init__(self, parts: Mapping[str, Any]) -> None:
        self._parts = parts

    def get(self, part: str, *names: str | int) -> Any:  # noqa: ANN401  (numbers, texts, lists and tables)
        """What lies there; None where nothing does, or an empty text."""
        value: Any = self._parts.get(part)
        for name in names:
            if isinstance(value, list) and isinstance(name, int):
                value = value[name] if name < len(value) else None
            else:
                value = value.get(name) if isinstance(value, Mapping) else None
        return None if value == "" else value

    def number(self, part: str, *names: str | int, default: float | None = None) -> float:
        """A number; of a list the first one.

        Raises:
            BadInputError: there is none, and no default.
        """
        value = self.get(part, *names)
        if isinstance(value, list):
            value = value[0] if value else None
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            if default is None:
                raise BadInputError(f"its protocol has no number {'.'.join(map(str, (part, *names)))}")
            return default
        return float(value)

    @property
    def dwell_time_us(self) -> float:
        """Between two samples of the image; 0 where the protocol does not say it."""
        return _NANOSECONDS * self.number("MeasYaps", "sRXSPEC", "alDwellTime", default=0)

    @property
    def readout_oversampling(self) -> float:
        """Samples of a readout for each pixel of the image."""
        return self.number("Meas", "flReadoutOSFactor", default=2)

    @property
    def matrix(self) -> tuple[int, int]:
        """Samples of a readout, and phase encoding lines.

        Raises:
            BadInputError: the protocol lacks one of them.
        """
        return (
            round(self.number("Meas", "iNoOfFourierColumns")),
            round(self.number("MeasYaps", "sKSpace", "lPhaseEncodingLines")),
        )

    def describes(self, extent: Extent) -> bool:
        """Whether the matrix is that of the lines. Users' own sequences (Pulseq) need not write theirs.

        Fewer lines are partial Fourier, and shorter readouts asymmetric echoes or without oversampling.
        """
        samples, lines = self.matrix
        whole = (samples, samples / self.readout_oversampling)
        return (
            extent.lines <= lines and extent.samples <= samples and (extent.samples in whole or not extent.is_centred)
        )

    def noise_measurements(self) -> list[str]:
        """Number of the measurement whose noise is meant for this one; none where the protocol names none.

        `ReconMeasDependencies` is a text of three numbers: of the measurements of transmit field, sensitivities, noise.
        """
        numbers = str(self.get("Meas", "ReconMeasDependencies")).split()
        return [number for number in numbers[2:3] if number.isdigit() and int(number) > 0]

    def coil_names(self) -> list[str]:
        """Of the channels in the order of the samples: name of the coil, its copy, its element."""
        measured = self.get("MeasYaps", "sCoilSelectMeas", "aRxCoilSelectData", 0, "asList")  # from VD on
        measured = measured or self.get("MeasYaps", "asCoilSelectMeas", 0, "asList")  # VB
        elements = [element for element in measured or [] if isinstance(element, Mapping)]
        # VB has no number of the converter's channel.
        channels = [element.get("lADCChannelConnected", element.get("lRxChannelConnected")) for element in elements]
        chosen = [number for number, channel in enumerate(channels) if channel is not None]
        names = []
        for number in sorted(chosen, key=lambda number: float(channels[number])):
            element = elements[number]
            coil = element.get("sCoilElementID", {})
            parts = (coil.get("tCoilID"), coil.get("lCoilCopy"), coil.get("tElement"))
            names.append(":".join(str(part).strip('"') for part in parts if part is not None))
        return names


def header_of(protocol: Protocol, extent: Extent, lines: Limits, partitions: Limits, coils: int) -> Any:  # noqa: ANN401
    """The MRD header (`ismrmrd.xsd.ismrmrdHeader`) of a measurement.

    Args:
        protocol: of the measurement.
        extent: of its imaging lines, whose matrix is taken, without oversampling, where the protocol describes another.
        lines, partitions: of its imaging lines.
        coils: of its imaging lines.

    Raises:
        BadInputError: the protocol lacks what places samples, or is one of several slices at once.
    """
    from ismrmrd import xsd

    # MRD's <multiband> asks for the slices' distance and shifts, which the protocol does not say.
    multiband = int(protocol.number("MeasYaps", "sSliceAcceleration", "lMultiBandFactor", default=1))
    if multiband > 1:
        raise BadInputError(
            f"multiband: {multiband} slices were excited together and lie on top of each other; separate them by a "
            "reconstruction first"
        )
    names = protocol.coil_names()
    labels = [xsd.coilLabelType(coilNumber=number, coilName=name) for number, name in enumerate(names)]
    dicom = {
        name: protocol.get("Dicom", name) for name in ("Manufacturer", "ManufacturersModelName", "InstitutionName")
    }
    field = protocol.number("Meas", "flMagneticFieldStrength", default=0)
    identity = protocol.number("Meas", "MeasUID", default=0)
    return xsd.ismrmrdHeader(
        measurementInformation=xsd.measurementInformationType(
            measurementID=str(int(identity)) if identity > 0 else None,
            patientPosition=_position_of(protocol),
            protocolName=_text(protocol.get("Meas", "tProtocolName")),
            sequenceName=_text(protocol.get("MeasYaps", "tSequenceFileName")),
            measurementDependency=[
                xsd.measurementDependencyType(dependencyType="Noise", measurementID=noise)
                for noise in protocol.noise_measurements()
            ],
        ),
        acquisitionSystemInformation=xsd.acquisitionSystemInformationType(
            systemVendor=_text(dicom["Manufacturer"]),
            systemModel=_text(dicom["ManufacturersModelName"]),
            systemFieldStrength_T=field if field > 0 else None,
            relativeReceiverNoiseBandwidth=_RECEIVER_NOISE_BANDWIDTH,
            receiverChannels=coils,
            coilLabel=labels if len(labels) == coils else [],
            institutionName=_text(dicom["InstitutionName"]),
        ),
        experimentalConditions=xsd.experimentalConditionsType(
            H1resonanceFrequency_Hz=int(protocol.number("Dicom", "lFrequency", default=0))
        ),
        encoding=[_encoding_of(protocol, extent, lines, partitions)],
        sequenceParameters=_sequence_of(protocol),
    )


def _position_of(protocol: Protocol) -> Any:  # noqa: ANN401
    """How the patient lies; the schema asks for it. Head first, supine, where the protocol does not say it."""
    from ismrmrd import xsd

    known = {position.value: position for position in xsd.patientPositionType}
    return known.get(str(protocol.get("Meas", "tPatientPosition")), xsd.patientPositionType.HFS)


def _encoding_of(protocol: Protocol, extent: Extent, lines: Limits, partitions: Limits) -> Any:  # noqa: ANN401
    from ismrmrd import xsd

    def space(matrix: tuple[float, float, float], fov: tuple[float, float, float]) -> Any:  # noqa: ANN401
        x, y, z = (max(1, round(size)) for size in matrix)
        return xsd.encodingSpaceType(
            matrixSize=xsd.matrixSizeType(x=x, y=y, z=z),
            fieldOfView_mm=xsd.fieldOfViewMm(x=fov[0], y=fov[1], z=fov[2]),
        )

    def limit(limits: Limits) -> Any:  # noqa: ANN401
        return xsd.limitType(minimum=limits.minimum, maximum=limits.maximum, center=limits.center)

    slab = protocol.number("MeasYaps", "sKSpace", "ucDimension", default=2) == _THREE_DIMENSIONAL
    readout = protocol.number("MeasYaps", "sSliceArray", "asSlice", 0, "dReadoutFOV")
    phase = protocol.number("MeasYaps", "sSliceArray", "asSlice", 0, "dPhaseFOV")
    thickness = protocol.number("MeasYaps", "sSliceArray", "asSlice", 0, "dThickness", default=0)
    oversampling = (
        protocol.readout_oversampling,
        1 + protocol.number("MeasYaps", "sKSpace", "dPhaseOversamplingForDialog", default=0),
        1 + (protocol.number("MeasYaps", "sKSpace", "dSliceOversamplingForDialog", default=0) if slab else 0),
    )
    encoded = space(
        (
            *protocol.matrix,
            protocol.number("MeasYaps", "sKSpace", "lPartitions", default=1) if slab else 1,
        ),
        (readout * oversampling[0], phase * oversampling[1], thickness * oversampling[2]),
    )
    recon = space(
        (
            protocol.number("Meas", "NImageCols", default=encoded.matrixSize.x / oversampling[0]),
            protocol.number("Meas", "NImageLins", default=encoded.matrixSize.y / oversampling[1]),
            protocol.number("MeasYaps", "sKSpace", "lImagesPerSlab", default=1) if slab else 1,
        ),
        (readout, phase, thickness),
    )
    if not protocol.describes(extent):
        measured = (extent.samples, max(extent.lines, protocol.matrix[1] if extent.states_center else 1))
        encoded = space((*measured, encoded.matrixSize.z), (readout, phase, thickness * oversampling[2]))
        recon = space((*measured, recon.matrixSize.z), (readout, phase, thickness))
    description = _epi_of(protocol)
    return xsd.encodingType(
        encodedSpace=encoded,
        reconSpace=recon,
        encodingLimits=xsd.encodingLimitsType(
            kspace_encoding_step_1=limit(lines), kspace_encoding_step_2=limit(partitions)
        ),
        trajectory=_trajectory_of(protocol, description is not None),
        trajectoryDescription=description,
        parallelImaging=_acceleration_of(protocol),
    )


def _trajectory_of(protocol: Protocol, epi: bool) -> Any:  # noqa: ANN401
    from ismrmrd import xsd

    kind = protocol.number("MeasYaps", "sKSpace", "ucTrajectory", default=_CARTESIAN)
    cartesian = xsd.trajectoryType.EPI if epi else xsd.trajectoryType.CARTESIAN
    known = {_CARTESIAN: cartesian, _RADIAL: xsd.trajectoryType.RADIAL, _SPIRAL: xsd.trajectoryType.SPIRAL}
    return known.get(int(kind), xsd.trajectoryType.OTHER)


def _epi_of(protocol: Protocol) -> Any:  # noqa: ANN401
    """The description of an echo-planar readout, None for others."""
    from ismrmrd import xsd

    times = {
        "rampUpTime": protocol.number("Meas", "alRegridRampupTime", default=0),
        "rampDownTime": protocol.number("Meas", "alRegridRampdownTime", default=0),
        "flatTopTime": protocol.number("Meas", "alRegridFlattopTime", default=0),
        "acqDelayTime": protocol.number("Meas", "alRegridDelaySamplesTime", default=0),
        "echoSpacing": protocol.number("Meas", "lEchoSpacing", default=0),
        "etl": protocol.number("MeasYaps", "sFastImaging", "lEPIFactor", default=0),
        "numSamples": protocol.number("Meas", "alRegridDestSamples", default=0),
    }
    if times["rampUpTime"] <= 0 or times["rampDownTime"] <= 0:
        return None
    return xsd.trajectoryDescriptionType(
        identifier="ConventionalEPI",
        userParameterLong=[
            xsd.userParameterLongType(name=name, value=round(value)) for name, value in times.items() if value > 0
        ],
        userParameterDouble=[xsd.userParameterDoubleType(name="dwellTime", value=protocol.dwell_time_us)],
    )


def _acceleration_of(protocol: Protocol) -> Any:  # noqa: ANN401
    from ismrmrd import xsd

    factors = [
        max(1, round(protocol.number("MeasYaps", "sPat", name, default=1))) for name in ("lAccelFactPE", "lAccelFact3D")
    ]
    return xsd.parallelImagingType(
        accelerationFactor=xsd.accelerationFactorType(
            kspace_encoding_step_1=factors[0], kspace_encoding_step_2=factors[1]
        ),
    )


def _sequence_of(protocol: Protocol) -> Any:  # noqa: ANN401
    from ismrmrd import xsd

    def times(name: str, count: int | None = None) -> list[float]:
        values = protocol.get("MeasYaps", name) or []
        return [_MICROSECONDS * float(value) for value in values[:count] if isinstance(value, (int, float))]

    echoes = round(protocol.number("MeasYaps", "lContrasts", default=1))
    angles = protocol.get("MeasYaps", "adFlipAngleDegree") or []
    return xsd.sequenceParametersType(
        TR=times("alTR", 1),
        TE=times("alTE", echoes),
        TI=times("alTI", 1),
        flipAngle_deg=[float(angle) for angle in angles[:1] if isinstance(angle, (int, float))],
    )


def _text(value: object) -> str | None:
    return str(value).strip('"') if value is not None else None
