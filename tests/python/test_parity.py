"""The point of the project: every path gives the same numbers.

The paths are eager, scripted, C++ through the binding, through the command line and through the C interface.
"""

import ctypes
import json
import subprocess
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

import mriembed
from mriembed import Embedder, EmbeddingPipeline
from mriembed.model import MRIEmbeddingModel
from mriembed.preprocessing import CoilPreprocessor
from program import PROGRAM
from raw_scans import RawScan, read_raw_scan

FLOAT32 = 1e-6  # largest difference in any component, on one CPU


@dataclass(frozen=True)
class Paths:
    """The same weights, reached in three ways."""

    eager: EmbeddingPipeline
    scripted: torch.jit.ScriptModule
    embedder: Embedder
    file: Path


def saved(compression: str, matrix: int | None, file: Path) -> Paths:
    torch.manual_seed(11)
    pipeline = EmbeddingPipeline(MRIEmbeddingModel(), CoilPreprocessor(8, compression, matrix)).eval()
    mriembed.save_model_file(pipeline, file, weights_source="a test")
    return Paths(pipeline, torch.jit.load(file), Embedder.load(file), file)


@pytest.fixture(scope="module", params=["pca", "pca, matrix 48", "none"])
def paths(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Paths:
    compression, _, matrix = request.param.partition(", matrix ")
    file = tmp_path_factory.mktemp("parity") / "model.pt"
    return saved(compression, int(matrix) if matrix else None, file)


def complex_normal(*shape: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.normal(size=shape) + 1j * rng.normal(size=shape)).astype(np.complex64)


def coil_mixture(slices: int, coils: int, height: int, width: int) -> np.ndarray:
    """Random k-space with a strong centre, whose coils have clearly different energies."""
    y, x = np.ogrid[:height, :width]
    envelope = np.exp(-((y - height // 2) ** 2 + (x - width // 2) ** 2) / (height * width / 40))
    strengths = np.linspace(3, 0.5, coils).reshape(1, coils, 1, 1)
    kspace = complex_normal(slices, coils, height, width) * envelope * strengths
    return kspace.astype(np.complex64)


def python_paths(paths: Paths, method: str, *arguments: object) -> tuple[np.ndarray, np.ndarray]:
    tensors = [torch.from_numpy(a) if isinstance(a, np.ndarray) else a for a in arguments]
    with torch.no_grad():
        return getattr(paths.eager, method)(*tensors).numpy(), getattr(paths.scripted, method)(*tensors).numpy()


def assert_same(paths: Paths, method: str, *arguments: object) -> None:
    eager, scripted = python_paths(paths, "forward" if method == "embed" else method, *arguments)
    cpp = getattr(paths.embedder, method)(*arguments)
    np.testing.assert_allclose(scripted, eager, rtol=0, atol=FLOAT32)
    np.testing.assert_allclose(cpp, eager, rtol=0, atol=FLOAT32)


@pytest.mark.parametrize("slices", range(1, 10))
def test_stacked_input_gives_the_same_embedding_everywhere(paths: Paths, slices: int) -> None:
    stacked = np.random.default_rng(slices).normal(size=(slices, 16, 40, 33)).astype(np.float32)
    assert_same(paths, "embed", stacked)


@pytest.mark.parametrize("slices", range(1, 10))
def test_coil_images_give_the_same_embedding_everywhere(paths: Paths, slices: int) -> None:
    assert_same(paths, "embed_images", coil_mixture(slices, 8, 36, 45))


@pytest.mark.parametrize("compression", ["pca", "none"])
@pytest.mark.parametrize("matrix", [16, 31, 45, 64])
def test_any_matrix_gives_the_same_embedding_everywhere(tmp_path: Path, compression: str, matrix: int) -> None:
    """Cropped and padded, of even and odd sides; 45 is the images' longer side, 31 that of the cropped k-space."""
    paths = saved(compression, matrix, tmp_path / "model.pt")
    assert_same(paths, "embed_images", coil_mixture(2, 8, 36, 45))
    assert_same(paths, "embed_images", coil_mixture(2, 8, 31, 17))
    assert_same(paths, "embed_kspace", coil_mixture(2, 8, 30, 64), None, 31)
    assert_same(paths, "embed_kspace", coil_mixture(2, 8, 64, 64), None, None)


@pytest.mark.parametrize("slices", range(1, 10))
def test_kspace_gives_the_same_embedding_everywhere(paths: Paths, slices: int) -> None:
    noise = complex_normal(8, 200, seed=5).astype(np.complex128)
    covariance = noise @ noise.conj().T / 199
    assert_same(paths, "embed_kspace", coil_mixture(slices, 8, 36, 64), covariance, 31)


def test_the_embedding_of_a_slice_does_not_depend_on_its_batch(paths: Paths) -> None:
    kspace = coil_mixture(9, 8, 33, 48)
    alone = np.concatenate([paths.embedder.embed_kspace(kspace[i : i + 1]) for i in range(9)])
    for size in range(2, 10):
        for start in range(0, 9, size):
            together = paths.embedder.embed_kspace(kspace[start : start + size])
            np.testing.assert_allclose(together, alone[start : start + size], rtol=0, atol=FLOAT32)
    order = [3, 8, 0, 5, 1, 7, 2, 6, 4]
    np.testing.assert_allclose(paths.embedder.embed_kspace(kspace[order]), alone[order], rtol=0, atol=FLOAT32)


def test_the_number_of_threads_does_not_change_the_embedding(paths: Paths) -> None:
    kspace = coil_mixture(3, 8, 64, 64)
    one, two = (Embedder.load(paths.file, threads=n).embed_kspace(kspace) for n in (1, 2))
    np.testing.assert_allclose(one, two, rtol=0, atol=FLOAT32)


def test_threads_of_a_call_are_not_left_behind_in_torch(paths: Paths) -> None:
    before = torch.get_num_threads()
    Embedder.load(paths.file, threads=before + 1).embed_kspace(coil_mixture(1, 8, 16, 16))
    assert torch.get_num_threads() == before


def test_autocast_and_gradients_of_the_caller_do_not_reach_the_network(paths: Paths) -> None:
    kspace = coil_mixture(1, 8, 32, 32)
    expected = paths.embedder.embed_kspace(kspace)
    with torch.autocast("cpu", dtype=torch.bfloat16), torch.enable_grad():
        np.testing.assert_array_equal(paths.embedder.embed_kspace(kspace), expected)


def test_bfloat16_stays_within_a_cosine_of_0_999(paths: Paths) -> None:
    kspace = coil_mixture(5, 8, 64, 64)
    half = Embedder.load(paths.file, precision="bfloat16").embed_kspace(kspace)
    single = paths.embedder.embed_kspace(kspace)
    assert np.sum(half * single, axis=1).min() >= 0.999
    assert np.abs(half - single).max() > 0


class CInterface:
    """libmriembed's C interface, through ctypes."""

    class Error(ctypes.Structure):
        _fields_ = (("code", ctypes.c_int), ("message", ctypes.c_char * 1024))

    class KspaceOptions(ctypes.Structure):
        _fields_ = (
            ("struct_size", ctypes.c_size_t),
            ("noise_covariance", ctypes.c_void_p),
            ("readout_width", ctypes.c_int64),
        )

    def __init__(self, model: Path) -> None:
        (library,) = (Path(mriembed.__file__).parent / "lib").glob("libmriembed.so*")
        self.library = ctypes.CDLL(str(library))
        self.library.mriembed_embed_dim.restype = ctypes.c_int64
        self.handle = ctypes.c_void_p()
        error = self.Error()
        status = self.library.mriembed_load(str(model).encode(), None, ctypes.byref(self.handle), ctypes.byref(error))
        assert status == 0, error.message

    def close(self) -> None:
        self.library.mriembed_destroy(self.handle)

    def call(self, name: str, samples: np.ndarray, *options: object) -> np.ndarray:
        shape = (ctypes.c_int64 * 4)(*samples.shape)
        strides = (ctypes.c_int64 * 4)(*(stride // samples.itemsize for stride in samples.strides))
        result = np.empty((len(samples), self.library.mriembed_embed_dim(self.handle)), np.float32)
        error = self.Error()
        status = getattr(self.library, name)(
            self.handle,
            ctypes.c_void_p(samples.ctypes.data),
            shape,
            strides,
            *options,
            ctypes.c_void_p(result.ctypes.data),
            ctypes.byref(error),
        )
        assert status == 0, error.message
        return result

    def embed_kspace(self, kspace: np.ndarray, covariance: np.ndarray | None, readout_width: int) -> np.ndarray:
        options = self.KspaceOptions()
        self.library.mriembed_kspace_options_init(ctypes.byref(options))
        options.readout_width = readout_width
        if covariance is not None:
            options.noise_covariance = covariance.ctypes.data
        return self.call("mriembed_embed_kspace", kspace, ctypes.byref(options))


def test_the_c_interface_equals_the_binding_bit_for_bit(paths: Paths) -> None:
    c = CInterface(paths.file)
    kspace = coil_mixture(3, 8, 30, 44)
    noise = complex_normal(8, 100, seed=4).astype(np.complex128)
    covariance = np.ascontiguousarray(noise @ noise.conj().T / 99)
    np.testing.assert_array_equal(
        c.embed_kspace(kspace, covariance, 22), paths.embedder.embed_kspace(kspace, covariance, 22)
    )
    images = np.asfortranarray(kspace)
    np.testing.assert_array_equal(c.call("mriembed_embed_images", images), paths.embedder.embed_images(images))
    stacked = np.random.default_rng(0).normal(size=(2, 16, 20, 24)).astype(np.float32)
    np.testing.assert_array_equal(c.call("mriembed_embed", stacked), paths.embedder.embed(stacked))
    c.close()


def run_embed(model: Path, scan: Path, output: Path, *options: str) -> tuple[np.ndarray, list[dict[str, object]]]:
    command = [str(PROGRAM), "embed", str(model), str(scan), "-o", str(output), *options]
    subprocess.run(command, check=True, capture_output=True)
    return np.load(output), json.loads(output.with_suffix(".json").read_text())["rows"]


@pytest.mark.parametrize("kind", ["k-space", "images", "stacked"])
def test_the_command_line_equals_the_binding_bit_for_bit_on_arrays(model_file: Path, tmp_path: Path, kind: str) -> None:
    embedder = Embedder.load(model_file)
    samples = coil_mixture(5, 11, 36, 50)
    stacked = np.random.default_rng(0).normal(size=(5, 16, 20, 24)).astype(np.float32)
    np.save(tmp_path / "scan.npy", stacked if kind == "stacked" else samples)
    options = ["--input", "image"] if kind == "images" else []
    rows, described = run_embed(model_file, tmp_path / "scan.npy", tmp_path / "out.npy", *options)
    expected = {
        "k-space": lambda: embedder.embed_kspace(samples),
        "images": lambda: embedder.embed_images(samples),
        "stacked": lambda: embedder.embed(stacked),
    }[kind]()
    np.testing.assert_array_equal(rows, expected)
    assert [row["slice"] for row in described] == [0, 1, 2, 3, 4]
    assert {row["coils"] for row in described} == ({8} if kind == "stacked" else {11})


def embed_by_hand(embedder: Embedder, scan: RawScan) -> np.ndarray:
    return embedder.embed_kspace(scan.kspace, scan.noise_covariance, scan.readout_width)


def test_the_command_line_equals_the_binding_on_a_generated_raw_scan(
    model_file: Path, phantom: Path, tmp_path: Path
) -> None:
    rows, described = run_embed(model_file, phantom, tmp_path / "out.npy")
    scan = read_raw_scan(phantom)
    assert scan.readout_width == 64
    assert scan.noise_covariance is not None
    np.testing.assert_allclose(rows, embed_by_hand(Embedder.load(model_file), scan), rtol=0, atol=FLOAT32)
    assert [row["repetition"] for row in described] == [0, 1, 2]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        scripted = torch.jit.load(model_file)
    with torch.no_grad():
        covariance = torch.from_numpy(scan.noise_covariance)
        embedded = scripted.embed_kspace(torch.from_numpy(scan.kspace), covariance, 64)
    np.testing.assert_allclose(rows, embedded.numpy(), rtol=0, atol=FLOAT32)


@pytest.mark.parametrize(
    "name",
    [
        "twixtools-phantom-2ch/gre_2slices_os2.ismrmrd.h5",
        "pulseq-skyra-phantom-32ch/skyra_s1_6slices_32ch_noise_shuffled.ismrmrd.h5",
    ],
)
def test_every_path_agrees_on_measured_raw_scans(paths: Paths, shared_data: Path, tmp_path: Path, name: str) -> None:
    scan = read_raw_scan(shared_data / name)
    if paths.eager.preprocessor.coil_compression == "none":
        pytest.skip("the model takes exactly 8 coils, the scan has others")
    assert_same(paths, "embed_kspace", scan.kspace, scan.noise_covariance, scan.readout_width)
    rows, _ = run_embed(paths.file, shared_data / name, tmp_path / "out.npy")
    np.testing.assert_allclose(rows, embed_by_hand(paths.embedder, scan), rtol=0, atol=FLOAT32)


def test_a_raw_scan_and_the_array_of_its_samples_give_the_same_embedding(
    model_file: Path, shared_data: Path, tmp_path: Path
) -> None:
    gre = shared_data / "twixtools-phantom-2ch"
    rows, _ = run_embed(model_file, gre / "gre_2slices_os2.ismrmrd.h5", tmp_path / "mrd.npy")
    for index, name in enumerate(["v1_gre.npy", "v2_gre.npy"]):
        array, _ = run_embed(model_file, gre / name, tmp_path / "npy.npy", "--readout-width", "160")
        np.testing.assert_allclose(array[0], rows[index], rtol=0, atol=1e-5)

    skyra = shared_data / "pulseq-skyra-phantom-32ch"
    raw = skyra / "skyra_s1_6slices_32ch_noise_shuffled.ismrmrd.h5"
    rows, _ = run_embed(model_file, raw, tmp_path / "mrd.npy", "--no-prewhiten")
    for index, number in enumerate([47, 55, 56, 57, 58, 60]):
        array, _ = run_embed(model_file, skyra / f"s1_MID000{number}.npy", tmp_path / "npy.npy")
        np.testing.assert_allclose(array[0], rows[index], rtol=0, atol=1e-5)


def test_bart_and_numpy_files_of_the_same_samples_give_the_same_embedding(
    model_file: Path, shared_data: Path, tmp_path: Path
) -> None:
    brain = shared_data / "sigpy-brain-8ch-us"
    bart, _ = run_embed(model_file, brain / "cartesian_ksp.cfl", tmp_path / "bart.npy")
    numpy, _ = run_embed(model_file, brain / "cartesian_ksp.npy", tmp_path / "numpy.npy")
    np.testing.assert_allclose(bart, numpy, rtol=0, atol=1e-5)


def save_disturbed_network(
    path: Path, arguments: dict[str, object], shape: tuple[int, int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Writes a model file whose biases and norms are not those of initialization; returns input and eager result."""
    torch.manual_seed(5)
    model = MRIEmbeddingModel(**arguments)  # type: ignore[arg-type]
    pipeline = EmbeddingPipeline(model, CoilPreprocessor(3)).eval()
    with torch.no_grad():
        for parameter in pipeline.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    mriembed.save_model_file(pipeline, path, weights_source="test")
    stacked = torch.randn(shape[0], 6, *shape[1:])
    return stacked.numpy(), model.embed(stacked, None).numpy()


@pytest.mark.parametrize("fused_kernels", [True, False])
@pytest.mark.parametrize(
    "arguments",
    [{}, {"use_mlp_head": True, "dropout": 0.3}, {"widths": (12, 20, 33, 7), "normalize": False, "embed_dim": 5}],
)
@pytest.mark.parametrize("shape", [(1, 8, 8), (5, 33, 47), (2, 9, 130)])
def test_the_library_s_kernels_and_torch_s_agree_with_eager(
    tmp_path: Path, arguments: dict[str, object], shape: tuple[int, int, int], fused_kernels: bool
) -> None:
    stacked, expected = save_disturbed_network(tmp_path / "model.pt", arguments, shape)
    for threads in (1, 2, 3):
        embedder = Embedder.load(tmp_path / "model.pt", threads=threads, fused_kernels=fused_kernels)
        assert embedder.uses_fused_kernels == fused_kernels
        np.testing.assert_allclose(embedder.embed(stacked), expected, rtol=0, atol=FLOAT32)


@pytest.mark.parametrize("fused_kernels", [True, False])
@pytest.mark.parametrize(
    "arguments",
    [{}, {"use_mlp_head": True, "dropout": 0.3}, {"widths": (12, 20, 33, 7), "normalize": False, "embed_dim": 64}],
)
@pytest.mark.parametrize("shape", [(1, 8, 8), (5, 33, 47), (2, 9, 130)])
def test_bfloat16_stays_within_a_cosine_of_0_999_of_eager_for_any_network_and_shape(
    tmp_path: Path, arguments: dict[str, object], shape: tuple[int, int, int], fused_kernels: bool
) -> None:
    stacked, expected = save_disturbed_network(tmp_path / "model.pt", arguments, shape)
    for threads in (1, 2, 3):
        options = {"threads": threads, "fused_kernels": fused_kernels}
        half = Embedder.load(tmp_path / "model.pt", precision="bfloat16", **options).embed(stacked)
        lengths = np.linalg.norm(half, axis=1) * np.linalg.norm(expected, axis=1)
        assert (np.sum(half * expected, axis=1) / lengths).min() >= 0.999
        np.testing.assert_allclose(np.linalg.norm(half, axis=1), np.linalg.norm(expected, axis=1), rtol=0.02)


def test_a_network_that_the_kernels_do_not_know_runs_on_torch_s(tmp_path: Path) -> None:
    model = MRIEmbeddingModel().materialize(6)
    model.stem.convolution.padding = (0, 0)
    pipeline = EmbeddingPipeline(model, CoilPreprocessor(3)).eval()
    mriembed.save_model_file(pipeline, tmp_path / "model.pt", weights_source="test")
    embedder = Embedder.load(tmp_path / "model.pt")
    assert not embedder.uses_fused_kernels
    stacked = torch.randn(2, 6, 20, 24)
    np.testing.assert_allclose(embedder.embed(stacked.numpy()), model.embed(stacked).numpy(), rtol=0, atol=FLOAT32)


Embedders = tuple[Embedder, Embedder]


@pytest.fixture(scope="module", params=["pca", "none"])
def both_preparations(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Embedders:
    """The same model with the library's own preparation and with the scripted one."""
    torch.manual_seed(3)
    pipeline = EmbeddingPipeline(MRIEmbeddingModel(), CoilPreprocessor(5, request.param)).eval()
    file = tmp_path_factory.mktemp("preparation") / "model.pt"
    mriembed.save_model_file(pipeline, file, weights_source="a test")
    return Embedder.load(file, threads=2), Embedder.load(file, threads=2, fused_kernels=False)


def usual_coils(embedders: Embedders, otherwise: int) -> int:
    return 5 if embedders[0].info.coil_compression == "none" else otherwise


@pytest.mark.parametrize("shape", [(1, 1), (1, 17), (23, 1), (2, 3), (13, 31), (64, 48), (37, 101), (128, 96)])
@pytest.mark.parametrize("coils", [1, 3, 5, 8, 40])
def test_the_library_s_preparation_equals_the_scripted_one(
    both_preparations: Embedders, shape: tuple[int, int], coils: int
) -> None:
    native, scripted = both_preparations
    coils = usual_coils(both_preparations, coils)
    samples = coil_mixture(2, coils, *shape) + 0.02 * complex_normal(2, coils, *shape, seed=9)
    noise = complex_normal(coils, 4 * coils + 50, seed=5).astype(np.complex128)
    covariance = noise @ noise.conj().T
    np.testing.assert_allclose(native.embed_images(samples), scripted.embed_images(samples), rtol=0, atol=1e-5)
    for width in {None, shape[1], max(1, shape[1] // 2), max(1, shape[1] - 1)}:
        for psi in (None, covariance):
            np.testing.assert_allclose(
                native.embed_kspace(samples, psi, width), scripted.embed_kspace(samples, psi, width), rtol=0, atol=1e-5
            )


@pytest.mark.parametrize("order", ["coils last", "x before y", "every other sample", "one coil repeated"])
def test_the_library_s_preparation_reads_any_strides(both_preparations: Embedders, order: str) -> None:
    native, scripted = both_preparations
    coils = usual_coils(both_preparations, 9)
    samples = coil_mixture(2, coils, 20, 26)
    strided = {
        "coils last": np.moveaxis(np.ascontiguousarray(np.moveaxis(samples, 1, -1)), -1, 1),
        "x before y": np.ascontiguousarray(samples.swapaxes(2, 3)).swapaxes(2, 3),
        "every other sample": np.repeat(samples, 2, axis=3)[..., ::2],
        "one coil repeated": np.broadcast_to(samples[:, :1], samples.shape),
    }[order]
    for width in (None, 11):
        np.testing.assert_allclose(
            native.embed_kspace(strided, None, width), scripted.embed_kspace(strided, None, width), rtol=0, atol=1e-5
        )


@pytest.mark.parametrize("size", [1e-30, 1e-20, 1e-10, 1e10, 1e20, 1e30])
@pytest.mark.parametrize("width", [None, 20])
def test_the_library_s_preparation_takes_samples_of_any_size(
    both_preparations: Embedders, size: float, width: int | None
) -> None:
    native, _ = both_preparations
    samples = coil_mixture(2, usual_coils(both_preparations, 9), 24, 33)
    expected = native.embed_kspace(samples, None, width)
    scaled = (samples * np.float64(size)).astype(np.complex64)
    np.testing.assert_allclose(native.embed_kspace(scaled, None, width), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("size", [0, 1e-38, 1e-25, 1e-12, 1e-6, 1e20])
@pytest.mark.parametrize("width", [None, 20])
def test_the_library_s_preparation_takes_calibration_lines_of_any_size_beside_the_others(
    both_preparations: Embedders, size: float, width: int | None
) -> None:
    native, scripted = both_preparations
    samples = complex_normal(2, usual_coils(both_preparations, 9), 60, 33)
    samples *= np.linspace(2, 1, samples.shape[1], dtype=np.float32)[:, None, None]
    samples[1, :, 18:42] *= np.float32(size)
    np.testing.assert_allclose(
        native.embed_kspace(samples, None, width), scripted.embed_kspace(samples, None, width), rtol=0, atol=1e-5
    )


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_the_library_s_preparation_gives_the_same_bits_again(model_file: Path, threads: int) -> None:
    embedder = Embedder.load(model_file, threads=threads)
    samples = coil_mixture(3, 20, 48, 50)
    first = embedder.embed_kspace(samples, None, 31)
    for _ in range(5):
        np.testing.assert_array_equal(embedder.embed_kspace(samples, None, 31), first)


@pytest.mark.parametrize("width", [None, 6])
@pytest.mark.parametrize(
    ("fault", "covariance"),
    [
        ({1: 0.0}, None),
        ({2: np.nan}, None),
        ({0: np.inf, 1: 0.0}, None),
        ({1: 0.0, 2: np.nan}, "good"),
        ({2: np.nan}, "not positive definite"),
        ({}, "not positive definite"),
        ({}, "no power"),
        ({}, "not finite"),
    ],
)
def test_faults_are_reported_in_the_words_of_the_scripted_preparation(
    both_preparations: Embedders, fault: dict[int, float], covariance: str | None, width: int | None
) -> None:
    samples = coil_mixture(3, 5, 9, 12)
    for index, value in fault.items():
        if value == 0:
            samples[index] = 0
        else:
            samples[index, 3, 4, 5] = value
    psi = {
        None: None,
        "good": np.eye(5),
        "not positive definite": np.ones((5, 5)),
        "no power": np.zeros((5, 5)),
        "not finite": np.full((5, 5), np.nan),
    }[covariance]
    texts = []
    for embedder in both_preparations:
        with pytest.raises(mriembed.Error) as raised:
            embedder.embed_kspace(samples, psi, width)
        texts.append((type(raised.value), str(raised.value)))
    assert texts[0] == texts[1]


@pytest.mark.gpu
def test_a_gpu_in_float32_stays_within_1e_4_of_the_cpu(paths: Paths) -> None:
    kspace = coil_mixture(9, 8, 96, 128)
    gpu = Embedder.load(paths.file, device="cuda").embed_kspace(kspace, None, 96)
    np.testing.assert_allclose(gpu, paths.embedder.embed_kspace(kspace, None, 96), rtol=0, atol=1e-4)
    stacked = np.random.default_rng(0).normal(size=(4, 16, 96, 80)).astype(np.float32)
    gpu = Embedder.load(paths.file, device="cuda:0").embed(stacked)
    np.testing.assert_allclose(gpu, paths.embedder.embed(stacked), rtol=0, atol=1e-4)


@pytest.mark.gpu
@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_a_gpu_in_half_precision_stays_within_a_cosine_of_0_999(paths: Paths, precision: str) -> None:
    kspace = coil_mixture(9, 8, 96, 128)
    gpu = Embedder.load(paths.file, device="cuda", precision=precision).embed_kspace(kspace)
    assert np.sum(gpu * paths.embedder.embed_kspace(kspace), axis=1).min() >= 0.999
