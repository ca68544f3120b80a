import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import mriembed
from model_archives import description_inside, resealed, unsealed, with_description
from mriembed import InvalidArgumentError, ModelFileError, export_model, read_description
from mriembed.model import MRIEmbeddingModel
from mriembed.model_file import _reference_kspace, save_model_file
from mriembed.pipeline import EmbeddingPipeline
from mriembed.preprocessing import CoilPreprocessor
from preprocessing_vectors import PUBLISHED_VERSION
from reference import echo_position


@pytest.fixture(scope="module")
def model_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("model") / "model.pt"
    export_model(path, num_coils=3, embed_dim=24, matrix=32, seed=7)
    return path


def test_the_description_says_what_was_exported(model_file: Path) -> None:
    described = read_description(model_file)
    assert described.format_version == 2
    assert described.model_class == "MRIEmbeddingModel"
    assert (described.in_channels, described.num_coils, described.embed_dim) == (6, 3, 24)
    assert described.preprocessing_version == PUBLISHED_VERSION
    assert (described.coil_compression, described.matrix) == ("pca", 32)
    assert described.weights_source == "random, seed 7"
    assert described.torch_version == torch.__version__
    assert described.mriembed_version == mriembed.__version__
    model = MRIEmbeddingModel(**described.arguments).materialize(described.in_channels)
    assert described.parameters == sum(parameter.numel() for parameter in model.parameters())


def test_the_weights_digest_follows_its_published_recipe(model_file: Path) -> None:
    digest = hashlib.sha256()
    weights = torch.jit.load(model_file).state_dict()
    for name in sorted(weights):
        shape = ",".join(map(str, weights[name].shape))
        digest.update(name.encode() + b"\0float32\0" + shape.encode() + b"\0" + weights[name].numpy().tobytes())
    assert read_description(model_file).weights_sha256 == digest.hexdigest()


def test_plain_torch_loads_and_runs_the_file_in_a_process_without_mriembed(model_file: Path) -> None:
    program = f"""
import json, sys, warnings
warnings.simplefilter("ignore")
import torch
extra = {{"mriembed.json": ""}}
network = torch.jit.load({str(model_file)!r}, _extra_files=extra)
reference = json.loads(extra["mriembed.json"])["reference"]
shape = reference["kspace_shape"]
real, imag = (torch.tensor(reference[name]).reshape(shape) for name in ("kspace_real", "kspace_imag"))
embedding = network.embed_kspace(torch.complex(real, imag))[0]
assert (embedding - torch.tensor(reference["embedding"])).abs().max() < 1e-6
assert not [name for name in sys.modules if name.startswith("mriembed")]
"""
    subprocess.run([sys.executable, "-I", "-c", program], check=True, cwd="/")


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(tmp_path: Path) -> None:
    state = torch.random.get_rng_state()
    first = export_model(tmp_path / "a.pt", embed_dim=8, seed=1)
    again = export_model(tmp_path / "b.pt", embed_dim=8, seed=1)
    other = export_model(tmp_path / "c.pt", embed_dim=8, seed=2)
    assert first.weights_sha256 == again.weights_sha256 != other.weights_sha256
    assert torch.equal(torch.random.get_rng_state(), state)


def test_a_checkpoint_gives_its_weights_and_its_name(tmp_path: Path) -> None:
    torch.manual_seed(3)
    model = MRIEmbeddingModel(embed_dim=8).materialize(4)
    torch.save(model.state_dict(), tmp_path / "weights.pt")
    described = export_model(tmp_path / "m.pt", num_coils=2, embed_dim=8, weights=tmp_path / "weights.pt")
    assert described.weights_source == str(tmp_path / "weights.pt")
    x = torch.randn(2, 4, 20, 20)
    with torch.no_grad():
        torch.testing.assert_close(torch.jit.load(tmp_path / "m.pt")(x), model.embed(x), rtol=0, atol=1e-6)


def test_saving_leaves_the_pipeline_in_training_and_in_its_precision(tmp_path: Path) -> None:
    torch.manual_seed(3)
    pipeline = EmbeddingPipeline(MRIEmbeddingModel(embed_dim=8, dropout=0.5), CoilPreprocessor(2)).double().train()
    save_model_file(pipeline, tmp_path / "m.pt", weights_source="a test")
    assert pipeline.training
    assert pipeline.model.stem.convolution.weight.dtype == torch.float64
    saved = torch.jit.load(tmp_path / "m.pt")
    assert not saved.training
    x = torch.randn(1, 4, 16, 16)
    with torch.no_grad():
        torch.testing.assert_close(saved(x).double(), pipeline.model.embed(x), rtol=0, atol=1e-6)


def test_an_existing_file_is_kept_unless_told_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "m.pt"
    path.write_bytes(b"precious")
    with pytest.raises(InvalidArgumentError, match=r"m\.pt: the file exists"):
        export_model(path)
    assert path.read_bytes() == b"precious"
    export_model(path, embed_dim=8, overwrite=True)
    assert read_description(path).embed_dim == 8


def test_a_failed_save_leaves_the_old_file_and_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "m.pt"
    path.write_bytes(b"precious")

    def full_disk(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space left"):
        export_model(path, embed_dim=8, overwrite=True)
    assert [entry.name for entry in tmp_path.iterdir()] == ["m.pt"]
    assert path.read_bytes() == b"precious"


def test_a_new_file_has_the_permissions_of_the_umask(tmp_path: Path) -> None:
    old = os.umask(0o027)
    try:
        export_model(tmp_path / "m.pt", embed_dim=8)
    finally:
        os.umask(old)
    assert (tmp_path / "m.pt").stat().st_mode & 0o777 == 0o640


def test_a_folder_or_a_missing_folder_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgumentError, match="this is a folder"):
        export_model(tmp_path)
    with pytest.raises(InvalidArgumentError, match="does not exist"):
        export_model(tmp_path / "absent" / "m.pt")


@pytest.mark.parametrize("wrong", [{"num_coils": 0}, {"embed_dim": 0}, {"coil_compression": "svd"}, {"matrix": 2}])
def test_arguments_out_of_range_are_refused(tmp_path: Path, wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidArgumentError):
        export_model(tmp_path / "m.pt", **wrong)  # type: ignore[arg-type]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04 broken"])
def test_a_file_that_is_no_model_file_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "m.pt"
    path.write_bytes(content)
    with pytest.raises(ModelFileError, match=r"m\.pt: "):
        read_description(path)


def test_a_torchscript_file_without_description_is_refused_by_name(tmp_path: Path) -> None:
    torch.jit.save(torch.jit.script(torch.nn.ReLU()), tmp_path / "m.pt")
    with pytest.raises(ModelFileError, match=r"without mriembed\.json"):
        read_description(tmp_path / "m.pt", allow_unsealed=True)


@pytest.mark.parametrize(
    ("section", "key", "value", "expected"),
    [
        (None, "format_version", 99, "format version 99"),
        ("preprocessing", "version", 42, "preprocessing version 42"),
        (None, "format", "other", "does not describe"),
        (None, "model", None, "damaged"),
    ],
)
def test_python_and_cpp_refuse_a_description_they_do_not_know(
    model_file: Path, tmp_path: Path, section: str | None, key: str, value: object, expected: str
) -> None:
    content = description_inside(model_file)
    part = content if section is None else content[section]
    assert isinstance(part, dict)
    part[key] = value
    changed = with_description(model_file, tmp_path / "changed.pt", content)
    with pytest.raises(ModelFileError, match=expected):
        read_description(changed)
    with pytest.raises(ModelFileError, match=expected):
        mriembed.Embedder.load(changed)


def test_weights_that_changed_since_the_export_are_refused(model_file: Path, tmp_path: Path) -> None:
    data = bytearray(torch.jit.load(model_file).state_dict()["model.stem.convolution.weight"].numpy().tobytes())
    data[1] ^= 0x10
    changed = resealed(model_file, tmp_path / "changed.pt", {"/data/0": bytes(data)})
    with pytest.raises(ModelFileError, match="the weights are not those"):
        mriembed.Embedder.load(changed)


def test_the_scripted_pipeline_gives_what_plain_torch_gives(model_file: Path, tmp_path: Path) -> None:
    x = torch.randn(2, 6, 32, 32)
    assert torch.equal(mriembed.load_scripted(model_file)(x), torch.jit.load(model_file)(x))
    with pytest.raises(ModelFileError, match="seal"):
        mriembed.load_scripted(unsealed(model_file, tmp_path / "plain.pt"))


def test_the_reference_slice_gives_its_embedding_on_this_machine(model_file: Path) -> None:
    reference = description_inside(model_file)["reference"]
    assert isinstance(reference, dict)
    shape = reference["kspace_shape"]
    kspace = np.array(reference["kspace_real"]) + 1j * np.array(reference["kspace_imag"])
    embedding = mriembed.Embedder.load(model_file).embed_kspace(kspace.reshape(shape))[0]
    np.testing.assert_allclose(embedding, reference["embedding"], rtol=0, atol=1e-6)


@pytest.mark.parametrize("num_coils", [1, 2, 3, 4, 5, 6, 8, 12, 16, 32])
@pytest.mark.parametrize("extra_coils", [0, 2])
@pytest.mark.parametrize("size", [16, 32])
def test_the_reference_slice_is_far_from_every_choice_that_rounding_could_turn(
    num_coils: int, extra_coils: int, size: int
) -> None:
    """No echo position near a half sample, no virtual coil that could as well be another one."""
    kspace = _reference_kspace(num_coils + extra_coils, size)[0].numpy().astype(np.complex128)
    lines = kspace[:, max(0, size // 2 - 12) : size // 2 + 12].reshape(len(kspace), -1)
    eigenvalues, vectors = np.linalg.eigh(lines @ lines.conj().T)
    if extra_coils:
        assert eigenvalues[extra_coils] / eigenvalues[extra_coils - 1] > 1.01
    virtual = vectors.conj().T[extra_coils:] @ kspace.reshape(len(kspace), -1)
    for axis in (1, 2):
        samples = echo_position(virtual.reshape(-1, size, size), axis) * size
        assert abs(samples - np.floor(samples) - 0.5) > 1e-3
