"""The module for python-ismrmrd-server, run with a connection that only looks like the server's."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import ismrmrd
import numpy as np
import pytest

import mriembed
from mriembed import live

FILE = Path(__file__).parents[2] / "docs" / "packaging" / "python-ismrmrd-server" / "mriembed_module.py"


class Connection:
    """Gives acquisitions, and something else between them; keeps what is sent."""

    def __init__(self, acquisitions: list[Any]) -> None:
        self.items = [*acquisitions[:3], "a text", *acquisitions[3:], None]
        self.images: list[Any] = []
        self.closed = 0

    def __iter__(self) -> Iterator[Any]:
        return iter(self.items)

    def send_image(self, image: object) -> None:
        self.images.append(image)

    def send_close(self) -> None:
        self.closed += 1


@pytest.fixture
def module(model_file: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.setenv("MRIEMBED_MODEL", str(model_file))
    spec = importlib.util.spec_from_file_location("mriembed_module", FILE)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


def test_each_slice_is_answered_by_its_embedding(module: ModuleType, phantom: Path, model_file: Path) -> None:
    scan = ismrmrd.Dataset(str(phantom), "dataset", False)
    lines = [scan.read_acquisition(number) for number in range(scan.number_of_acquisitions())]
    header = scan.read_xml_header()
    connection = Connection(lines)
    module.process(connection, "mriembed_module", header.decode())
    embedder = mriembed.Embedder.load(model_file)
    expected = [row.embedding for row in live.embeddings(embedder, header, lines)]
    assert len(expected) == 3
    assert [image.repetition for image in connection.images] == [0, 1, 2]
    for image, embedding in zip(connection.images, expected, strict=True):
        assert np.array_equal(np.asarray(image.data).ravel(), embedding)
    assert connection.closed == 1


def test_a_scan_that_cannot_be_embedded_ends_with_close(module: ModuleType) -> None:
    connection = Connection([])
    module.process(connection, "mriembed_module", "<no header>")
    assert connection.images == []
    assert connection.closed == 1
