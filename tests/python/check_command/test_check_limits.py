"""`mriembed_cli check --limits`."""

import json
from pathlib import Path

import numpy as np
import pytest

from checked_files import COILS, check, figures, written
from mriembed.simulation.faults import RawSlices, with_fault


def test_limits_of_a_file_replace_the_default_ones_for_the_array_and_by_coil_name(
    clean: RawSlices, tmp_path: Path
) -> None:
    faulty = with_fault(clean, "noise x 3", np.random.default_rng(1), coil=6)
    names = [f"Head:H{number}" for number in range(COILS)]
    scan = written(tmp_path / "scan.h5", faulty.raw, names)
    limits = tmp_path / "limits.json"

    def status(content: object) -> int:
        limits.write_text(json.dumps(content))
        return check(scan, "--limits", limits).returncode

    assert status({}) == 10
    assert status({"high_noise": 5}) == 0
    assert status({"coils": [{"name": "Head:*", "high_noise": 5}]}) == 0
    assert status({"coils": [{"name": "Head:H6", "high_noise": 5}]}) == 0
    assert status({"coils": [{"name": "Head:H5", "high_noise": 5}]}) == 10
    assert status({"coils": [{"name": "*", "high_noise": 5}, {"name": "Head:H[6-7]", "high_noise": 2.5}]}) == 10
    found = figures(scan, "--limits", limits)
    assert found["limits"]["high_noise"] == 2
    assert [coil["limits"]["high_noise"] for coil in found["coils"]] == [5] * 6 + [2.5] * 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("[", "is no JSON object; limits by name are expected"),
        ('{"high_nose": 3}', '"high_nose" is not a limit; known are high_noise, low_noise,'),
        ('{"spike": -1}', '"spike" is -1; it must be a number above 0'),
        ('{"spike": "much"}', '"spike" is "much"; it must be a number above 0'),
        ('{"coils": {}}', '"coils" must be a list of objects'),
        ('{"coils": [{"spike": 3}]}', 'an entry of "coils" has no "name"'),
    ],
)
def test_a_limits_file_that_is_wrong_is_refused_by_name(content: str, message: str, tmp_path: Path) -> None:
    limits = tmp_path / "limits.json"
    limits.write_text(content)
    done = check(tmp_path / "scan.h5", "--limits", limits)
    assert done.returncode == 2
    assert f"{limits}: {message}" in done.stderr
