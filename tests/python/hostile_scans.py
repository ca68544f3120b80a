"""Damaged scan files: sound small ones of every format, changed in ways that a generator with a fixed seed chooses."""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np

import scan_seeds

FORMATS = ("mrd-raw", "mrd-images", "fastmri", "bart", "npy")

_NUMBERS = (
    0,
    1,
    2,
    0x7F,
    0x80,
    0xFF,
    0x7FFF,
    0x8000,
    0xFFFF,
    1 << 24,
    (1 << 31) - 1,
    1 << 31,
    (1 << 32) - 1,
    (1 << 63) - 1,
)
_TEXTS = (b"0", b"-1", b"65535", b"65536", b"4294967296", b"9223372036854775807", b"99999999999999999999", b"1e9", b"")


def seeds(scan_format: str) -> list[bytes]:
    if scan_format == "npy":
        return [content for _, content in scan_seeds.numpy_seeds()]
    if scan_format == "bart":
        return [content for _, content in scan_seeds.bart_seeds()]
    return [content for name, content in scan_seeds.hdf5_seeds() if name.startswith(scan_format)]


def _flip_bits(content: bytearray, place: int, rng: np.random.Generator) -> None:
    for position in place + rng.integers(0, 64, rng.integers(1, 9)):
        content[position % len(content)] ^= 1 << int(rng.integers(8))


def _random_bytes(content: bytearray, place: int, rng: np.random.Generator) -> None:
    count = int(rng.integers(1, 65))
    content[place : place + count] = rng.bytes(len(content[place : place + count]))


def _constant_bytes(content: bytearray, place: int, rng: np.random.Generator) -> None:
    count = int(2 ** rng.uniform(0, 10))
    value = (0, 0, 0xFF)[int(rng.integers(3))]
    content[place : place + count] = bytes([value]) * len(content[place : place + count])


def _cut_short(content: bytearray, place: int, rng: np.random.Generator) -> None:
    del content[place if rng.integers(2) else len(content) - int(rng.integers(1, 65)) :]


def _remove(content: bytearray, place: int, rng: np.random.Generator) -> None:
    del content[place : place + int(2 ** rng.uniform(0, 8))]


def _extend(content: bytearray, _place: int, rng: np.random.Generator) -> None:
    content += rng.bytes(int(2 ** rng.uniform(0, 12))) if rng.integers(2) else content[: int(2 ** rng.uniform(0, 12))]


def _splice(content: bytearray, place: int, rng: np.random.Generator) -> None:
    start, count = int(rng.integers(len(content))), int(2 ** rng.uniform(0, 10))
    part = content[start : start + count]
    content[place : place + (len(part) if rng.integers(2) else 0)] = part


def _write_number(content: bytearray, place: int, rng: np.random.Generator) -> None:
    size = (1, 2, 4, 8)[int(rng.integers(4))]
    number = _NUMBERS[int(rng.integers(len(_NUMBERS)))] % (1 << 8 * size)
    place -= place % size
    content[place : place + size] = number.to_bytes(size, "little")


def _change_text_number(content: bytearray, _place: int, rng: np.random.Generator) -> None:
    """In headers of text: XML, .hdr, the dictionary of .npy."""
    numbers = [match.span() for match in re.finditer(rb"(?<=[ (>\n])\d+(?=[ ),<\n])", bytes(content))]
    if not numbers:
        _write_number(content, _place, rng)
        return
    start, stop = numbers[int(rng.integers(len(numbers)))]
    content[start:stop] = _TEXTS[int(rng.integers(len(_TEXTS)))]


_MUTATIONS: tuple[Callable[[bytearray, int, np.random.Generator], None], ...] = (
    _flip_bits,
    _random_bytes,
    _constant_bytes,
    _cut_short,
    _remove,
    _extend,
    _splice,
    _write_number,
    _write_number,
    _change_text_number,
)


def mutated(content: bytes, rng: np.random.Generator) -> bytes:
    """One to four changes, half of them near the beginning, where headers stand."""
    result = bytearray(content)
    for _ in range(int(rng.integers(1, 5))):
        if not result:
            break
        place = int(rng.integers(min(len(result), 1024) if rng.integers(2) else len(result)))
        _MUTATIONS[int(rng.integers(len(_MUTATIONS)))](result, place, rng)
    return bytes(result)


def write_hostile_scans(folder: Path, scan_format: str, count: int) -> list[Path]:
    """The first `count` damaged scans of a format, the same ones each time."""
    sound = seeds(scan_format)
    paths = []
    for index in range(count):
        rng = np.random.default_rng([FORMATS.index(scan_format), index])
        content = mutated(sound[index % len(sound)], rng)
        path = folder / f"{index}.{'npy' if scan_format == 'npy' else 'cfl' if scan_format == 'bart' else 'h5'}"
        if scan_format == "bart":
            header, _, samples = content.partition(b"\0")
            path.with_suffix(".hdr").write_bytes(header)
            content = samples
        path.write_bytes(content)
        paths.append(path)
    return paths
