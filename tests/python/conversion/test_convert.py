import json
import re
import resource
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from numpy.typing import NDArray

from mriembed import BadInputError
from mriembed.cli import main
from mriembed.conversion.convert import convert
from mriembed.scans import read_slices
from program import MRIEMBED, PROGRAM
from siemens_file import Line, Measurement, write_siemens

COILS, LINES, WIDTH = 3, 16, 40  # 20 pixels without oversampling
PROTOCOL = {
    "sKSpace.ucDimension": 2,
    "sKSpace.ucTrajectory": 1,
    "sKSpace.lPhaseEncodingLines": LINES,
    "sSliceArray.asSlice[0].dReadoutFOV": 200.0,
    "sSliceArray.asSlice[0].dPhaseFOV": 160.0,
    "sSliceArray.asSlice[0].dThickness": 4.0,
    "sRXSPEC.alDwellTime[0]": 5000,
    "tSequenceFileName": '"gre"',
    "lContrasts": 1,
    "alTR[0]": 10000,
    "alTE[0]": 3000,
    "alTE[1]": 15000,
    "adFlipAngleDegree[0]": 15.0,
    **{
        f"sCoilSelectMeas.aRxCoilSelectData[0].asList[{index}].{name}": value
        for index, (element, channel) in enumerate([("H2", 2), ("H1", 1), ("H3", 3)])
        for name, value in {
            "lADCChannelConnected": channel,
            "sCoilElementID.tCoilID": '"Head_32"',
            "sCoilElementID.lCoilCopy": 1,
            "sCoilElementID.tElement": f'"{element}"',
        }.items()
    },
}
MEAS = {
    "flReadoutOSFactor": 2.0,
    "iNoOfFourierColumns": WIDTH,
    "NImageCols": WIDTH // 2,
    "NImageLins": LINES,
    "tProtocolName": "t1 head",
    "flMagneticFieldStrength": 2.89,
    "MeasUID": 12,
}
DICOM = {"Manufacturer": "SIEMENS", "ManufacturersModelName": "Skyra", "lFrequency": 123000000}


def complex_normal(seed: int, *shape: int) -> NDArray[np.complex64]:
    drawn = np.random.default_rng(seed).standard_normal((2, *shape))
    return np.asarray(drawn[0] + 1j * drawn[1], np.complex64)


@pytest.fixture
def kspace() -> NDArray[np.complex64]:
    """(coils, y, x) of an image inside the middle half of the field of view along x."""
    image = np.zeros((COILS, LINES, WIDTH), np.complex64)
    image[:, :, WIDTH // 4 : WIDTH * 3 // 4] = complex_normal(1, COILS, LINES, WIDTH // 2)
    return np.asarray(np.fft.fftshift(np.fft.fft2(np.fft.ifftshift(image, (1, 2)), norm="ortho"), (1, 2)), np.complex64)


def cropped(kspace: NDArray[np.complex64]) -> NDArray[np.complex64]:
    images = np.fft.fftshift(np.fft.ifft(np.fft.ifftshift(kspace, 2), norm="ortho"), 2)
    middle = images[:, :, WIDTH // 4 : WIDTH * 3 // 4]
    return np.asarray(np.fft.fftshift(np.fft.fft(np.fft.ifftshift(middle, 2), norm="ortho"), 2), np.complex64)


def scan_of(kspace: NDArray[np.complex64]) -> Measurement:
    lines = [Line(kspace[:, y], WIDTH // 2, y, center_line=LINES // 2) for y in range(LINES)]
    return Measurement(lines, PROTOCOL, MEAS, DICOM)


def test_a_scan_becomes_the_kspace_that_was_measured(kspace: NDArray[np.complex64], tmp_path: Path) -> None:
    source = write_siemens(tmp_path / "scan.dat", scan_of(kspace))
    converted = convert(source, tmp_path / "scan.h5")
    assert (converted.acquisitions, converted.noise, converted.left_out) == (LINES, 0, 0)
    found = read_slices(tmp_path / "scan.h5")
    np.testing.assert_allclose(found[0].kspace, cropped(kspace), atol=1e-5)
    assert found[0].pixel_aspect == pytest.approx((160 / LINES) / (200 / (WIDTH // 2)))


def test_reflected_lines_and_another_centre_are_placed_right(kspace: NDArray[np.complex64], tmp_path: Path) -> None:
    """An asymmetric echo whose every second line is reflected: sample i lies at CenterCol - i there."""
    lines = []
    for y in range(LINES):
        forward = kspace[:, y, 7:]  # k from 7 - 20
        if y % 2 == 0:
            lines.append(Line(forward, WIDTH // 2 - 7, y, center_line=LINES // 2))
        else:
            lines.append(Line(forward[:, ::-1], WIDTH // 2 - 1, y, center_line=LINES // 2, flags=("REFLECT",)))
    convert(write_siemens(tmp_path / "scan.dat", Measurement(lines, PROTOCOL, MEAS, DICOM)), tmp_path / "scan.h5")
    expected = kspace.copy()
    expected[:, :, :7] = 0
    np.testing.assert_allclose(read_slices(tmp_path / "scan.h5")[0].kspace, cropped(expected), atol=1e-5)


def test_the_centre_of_partial_fourier_is_that_of_the_lines(kspace: NDArray[np.complex64], tmp_path: Path) -> None:
    """Siemens counts from the first line that was measured: lines 4 to 15 of 16 are 0 to 11, the centre is 4."""
    lines = [Line(kspace[:, y], WIDTH // 2, y - 4, center_line=4) for y in range(4, LINES)]
    convert(write_siemens(tmp_path / "scan.dat", Measurement(lines, PROTOCOL, MEAS, DICOM)), tmp_path / "scan.h5")
    expected = kspace.copy()
    expected[:, :4] = 0
    np.testing.assert_allclose(read_slices(tmp_path / "scan.h5")[0].kspace, cropped(expected), atol=1e-5)


def test_noise_of_an_earlier_measurement_whitens_the_scan(kspace: NDArray[np.complex64], tmp_path: Path) -> None:
    noise = np.asarray(np.diag([1, 2, 3]) @ complex_normal(2, COILS, 256), np.complex64)
    adjustment = Measurement([Line(noise, flags=("NOISEADJSCAN",))], PROTOCOL, {**MEAS, "MeasUID": 11}, DICOM)
    other = scan_of(2 * kspace)
    converted = convert(write_siemens(tmp_path / "scan.dat", adjustment, other, scan_of(kspace)), tmp_path / "scan.h5")
    assert (converted.acquisitions, converted.noise, converted.left_out) == (LINES, 1, 1)
    found = read_slices(tmp_path / "scan.h5")
    assert len(found) == 1
    samples = noise.astype(np.complex128)
    factor = np.linalg.cholesky(samples @ samples.conj().T / (samples.shape[1] - 1))
    expected = np.tensordot(np.linalg.inv(factor), cropped(kspace), 1)
    np.testing.assert_allclose(found[0].kspace, expected, atol=1e-5)


@pytest.mark.parametrize(("identity", "expected"), [(11, "<measurementID>11</measurementID>"), (None, "")])
def test_a_noise_measurement_keeps_its_number_if_it_has_one(
    identity: int | None, expected: str, kspace: NDArray[np.complex64], tmp_path: Path
) -> None:
    meas = {name: value for name, value in MEAS.items() if name != "MeasUID"}
    if identity is not None:
        meas["MeasUID"] = identity
    line = Line(complex_normal(2, COILS, 256), flags=("NOISEADJSCAN",))
    noise = Measurement([line], PROTOCOL, meas, DICOM)
    convert(write_siemens(tmp_path / "scan.dat", noise, scan_of(kspace)), tmp_path / "scan.h5")
    with h5py.File(tmp_path / "scan.h5") as file:
        header = file["noise_1/xml"][0].decode()
    assert re.findall(r"<measurementID>.*</measurementID>", header) == ([expected] if expected else [])


def test_of_several_noise_measurements_the_one_that_the_protocol_names_whitens_the_scan(
    kspace: NDArray[np.complex64], tmp_path: Path
) -> None:
    measurements = []
    for number, level in ((8, 5), (9, 3), (10, 7)):
        line = Line(np.asarray(level * complex_normal(number, COILS, 256), np.complex64), flags=("NOISEADJSCAN",))
        measurements.append(Measurement([line], PROTOCOL, {**MEAS, "MeasUID": number}, DICOM))
    scan = replace(scan_of(kspace), meas={**MEAS, "ReconMeasDependencies": "0 0 9"})
    convert(write_siemens(tmp_path / "scan.dat", *measurements, scan), tmp_path / "scan.h5")
    found = read_slices(tmp_path / "scan.h5")[0].kspace
    samples = measurements[1].lines[0].samples.astype(np.complex128)
    factor = np.linalg.cholesky(samples @ samples.conj().T / (samples.shape[1] - 1))
    np.testing.assert_allclose(found, np.tensordot(np.linalg.inv(factor), cropped(kspace), 1), atol=1e-5)


def test_inspect_knows_coils_scanner_and_sequence_and_nobody_knows_the_patient(
    kspace: NDArray[np.complex64], tmp_path: Path
) -> None:
    convert(write_siemens(tmp_path / "scan.dat", scan_of(kspace)), tmp_path / "scan.h5")
    command: list[str | Path] = [PROGRAM, "inspect", "--json", tmp_path / "scan.h5"]
    header = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)["header"]
    assert header["coil_names"] == ["Head_32:1:H1", "Head_32:1:H2", "Head_32:1:H3"]
    assert (header["vendor"], header["model"], header["field_strength_t"]) == ("SIEMENS", "Skyra", 2.89)
    assert (header["protocol"], header["sequence"]) == ("t1 head", "gre")
    assert (header["tr_ms"], header["te_ms"], header["flip_angle_deg"]) == ([10.0], [3.0], [15.0])
    content = (tmp_path / "scan.h5").read_bytes()
    assert b"Doe" not in content
    assert b"4711" not in content


def test_lines_keep_their_flags_and_their_place_in_the_patient(kspace: NDArray[np.complex64], tmp_path: Path) -> None:
    """A quarter turn about the third axis."""
    turn = (np.sqrt(0.5), 0, 0, np.sqrt(0.5))
    measurement = scan_of(kspace)
    lines = [replace(line, position=(1, -2, 3), quaternion=turn, cut=(2, 3)) for line in measurement.lines]
    flags = {
        "PHASCOR": 24,
        "PATREFSCAN": 20,
        "PATREFANDIMASCAN": 21,
        "RETRO_DUMMYSCAN": 27,
        "FIRSTSCANINSLICE": 7,
        "LASTSCANINMEAS": 25,
    }
    marked = [replace(lines[0], flags=(flag,)) for flag in flags]
    source = write_siemens(tmp_path / "scan.dat", replace(measurement, lines=lines + marked))
    convert(source, tmp_path / "scan.h5")
    with h5py.File(tmp_path / "scan.h5") as file:
        heads = file["dataset/data"]["head"]
    assert [int(head["flags"]) for head in heads[LINES:]] == [1 << (number - 1) for number in flags.values()]
    np.testing.assert_allclose(heads["position"][0], (1, -2, 3))
    axes = [heads[name][0] for name in ("read_dir", "phase_dir", "slice_dir")]
    np.testing.assert_allclose(axes, [[0, 1, 0], [-1, 0, 0], [0, 0, 1]], atol=1e-6)
    assert (heads["discard_pre"][0], heads["discard_post"][0], heads["sample_time_us"][0]) == (2, 3, 5)


def test_an_echo_planar_protocol_describes_its_readout(kspace: NDArray[np.complex64], tmp_path: Path) -> None:
    times = {
        "alRegridRampupTime": 160,
        "alRegridRampdownTime": 150,
        "alRegridFlattopTime": 240,
        "alRegridDelaySamplesTime": 32,
        "alRegridDestSamples": WIDTH,
    }
    measurement = replace(scan_of(kspace), meas={**MEAS, **times})
    convert(write_siemens(tmp_path / "scan.dat", measurement), tmp_path / "scan.h5")
    with h5py.File(tmp_path / "scan.h5") as file:
        header = file["dataset/xml"][0].decode()
    assert "<trajectory>epi</trajectory>" in header
    for name, value in {"rampUpTime": 160, "rampDownTime": 150, "flatTopTime": 240, "acqDelayTime": 32}.items():
        assert f"<name>{name}</name>" in header
        assert f"<value>{value}</value>" in header
    assert "<value>5" in header  # the dwell time, in microseconds


def refusal(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    status = main(["convert", *map(str, arguments)])
    error = capsys.readouterr().err
    assert len(error.splitlines()) == 1
    return status, error


def test_what_cannot_be_converted_is_refused_in_one_line_and_leaves_nothing(
    kspace: NDArray[np.complex64], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "scan.h5"
    missing = tmp_path / "missing.dat"
    assert refusal(capsys, missing, target) == (4, f"mriembed: error: {missing}: there is no such file\n")
    text = tmp_path / "text.dat"
    text.write_text("no raw data, whatever the name says\n" * 10)
    status, error = refusal(capsys, text, target)
    assert status == 4
    assert f"{text}: no Siemens raw data (.dat), or damaged; twixtools says: " in error
    protocol = {name: value for name, value in PROTOCOL.items() if "dReadoutFOV" not in name}
    source = write_siemens(tmp_path / "scan.dat", replace(scan_of(kspace), protocol=protocol))
    status, error = refusal(capsys, source, target)
    assert status == 4
    assert f"{source}: its protocol has no number MeasYaps.sSliceArray.asSlice.0.dReadoutFOV" in error
    assert sorted(file.name for file in tmp_path.iterdir()) == ["scan.dat", "text.dat"]


@pytest.mark.parametrize("package", ["ismrmrd", "twixtools"])
def test_a_missing_package_is_named(
    package: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    status, error = refusal(capsys, tmp_path / "scan.dat", tmp_path / "scan.h5")
    text = f'converting needs more packages: pip install "mriembed[convert]" ({package} is missing)'
    assert (status, error) == (2, f"mriembed: error: {text}\n")


def test_slices_that_lie_on_top_of_each_other_are_refused_by_name(
    kspace: NDArray[np.complex64], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "scan.h5"
    for factor in (2, 1):  # 1: as protocols of scanners that can do it have it where they do not
        protocol = {**PROTOCOL, "sSliceAcceleration.lMultiBandFactor": factor}
        source = write_siemens(tmp_path / f"{factor}.dat", replace(scan_of(kspace), protocol=protocol))
        if factor == 2:
            status, error = refusal(capsys, source, target)
            assert status == 4
            assert f"{source}: multiband: 2 slices were excited together" in error
            assert not target.exists()
        else:
            assert main(["convert", str(source), str(target)]) == 0


def test_an_existing_file_is_replaced_only_with_force(
    kspace: NDArray[np.complex64], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = write_siemens(tmp_path / "scan.dat", scan_of(kspace)), tmp_path / "scan.h5"
    target.write_text("precious")
    status, error = refusal(capsys, source, target)
    assert (status, target.read_text()) == (2, "precious")
    assert f"{target}: the file exists; --force (overwrite=True) replaces it" in error
    assert main(["convert", str(source), str(target), "--force"]) == 0
    assert f"{target}: {LINES} acquisitions, 0 noise lines" in capsys.readouterr().out
    assert len(read_slices(target)) == 1


def test_a_measurement_without_an_image_is_refused(kspace: NDArray[np.complex64], tmp_path: Path) -> None:
    alone = Measurement([Line(kspace[:, 0], flags=("NOISEADJSCAN",))], PROTOCOL, MEAS, DICOM)
    with pytest.raises(BadInputError, match="its last measurement holds no line of an image"):
        convert(write_siemens(tmp_path / "scan.dat", alone), tmp_path / "scan.h5")
    assert [file.name for file in tmp_path.iterdir()] == ["scan.dat"]


def users_own(kspace: NDArray[np.complex64], columns: int, lines: int) -> Measurement:
    """A sequence whose protocol describes another matrix, and whose lines do not say which one is central (Pulseq)."""
    protocol = {**PROTOCOL, "sKSpace.lPhaseEncodingLines": lines}
    meas = {**MEAS, "iNoOfFourierColumns": columns, "NImageCols": columns, "flReadoutOSFactor": 1.0}
    measured = [Line(kspace[:, y], kspace.shape[2] // 2, y) for y in range(kspace.shape[1])]
    return Measurement(measured, protocol, meas, DICOM)


@pytest.mark.parametrize(("columns", "lines"), [(64, 64), (32, 8), (WIDTH + 4, LINES), (WIDTH, LINES - 2)])
def test_the_matrix_of_the_lines_replaces_that_of_a_protocol_which_describes_another(
    columns: int, lines: int, kspace: NDArray[np.complex64], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_siemens(tmp_path / "scan.dat", users_own(kspace, columns, lines))
    assert main(["convert", str(source), str(tmp_path / "scan.h5")]) == 0
    assert f"the protocol's matrix of {columns} x {lines} is not that of the lines" in capsys.readouterr().err
    found = read_slices(tmp_path / "scan.h5")
    np.testing.assert_allclose(found[0].kspace, kspace, atol=1e-4)
    assert found[0].pixel_aspect == pytest.approx((160 / LINES) / (200 / WIDTH))


def test_asymmetric_echoes_and_partial_fourier_are_no_other_matrix(
    kspace: NDArray[np.complex64], tmp_path: Path
) -> None:
    lines = [Line(kspace[:, y, 7:], WIDTH // 2 - 7, y - 4, center_line=LINES // 2 - 4) for y in range(4, LINES)]
    source = write_siemens(tmp_path / "scan.dat", Measurement(lines, PROTOCOL, MEAS, DICOM))
    assert convert(source, tmp_path / "scan.h5").warnings == ()


def test_lines_of_the_calibration_alone_do_not_tell_the_matrix(kspace: NDArray[np.complex64], tmp_path: Path) -> None:
    lines = [Line(kspace[:, y], WIDTH // 2, y, center_line=LINES // 2) for y in range(LINES)]
    longer = np.zeros((COILS, WIDTH + 8), np.complex64)
    lines.insert(0, Line(longer, WIDTH // 2 + 4, LINES // 2, center_line=LINES // 2, flags=("PATREFSCAN",)))
    source = write_siemens(tmp_path / "scan.dat", Measurement(lines, PROTOCOL, MEAS, DICOM))
    assert convert(source, tmp_path / "scan.h5").warnings == ()


@pytest.mark.parametrize("bytes_left", [0, 2000, 8000])
def test_a_full_disk_leaves_the_old_file_and_nothing_beside_it(
    bytes_left: int, kspace: NDArray[np.complex64], tmp_path: Path
) -> None:
    source, target = write_siemens(tmp_path / "scan.dat", scan_of(kspace)), tmp_path / "out" / "scan.h5"
    target.parent.mkdir()
    target.write_text("precious")
    command = [str(MRIEMBED), "convert", str(source), str(target), "--force"]
    limit = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_left, bytes_left))  # noqa: E731
    done = subprocess.run(command, check=False, capture_output=True, text=True, preexec_fn=limit)
    assert done.returncode == 1, done.stderr
    assert done.stderr.startswith(f"mriembed: error: {target}: cannot be written: ")
    assert done.stderr.count("\n") == 1
    assert [file.name for file in target.parent.iterdir()] == ["scan.h5"]
    assert target.read_text() == "precious"


@pytest.mark.parametrize(("coils", "width", "lines"), [(1, 16, 700), (1, 300, 400), (3, 90, 300), (32, 512, 64)])
def test_room_for_the_whole_file_is_made_sure_of_before_hdf5_writes_it(
    coils: int, width: int, lines: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HDF5 crashes on a full disk. The room is that of the file, but for a MiB and a quarter."""
    reserved = []
    monkeypatch.setattr("os.posix_fallocate", lambda _handle, _offset, size: reserved.append(size))
    noise = complex_normal(1, coils, width)
    measured = [Line(noise, width // 2, y, center_line=lines // 2) for y in range(lines)]
    protocol = {**PROTOCOL, "sKSpace.lPhaseEncodingLines": lines}
    source = write_siemens(tmp_path / "scan.dat", Measurement(measured, protocol, MEAS, DICOM))
    convert(source, tmp_path / "scan.h5")
    size = (tmp_path / "scan.h5").stat().st_size
    assert size <= reserved[0] <= 1.25 * size + (1 << 20)


def test_an_error_of_hdf5_is_one_line_that_names_the_target(
    kspace: NDArray[np.complex64], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing(*_: object) -> None:
        raise RuntimeError("Can't decrement id ref count\n (fwrite failed)")

    source = write_siemens(tmp_path / "scan.dat", scan_of(kspace))
    monkeypatch.setattr("ismrmrd.File", failing)
    status, error = refusal(capsys, source, tmp_path / "scan.h5")
    text = "cannot be written: HDF5 says: Can't decrement id ref count (fwrite failed)"
    assert (status, error) == (1, f"mriembed: error: {tmp_path}/scan.h5: {text}\n")
    assert [file.name for file in tmp_path.iterdir()] == ["scan.dat"]


def test_ctrl_c_leaves_the_old_file_and_nothing_beside_it(
    kspace: NDArray[np.complex64], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source, target = write_siemens(tmp_path / "scan.dat", scan_of(kspace)), tmp_path / "out" / "scan.h5"
    target.parent.mkdir()
    target.write_text("precious")
    monkeypatch.setattr("os.fsync", lambda _: signal.raise_signal(signal.SIGINT))
    assert main(["convert", str(source), str(target), "--force"]) == 130
    assert capsys.readouterr().err == "mriembed: error: interrupted; no file is written in part\n"
    assert [file.name for file in target.parent.iterdir()] == ["scan.h5"]
    assert target.read_text() == "precious"


def test_the_source_is_not_replaced_by_what_is_made_of_it(
    kspace: NDArray[np.complex64], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_siemens(tmp_path / "scan.dat", scan_of(kspace))
    before = source.read_bytes()
    status, error = refusal(capsys, source, source, "--force")
    assert (status, source.read_bytes()) == (2, before)
    assert f"{source}: writing this would replace the input {source}; name another output" in error
