import ipaddress
import xml.etree.ElementTree as ElementTree

from packaging_texts import PACKAGING, REPOSITORY

CONFIGURATION = ElementTree.parse(PACKAGING / "gadgetron" / "mriembed.xml").getroot()


def components(path: str) -> list[tuple[str | None, str | None]]:
    return [(element.findtext("dll"), element.findtext("classname")) for element in CONFIGURATION.findall(path)]


def test_it_is_a_stream_configuration_of_gadgetron_4() -> None:
    assert CONFIGURATION.tag == "configuration"
    assert CONFIGURATION.findtext("version") == "2"


def test_gadgetron_reads_readouts_and_waveforms_and_writes_images() -> None:
    readers = components("readers/reader")
    assert readers == [("gadgetron_core_readers", name) for name in ("AcquisitionReader", "WaveformReader")]
    assert components("writers/writer") == [("gadgetron_core_writers", "ImageWriter")]


def test_gadgetron_connects_to_an_address_of_its_computer_and_not_to_its_own_port() -> None:
    (connect,) = CONFIGURATION.findall("stream/external/connect")
    assert ipaddress.ip_address(connect.attrib["address"]).is_loopback
    assert connect.attrib["port"] != "9002"


def test_scanner_md_starts_the_service_on_the_address_that_gadgetron_connects_to() -> None:
    (connect,) = CONFIGURATION.findall("stream/external/connect")
    address = "{address}:{port}".format(**connect.attrib)
    assert f"--listen {address}" in (REPOSITORY / "docs" / "scanner.md").read_text(encoding="utf-8")


def test_the_service_gets_a_configuration_by_whose_root_it_knows_gadgetron() -> None:
    (external,) = CONFIGURATION.findall("stream/external")
    assert [child.tag for child in external] == ["connect", "configuration"]
    assert [child.tag for child in external[1]] == ["mriembed"]
