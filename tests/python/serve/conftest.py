from collections.abc import Iterator
from pathlib import Path

import pytest

from scans_of_scanners import COURSES, scan
from service import Row, Service, embed


@pytest.fixture(scope="module")
def service(model_file: Path) -> Iterator[Service]:
    """One that runs through all tests of a file: no session may spoil the next one."""
    with Service(model_file) as running:
        yield running


@pytest.fixture
def rows(model_file: Path, tmp_path: Path) -> list[Row]:
    """Those of the scan of several slices."""
    return embed(model_file, scan(COURSES["slices"]).write(tmp_path / "scan.h5"))
