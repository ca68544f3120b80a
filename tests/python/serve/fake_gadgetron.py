"""What Gadgetron 4 does with an external module, the node `<external>` of its chains.

Source: External.cpp, common/Serialization.cpp, common/ExternalChannel.cpp and common/Configuration.cpp in
apps/gadgetron/connection/nodes of Gadgetron, and core/readers/ImageReader.cpp.
"""

import socket
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

import numpy as np

from mrd_client import PATIENCE, Address
from mrd_codec import (
    ACQUISITION,
    CLOSE,
    CONFIG_TEXT,
    ERROR,
    HEADER,
    IMAGE,
    IMAGE_HEAD,
    WAVEFORM,
    Message,
    close,
    counted_bytes,
    read_message,
    text,
)

_INT16 = 2  # the one type of pixels that its reader of images does not know


class IllegalMessageError(Exception):
    """Gadgetron's chain ends with "Received illegal message id from external peer"."""


class RemoteError(Exception):
    """The module reported errors: Gadgetron's chain ends with them."""


class ExternalNode:
    """Sends what it has to a module, and takes what comes back at the same time."""

    def __init__(self, connection: socket.socket, configuration: str, xml: str) -> None:
        self._connection = connection
        self._is_open = True  # for what is sent
        self._lock = threading.Lock()
        connection.settimeout(PATIENCE)
        connection.sendall(text(configuration, CONFIG_TEXT) + text(xml, HEADER))

    def process(self, messages: Iterable[bytes]) -> list[Message]:
        """What comes back until CLOSE, without which Gadgetron would wait for ever."""
        sender = threading.Thread(target=self._send, args=(messages,), daemon=True)
        sender.start()
        try:
            return list(self._received())
        finally:
            with suppress(OSError):
                self._connection.shutdown(socket.SHUT_RDWR)
            sender.join()

    def _send(self, messages: Iterable[bytes]) -> None:
        with suppress(OSError):  # the module has gone
            for sent in messages:
                with self._lock:
                    if not self._is_open:
                        return
                    self._connection.sendall(sent)
            self._close()

    def _close(self) -> None:
        with self._lock:
            if self._is_open:
                self._connection.sendall(close())
            self._is_open = False

    def _received(self) -> Iterator[Message]:
        errors: list[str] = []
        while (found := read_message(self._receive)) is not None:
            if found.number == CLOSE:
                if errors:
                    raise RemoteError("; ".join(errors))
                return
            if found.number == ERROR:
                self._close()
                errors.append(counted_bytes(found.body, "<Q").decode())
            elif found.number not in (ACQUISITION, WAVEFORM, IMAGE):  # and arrays, which nothing here sends
                raise IllegalMessageError(found.number)
            elif found.number == IMAGE and np.frombuffer(found.body[:198], IMAGE_HEAD)[0]["data_type"] == _INT16:
                raise IllegalMessageError("an image of int16")
            else:
                yield found
        raise EOFError("the module ends without CLOSE")

    def _receive(self, count: int) -> bytes:
        received = b""
        while len(received) < count and (more := self._connection.recv(count - len(received))):
            received += more
        return received


@contextmanager
def connected(address: Address, configuration: str, xml: str) -> Iterator[ExternalNode]:
    """As `<connect>`: the module listens."""
    with socket.create_connection(address, timeout=PATIENCE) as connection:
        yield ExternalNode(connection, configuration, xml)


@contextmanager
def executed(module: str, target: str, xml: str) -> Iterator[ExternalNode]:
    """As `<execute type="python">`: the package `gadgetron` of this Python runs a function, and connects."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE)
        command = [sys.executable, "-m", "gadgetron", str(listener.getsockname()[1]), module, target]
        with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
            try:
                connection, _ = listener.accept()
                with connection:
                    yield ExternalNode(connection, "<configuration/>", xml)
                assert process.wait(timeout=PATIENCE) == 0
            finally:
                process.kill()
