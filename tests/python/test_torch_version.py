"""Another torch than the one that mriembed was built against."""

from pathlib import Path

import numpy as np
import pytest

import mriembed
from mriembed import DeviceNotAvailableError, Embedder, _build_info


@pytest.fixture
def built_against_another_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_build_info, "TORCH_VERSION", "2.99.1")


@pytest.mark.usefixtures("built_against_another_torch")
def test_the_library_s_kernels_run_with_any_torch(model_file: Path) -> None:
    network_input = np.random.default_rng(0).standard_normal((1, 16, 24, 24)).astype(np.float32)
    assert Embedder.load(model_file).embed(network_input).shape == (1, 256)
    assert Embedder.from_bytes(model_file.read_bytes()).embed(network_input).shape == (1, 256)


@pytest.mark.usefixtures("built_against_another_torch")
def test_what_needs_torch_is_refused_with_both_versions(model_file: Path, tmp_path: Path) -> None:
    expected = r"this needs torch 2\.99\.1, against which mriembed was built, but torch 2\.\d+\.\d+ is installed"
    mriembed.make_key_pair(tmp_path / "key")
    for use in (
        lambda: Embedder.load(model_file, backend="torch"),
        lambda: Embedder.from_bytes(model_file.read_bytes(), backend="torch"),
        lambda: Embedder.load(model_file, device="cuda"),
        lambda: mriembed.load_scripted(model_file),
        lambda: mriembed.sign_model_file(model_file, tmp_path / "key"),
    ):
        with pytest.raises(DeviceNotAvailableError, match=expected):
            use()
