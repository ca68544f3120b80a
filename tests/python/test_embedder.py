import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import ArrayLike

import mriembed
from mriembed import BadInputError, DeviceNotAvailableError, Embedder, InvalidArgumentError


@pytest.fixture(scope="module")
def embedder(tmp_path_factory: pytest.TempPathFactory) -> Embedder:
    path = tmp_path_factory.mktemp("model") / "model.pt"
    mriembed.export_model(path, num_coils=4, embed_dim=32)
    return Embedder.load(path)


def kspace_of(*shape: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    return (rng.normal(size=shape) + 1j * rng.normal(size=shape)).astype(np.complex64)


def test_info_is_the_description_in_the_file(embedder: Embedder) -> None:
    assert (embedder.info.num_coils, embedder.info.embed_dim) == (4, 32)


def test_verify_passes_on_this_machine(embedder: Embedder) -> None:
    result = embedder.verify()
    assert result.passed
    assert result.weights_match
    assert result.largest_difference <= 1e-6


@pytest.mark.parametrize(
    "layout", ["fortran", "transposed", "every second", "reversed", "big-endian", "complex128", "list"]
)
def test_the_layout_of_an_array_does_not_change_the_result(embedder: Embedder, layout: str) -> None:
    kspace = kspace_of(2, 5, 12, 14)
    layouts: dict[str, ArrayLike] = {
        "fortran": np.asfortranarray(kspace),
        "transposed": np.ascontiguousarray(kspace.transpose(3, 1, 0, 2)).transpose(2, 1, 3, 0),
        "every second": np.repeat(kspace, 2, axis=3)[..., ::2],
        "reversed": np.ascontiguousarray(kspace[:, :, ::-1])[:, :, ::-1],
        "big-endian": kspace.astype(">c8"),
        "complex128": kspace.astype(np.complex128),
        "list": kspace.tolist(),
    }
    np.testing.assert_array_equal(embedder.embed_kspace(layouts[layout]), embedder.embed_kspace(kspace))


def test_the_input_is_never_changed(embedder: Embedder) -> None:
    kspace = kspace_of(1, 6, 10, 11)
    before = kspace.copy()
    kspace.flags.writeable = False
    embedder.embed_kspace(kspace, np.eye(6), 5)
    embedder.embed_images(kspace)
    np.testing.assert_array_equal(kspace, before)


def test_no_slices_give_no_rows(embedder: Embedder) -> None:
    assert embedder.embed_kspace(kspace_of(0, 6, 10, 11)).shape == (0, 32)


def test_the_gil_is_released_while_the_network_runs(embedder: Embedder) -> None:
    """Python would let another thread run after 1000 s only; it runs as soon as a call releases the GIL."""
    network_input = np.random.default_rng(0).normal(size=(8, 8, 96, 96)).astype(np.float32)
    begun, ran = threading.Event(), threading.Event()

    def run() -> None:
        begun.wait()
        ran.set()

    thread = threading.Thread(target=run)
    thread.start()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1000)
    try:
        begun.set()
        ran_before = ran.is_set()
        calls = 0
        while not ran.is_set() and calls < 1000:  # a busy system may take its time to wake the thread
            embedder.embed(network_input)
            calls += 1
        assert ran.is_set()
        assert not ran_before
    finally:
        sys.setswitchinterval(interval)
        thread.join()


def test_wrong_shapes_and_dtypes_are_refused_with_what_was_expected(embedder: Embedder) -> None:
    with pytest.raises(InvalidArgumentError, match="k-space: expected 4 dimensions"):
        embedder.embed_kspace(kspace_of(5, 10, 10))
    with pytest.raises(InvalidArgumentError, match="k-space: expected a complex array"):
        embedder.embed_kspace(np.ones((1, 4, 8, 8)))
    with pytest.raises(InvalidArgumentError, match="network input: expected a floating-point array"):
        embedder.embed(kspace_of(1, 8, 10, 10))
    with pytest.raises(InvalidArgumentError, match="takes 8 channels"):
        embedder.embed(np.ones((1, 6, 8, 8), np.float32))
    with pytest.raises(InvalidArgumentError, match="readout width"):
        embedder.embed_kspace(kspace_of(1, 4, 8, 8), readout_width=9)
    with pytest.raises(InvalidArgumentError, match="readout width"):
        embedder.embed_kspace(kspace_of(1, 4, 8, 8), readout_width=0)
    with pytest.raises(InvalidArgumentError, match="noise covariance"):
        embedder.embed_kspace(kspace_of(1, 4, 8, 8), np.eye(3))


def test_bad_samples_are_refused_by_slice(embedder: Embedder) -> None:
    kspace = kspace_of(3, 4, 8, 8)
    kspace[1] = 0
    with pytest.raises(BadInputError, match="slice 1 is all zero") as caught:
        embedder.embed_kspace(kspace)
    assert caught.value.slice == 1
    kspace[1] = np.inf
    with pytest.raises(BadInputError, match="slice 1 holds NaN or infinite"):
        embedder.embed_images(kspace)
    with pytest.raises(BadInputError, match="slice 0 holds NaN or infinite"):
        embedder.embed_kspace(np.full((1, 4, 8, 8), 1e300 + 0j))
    with pytest.raises(BadInputError, match="not positive definite") as caught:
        embedder.embed_kspace(kspace_of(1, 4, 8, 8), np.ones((4, 4)))
    assert caught.value.slice is None


def test_devices_and_precisions_that_are_not_there_have_their_own_error(tmp_path: Path) -> None:
    path = tmp_path / "m.pt"
    mriembed.export_model(path, embed_dim=8)
    with pytest.raises(DeviceNotAvailableError, match="cuda:99"):
        Embedder.load(path, device="cuda:99")
    with pytest.raises(DeviceNotAvailableError, match="float16 needs a GPU"):
        Embedder.load(path, precision="float16")
    with pytest.raises(InvalidArgumentError, match="precision must be"):
        Embedder.load(path, precision="int8")
    with pytest.raises(InvalidArgumentError, match="backend must be auto, native or torch"):
        Embedder.load(path, backend="cuda")
    with pytest.raises(InvalidArgumentError, match="threads must be"):
        Embedder.load(path, threads=-1)


@pytest.mark.parametrize("matrix", [16, 40, 64])
def test_models_with_a_fixed_matrix_warm_up_for_kspace(tmp_path: Path, matrix: int) -> None:
    mriembed.export_model(tmp_path / "m.pt", matrix=matrix)
    for backend in ("native", "torch"):
        embedder = mriembed.Embedder.load(tmp_path / "m.pt", backend=backend)
        embedder.warm_up_kspace((2, 3, 41, 96))
        embedder.warm_up_kspace((1, 20, 64, 64), readout_width=32)


def test_a_model_in_memory_gives_the_same_bits_as_its_file(model_file: Path) -> None:
    network_input = np.random.default_rng(1).standard_normal((2, 16, 40, 44)).astype(np.float32)
    embedder = mriembed.Embedder.from_bytes(model_file.read_bytes(), threads=1)
    assert embedder.info == mriembed.Embedder.load(model_file).info
    np.testing.assert_array_equal(
        embedder.embed(network_input), mriembed.Embedder.load(model_file, threads=1).embed(network_input)
    )


def test_a_damaged_model_in_memory_is_refused_by_the_name_it_was_given(model_file: Path) -> None:
    with pytest.raises(mriembed.ModelFileError, match=r"^from the registry: it has no intact seal at its end"):
        mriembed.Embedder.from_bytes(model_file.read_bytes()[:-1], name="from the registry")


# Embeds for minutes unless a signal ends it, then one slice more. All on one thread: its processor time stands for the
# time of the call, which other work on the machine prolongs.
_LONG_CALL = """
import signal, sys, time
import numpy as np
import mriembed
embedder = mriembed.Embedder.load(sys.argv[1], threads=1)
kspace = np.broadcast_to(np.random.default_rng(0).standard_normal((1, 8, 128, 128)).astype(np.complex64),
                         (20000, 8, 128, 128))
class Ended(Exception): pass
def end(*_):
    raise Ended
signal.signal(signal.SIGPROF, end)
begin, seconds = time.process_time(), 0.5
signal.setitimer(signal.ITIMER_PROF, seconds)
try:
    embedder.embed_kspace(kspace)
except Ended:
    late = time.process_time() - begin - seconds
    print("ended" if late < 0.1 else f"ended after {late} s")
signal.signal(signal.SIGPROF, signal.SIG_IGN)
print(embedder.embed_kspace(kspace[:1]).shape)
"""


def test_a_signal_ends_a_long_call_within_100_ms_with_what_its_handler_raises(model_file: Path) -> None:
    command = [sys.executable, "-W", "ignore", "-c", _LONG_CALL, str(model_file)]
    result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (result.stdout, result.stderr) == ("ended\n(1, 256)\n", "")


@pytest.mark.parametrize("backend", ["native", "torch"])
def test_a_slice_that_overflows_is_refused_by_its_number(model_file: Path, backend: str) -> None:
    network_input = np.random.default_rng(1).standard_normal((3, 16, 32, 32)).astype(np.float32)
    embedder = mriembed.Embedder.load(model_file, backend=backend)
    network_input[1] *= np.float32(1e37)
    with pytest.raises(BadInputError, match="slice 1 overflows the network's arithmetic"):
        embedder.embed(network_input)
    assert np.isfinite(embedder.embed(network_input[[0, 2]])).all()
