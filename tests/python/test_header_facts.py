"""What an MRD header says of scanner and sequence reaches the user of `inspect`, and who was scanned does not."""

import json
import subprocess
from pathlib import Path

import h5py
import pytest

import mriembed
import small_scans
from program import PROGRAM

HEADER = (
    small_scans.xml()
    .replace(
        "<experimentalConditions>",
        "<subjectInformation><patientName>Doe^Jane</patientName><patientID>4711</patientID></subjectInformation>"
        "<measurementInformation><patientPosition>HFS</patientPosition><seriesTime>12:30:00</seriesTime>"
        "<protocolName>t1 head</protocolName><sequenceName>gre</sequenceName></measurementInformation>"
        "<acquisitionSystemInformation><systemVendor>Vendor</systemVendor><systemModel>Model</systemModel>"
        "<systemFieldStrength_T>2.89</systemFieldStrength_T>"
        "<coilLabel><coilNumber>0</coilNumber><coilName>HEA1</coilName></coilLabel>"
        "<coilLabel><coilNumber>1</coilNumber><coilName>HEA2</coilName></coilLabel>"
        "<stationName>MR1</stationName></acquisitionSystemInformation><experimentalConditions>",
    )
    .replace(
        "</encoding>",
        "</encoding><sequenceParameters><TR>500</TR><TE>2.5</TE><TE>5</TE><flipAngle_deg>15</flipAngle_deg>"
        "</sequenceParameters>",
    )
)


@pytest.fixture(scope="module")
def scan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("facts") / "scan.h5"
    with h5py.File(path, "w") as file:
        small_scans.write_raw(file, HEADER, small_scans.raw_lines(2, 4))
    return path


def inspect(*arguments: str | Path) -> str:
    result: str = subprocess.run([PROGRAM, "inspect", *arguments], capture_output=True, text=True, check=True).stdout
    return result


def test_inspect_tells_scanner_and_sequence(scan: Path) -> None:
    output = inspect(scan)
    assert "Vendor, Model, 2.89 T, MR1" in output
    assert "t1 head, gre, 12:30:00" in output
    assert "TR 500 ms; TE 2.5, 5 ms; flip 15 deg" in output


def test_json_has_the_facts_that_the_header_gives(scan: Path) -> None:
    assert json.loads(inspect("--json", scan))["header"] == {
        "vendor": "Vendor",
        "model": "Model",
        "station": "MR1",
        "protocol": "t1 head",
        "sequence": "gre",
        "series_time": "12:30:00",
        "field_strength_t": 2.89,
        "tr_ms": [500.0],
        "te_ms": [2.5, 5.0],
        "flip_angle_deg": [15.0],
        "fov_mm": [1.0, 1.0, 1.0],
        "coil_names": ["HEA1", "HEA2"],
    }


@pytest.fixture(scope="module")
def rows(scan: Path) -> str:
    """The rows that `embed` writes for it."""
    model = scan.with_name("model.pt")
    mriembed.export_model(model, num_coils=2, embed_dim=4, widths=(8, 8, 8, 8))
    return subprocess.run([PROGRAM, "embed", model, scan, "-o", "-"], capture_output=True, text=True, check=True).stdout


def test_rows_have_the_facts_that_tell_scans_apart(scan: Path, rows: str) -> None:
    header = json.loads(inspect("--json", scan))["header"]
    del header["coil_names"]
    assert json.loads(rows)["header"] == header


def test_nobody_is_named(scan: Path, rows: str) -> None:
    output = inspect(scan) + inspect("--json", scan) + rows
    assert "Doe" not in output
    assert "4711" not in output
