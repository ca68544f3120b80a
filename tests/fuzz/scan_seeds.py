"""Seeds for the fuzz targets that read scan files."""

import io
import re
import struct

import numpy as np

from seeds import Seeds
from small_scans import hdf5_bytes, hdf5_scans, samples, xml


def numpy_seeds() -> Seeds:
    arrays = {
        "complex64": samples(2, 3, 4, 5),
        "single": samples(3, 4, 5),
        "complex128": samples(2, 2, 3).astype(np.complex128),
        "big-endian": samples(2, 2, 3).astype(">c8"),
        "fortran": np.asfortranarray(samples(2, 2, 3, 2)),
        "network_input": np.ones((2, 4, 3, 2), np.float32),
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
