"""Raw data of syngo VB, whose file has another layout than that of VD and later."""

from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from numpy.typing import NDArray

from mriembed import BadInputError
from mriembed.conversion.convert import convert
from mriembed.scans import read_slices
from siemens_file import Line, Measurement
from siemens_vb_file import write_siemens_vb
from test_convert import COILS, DICOM, LINES, MEAS, PROTOCOL, WIDTH, complex_normal, cropped, kspace

__all__ = ["kspace"]  # a fixture

VB_PROTOCOL = {
    **{name: value for name, value in PROTOCOL.items() if "Coil" not in name},
    "sKSpace.ucDimension": "0x2",
    "sKSpace.ucTrajectory": "0x1",
    **{
        f"asCoilSelectMeas[0].asList[{index}].{name}": value
        for index, (element, channel) in enumerate([("H2", 2), ("H1", 1), ("H3", 3)])
        for name, value in {
            "sCoilElementID.tCoilID": '""HeadMatrix""',
            "sCoilElementID.lCoilCopy": 1,
            "sCoilElementID.tElement": f'""{element}""',
            "lElementSelected": 1,
            "lRxChannelConnected": channel,
        }.items()
    },
}


def measurement_of(lines: list[Line]) -> Measurement:
    return Measurement(lines, VB_PROTOCOL, MEAS, DICOM)


def lines_of(kspace: NDArray[np.complex64]) -> list[Line]:
    return [Line(kspace[:, y], WIDTH // 2, y, center_line=LINES // 2) for y in range(LINES)]


def test_a_scan_becomes_the_kspace_that_was_measured(kspace: NDArray[np.complex64], tmp_path: Path) -> None:
    """Channels are not counted from zero."""
    source = write_siemens_vb(tmp_path / "scan.dat", measurement_of(lines_of(kspace)), first_channel=4)
    converted = convert(source, tmp_path / "scan.h5")
    assert (converted.acquisitions, converted.noise, converted.left_out) == (LINES, 0, 0)
    found = read_slices(tmp_path / "scan.h5")
    np.testing.assert_allclose(found[0].kspace, cropped(kspace), atol=1e-5)
    assert found[0].pixel_aspect == pytest.approx((160 / LINES) / (200 / (WIDTH // 2)))


def test_reflected_asymmetric_lines_with_cut_samples_are_placed_right(
    kspace: NDArray[np.complex64], tmp_path: Path
) -> None:
    """Sample i of a reflected line lies at ushKSpaceCentreColumn - i."""
    lines = []
    for y in range(LINES):
        forward = kspace[:, y, 7:].copy()  # k from 7 - 20
        forward[:, :2] = forward[:, -3:] = 100  # what is cut off
        if y % 2 == 0:
            lines.append(Line(forward, WIDTH // 2 - 7, y, center_line=LINES // 2, cut=(2, 3)))
        else:
            flags = ("REFLECT",)
            lines.append(Line(forward[:, ::-1], WIDTH // 2 - 1, y, center_line=LINES // 2, flags=flags, cut=(3, 2)))
    convert(write_siemens_vb(tmp_path / "scan.dat", measurement_of(lines)), tmp_path / "scan.h5")
    expected = kspace.copy()
    expected[:, :, : 7 + 2] = expected[:, :, -3:] = 0
    np.testing.assert_allclose(read_slices(tmp_path / "scan.h5")[0].kspace, cropped(expected), atol=1e-5)


def test_noise_lines_of_the_scan_whiten_it(kspace: NDArray[np.complex64], tmp_path: Path) -> None:
    """VB measures noise before the first line of an image, in the same measurement and with other samples."""
    noise = np.asarray(np.diag([1, 2, 3]) @ complex_normal(2, COILS, 256), np.complex64)
    lines = [Line(noise, flags=("NOISEADJSCAN",)), *lines_of(kspace)]
    converted = convert(write_siemens_vb(tmp_path / "scan.dat", measurement_of(lines)), tmp_path / "scan.h5")
    assert (converted.acquisitions, converted.noise) == (LINES + 1, 1)
    samples = noise.astype(np.complex128)
    factor = np.linalg.cholesky(samples @ samples.conj().T / (samples.shape[1] - 1))
    expected = np.tensordot(np.linalg.inv(factor), cropped(kspace), 1)
    np.testing.assert_allclose(read_slices(tmp_path / "scan.h5")[0].kspace, expected, atol=1e-5)


def test_the_centre_of_partial_fourier_is_that_of_the_lines(kspace: NDArray[np.complex64], tmp_path: Path) -> None:
    lines = [Line(kspace[:, y], WIDTH // 2, y - 4, center_line=4) for y in range(4, LINES)]
    convert(write_siemens_vb(tmp_path / "scan.dat", measurement_of(lines)), tmp_path / "scan.h5")
    expected = kspace.copy()
    expected[:, :4] = 0
    np.testing.assert_allclose(read_slices(tmp_path / "scan.h5")[0].kspace, cropped(expected), atol=1e-5)


def test_coils_lines_and_places_keep_what_the_file_says_of_them(kspace: NDArray[np.complex64], tmp_path: Path) -> None:
    turn = (np.sqrt(0.5), 0, 0, np.sqrt(0.5))  # a quarter about the third axis
    lines = [replace(line, position=(1, -2, 3), quaternion=turn, slice=5, segment=2) for line in lines_of(kspace)]
    marked = [replace(lines[0], flags=(flag,)) for flag in ("PHASCOR", "PATREFSCAN")]
    convert(write_siemens_vb(tmp_path / "scan.dat", measurement_of(lines + marked)), tmp_path / "scan.h5")
    with h5py.File(tmp_path / "scan.h5") as file:
        heads = file["dataset/data"]["head"]
        header = file["dataset/xml"][0].decode()
    assert [int(head["flags"]) for head in heads[LINES:]] == [1 << 23, 1 << 19]
    np.testing.assert_allclose(heads["position"][0], (1, -2, 3))
    axes = [heads[name][0] for name in ("read_dir", "phase_dir", "slice_dir")]
    np.testing.assert_allclose(axes, [[0, 1, 0], [-1, 0, 0], [0, 0, 1]], atol=1e-6)
    assert {(int(index["slice"]), int(index["segment"])) for index in heads["idx"]} == {(5, 2)}
    places = [header.index(f"<coilName>HeadMatrix:1:{element}</coilName>") for element in ("H1", "H2", "H3")]
    assert places == sorted(places)
    assert "Doe" not in header


def test_a_file_that_ends_within_a_line_is_refused(kspace: NDArray[np.complex64], tmp_path: Path) -> None:
    source = write_siemens_vb(tmp_path / "scan.dat", measurement_of(lines_of(kspace)))
    source.write_bytes(source.read_bytes()[:-2000])
    with pytest.raises(BadInputError, match=r"scan\.dat: damaged: it ends within a line"):
        convert(source, tmp_path / "scan.h5")
    assert [file.name for file in tmp_path.iterdir()] == ["scan.dat"]
