"""A client of an MRD v1 server that is as strict as those of scanners: what would kill one of these fails here."""

import re
import socket
import struct
import threading
import time
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType

import numpy as np

from mrd_codec import (
    CLOSE,
    DEPENDENCY_QUERY,
    ERROR,
    IMAGE,
    RESPONSE,
    TEXT,
    Image,
    Message,
    close,
    counted_bytes,
    meta_of,
    parse_image,
    read_message,
)

PATIENCE = 60.0  # seconds, where nothing else is said
_PREFIXES = ("DEBUG   ", "INFO    ", "WARNING ", "ERROR   ")
Address = tuple[str, int]


@dataclass
class Answers:
    """All that a server sent in a session, in order."""

    messages: list[Message] = field(default_factory=list)
    images: list[Image] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)  # of Gadgetron: message 8
    responses: dict[int, str] = field(default_factory=dict)
    dependencies: list[dict[str, list[str]]] = field(default_factory=list)
    closed: bool = False

    def add(self, answer: Message) -> None:
        assert not self.closed, f"message {answer.number} after CLOSE"
        self.messages.append(answer)
        if answer.number == CLOSE:
            self.closed = True
        elif answer.number == TEXT:
            self.texts.append(_checked_text(counted_bytes(answer.body)))
        elif answer.number == ERROR:
            self.errors.append(counted_bytes(answer.body, "<Q").decode())
        elif answer.number == RESPONSE:
            self.responses[struct.unpack_from("<Q", answer.body)[0]] = counted_bytes(answer.body, "<Q", 8).decode()
        elif answer.number == DEPENDENCY_QUERY:
            self.dependencies.append(meta_of(counted_bytes(answer.body, "<Q")))
        elif answer.number == IMAGE:
            self.images.append(parse_image(answer.body))

    def embeddings(self) -> list[Image]:
        return self.series(100)

    def series(self, index: int) -> list[Image]:
        return [found for found in self.images if found.head["image_series_index"] == index]

    def texts_with(self, level: str) -> list[str]:
        """The texts of a level, without it."""
        return [line[8:] for line in self.texts if line[:8].rstrip() == level]

    def check_own_images(self) -> None:
        """What client.py, FIRE and viewers ask of images; those of a client that come back are as they were."""
        counts: dict[int, int] = {}
        kinds: dict[int, tuple[object, ...]] = {}
        for found in self.images:
            head = found.head
            series = int(head["image_series_index"])
            counts[series] = counts.get(series, 0) + 1
            assert head["image_index"] == counts[series], "image_index counts from 1 in each series"
            kind = (found.pixels.dtype, *found.pixels.shape)
            assert kinds.setdefault(series, kind) == kind, "one shape and type in a series"
            assert head["version"] == 1
            assert 1 <= head["image_type"] <= 6
            directions = np.stack([head[name] for name in ("read_dir", "phase_dir", "slice_dir")])
            np.testing.assert_allclose(directions @ directions.T, np.eye(3), atol=1e-3)
            for name, direction in (("ImageRowDir", head["read_dir"]), ("ImageColumnDir", head["phase_dir"])):
                np.testing.assert_array_equal(np.array(found.meta[name], np.float32), direction)
            assert np.isfinite(found.pixels).all()
            for name in ("WindowCenter", "WindowWidth"):
                assert re.fullmatch(r"-?\d+", found.meta[name][0]), "windows are whole numbers"


def _checked_text(content: bytes) -> str:
    line = content.decode()
    assert line.startswith(_PREFIXES), f"the level is not told: {line!r}"
    assert len(line) > 8
    assert is_one_line(line), f"not one line: {line!r}"
    return line


def is_one_line(content: str) -> bool:
    """Without control characters, line separators, and bytes that are not UTF-8 (surrogates)."""
    return not {unicodedata.category(character) for character in content} & {"Cc", "Cs", "Zl", "Zp"}


def parse_answers(content: bytes) -> Answers:
    """The answers of a session on standard output."""
    answers, place = Answers(), 0

    def receive(count: int) -> bytes:
        nonlocal place
        place += count
        return content[place - count : place]

    while (answer := read_message(receive)) is not None:
        answers.add(answer)
    return answers


class Client:
    """A session. Answers are taken as they come, by a thread, so that sending never waits for them."""

    def __init__(self, address: Address, *, reading: bool = True) -> None:
        """With `reading` false it is a client that does not look at its answers."""
        self.socket = socket.create_connection(address, timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.answers = Answers()
        self._seen = 0  # images that were taken
        self._changed = threading.Condition()
        self._ended = False
        self._failure: BaseException | None = None
        self._listener = threading.Thread(target=self._listen, daemon=True)
        if reading:
            self._listener.start()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: BaseException | TracebackType | None) -> None:
        self.hang_up()

    def __del__(self) -> None:
        self.socket.close()

    def send(self, *messages: bytes | Iterable[bytes]) -> None:
        for part in messages:
            self.socket.sendall(part if isinstance(part, bytes) else b"".join(part))

    def image(self, patience: float = PATIENCE) -> Image:
        """The next image."""
        with self._changed:
            self._wait(lambda: len(self.answers.images) > self._seen, patience)
            assert len(self.answers.images) > self._seen, f"no image; texts: {self.answers.texts}"
            self._seen += 1
            return self.answers.images[self._seen - 1]

    def silence(self, seconds: float) -> None:
        """Nothing but texts comes in this time."""
        with self._changed:
            self._wait(lambda: len(self.answers.images) > self._seen, seconds)
            assert len(self.answers.images) == self._seen, "an image that was not due"

    def text(self, level: str, patience: float = PATIENCE) -> str:
        """Waits for the first text of a level."""
        with self._changed:
            self._wait(lambda: bool(self.answers.texts_with(level)), patience)
            assert self.answers.texts_with(level), f"no {level}; texts: {self.answers.texts}"
            return self.answers.texts_with(level)[0]

    def response(self, correlation: int, patience: float = PATIENCE) -> str:
        with self._changed:
            self._wait(lambda: correlation in self.answers.responses, patience)
            return self.answers.responses[correlation]

    def finish(self, patience: float = PATIENCE) -> Answers:
        """Says CLOSE, and waits for the server's and for the end of the stream."""
        self.send(close())
        return self.end(patience)

    def end(self, patience: float = PATIENCE) -> Answers:
        """Waits for the server's CLOSE and for the end of the stream."""
        self.end_of_stream(patience)
        assert self.answers.closed, f"no CLOSE; texts: {self.answers.texts}"
        return self.answers

    def end_of_stream(self, patience: float = PATIENCE) -> None:
        with self._changed:
            self._wait(lambda: self._ended, patience)
            assert self._ended, f"the stream goes on; texts: {self.answers.texts}"
        self.hang_up()

    def hang_up(self) -> None:
        """Closes the connection, whatever may still come."""
        if self._listener.is_alive():  # nobody may read from a descriptor that is closed
            with suppress(OSError):
                self.socket.shutdown(socket.SHUT_RD)
            self._listener.join()
        self.socket.close()

    def vanish(self) -> None:
        """Resets the connection."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.hang_up()

    def _wait(self, arrived: object, patience: float) -> None:
        assert callable(arrived)
        end = time.monotonic() + patience
        while not arrived() and not self._ended and (left := end - time.monotonic()) > 0:
            self._changed.wait(left)
        if self._failure is not None:
            raise self._failure

    def _listen(self) -> None:
        try:
            while (answer := read_message(self._receive)) is not None:
                with self._changed:
                    self.answers.add(answer)
                    self._changed.notify_all()
        except Exception as failure:  # the test that waits tells it
            self._failure = failure
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _receive(self, count: int) -> bytes:
        parts, left = [], count
        while left > 0:
            try:
                part = self.socket.recv(min(left, 1 << 20))
            except TimeoutError:
                continue
            if not part:
                break
            parts.append(part)
            left -= len(part)
        return b"".join(parts)
