"""Seeds for the fuzz targets that read streams: MRD messages, sessions of the service, and the scan reader's own."""

import struct

import numpy as np

from seeds import Seeds
from small_scans import raw_lines, xml


def mrd_stream_seeds() -> Seeds:
    def message(number: int, body: bytes = b"") -> bytes:
        return struct.pack("<H", number) + body

    def text(number: int, content: bytes) -> bytes:
        return message(number, struct.pack("<I", len(content)) + content)

    def acquisitions(lines: np.ndarray) -> list[bytes]:
        return [message(1008, line["head"].tobytes() + line["data"].tobytes()) for line in lines]

    header, close = text(3, xml().encode()), message(4)
    lines = acquisitions(raw_lines(2, 4, noise=True))
    waveform = message(1026, bytes(28) + struct.pack("<HH", 3, 2) + bytes(8 + 24))
    image = message(1022, struct.pack("<HH", 1, 7) + bytes(12) + struct.pack("<HHH", 2, 2, 1) + bytes(12))
    image += struct.pack("<H", 1) + bytes(162) + struct.pack("<Q", 4) + b"<a/>" + bytes(32)
    yield "plain", b"".join([header, *lines, close])
    yield "slab", b"".join([text(3, xml(z=2).encode()), *acquisitions(raw_lines(1, 4, 2)), close])
    yield (
        "everything",
        b"".join([message(1, bytes(1024)), text(2, b"<c/>"), header, waveform, image, *lines, close, b"x"]),
    )
    yield "cut", b"".join([header, *lines])[:-20]
    yield "images", b"".join([header, image, close])
    yield "image-first", b"".join([image, header, *lines, close])
    other = b"".join([text(3, xml(z=2).encode()), *acquisitions(raw_lines(2, 4, 2))])
    yield "session", b"".join([header, *lines, other, close])
    yield "sessions", b"".join([text(2, b"<c/>"), header, *lines, close, text(5, b"done"), other, waveform, close])
    yield "noise-session", b"".join([header, lines[0] * 3, close, other, close, header, close])
    yield "stopped-session", b"".join([header, *lines[:3], close, other, message(1030)])
    compressed = bytearray(lines[2][:342])
    struct.pack_into("<Q", compressed, 4, 1 << 52)
    yield "compressed-session", b"".join([header, bytes(compressed), struct.pack("<I", 3), b"zfp", close, other, close])


def mrd_session_seeds() -> Seeds:
    def text(number: int, content: bytes) -> bytes:
        return struct.pack("<HI", number, len(content)) + content

    yield from mrd_stream_seeds()
    header, close = text(3, xml().encode()), struct.pack("<H", 4)
    ids = "<measurementInformation><measurementID>n1</measurementID></measurementInformation><encoding>"
    dependent = ids.replace("n1<", "s1<").replace(
        "</measurementInformation>",
        "<measurementDependency><dependencyType>Noise</dependencyType><measurementID>n1</measurementID>"
        "</measurementDependency></measurementInformation>",
    )
    lines = [
        struct.pack("<H", 1008) + line["head"].tobytes() + line["data"].tobytes()
        for line in raw_lines(2, 4, noise=True)
    ]
    scan = b"".join(lines)
    noise = text(3, xml().replace("<encoding>", ids, 1).encode()) + lines[0] * 2
    image = text(3, xml().replace("<encoding>", dependent, 1).encode()) + b"".join(lines[1:])
    yield "noise-of-another", noise + image + close
    yield "parameters", header + text(5, b'{"parameters": {"return": "both", "prewhiten": "no"}}') + scan + close
    yield "tap", text(5, b'{"return": "tap"}') + header + scan + close
    yield "gadgetron", text(2, b"<configuration><a/></configuration>") + header + scan + close
    yield (
        "dependency",
        text(
            2,
            b"<gadgetronStreamConfiguration><gadget><classname>NoiseSummaryGadget</classname><property><name>noise_file"
            b"</name><value>x_n1</value></property></gadget></gadgetronStreamConfiguration>",
        )
        + close,
    )
    yield "query", struct.pack("<HQQQ", 6, 0, 7, 15) + b"mriembed::state" + close
    yield "accelerated", accelerated_session(y=32, z=1, calibration=16) + close
    yield "accelerated-slabs", accelerated_session(y=12, z=8, calibration=6) + close
    averages = raw_lines(2, 4, repetitions=2)
    averages["head"]["idx"]["average"] = averages["head"]["idx"]["repetition"]
    averages["head"]["idx"]["repetition"] = 0
    messages = [struct.pack("<H", 1008) + line["head"].tobytes() + line["data"].tobytes() for line in averages]
    yield "averages", header + b"".join(messages) + close


def accelerated_session(y: int, z: int, calibration: int) -> bytes:
    """Two repetitions of twofold acceleration along both axes, the last line of each flagged."""
    factors = (
        "<parallelImaging><accelerationFactor><kspace_encoding_step_1>2</kspace_encoding_step_1>"
        "<kspace_encoding_step_2>2</kspace_encoding_step_2></accelerationFactor></parallelImaging></encoding>"
    )
    limits = (
        f"<kspace_encoding_step_2><minimum>0</minimum><maximum>{z - 1}</maximum><center>{z // 2}</center>"
        "</kspace_encoding_step_2></encodingLimits>"
    )
    header = xml(y, z).replace("</encoding>", factors).replace("</encodingLimits>", limits).encode()
    session = struct.pack("<HI", 3, len(header)) + header
    last_in_slice = 1 << 7
    lines = raw_lines(2, y, z, repetitions=2)
    indices = lines["head"]["idx"]
    steps, partitions = indices["kspace_encode_step_1"], indices["kspace_encode_step_2"]
    inside = (np.abs(steps - y / 2 + 0.5) < calibration / 2) & (np.abs(partitions - z / 2 + 0.5) < 3)
    measured = ((steps % 2 == 0) & (partitions % 2 == z // 2 % 2)) | inside
    lines = lines[measured]
    lines["head"]["flags"][-1] = lines["head"]["flags"][len(lines) // 2 - 1] = last_in_slice
    for line in lines:
        session += struct.pack("<H", 1008) + line["head"].tobytes() + line["data"].tobytes()
    return session


def scan_stream_seeds() -> Seeds:
    def text(value: str) -> bytes:
        return struct.pack("<Q", len(value)) + value.encode()

    geometry = struct.pack("<2qd", 4, 0, 1.25)
    header = b"".join(map(text, ("vendor", "model", "station", "protocol", "sequence", "12:00:00")))
    header += struct.pack("<dqd4q", 3.0, 1, 500.0, 0, 0, 0, 0) + struct.pack("<q", 1) + text("HEA1")
    facts = text("fastMRI") + struct.pack("<7q", 0, 2, 8, 4, 1, 3, 0) + geometry + struct.pack("<dq", 0.25, 1)
    facts += struct.pack("<q", 1) + text("a warning") + struct.pack("<q", 1) + text("a note") + struct.pack("<q", 1)
    noise = struct.pack("<q8d2q", 2, *range(8), 1, 1)
    yield "facts", facts + struct.pack("<q", 0) + header
    yield "facts-with-noise", facts + noise + header
    place = struct.pack("<q3d", 1, 1.5, -2, 3) + text("grappa 2 x 3") + struct.pack("<d", 7.5)
    yield "slice", struct.pack("<7i", *range(7)) + place + struct.pack("<3q", 2, 4, 8) + geometry
