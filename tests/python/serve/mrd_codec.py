"""MRD v1 messages, written and read from the format's documentation alone: every field by its offset.

Sources: doc/mrd_messages.md, mrd_raw_data.md, mrd_image_data.md and mrd_waveforms.md of ISMRMRD; for messages 6, 7, 8
and 1019 the readers and writers of Gadgetron. It shares nothing with the library under test.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

import numpy as np
from numpy.typing import NDArray

CONFIG_FILE, CONFIG_TEXT, HEADER, CLOSE, TEXT, QUERY, RESPONSE, ERROR = 1, 2, 3, 4, 5, 6, 7, 8
ACQUISITION, DEPENDENCY_QUERY, IMAGE, WAVEFORM, NDARRAY = 1008, 1019, 1022, 1026, 1030

FIRST_IN_SLICE, LAST_IN_SLICE = 1 << 6, 1 << 7
NOISE, CALIBRATION, CALIBRATION_AND_IMAGING = 1 << 18, 1 << 19, 1 << 20
NAVIGATION, LAST_IN_MEASUREMENT, DUMMY, COMPRESSED = 1 << 22, 1 << 24, 1 << 26, 1 << 52

COUNTERS = (
    "kspace_encode_step_1",
    "kspace_encode_step_2",
    "average",
    "slice",
    "contrast",
    "phase",
    "repetition",
    "set",
    "segment",
)
PIXELS = {1: "<u2", 2: "<i2", 3: "<u4", 4: "<i4", 5: "<f4", 6: "<f8", 7: "<c8", 8: "<c16"}  # data types of an image

Field = tuple[str, Any, int]  # name, format, offset in bytes


def _structure(size: int, *fields: Field) -> np.dtype[Any]:
    names, formats, offsets = zip(*fields, strict=True)
    return np.dtype({"names": names, "formats": formats, "offsets": offsets, "itemsize": size})


INDEX = _structure(34, *((name, "<u2", 2 * place) for place, name in enumerate(COUNTERS)), ("user", ("<u2", 8), 18))

ACQUISITION_HEAD = _structure(
    340,
    ("version", "<u2", 0),
    ("flags", "<u8", 2),
    ("measurement_uid", "<u4", 10),
    ("scan_counter", "<u4", 14),
    ("acquisition_time_stamp", "<u4", 18),
    ("physiology_time_stamp", ("<u4", 3), 22),
    ("number_of_samples", "<u2", 34),
    ("available_channels", "<u2", 36),
    ("active_channels", "<u2", 38),
    ("channel_mask", ("<u8", 16), 40),
    ("discard_pre", "<u2", 168),
    ("discard_post", "<u2", 170),
    ("center_sample", "<u2", 172),
    ("encoding_space_ref", "<u2", 174),
    ("trajectory_dimensions", "<u2", 176),
    ("sample_time_us", "<f4", 178),
    ("position", ("<f4", 3), 182),
    ("read_dir", ("<f4", 3), 194),
    ("phase_dir", ("<f4", 3), 206),
    ("slice_dir", ("<f4", 3), 218),
    ("patient_table_position", ("<f4", 3), 230),
    ("idx", INDEX, 242),
    ("user_int", ("<i4", 8), 276),
    ("user_float", ("<f4", 8), 308),
)

IMAGE_HEAD = _structure(
    198,
    ("version", "<u2", 0),
    ("data_type", "<u2", 2),
    ("flags", "<u8", 4),
    ("measurement_uid", "<u4", 12),
    ("matrix_size", ("<u2", 3), 16),
    ("field_of_view", ("<f4", 3), 22),
    ("channels", "<u2", 34),
    ("position", ("<f4", 3), 36),
    ("read_dir", ("<f4", 3), 48),
    ("phase_dir", ("<f4", 3), 60),
    ("slice_dir", ("<f4", 3), 72),
    ("patient_table_position", ("<f4", 3), 84),
    ("average", "<u2", 96),
    ("slice", "<u2", 98),
    ("contrast", "<u2", 100),
    ("phase", "<u2", 102),
    ("repetition", "<u2", 104),
    ("set", "<u2", 106),
    ("acquisition_time_stamp", "<u4", 108),
    ("physiology_time_stamp", ("<u4", 3), 112),
    ("image_type", "<u2", 124),
    ("image_index", "<u2", 126),
    ("image_series_index", "<u2", 128),
    ("user_int", ("<i4", 8), 130),
    ("user_float", ("<f4", 8), 162),
    ("attribute_string_len", "<u4", 194),
)

WAVEFORM_HEAD = _structure(
    40,
    ("version", "<u2", 0),
    ("flags", "<u8", 8),
    ("measurement_uid", "<u4", 16),
    ("scan_counter", "<u4", 20),
    ("time_stamp", "<u4", 24),
    ("number_of_samples", "<u2", 28),
    ("channels", "<u2", 30),
    ("sample_time_us", "<f4", 32),
    ("waveform_id", "<u2", 36),
)


def message(number: int, body: bytes = b"") -> bytes:
    return struct.pack("<H", number) + body


def config_file(name: str) -> bytes:
    return message(CONFIG_FILE, name.encode().ljust(1024, b"\0"))


def text(content: str | bytes, number: int = TEXT, *, nul: bool = False) -> bytes:
    """A text, or with `number` a header or a configuration; with `nul` as kspaceKelvin's client ends it."""
    encoded = (content.encode() if isinstance(content, str) else content) + b"\0" * nul
    return message(number, struct.pack("<I", len(encoded)) + encoded)


def close() -> bytes:
    return message(CLOSE)


def query(name: str, correlation: int = 1) -> bytes:
    encoded = name.encode()
    return message(QUERY, struct.pack("<QQQ", 0, correlation, len(encoded)) + encoded)


def acquisition(
    samples: NDArray[np.complex64], trajectory: NDArray[np.float32] | None = None, **fields: object
) -> bytes:
    """One readout. samples: (coils, samples); trajectory: (samples, dimensions); fields: of header and index."""
    head = np.zeros((), ACQUISITION_HEAD)
    head["version"] = 1
    head["active_channels"] = head["available_channels"] = samples.shape[0]
    head["number_of_samples"] = samples.shape[1]
    head["center_sample"] = samples.shape[1] // 2
    head["sample_time_us"] = 5
    head["read_dir"], head["phase_dir"], head["slice_dir"] = np.eye(3)
    for name, value in fields.items():
        (head["idx"] if name in (INDEX.names or ()) else head)[name] = value
    points = b""
    if trajectory is not None:
        head["trajectory_dimensions"] = trajectory.shape[1]
        points = trajectory.astype("<f4").tobytes()
    return message(ACQUISITION, head.tobytes() + points + samples.astype("<c8").tobytes())


def waveform(channels: int, samples: int, **fields: object) -> bytes:
    head = np.zeros((), WAVEFORM_HEAD)
    head["version"], head["channels"], head["number_of_samples"], head["waveform_id"] = 1, channels, samples, 1
    for name, value in fields.items():
        head[name] = value
    return message(WAVEFORM, head.tobytes() + np.arange(channels * samples, dtype="<u4").tobytes())


def image(pixels: NDArray[Any], attributes: bytes = b"<ismrmrdMeta/>", **fields: object) -> bytes:
    """pixels: (channels, z, y, x), of a type that MRD has."""
    head = np.zeros((), IMAGE_HEAD)
    head["version"] = head["image_type"] = 1
    (head["data_type"],) = (number for number, kind in PIXELS.items() if np.dtype(kind) == pixels.dtype)
    head["channels"], head["matrix_size"] = pixels.shape[0], pixels.shape[:0:-1]
    head["read_dir"], head["phase_dir"], head["slice_dir"] = np.eye(3)
    head["attribute_string_len"] = len(attributes)
    for name, value in fields.items():
        head[name] = value
    return message(IMAGE, head.tobytes() + struct.pack("<Q", len(attributes)) + attributes + pixels.tobytes())


@dataclass(frozen=True)
class Message:
    """What follows the number of a message."""

    number: int
    body: bytes


@dataclass(frozen=True, eq=False)
class Image:
    """An image message. pixels: (channels, z, y, x); meta: the values of each name."""

    head: np.void
    meta: dict[str, list[str]]
    pixels: NDArray[Any]


Receive = Callable[[int], bytes]  # exactly so many bytes; fewer where the stream ends
MOST = 1 << 28  # bytes of a part of an answer that are believed


def read_message(receive: Receive) -> Message | None:
    """The next message, or None at the end of the stream. Half a message is an EOFError."""
    first = receive(2)
    if not first:
        return None

    def exactly(count: int) -> bytes:
        assert count <= MOST, f"a part of {count} bytes"
        part = receive(count)
        if len(part) < count:
            raise EOFError("the stream ends within a message")
        return part

    if len(first) < 2:
        raise EOFError("the stream ends within the number of a message")
    (number,) = struct.unpack("<H", first)
    if number == CONFIG_FILE:
        return Message(number, exactly(1024))
    if number == CLOSE:
        return Message(number, b"")
    if number in (CONFIG_TEXT, HEADER, TEXT):
        return Message(number, _counted(exactly, "<I"))
    if number == QUERY:
        return Message(number, exactly(16) + _counted(exactly, "<Q"))
    if number == RESPONSE:
        return Message(number, exactly(8) + _counted(exactly, "<Q"))
    if number in (ERROR, DEPENDENCY_QUERY):
        return Message(number, _counted(exactly, "<Q"))
    if number == ACQUISITION:
        packed = exactly(340)
        head = np.frombuffer(packed, ACQUISITION_HEAD)[0]
        samples = int(head["number_of_samples"])
        return Message(
            number,
            packed + exactly(samples * (4 * int(head["trajectory_dimensions"]) + 8 * int(head["active_channels"]))),
        )
    if number == WAVEFORM:
        packed = exactly(40)
        head = np.frombuffer(packed, WAVEFORM_HEAD)[0]
        return Message(number, packed + exactly(4 * int(head["number_of_samples"]) * int(head["channels"])))
    assert number == IMAGE, f"no message has the number {number}"
    packed = exactly(198)
    head = np.frombuffer(packed, IMAGE_HEAD)[0]
    pixels = int(np.prod(head["matrix_size"], dtype=np.int64)) * int(head["channels"])
    attributes = _counted(exactly, "<Q")
    return Message(number, packed + attributes + exactly(pixels * np.dtype(PIXELS[int(head["data_type"])]).itemsize))


def _counted(exactly: Receive, count: str) -> bytes:
    """The count and as many bytes."""
    packed = exactly(struct.calcsize(count))
    return packed + exactly(struct.unpack(count, packed)[0])


def counted_bytes(body: bytes, count: str = "<I", skipped: int = 0) -> bytes:
    """What stands behind the count, which is behind `skipped` bytes."""
    return body[skipped + struct.calcsize(count) :]


def acquisition_head(sent: bytes) -> np.void:
    """Of a whole acquisition message."""
    head: np.void = np.frombuffer(sent[2:342], ACQUISITION_HEAD)[0]
    return head


def acquisition_samples(sent: bytes) -> NDArray[np.complex64]:
    """(coils, samples) of a whole acquisition message."""
    head = acquisition_head(sent)
    coils, samples = int(head["active_channels"]), int(head["number_of_samples"])
    return np.frombuffer(sent[len(sent) - 8 * coils * samples :], "<c8").reshape(coils, samples)


def meta_of(attributes: bytes) -> dict[str, list[str]]:
    root = ElementTree.fromstring(attributes.rstrip(b"\0"))
    assert root.tag == "ismrmrdMeta"
    found: dict[str, list[str]] = {}
    for entry in root:
        assert entry.tag == "meta"
        name, *values = (part.text or "" for part in entry)
        assert [part.tag for part in entry] == ["name"] + ["value"] * len(values)
        assert name not in found
        found[name] = values
    return found


def parse_image(body: bytes) -> Image:
    head = np.frombuffer(body[:198], IMAGE_HEAD)[0]
    (length,) = struct.unpack_from("<Q", body, 198)
    assert length == head["attribute_string_len"], "the length of the attributes stands twice"
    shape = (int(head["channels"]), *(int(size) for size in head["matrix_size"][::-1]))
    pixels = np.frombuffer(body[206 + length :], PIXELS[int(head["data_type"])]).reshape(shape)
    return Image(head, meta_of(body[206 : 206 + length]), pixels)
