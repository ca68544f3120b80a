"""MRD v1 message streams, written from the format's documentation alone (doc/mrd_messages.md, mrd_raw_data.md)."""

import struct
from pathlib import Path

import h5py
import numpy as np

CONFIG_FILE, CONFIG_TEXT, HEADER, CLOSE, TEXT, ACQUISITION, IMAGE, WAVEFORM = 1, 2, 3, 4, 5, 1008, 1022, 1026

_HEADER = struct.Struct("<HQIIIIIIHHH16QHHHHHf3f3f3f3f3fHHHHHHHHH8H8i8f")
assert _HEADER.size == 340


def message(number: int, body: bytes = b"") -> bytes:
    return struct.pack("<H", number) + body


def text(number: int, content: str, *, nul: bool = False) -> bytes:
    encoded = content.encode() + (b"\0" if nul else b"")
    return message(number, struct.pack("<I", len(encoded)) + encoded)


def acquisition(line: np.void, trajectory: np.ndarray | None = None) -> bytes:
    """One line of an HDF5 file's dataset "data"; trajectory: (samples, dimensions)."""
    head, index = line["head"], line["head"]["idx"]
    counters = ("kspace_encode_step_1", "kspace_encode_step_2", "average", "slice", "contrast", "phase", "repetition")
    packed = _HEADER.pack(
        *(
            int(head[name])
            for name in ("version", "flags", "measurement_uid", "scan_counter", "acquisition_time_stamp")
        ),
        *map(int, head["physiology_time_stamp"]),
        *(int(head[name]) for name in ("number_of_samples", "available_channels", "active_channels")),
        *map(int, head["channel_mask"]),
        *(int(head[name]) for name in ("discard_pre", "discard_post", "center_sample", "encoding_space_ref")),
        0 if trajectory is None else trajectory.shape[1],
        float(head["sample_time_us"]),
        *(float(x) for name in ("position", "read_dir", "phase_dir", "slice_dir") for x in head[name]),
        *map(float, head["patient_table_position"]),
        *(int(index[name]) for name in (*counters, "set", "segment")),
        *map(int, index["user"]),
        *map(int, head["user_int"]),
        *map(float, head["user_float"]),
    )
    points = b"" if trajectory is None else trajectory.astype("<f4").tobytes()
    return message(ACQUISITION, packed + points + np.asarray(line["data"], "<f4").tobytes())


def image(shape: tuple[int, int, int, int], attributes: bytes = b"<ismrmrdMeta/>") -> bytes:
    """Of zeros, (channels, z, y, x) complex64."""
    channels, z, y, x = shape
    head = bytearray(198)
    struct.pack_into("<HH", head, 0, 1, 7)
    struct.pack_into("<HHH", head, 16, x, y, z)
    struct.pack_into("<H", head, 34, channels)
    pixels = bytes(8 * channels * z * y * x)
    return message(IMAGE, bytes(head) + struct.pack("<Q", len(attributes)) + attributes + pixels)


def waveform(channels: int, samples: int) -> bytes:
    head = bytearray(40)
    struct.pack_into("<HH", head, 28, samples, channels)
    return message(WAVEFORM, bytes(head) + bytes(4 * channels * samples))


def measurement(path: Path) -> tuple[str, list[bytes]]:
    """The header of an HDF5 file's group "dataset", and its acquisitions as messages."""
    with h5py.File(path) as file:
        xml = file["dataset/xml"][0]
        lines = file["dataset/data"][:]
    return xml.decode() if isinstance(xml, bytes) else xml, [acquisition(line) for line in lines]


def session(xml: str, lines: list[bytes]) -> bytes:
    """A stream of one measurement, from its header to its end."""
    return b"".join([text(HEADER, xml), *lines, message(CLOSE)])


def write_stream_of(path: Path, hdf5: Path) -> Path:
    """The stream that holds what an HDF5 file does."""
    path.write_bytes(session(*measurement(hdf5)))
    return path
