"""`mriembed_cli serve` as a process, and what `mriembed_cli embed` says of the same scan."""

import json
import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from mrd_client import PATIENCE, Address, Answers, Client, is_one_line
from mrd_codec import HEADER, Image, config_file, text
from program import PROGRAM
from scans_of_scanners import Scan

Row = dict[str, Any]
KEY = ("slice", "contrast", "phase", "repetition", "set", "partition")
_LISTENING = re.compile(r"mriembed_cli: note: listening on (\[?[0-9a-f.:]+?\]?):(\d+)")


class Service:
    """Runs until the end of the `with` block, where it must be alive and end within 2 seconds, with a clean log."""

    def __init__(
        self, model: Path, *options: object, limit: Callable[[], None] | None = None, listen: bool = True
    ) -> None:
        def prepared() -> None:
            signal.signal(signal.SIGHUP, signal.SIG_DFL)  # tests that run under nohup hand on that it is ignored
            if limit is not None:
                limit()

        command = [str(PROGRAM), "serve", str(model), *(["--listen", "127.0.0.1:0"] if listen else [])]
        self.process = subprocess.Popen(
            [*command, *map(str, options)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="surrogateescape",
            preexec_fn=prepared,
        )
        self.log: list[str] = []
        self._logged = threading.Condition()
        self._ended = False
        threading.Thread(target=self._read_log, daemon=True).start()

    def __enter__(self) -> "Service":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: BaseException | TracebackType | None) -> None:
        if kind is None and self.process.returncode is None:
            self.stop()
        self.process.kill()
        self.process.wait()
        assert self.process.stdout is not None
        self.process.stdout.close()
        if kind is None:
            assert [line for line in self.log if not is_one_line(line)] == [], "the log is text, whatever comes in"

    @property
    def address(self) -> Address:
        return self.addresses(1)[0]

    def addresses(self, count: int) -> list[Address]:
        """Waits for so many lines that name an address."""
        self.line(_LISTENING, count)
        found = [match.groups() for line in self.log if (match := _LISTENING.fullmatch(line))]
        return [(host.strip("[]"), int(port)) for host, port in found]

    def line(self, pattern: str | re.Pattern[str], count: int = 1, patience: float = PATIENCE) -> str:
        """Waits until so many lines of the log hold the pattern, and gives the last of these."""
        end = time.monotonic() + patience
        with self._logged:
            while len(found := [line for line in self.log if re.search(pattern, line)]) < count:
                left = end - time.monotonic()
                assert left > 0, f"no {pattern!r} in {self.log}"
                assert not self._ended, f"the service ended: {self.log}"
                self._logged.wait(left)
            return found[count - 1]

    def connect(self, *, reading: bool = True) -> Client:
        return Client(self.address, reading=reading)

    def memory(self, name: str = "VmHWM") -> int:
        """KiB; VmHWM is the peak of what is resident, VmRSS what is now."""
        return self._number(name)

    def forget_peak(self) -> None:
        Path(f"/proc/{self.process.pid}/clear_refs").write_text("5")

    def processor_seconds(self) -> float:
        """Of all cores, so far."""
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def threads(self) -> int:
        return self._number("Threads")

    def descriptors(self) -> int:
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Ends with status 0 within 2 seconds."""
        assert self.process.poll() is None, f"the service ended by itself: {self.process.returncode}, {self.log}"
        self.process.send_signal(number)
        assert self.process.wait(timeout=2) == 0, self.log

    def _number(self, name: str) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.findall(rf"^{name}:\s+(\d+)", status, re.MULTILINE)[0])

    def _read_log(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as lines:
            for line in lines:
                with self._logged:
                    self.log.append(line.rstrip("\n"))
                    self._logged.notify_all()
        with self._logged:
            self._ended = True
            self._logged.notify_all()


def run(*arguments: object, input: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    command = [str(PROGRAM), *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, timeout=120, input=input)


def embed(model: Path, scan: Path, *options: object) -> list[Row]:
    """The rows of `embed`."""
    embedded = run("embed", model, scan, "-o", "-", *options)
    assert embedded.returncode == 0, embedded.stderr
    return rows_of(embedded)


def rows_of(embedded: subprocess.CompletedProcess[bytes]) -> list[Row]:
    """The rows that `embed` printed."""
    return [json.loads(line) for line in embedded.stdout.splitlines()]


def send_scan(service: Service, scan: Scan, *options: bytes) -> Answers:
    """A session as a scanner holds it; options: messages behind the header."""
    with service.connect() as client:
        client.send(config_file("openrecon"), text(scan.xml, HEADER), *options, scan.lines)
        return client.finish()


def key_of(found: Image) -> tuple[int, ...]:
    return (*(int(found.head[name]) for name in KEY[:-1]), int(found.meta["mriembed_partition"][0]))


def vector_of(found: Image) -> bytes:
    """The bits of an embedding."""
    assert found.pixels.dtype == np.float32
    assert found.pixels.shape == (1, 1, 1, found.pixels.size)
    return found.pixels.tobytes()


def expect_rows(answers: Answers, rows: list[Row]) -> None:
    """The images of a session hold the rows, bit for bit, and say of each what the row does."""
    answers.check_own_images()
    found = {key_of(answer): answer for answer in answers.embeddings()}
    assert len(found) == len(answers.embeddings()), "a slice was answered twice"
    expected = {tuple(row[name] for name in KEY): row for row in rows}
    assert sorted(found) == sorted(expected), f"other slices; texts: {answers.texts}"
    for key, row in expected.items():
        assert vector_of(found[key]) == np.array(row["embedding"], np.float32).tobytes(), f"other bits in {key}"
        meta = found[key].meta
        assert meta["mriembed_sampling"] == [row["sampling"]]
        assert meta["mriembed_coils"] == [str(row["coils"])]
        assert [meta[f"mriembed_{name}"] for name in KEY] == [[str(row[name])] for name in KEY]
        assert np.float32(meta["mriembed_energy_kept"][0]) == np.float32(row["energy_kept"])
        assert meta["mriembed_model_sha256"] == [row["model_sha256"]]


def expect_whole_rows(path: Path, most: int) -> list[Row]:
    """Lines of JSON, each of them whole."""
    content = path.read_text()
    assert content == "" or content.endswith("\n")
    found = [json.loads(line) for line in content.splitlines()]
    assert len(found) <= most
    assert all(len(row["embedding"]) == 256 for row in found)
    return found
