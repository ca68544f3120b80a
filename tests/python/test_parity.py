"""The point of the project: every path gives the same numbers.

The paths are eager, scripted, C++ through the binding, through the command line and through the C interface.
"""

import ctypes
import itertools
import json
import subprocess
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

import mriembed
from coil_samples import coil_images, coil_mixture, complex_normal
from mriembed import BadInputError, Embedder, EmbeddingPipeline
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


def python_paths(paths: Paths, method: str, *arguments: object) -> tuple[np.ndarray, np.ndarray]:
    tensors = [torch.from_numpy(a) if isinstance(a, np.ndarray) else a for a in arguments]
    with torch.no_grad():
        return getattr(paths.eager, method)(*tensors).numpy(), getattr(paths.scripted, method)(*tensors).numpy()


def assert_same(paths: Paths, method: str, *arguments: object, tolerance: float = FLOAT32) -> None:
    eager, scripted = python_paths(paths, "forward" if method == "embed" else method, *arguments)
    cpp = getattr(paths.embedder, method)(*arguments)
    np.testing.assert_allclose(scripted, eager, rtol=0, atol=FLOAT32)
    np.testing.assert_allclose(cpp, eager, rtol=0, atol=tolerance)


@pytest.mark.parametrize("slices", range(1, 10))
def test_network_input_gives_the_same_embedding_everywhere(paths: Paths, slices: int) -> None:
    network_input = np.random.default_rng(slices).normal(size=(slices, 16, 40, 33)).astype(np.float32)
    assert_same(paths, "embed", network_input)


@pytest.mark.parametrize("slices", range(1, 10))
def test_coil_images_give_the_same_embedding_everywhere(paths: Paths, slices: int) -> None:
    assert_same(paths, "embed_images", coil_images(slices, 8, 36, 45))


def test_images_that_are_dark_but_for_few_pixels_give_the_same_embedding_everywhere(paths: Paths) -> None:
    """Rounding is relative to the brightest pixel, and local brightness amplifies the dark ones up to ten times the
    image's root mean square: in float32 eager embeddings of these images lie up to 1.1e-6 from those in float64.
    """
    assert_same(paths, "embed_images", coil_mixture(3, 8, 36, 45), tolerance=4 * FLOAT32)


@pytest.mark.parametrize("compression", ["pca", "none"])
@pytest.mark.parametrize("matrix", [16, 31, 45, 64])
def test_any_matrix_gives_the_same_embedding_everywhere(tmp_path: Path, compression: str, matrix: int) -> None:
    """Cropped and padded, of even and odd sides; 45 is the images' longer side, 31 that of the cropped k-space."""
    paths = saved(compression, matrix, tmp_path / "model.pt")
    assert_same(paths, "embed_images", coil_images(2, 8, 36, 45))
    assert_same(paths, "embed_images", coil_images(2, 8, 31, 17))
    assert_same(paths, "embed_kspace", coil_mixture(2, 8, 30, 64), None, 31)
    for height, width in ((64, 64), (45, 45), (37, 50), (50, 37)):
        for readout in (None, 30):
            assert_same(paths, "embed_kspace", coil_mixture(2, 8, height, width), None, readout)


@pytest.mark.parametrize("fault", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(("height", "width", "readout"), [(45, 45, None), (50, 37, None), (37, 50, None), (45, 90, 45)])
def test_a_fault_in_samples_that_the_matrix_does_not_keep_is_refused_everywhere(
    tmp_path: Path, height: int, width: int, readout: int | None, fault: float
) -> None:
    paths = saved("pca", 16, tmp_path / "model.pt")
    embedders = [Embedder.load(paths.file, threads=threads) for threads in (1, 2, 3)]
    for y, x in ((0, 0), (0, width // 2), (height - 1, width - 1), (height // 2 - 9, width // 2 + 8)):
        kspace = coil_mixture(2, 8, height, width)
        kspace[1, 7, y, x] = 1j * fault
        for embedder in embedders:
            with pytest.raises(BadInputError, match="slice 1 holds NaN or infinite samples"):
                embedder.embed_kspace(kspace, None, readout)
        with pytest.raises(ValueError, match="slice 1 holds NaN or infinite samples"):
            paths.eager.embed_kspace(torch.from_numpy(kspace), None, readout)


@pytest.mark.parametrize("slices", range(1, 10))
def test_kspace_gives_the_same_embedding_everywhere(paths: Paths, slices: int) -> None:
    noise = complex_normal(8, 200, seed=5).astype(np.complex128)
    covariance = noise @ noise.conj().T / 199
    assert_same(paths, "embed_kspace", coil_mixture(slices, 8, 36, 64), covariance, 31)


def test_the_embedding_of_a_slice_depends_neither_on_its_batch_nor_on_the_threads(paths: Paths) -> None:
    kspace = coil_mixture(9, 8, 33, 48)
    alone = np.concatenate([paths.embedder.embed_kspace(kspace[i : i + 1]) for i in range(9)])
    for threads, size in itertools.product((1, 2), range(2, 10)):
        embedder = Embedder.load(paths.file, threads=threads)
        for start in range(0, 9, size):
            together = embedder.embed_kspace(kspace[start : start + size])
            np.testing.assert_array_equal(together, alone[start : start + size])


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
    single = paths.embedder.embed_kspace(kspace)
    for backend in ("native", "torch"):
        embedder = Embedder.load(paths.file, precision="bfloat16", backend=backend)
        half = embedder.embed_kspace(kspace)
        assert np.sum(half * single, axis=1).min() >= 0.999
        assert (np.abs(half - single).max() > FLOAT32) == (embedder.compute_dtype == "bfloat16")


class CInterface:
    """libmriembed's C interface, through ctypes."""

    class Error(ctypes.Structure):
        _fields_ = (("code", ctypes.c_int), ("message", ctypes.c_char * 1024))

    class KspaceOptions(ctypes.Structure):
        _fields_ = (
            ("struct_size", ctypes.c_size_t),
            ("noise_covariance", ctypes.c_void_p),
            ("readout_width", ctypes.c_int64),
            ("phase_height", ctypes.c_int64),
            ("pixel_aspect", ctypes.c_double),
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
    network_input = np.random.default_rng(0).normal(size=(2, 16, 20, 24)).astype(np.float32)
    np.testing.assert_array_equal(c.call("mriembed_embed", network_input), paths.embedder.embed(network_input))
    c.close()


def run_embed(model: Path, scan: Path, output: Path, *options: str) -> tuple[np.ndarray, list[dict[str, object]]]:
    command = [str(PROGRAM), "embed", str(model), str(scan), "-o", str(output), *options]
    subprocess.run(command, check=True, capture_output=True)
    return np.load(output), json.loads(output.with_suffix(".json").read_text())["rows"]


@pytest.mark.parametrize("kind", ["k-space", "images", "network_input"])
def test_the_command_line_equals_the_binding_bit_for_bit_on_arrays(model_file: Path, tmp_path: Path, kind: str) -> None:
    embedder = Embedder.load(model_file)
    samples = coil_mixture(5, 11, 36, 50)
    network_input = np.random.default_rng(0).normal(size=(5, 16, 20, 24)).astype(np.float32)
    np.save(tmp_path / "scan.npy", network_input if kind == "network_input" else samples)
    options = ["--input", "image"] if kind == "images" else []
    rows, described = run_embed(model_file, tmp_path / "scan.npy", tmp_path / "out.npy", *options)
    expected = {
        "k-space": lambda: embedder.embed_kspace(samples),
        "images": lambda: embedder.embed_images(samples),
        "network_input": lambda: embedder.embed(network_input),
    }[kind]()
    np.testing.assert_array_equal(rows, expected)
    assert [row["slice"] for row in described] == [0, 1, 2, 3, 4]
    assert {row["coils"] for row in described} == ({8} if kind == "network_input" else {11})


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
    network_input = torch.randn(shape[0], 6, *shape[1:])
    return network_input.numpy(), model.embed(network_input, None).numpy()


@pytest.mark.parametrize("backend", ["native", "torch"])
@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"use_mlp_head": True, "dropout": 0.3},
        {"widths": (12, 20, 33, 7), "normalize": False, "embed_dim": 5},
        {"antialiased_stage": 2},
        {"widths": (12, 20, 33, 7), "antialiased_stage": 1, "use_mlp_head": True},
    ],
)
@pytest.mark.parametrize("shape", [(1, 8, 8), (5, 33, 47), (2, 9, 130)])
def test_the_library_s_kernels_and_torch_s_agree_with_eager(
    tmp_path: Path, arguments: dict[str, object], shape: tuple[int, int, int], backend: str
) -> None:
    network_input, expected = save_disturbed_network(tmp_path / "model.pt", arguments, shape)
    for threads in (1, 2, 3):
        embedder = Embedder.load(tmp_path / "model.pt", threads=threads, backend=backend)
        assert embedder.backend == backend
        np.testing.assert_allclose(embedder.embed(network_input), expected, rtol=0, atol=FLOAT32)


@pytest.mark.parametrize("backend", ["native", "torch"])
@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"use_mlp_head": True, "dropout": 0.3},
        {"widths": (12, 20, 33, 7), "normalize": False, "embed_dim": 64},
        {"antialiased_stage": 2},
        {"widths": (12, 20, 33, 7), "antialiased_stage": 1, "embed_dim": 64},
    ],
)
@pytest.mark.parametrize("shape", [(1, 8, 8), (5, 33, 47), (2, 9, 130)])
def test_bfloat16_stays_within_a_cosine_of_0_999_of_eager_for_any_network_and_shape(
    tmp_path: Path, arguments: dict[str, object], shape: tuple[int, int, int], backend: str
) -> None:
    network_input, expected = save_disturbed_network(tmp_path / "model.pt", arguments, shape)
    for threads in (1, 2, 3):
        embedder = Embedder.load(tmp_path / "model.pt", precision="bfloat16", threads=threads, backend=backend)
        half = embedder.embed(network_input)
        lengths = np.linalg.norm(half, axis=1) * np.linalg.norm(expected, axis=1)
        assert (np.sum(half * expected, axis=1) / lengths).min() >= 0.999
        np.testing.assert_allclose(np.linalg.norm(half, axis=1), np.linalg.norm(expected, axis=1), rtol=0.02)


def test_a_network_that_the_kernels_do_not_know_runs_on_torch_s(tmp_path: Path) -> None:
    model = MRIEmbeddingModel().materialize(6)
    model.stem.convolution.padding = (0, 0)
    pipeline = EmbeddingPipeline(model, CoilPreprocessor(3)).eval()
    mriembed.save_model_file(pipeline, tmp_path / "model.pt", weights_source="test")
    embedder = Embedder.load(tmp_path / "model.pt")
    assert embedder.backend == "torch"
    network_input = torch.randn(2, 6, 20, 24)
    np.testing.assert_allclose(
        embedder.embed(network_input.numpy()), model.embed(network_input).numpy(), rtol=0, atol=FLOAT32
    )


@pytest.mark.gpu
def test_a_gpu_in_float32_stays_within_1e_4_of_the_cpu(paths: Paths) -> None:
    kspace = coil_mixture(9, 8, 96, 128)
    gpu = Embedder.load(paths.file, device="cuda").embed_kspace(kspace, None, 96)
    np.testing.assert_allclose(gpu, paths.embedder.embed_kspace(kspace, None, 96), rtol=0, atol=1e-4)
    network_input = np.random.default_rng(0).normal(size=(4, 16, 96, 80)).astype(np.float32)
    gpu = Embedder.load(paths.file, device="cuda:0").embed(network_input)
    np.testing.assert_allclose(gpu, paths.embedder.embed(network_input), rtol=0, atol=1e-4)


@pytest.mark.gpu
@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_a_gpu_in_half_precision_stays_within_a_cosine_of_0_999(paths: Paths, precision: str) -> None:
    kspace = coil_mixture(9, 8, 96, 128)
    gpu = Embedder.load(paths.file, device="cuda", precision=precision).embed_kspace(kspace)
    assert np.sum(gpu * paths.embedder.embed_kspace(kspace), axis=1).min() >= 0.999
