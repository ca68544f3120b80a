"""Model files whose description is not that of what they hold, each with a seal that fits: refused."""

import json
import math
import struct
import zipfile
from pathlib import Path

import pytest
import torch

import mriembed
from model_archives import DESCRIPTION, around, description_inside, record_of, resealed, with_description
from mriembed import Embedder, ModelFileError
from mriembed.model_file import weights_sha256
from preprocessing_vectors import PUBLISHED_VERSION
from refusals import nothing_of_it_runs_without_torch, refusal, refusal_without_torch


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (("model", "in_channels"), 6, "contradicts itself"),
        (("model", "embed_dim"), 9, "contradicts itself"),
        (("model", "arguments", "embed_dim"), 9, "contradicts itself"),
        (("model", "arguments", "widths"), [16, 16, 16, 32], "backbone.3"),
        (("model", "arguments", "widths"), [16, 16, 16], "widths are not four"),
        (("model", "arguments", "use_mlp_head"), True, "model.head"),
        (("model", "arguments", "normalize"), False, "whether it normalizes"),
        (("model", "parameters"), 1, "described are 1"),
        (("model", "parameters"), -1, "parameters must be a whole number from 0 to 16777216"),
        (("model", "class"), "OtherModel", 'its network is a "OtherModel"'),
        (("preprocessing", "coil_compression"), "none", "without coil compression it takes 2 coils, but its reference"),
        (("preprocessing", "numbers", "echo_window"), 47, f"than version {PUBLISHED_VERSION}: echo_window is 47"),
        (("preprocessing", "version"), 2**32 + 1, "version must be a whole number from 0 to 16777216"),
        (("preprocessing", "version"), 0, "it follows preprocessing version 0; this mriembed"),
        (
            ("preprocessing", "version"),
            PUBLISHED_VERSION - 1,
            f"it follows preprocessing version {PUBLISHED_VERSION - 1}; this mriembed",
        ),
        (("preprocessing", "version"), PUBLISHED_VERSION + 1, f"knows version {PUBLISHED_VERSION}"),
        (("preprocessing", "matrix"), 16384, "matrix must lie in 8..1024, not 16384"),
    ],
)
def test_a_description_that_is_not_that_of_the_network_is_refused(
    small_model: Path, tmp_path: Path, path: tuple[str, ...], value: object, expected: str
) -> None:
    assert expected in refusal_without_torch(described_otherwise(small_model, tmp_path / "hostile.pt", path, value))


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (("model", "arguments", "dropout"), 0.5, "its dropout is not that of the arguments"),
        (("preprocessing", "matrix"), 64, "another matrix"),
    ],
)
def test_a_description_that_is_not_that_of_the_code_is_refused_where_the_code_would_run(
    small_model: Path, tmp_path: Path, path: tuple[str, ...], value: object, expected: str
) -> None:
    hostile = described_otherwise(small_model, tmp_path / "hostile.pt", path, value)
    assert expected in refusal(hostile)
    assert nothing_of_it_runs_without_torch(hostile)


def described_otherwise(small_model: Path, to: Path, path: tuple[str, ...], value: object) -> Path:
    """A copy whose description has this value at the end of the path."""
    content = description_inside(small_model)
    part = content
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    return with_description(small_model, to, content)


def test_another_number_of_coils_than_the_network_has_is_refused(small_model: Path, tmp_path: Path) -> None:
    content = description_inside(small_model)
    content["model"] |= {"num_coils": 3, "in_channels": 6}
    hostile = with_description(small_model, tmp_path / "hostile.pt", content)
    assert "the weights model.stem.convolution.weight have the shape" in refusal_without_torch(hostile)


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("preprocessing_version", PUBLISHED_VERSION - 1),
        ("calibration_lines", 25),
        ("echo_window", 47),
        ("low_resolution", 21),
        ("darkest_coils", 0.03),
        ("darkest", 0.11),
        ("least_energy", 1e-8),
    ],
)
def test_preprocessing_other_than_that_of_the_version_is_neither_saved_nor_run(
    small_model: Path, tmp_path: Path, attribute: str, value: object
) -> None:
    pipeline = mriembed.EmbeddingPipeline(
        mriembed.MRIEmbeddingModel(embed_dim=8, widths=(16, 16, 16, 16)), mriembed.CoilPreprocessor(2)
    )
    setattr(pipeline.preprocessor, attribute, value)
    with pytest.raises(
        mriembed.InvalidArgumentError, match=f"the preprocessing's {attribute} is {value}; a model file"
    ):
        mriembed.save_model_file(pipeline, tmp_path / "model.pt", weights_source="a test")
    assert not (tmp_path / "model.pt").exists()
    text = refusal(around(pipeline, small_model, tmp_path / "hostile.pt"))
    other_version = f"its preprocessing follows version {PUBLISHED_VERSION - 1}"
    assert other_version in text or f"has other parameters than version {PUBLISHED_VERSION}" in text


def test_a_description_nested_without_end_is_refused(small_model: Path, tmp_path: Path) -> None:
    text = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    hostile = resealed(small_model, tmp_path / "hostile.pt", {DESCRIPTION: text})
    assert "nested deeper" in refusal_without_torch(hostile)
    text = json.dumps(description_inside(small_model)).encode() + b" " * (1 << 25)
    hostile = resealed(small_model, tmp_path / "hostile.pt", {DESCRIPTION: text})
    assert "larger than any description of a model" in refusal_without_torch(hostile)


def with_other_preprocessing(small_model: Path, to: Path) -> Path:
    """A sealed file whose code computes a combined image of another smoothness, and whose reference follows from it."""
    before, after = b"torch.pow(4., ", b"torch.pow(9., "
    with zipfile.ZipFile(small_model) as archive:  # torch names the record by what it scripted before
        codes = {name: archive.read(name) for name in archive.namelist() if name.endswith(".py")}
    ((name, code),) = ((name, code) for name, code in codes.items() if before in code)
    assert code.count(before) == 1
    changed = {name: code.replace(before, after)}
    description = json.loads(record_of(small_model, DESCRIPTION))
    reference = description["reference"]
    kspace = torch.complex(torch.tensor(reference["kspace_real"]), torch.tensor(reference["kspace_imag"]))
    pipeline = torch.jit.load(resealed(small_model, to, changed))
    with torch.no_grad():
        embedding = pipeline.embed_kspace(kspace.view(reference["kspace_shape"]))[0]
    assert float((embedding - torch.tensor(reference["embedding"])).abs().max()) > 1e-3
    reference["embedding"] = embedding.tolist()
    return resealed(small_model, to, {**changed, DESCRIPTION: json.dumps(description).encode()})


def test_a_file_with_other_preprocessing_than_it_describes_is_refused(small_model: Path, tmp_path: Path) -> None:
    other = with_other_preprocessing(small_model, tmp_path / "other.pt")
    for backend in ("native", "torch"):
        with pytest.raises(
            ModelFileError, match=r"other\.pt: this machine computes another reference embedding than the file states"
        ):
            Embedder.load(other, backend=backend)


def test_a_script_that_computes_otherwise_than_the_library_is_refused(small_model: Path, tmp_path: Path) -> None:
    """Description, weights and reference are those of the model; what torch would run is not."""
    other = with_other_preprocessing(small_model, tmp_path / "other.pt")
    hostile = resealed(other, tmp_path / "hostile.pt", {DESCRIPTION: record_of(small_model, DESCRIPTION)})
    assert Embedder.load(hostile).verify().passed  # reads data alone
    with pytest.raises(ModelFileError, match=r"hostile\.pt: its script computes another reference embedding"):
        mriembed.load_scripted(hostile)


def test_weights_that_are_not_those_described_are_refused(small_model: Path, tmp_path: Path) -> None:
    weights = bytearray(record_of(small_model, "/data/0"))
    weights[5] ^= 1
    hostile = resealed(small_model, tmp_path / "hostile.pt", {"/data/0": bytes(weights)})
    assert "are not those that mriembed.json describes (SHA-256 differs)" in refusal_without_torch(hostile)
    hostile = resealed(small_model, tmp_path / "hostile.pt", {"/data/0": bytes(weights[:-4])})
    with pytest.raises(ModelFileError, match=r"its record data/0 has \d+ bytes, which are not those of the weights"):
        Embedder.load(hostile)


@pytest.mark.parametrize("backend", ["native", "torch"])
def test_a_file_that_does_not_reproduce_its_reference_is_refused(
    small_model: Path, tmp_path: Path, backend: str
) -> None:
    description = json.loads(record_of(small_model, DESCRIPTION))
    description["reference"]["embedding"].reverse()
    wrong = with_description(small_model, tmp_path / "wrong.pt", description)
    with pytest.raises(ModelFileError, match="this machine computes another reference embedding than the file states"):
        Embedder.load(wrong, backend=backend)


@pytest.mark.parametrize("backend", ["native", "torch"])
def test_a_file_whose_reference_slice_cannot_be_embedded_is_refused_as_a_model_file(
    small_model: Path, tmp_path: Path, backend: str
) -> None:
    description = description_inside(small_model)
    reference = description["reference"]
    reference["kspace_real"] = reference["kspace_imag"] = [0.0] * len(reference["kspace_real"])
    empty = with_description(small_model, tmp_path / "empty.pt", description)
    with pytest.raises(ModelFileError, match=r"empty\.pt: its reference slice cannot be embedded \(it is all zero"):
        Embedder.load(empty, backend=backend)


@pytest.mark.parametrize("backend", ["native", "torch"])
def test_a_file_with_weights_that_are_not_numbers_is_refused_as_a_model_file(
    small_model: Path, tmp_path: Path, backend: str
) -> None:
    scripted = torch.jit.load(small_model)
    with torch.no_grad():
        scripted.model.head.bias.fill_(torch.nan)
    description = description_inside(small_model)
    description["weights_sha256"] = weights_sha256(scripted)
    record = description["network"]["weights"]["model.head.bias"]["record"]
    wrong = resealed(
        small_model,
        tmp_path / "wrong.pt",
        {f"/{record}": struct.pack("<8f", *[math.nan] * 8), DESCRIPTION: json.dumps(description).encode()},
    )
    with pytest.raises(ModelFileError, match=r"wrong\.pt: its reference slice cannot be embedded \(it overflows"):
        Embedder.load(wrong, backend=backend)
