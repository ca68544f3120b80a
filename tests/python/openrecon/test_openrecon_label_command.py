import json

import pytest

from mriembed.cli import main
from mriembed.openrecon.label import docker_label, openrecon_label


def test_openrecon_label_prints_what_docker_build_takes(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["openrecon-label"]) == 0
    assert capsys.readouterr().out == docker_label() + "\n"


def test_openrecon_label_prints_the_json_of_newer_packages(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["openrecon-label", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == openrecon_label()
