import os
import subprocess
import sys
from pathlib import Path

import pytest

from mriembed.standard_output import print_line


def run(code: str, target: Path, *options: str) -> subprocess.CompletedProcess[str]:
    code = f"from mriembed.standard_output import print_line\n{code}"
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    with target.open("w") as file:
        command = [sys.executable, "-X", "utf8", *options, "-c", code]
        return subprocess.run(command, check=False, stdout=file, stderr=subprocess.PIPE, text=True, env=environment)


def test_a_line_is_there_at_once(tmp_path: Path) -> None:
    run("import os\nprint_line('text')\nos._exit(0)", tmp_path / "out")
    assert (tmp_path / "out").read_text() == "text\n"


def test_a_name_that_is_no_utf8_can_be_printed(tmp_path: Path) -> None:
    done = run("import os\nprint_line(os.fsdecode(b'scan-\\xff-\\xc3\\xa9.h5'))", tmp_path / "out")
    assert done.stderr == ""
    assert (tmp_path / "out").read_text(encoding="utf-8") == "scan-\ufffd-é.h5\n"


@pytest.mark.parametrize("length", [4, 100_000])  # within and beyond what Python buffers
@pytest.mark.parametrize("options", [[], ["-u"]])
def test_a_full_disk_is_one_error_that_names_standard_output(length: int, options: list[str]) -> None:
    code = (
        f"import sys\ntry:\n    print_line('x' * {length})\n"
        "except OSError as error:\n    sys.stderr.write(f'{error.filename}: {error.strerror}')\n"
        "print('nobody reads this')"
    )
    done = run(code, Path("/dev/full"), *options)
    assert done.returncode == 0
    assert done.stderr == "standard output: cannot be written: No space left on device"


def test_a_process_without_standard_output_prints_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    print_line("text")
