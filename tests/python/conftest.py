import os
import signal
import subprocess
from pathlib import Path

import pytest
import torch

import mriembed

REPOSITORY = Path(__file__).resolve().parents[2]


def pytest_configure() -> None:
    """In the background of a script SIGINT is ignored, and programs inherit that; here it is to interrupt them."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """GPU tests are skipped without a GPU, except where one is promised: there they must not be lost silently."""
    if item.get_closest_marker("gpu") and not torch.cuda.is_available():
        if os.environ.get("MRIEMBED_REQUIRE_GPU") == "1":
            pytest.fail("MRIEMBED_REQUIRE_GPU=1, but torch finds no GPU")
        pytest.skip("needs a GPU")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Measured scans, which are not part of the repository."""
    folder = Path(os.environ.get("MRIEMBED_SHARED_DATA", REPOSITORY.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the measured scans are not here (MRIEMBED_SHARED_DATA names their folder)")
    return folder


@pytest.fixture(scope="session")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model file of the default architecture: 8 virtual coils, 256 components."""
    path = tmp_path_factory.mktemp("model") / "model.pt"
    mriembed.export_model(path)
    return path


@pytest.fixture(scope="session")
def small_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model file of a small network: 2 virtual coils, 8 components."""
    path = tmp_path_factory.mktemp("model") / "model.pt"
    mriembed.export_model(path, num_coils=2, embed_dim=8, widths=(16, 16, 16, 16))
    return path


@pytest.fixture(scope="session")
def phantom(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A raw MRD file made by the Debian generator: 3 repetitions, 8 coils, 2x readout oversampling, a noise line."""
    path = tmp_path_factory.mktemp("phantom") / "phantom.h5"
    command = ["ismrmrd_generate_cartesian_shepp_logan", "-m", "64", "-c", "8", "-r", "3", "-C", "-n", "0.05", "-o"]
    subprocess.run([*command, str(path)], check=True, stdout=subprocess.DEVNULL)
    return path
