import configparser
import json
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import PureWindowsPath

from mriembed.openrecon.label import openrecon_label
from packaging_texts import PACKAGING, dockerfile_stages, joined_lines

FIRE = PACKAGING / "fire"
NAMES = {"": "OpenRecon"}
WORKFLOW = ElementTree.parse(FIRE / "IceFire.mriembed.xml").getroot()


def value(path: str) -> str:
    """Text of the one element at `path` of the workflow."""
    (element,) = WORKFLOW.findall(path, NAMES)
    return element.text or ""


def settings() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read(FIRE / "mriembed.ini", encoding="utf-8")
    return parser


def start_command() -> str:
    (command,) = [line for line in joined_lines((FIRE / "start_fire").read_text()) if "mriembed_cli" in line]
    return command


def test_the_workflow_is_a_configuration_of_fire() -> None:
    assert WORKFLOW.tag == "{OpenRecon}OpenReconConfiguration"


def test_the_original_chain_gets_the_data_and_nothing_from_the_service() -> None:
    assert value("RawEmitter/PassOnData") == "true"
    assert value("Configurator/OnlyEmitData") == "true"
    assert value("Configurator/RemoveIntermediateFunctors") == "false"


def test_the_service_gets_uncompressed_readouts_and_no_waveforms() -> None:
    assert value("Marshal/SendWaveformData") == "false"
    assert float(value("RawEmitter/CompressionPrecision")) == 0
    assert float(value("RawEmitter/CompressionTolerance")) == 0


def test_the_service_hears_that_the_scanner_prewhitens() -> None:
    parameters = json.loads((FIRE / "mriembed.json").read_text())["parameters"]
    assert value("Configurator/DisableSystemNoiseAdjust") == "false"
    assert parameters["prewhiten"] == "already"


def test_the_service_is_asked_for_no_answers() -> None:
    parameters = json.loads((FIRE / "mriembed.json").read_text())["parameters"]
    assert parameters["return"] == "none"
    assert " --return none " in start_command()


def test_the_workflow_names_the_files_beside_it() -> None:
    settings_file = PureWindowsPath(value("Marshal/IniFile"))
    parameter_file = PureWindowsPath(value("Marshal/JsonConfig"))
    assert str(settings_file.parent) == r"%CustomerIceProgs%\fire"
    assert str(parameter_file.parent) == r"%CustomerIceProgs%\fire\config"
    assert (FIRE / settings_file.name).is_file()
    assert (FIRE / parameter_file.name).is_file()


def test_fire_connects_to_the_port_on_which_the_started_service_listens() -> None:
    port = settings()["OpenRecon"]["port"]
    assert f" --listen 0.0.0.0:{port} " in start_command()
    assert port == str(openrecon_label()["reconstruction"]["port"])


def test_fire_starts_what_the_image_holds_and_looks_for_its_process() -> None:
    chroot = settings()["chroot"]
    program, log = chroot["chroot_command"].split()
    image = dockerfile_stages((PACKAGING / "container" / "Dockerfile").read_text())[-1]
    assert ("COPY", f"docs/packaging/fire/start_fire {program}") in image
    assert log.startswith("/tmp/share/")
    assert start_command().split()[0].endswith("/" + chroot["chroot_search_string"])
    assert chroot["chroot_stop_after_finish"] == "true"


def test_start_fire_leaves_the_service_in_the_background_and_its_rows_on_the_host() -> None:
    subprocess.run(["bash", "-n", FIRE / "start_fire"], check=True)
    assert (FIRE / "start_fire").stat().st_mode & 0o111
    assert start_command().endswith(" &")
    assert " --out /tmp/share/" in start_command()
