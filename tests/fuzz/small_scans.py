"""Small sound scans in raw MRD, MRD images and fastMRI's HDF5, which seeds and tests begin from."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import h5py
import numpy as np

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
