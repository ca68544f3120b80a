from collections.abc import Iterator
from pathlib import Path

import pytest

from service import Service


@pytest.fixture(scope="module")
def service(model_file: Path) -> Iterator[Service]:
    """One that runs through all tests of a file: no session may spoil the next one."""
    with Service(model_file) as running:
        yield running
