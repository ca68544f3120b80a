"""What serve_latency.py compares with: a server in Python that embeds each slice by NumPy, SciPy and ONNX Runtime.

    python live_peer.py MODEL

It does no more than it must: one session, full slices in the order of their lines, and an answer of two bytes.
Prints its port.
"""

from __future__ import annotations

import socket
import struct
import sys
from pathlib import Path

import numpy as np
from live_scan import LiveScan
from numpy_preprocessing import NumPyPreprocessor
from peers import onnx_bytes, onnxruntime_call

import mriembed

HEADER_BYTES = 340


def main() -> None:
    """Serves one session."""
    model = Path(sys.argv[1])
    description = mriembed.read_description(model)
    preprocess = NumPyPreprocessor(description.num_coils, 1, description.matrix)
    scan = LiveScan()
    kspace = np.ones((1, scan.coils, scan.lines, scan.samples), np.complex64)
    embed = onnxruntime_call(onnx_bytes(model, np.zeros((1, 2 * description.num_coils, 64, 64), np.float32)), 1, False)
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    connection, _ = listener.accept()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    stream = connection.makefile("rb")
    while number := stream.read(2):
        (kind,) = struct.unpack("<H", number)
        if kind == 1:
            stream.read(1024)
        elif kind == 3:
            stream.read(struct.unpack("<I", stream.read(4))[0])
        elif kind == 1008:
            head = stream.read(HEADER_BYTES)
            (line,) = struct.unpack_from("<H", head, 242)
            data = np.frombuffer(stream.read(8 * scan.coils * scan.samples), np.complex64)
            kspace[0, :, line] = data.reshape(scan.coils, scan.samples)
            if line == scan.lines - 1:
                embed(preprocess(kspace, None, scan.samples // 2))
                connection.sendall(b"ok")
        else:
            return


if __name__ == "__main__":
    main()
