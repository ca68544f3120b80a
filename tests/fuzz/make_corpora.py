"""Seeds for the fuzz targets: small sound inputs, and inputs with one thing wrong, one folder for each target.

    make_corpora.py FOLDER

Always the same bytes. The targets that write their own HDF5 files from bytes get bytes from a fixed generator.
"""

import io
import json
import re
import struct
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import h5py
import numpy as np

Seeds = Iterator[tuple[str, bytes]]

XML = (
    '<?xml version="1.0"?><ismrmrdHeader xmlns="http://www.ismrm.org/ISMRMRD"><experimentalConditions>'
    "<H1resonanceFrequency_Hz>1</H1resonanceFrequency_Hz></experimentalConditions><encoding>"
    "<encodedSpace><matrixSize><x>8</x><y>{y}</y><z>{z}</z></matrixSize>"
    "<fieldOfView_mm><x>1</x><y>1</y><z>1</z></fieldOfView_mm></encodedSpace>"
    "<reconSpace><matrixSize><x>{recon_x}</x><y>{y}</y><z>{z}</z></matrixSize>"
    "<fieldOfView_mm><x>1</x><y>1</y><z>1</z></fieldOfView_mm></reconSpace>"
    "<encodingLimits><kspace_encoding_step_1><minimum>0</minimum><maximum>{last}</maximum><center>{center}</center>"
    "</kspace_encoding_step_1></encodingLimits><trajectory>{trajectory}</trajectory></encoding></ismrmrdHeader>"
)


def xml(y: int = 4, z: int = 1, recon_x: int = 4, trajectory: str = "cartesian") -> str:
    return XML.format(y=y, z=z, recon_x=recon_x, last=y - 1, center=y // 2, trajectory=trajectory)


def samples(*shape: int) -> np.ndarray:
    count = int(np.prod(shape))
    return (np.arange(1, count + 1) + 0.5j).astype(np.complex64).reshape(shape)


def numpy_seeds() -> Seeds:
    arrays = {
        "complex64": samples(2, 3, 4, 5),
        "single": samples(3, 4, 5),
        "complex128": samples(2, 2, 3).astype(np.complex128),
        "big-endian": samples(2, 2, 3).astype(">c8"),
        "fortran": np.asfortranarray(samples(2, 2, 3, 2)),
        "stacked": np.ones((2, 4, 3, 2), np.float32),
        "float64": np.ones((2, 3, 2)),
        "integers": np.ones((2, 3, 2), np.int16),
        "empty": np.ones((0, 3, 2), np.complex64),
    }
    for name, array in arrays.items():
        file = io.BytesIO()
        np.save(file, array)
        yield name, file.getvalue()
    header = b'{"descr": "=c8", "fortran_order": False, "shape": (2L, 2L, 3L), }\n'
    yield "python2", b"\x93NUMPY\1\0" + struct.pack("<H", len(header)) + header + samples(2, 2, 3).tobytes()
    for name, version in (("version2", (2, 0)), ("version3", (3, 0))):
        file = io.BytesIO()
        np.lib.format.write_array(file, samples(2, 2, 3), version=version)
        yield name, file.getvalue()


def bart_seeds() -> Seeds:
    for name, sizes in {
        "slice": "4 3 1 2",
        "volume": "2 3 4 2",
        "orthogonal": "1 8 9 2",
        "slices": "2 2 1 2 1 2 1 1 1 1 1 1 1 3 1 1",
        "wrong": "4 3 2 2 2",
    }.items():
        count = int(np.prod([int(size) for size in sizes.split()]))
        header = f"# Dimensions\n{sizes}\n# Command\nmade up\n".encode()
        yield name, header + b"\0" + samples(count - (name == "wrong")).tobytes()


def mrd_header_seeds() -> Seeds:
    yield "cartesian", xml().encode()
    yield "slab", xml(z=3, recon_x=8).encode()
    yield "spiral", xml(trajectory="spiral").encode()
    yield (
        "prefixed",
        re.sub("<(/?)(?=[a-zA-Z])", r"<\1ns0:", xml(trajectory="Cartesian")).replace("xmlns=", "xmlns:ns0=").encode(),
    )
    yield "entities", b'<!DOCTYPE x [<!ENTITY a "&b;&b;"><!ENTITY b "&a;">]>' + xml().replace(">8<", ">&a;<").encode()
    yield "deep", b"<a>" * 2000


ACQUISITION_INDEX = np.dtype(
    [
        (name, "<u2")
        for name in ("kspace_encode_step_1", "kspace_encode_step_2", "average", "slice", "contrast", "phase")
    ]
    + [(name, "<u2") for name in ("repetition", "set", "segment")]
    + [("user", "<u2", (8,))]
)
ACQUISITION_HEAD = np.dtype(
    [
        ("version", "<u2"),
        ("flags", "<u8"),
        ("measurement_uid", "<u4"),
        ("scan_counter", "<u4"),
        ("acquisition_time_stamp", "<u4"),
        ("physiology_time_stamp", "<u4", (3,)),
        ("number_of_samples", "<u2"),
        ("available_channels", "<u2"),
        ("active_channels", "<u2"),
        ("channel_mask", "<u8", (16,)),
        ("discard_pre", "<u2"),
        ("discard_post", "<u2"),
        ("center_sample", "<u2"),
        ("encoding_space_ref", "<u2"),
        ("trajectory_dimensions", "<u2"),
        ("sample_time_us", "<f4"),
        ("position", "<f4", (3,)),
        ("read_dir", "<f4", (3,)),
        ("phase_dir", "<f4", (3,)),
        ("slice_dir", "<f4", (3,)),
        ("patient_table_position", "<f4", (3,)),
        ("idx", ACQUISITION_INDEX),
        ("user_int", "<i4", (8,)),
        ("user_float", "<f4", (8,)),
    ]
)
FLOATS = h5py.vlen_dtype(np.dtype("<f4"))
ACQUISITION = np.dtype([("head", ACQUISITION_HEAD), ("traj", FLOATS), ("data", FLOATS)])
NOISE = 1 << 18


def raw_lines(coils: int, y: int, z: int = 1, repetitions: int = 1, noise: bool = False) -> np.ndarray:
    lines = np.zeros(int(noise) + y * z * repetitions, ACQUISITION)
    for line in lines:
        line["head"]["number_of_samples"] = 8
        line["head"]["active_channels"] = coils
        line["head"]["center_sample"] = 4
        line["data"] = samples(coils * 8).view(np.float32)
        line["traj"] = np.zeros(0, np.float32)
    if noise:
        lines[0]["head"]["flags"] = NOISE
    for index, line in enumerate(lines[int(noise) :]):
        line["head"]["idx"]["kspace_encode_step_1"] = index % y
        line["head"]["idx"]["kspace_encode_step_2"] = index // y % z
        line["head"]["idx"]["repetition"] = index // (y * z)
    return lines


IMAGE_HEAD = np.dtype(
    [(name, "<u2") for name in ("version", "data_type")]
    + [("flags", "<u8"), ("measurement_uid", "<u4"), ("matrix_size", "<u2", (3,)), ("channels", "<u2")]
    + [(name, "<u2") for name in ("average", "slice", "contrast", "phase", "repetition", "set")]
)


def write_raw(file: h5py.File, header: str, lines: np.ndarray) -> None:
    group = file.create_group("dataset")
    group.create_dataset("xml", data=np.array([header.encode()], dtype=h5py.string_dtype()), maxshape=(None,))
    group.create_dataset("data", data=lines, maxshape=(None,), chunks=(4,))


def write_images(file: h5py.File, data: np.ndarray) -> None:
    group = file.create_group("dataset/image_0")
    group["data"] = data
    group["header"] = np.zeros(len(data), IMAGE_HEAD)
    group.create_dataset("attributes", data=np.array([b""] * len(data), dtype=h5py.string_dtype()))


def hdf5_bytes(write: Callable[[h5py.File], None], libver: str = "earliest", user_block: int = 0) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scan.h5"
        with h5py.File(path, "w", libver=libver, track_order=False, userblock_size=user_block) as file:
            write(file)
        return path.read_bytes()


def hdf5_scans() -> Iterator[tuple[str, Callable[[h5py.File], None]]]:
    """Small sound scans in HDF5, by format."""

    def fastmri(file: h5py.File, **layout: object) -> None:
        file.create_dataset("kspace", data=samples(2, 3, 8, 4), **layout)
        file["ismrmrd_header"] = xml()

    def masked(file: h5py.File) -> None:
        file["kspace"] = samples(2, 8, 4)
        file["mask"] = np.array([1, 1, 1, 1], np.float32)

    yield "mrd-raw", lambda file: write_raw(file, xml(), raw_lines(2, 4, repetitions=2, noise=True))
    yield "mrd-raw-slab", lambda file: write_raw(file, xml(z=3), raw_lines(2, 4, z=3))
    yield "mrd-images", lambda file: write_images(file, samples(2, 2, 1, 4, 3))
    yield "mrd-magnitudes", lambda file: write_images(file, np.ones((2, 1, 1, 4, 3), np.uint16))
    yield "fastmri", fastmri
    yield "fastmri-masked", masked
    yield (
        "fastmri-deflate",
        lambda file: fastmri(file, chunks=(1, 3, 8, 4), compression="gzip", shuffle=True, fletcher32=True),
    )


def hdf5_seeds() -> Seeds:
    for name, write in hdf5_scans():
        yield name, hdf5_bytes(write)
        yield f"{name}-latest", hdf5_bytes(write, "latest")
        yield f"{name}-user-block", hdf5_bytes(write, user_block=512)


def written_seeds() -> Seeds:
    """For targets that take bytes as choices: a few hundred of each, of several lengths."""
    generator = np.random.default_rng(0)
    yield "zeros", bytes(4096)
    for index in range(40):
        yield f"random{index}", generator.bytes(int(2 ** generator.uniform(4, 12)))


def seal_seeds() -> Seeds:
    """Archives' ends and what stands behind them; the target seals each of them."""
    signature = f"ed25519 {'a' * 64} {'b' * 128}\n"
    for name, lines in {
        "bare": "mriembed-seal 1\n",
        "signed": "mriembed-seal 1\n" + signature,
        "signed-twice": "mriembed-seal 1\n" + 2 * signature,
        "version2": "mriembed-seal 2\n",
        "plain": "",
    }.items():
        comment = len(lines) + 72 if lines else 0
        yield name, b"PK\5\6" + bytes(16) + struct.pack("<H", comment) + lines.encode()


def zip_archive_seeds() -> Seeds:
    for name, kind in {"stored": zipfile.ZIP_STORED, "compressed": zipfile.ZIP_DEFLATED}.items():
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w", kind) as archive:
            for record in ("extra/mriembed.json", "data/0", "data/1", "code/a.py"):
                archive.writestr(zipfile.ZipInfo(f"archive/{record}"), f"what {record} holds", kind)
        yield name, file.getvalue()


def public_key_seeds() -> Seeds:
    yield (
        "ed25519",
        (
            b"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAPUAXw+hDiVqStwqnTRt+vJyYLM8uxJaMwM1V8Sr0Zgw=\n"
            b"-----END PUBLIC KEY-----\n"
        ),
    )
    yield "private", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"


def network() -> dict[str, object]:
    weights = {
        "model.head.weight": {"record": "data/4", "dtype": "float32", "shape": [2, 4]},
        "model.head.bias": {"record": "data/5", "dtype": "float32", "shape": [2]},
    }
    layers: list[dict[str, object]] = []
    for name, inputs in (("model.stem", 2), *((f"model.backbone.{stage}", 4) for stage in range(4))):
        weights[f"{name}.convolution.weight"] = {"record": "data/0", "dtype": "float32", "shape": [4, inputs, 3, 3]}
        for part in ("convolution.bias", "norm.weight", "norm.bias"):
            weights[f"{name}.{part}"] = {"record": "data/1", "dtype": "float32", "shape": [4]}
        of_convolution = {"weight": f"{name}.convolution.weight", "bias": f"{name}.convolution.bias"}
        of_norm = {"weight": f"{name}.norm.weight", "bias": f"{name}.norm.bias"}
        layers += [
            {"kind": "convolution", "kernel": 3, "stride": 2, "padding": 1, **of_convolution},
            {"kind": "group_norm", "groups": 4, "epsilon": 1e-5, **of_norm},
            {"kind": "gelu"},
        ]
    layers += [{"kind": "mean"}, {"kind": "linear", "weight": "model.head.weight", "bias": "model.head.bias"}]
    return {"layers": [*layers, {"kind": "unit_norm"}], "weights": weights}


def metadata_seeds() -> Seeds:
    description = {
        "format": "mriembed model",
        "format_version": 2,
        "model": {
            "class": "MRIEmbeddingModel",
            "arguments": {
                "embed_dim": 2,
                "widths": [4, 4, 4, 4],
                "dropout": 0.0,
                "normalize": True,
                "use_mlp_head": False,
            },
            "in_channels": 2,
            "num_coils": 1,
            "embed_dim": 2,
            "parameters": 718,
        },
        "preprocessing": {
            "version": 4,
            "coil_compression": "pca",
            "matrix": None,
            "numbers": {
                "calibration_lines": 24,
                "echo_window": 48,
                "low_resolution": 20,
                "darkest_coils": 0.02,
                "darkest": 0.1,
                "least_energy": 1e-9,
            },
        },
        "provenance": {
            "mriembed": "0.1.0",
            "torch": "2.13.0",
            "python": "3.11.2",
            "created": "2026-01-01T00:00:00+00:00",
            "source_revision": "unknown",
            "weights": "random, seed 0",
        },
        "weights_sha256": "0" * 64,
        "network": network(),
        "distances": {
            "kinds": [{"name": "same slice", "deciles": [0.1] * 9, "below_threshold": 0.5}],
            "threshold": 0.1,
            "source": "nobody",
        },
        "reference": {
            "kspace_shape": [1, 1, 2, 2],
            "kspace_real": [1, 2, 3, 4],
            "kspace_imag": [1, 2, 3, 4],
            "embedding": [0.6, 0.8],
        },
    }
    yield "description", json.dumps(description).encode()
    yield "deep", b"[" * 3000


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
    facts = text("fastMRI") + struct.pack("<7q", 0, 2, 8, 4, 1, 3, 0) + geometry + struct.pack("<d", 0.25)
    facts += struct.pack("<q", 1) + text("a warning") + struct.pack("<q", 1) + text("a note") + struct.pack("<q", 1)
    noise = struct.pack("<q8d2q", 2, *range(8), 1, 1)
    yield "facts", facts + struct.pack("<q", 0) + header
    yield "facts-with-noise", facts + noise + header
    place = struct.pack("<q3d", 1, 1.5, -2, 3) + text("grappa 2 x 3") + struct.pack("<d", 7.5)
    yield "slice", struct.pack("<7i", *range(7)) + place + struct.pack("<3q", 2, 4, 8) + geometry


TARGETS: dict[str, Callable[[], Seeds]] = {
    "bart": bart_seeds,
    "fastmri": written_seeds,
    "hdf5_bytes": hdf5_seeds,
    "metadata": metadata_seeds,
    "mrd_header": mrd_header_seeds,
    "mrd_images": written_seeds,
    "mrd_raw": written_seeds,
    "mrd_session": mrd_session_seeds,
    "mrd_stream": mrd_stream_seeds,
    "numpy": numpy_seeds,
    "public_key": public_key_seeds,
    "scan_stream": scan_stream_seeds,
    "seal": seal_seeds,
    "zip_archive": zip_archive_seeds,
}


def main() -> None:
    for target, seeds in TARGETS.items():
        folder = Path(sys.argv[1]) / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in seeds():
            (folder / f"seed-{name}").write_bytes(content)


if __name__ == "__main__":
    main()
