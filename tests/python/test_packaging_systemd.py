import shutil
import subprocess
from pathlib import Path

import pytest

from packaging_texts import PACKAGING, unit_sections
from program import PROGRAM

UNIT = PACKAGING / "systemd" / "mriembed.service"
SERVICE = unit_sections(UNIT.read_text(encoding="utf-8"))["Service"]
INSTALLED_PROGRAM = "/opt/mriembed/bin/mriembed_cli"

systemd_analyze = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")


def test_the_service_runs_as_a_user_of_its_own_without_capabilities() -> None:
    assert SERVICE["DynamicUser"] == ["yes"]
    assert SERVICE["CapabilityBoundingSet"] == [""]
    assert SERVICE["AmbientCapabilities"] == [""]
    assert SERVICE["NoNewPrivileges"] == ["yes"]


def test_the_service_writes_to_its_state_directory_only() -> None:
    assert SERVICE["ProtectSystem"] == ["strict"]
    assert SERVICE["ProtectHome"] == SERVICE["PrivateTmp"] == SERVICE["PrivateDevices"] == ["yes"]
    assert SERVICE["StateDirectory"] == ["mriembed"]
    (command,) = SERVICE["ExecStart"]
    assert " --out ${STATE_DIRECTORY}/" in command
    assert " --noise-store ${STATE_DIRECTORY}/" in command


def test_only_this_computer_may_connect() -> None:
    assert SERVICE["Environment"] == ["MRIEMBED_LISTEN=127.0.0.1:9002"]
    assert SERVICE["IPAddressDeny"] == ["any"]
    assert SERVICE["IPAddressAllow"] == ["localhost"]
    assert SERVICE["RestrictAddressFamilies"] == ["AF_INET AF_INET6"]


def test_the_service_may_make_the_system_calls_of_a_service_only() -> None:
    assert SERVICE["SystemCallFilter"] == ["@system-service", "~@privileged"]
    assert SERVICE["SystemCallArchitectures"] == ["native"]
    assert SERVICE["MemoryDenyWriteExecute"] == SERVICE["RestrictNamespaces"] == ["yes"]


def test_the_service_comes_back_after_a_crash_and_not_after_it_was_stopped() -> None:
    assert SERVICE["Restart"] == ["on-failure"]


@systemd_analyze
def test_systemd_knows_every_line_of_the_unit(tmp_path: Path) -> None:
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text(encoding="utf-8").replace(INSTALLED_PROGRAM, str(PROGRAM)), encoding="utf-8")
    verified = subprocess.run(["systemd-analyze", "verify", unit], check=False, capture_output=True, text=True)
    assert (verified.returncode, verified.stderr) == (0, "")


@systemd_analyze
def test_systemd_rates_the_exposure_of_the_service_below_1_5_of_10() -> None:
    command: list[str | Path] = ["systemd-analyze", "security", "--offline=yes", "--threshold=15", UNIT]
    rated = subprocess.run(command, check=False, capture_output=True, text=True)
    assert rated.returncode == 0, rated.stdout
