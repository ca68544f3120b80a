"""Model files that somebody made to do harm, each with a seal that fits: refused without having run."""

import io
import json
import subprocess
import zipfile
from functools import partial
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import mriembed
from model_archives import DESCRIPTION, around, description_inside, record_of, resealed, with_description
from mriembed import Embedder, ModelFileError
from mriembed.seal import seal
from program import PROGRAM


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("hostile") / "model.pt"
    mriembed.export_model(path, num_coils=2, embed_dim=8, widths=(16, 16, 16, 16))
    return path


class WritesFile(nn.Module):
    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path

    def forward(self, x: Tensor) -> Tensor:
        return x + torch.from_file(self.path, shared=True, size=4)


class WritesFileInASubmodule(nn.Module):
    def __init__(self, path: str) -> None:
        super().__init__()
        self.inner = WritesFile(path)

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = self.inner(x)
        return result


class WritesFileWhileLoading(nn.Module):
    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path

    def forward(self, x: Tensor) -> Tensor:
        return x

    @torch.jit.export
    def __getstate__(self) -> tuple[str, bool]:
        return self.path, self.training

    @torch.jit.export
    def __setstate__(self, state: tuple[str, bool]) -> None:
        self.path = state[0]
        self.training = bool(torch.from_file(state[0], shared=True, size=4).sum() > 0)


class LoopsForEver(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        while x.dim() >= 0:
            x = x + x
        return x


class Prints(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        print(x)
        return x


class Forks(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = torch.jit.wait(torch.jit.fork(torch.sin, x))
        return result


class Allocates100GB(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.zeros(100_000_000_000) + x


class AllocatesAProduct(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        thousand = 1000
        return torch.zeros([x.size(0) * thousand * thousand, thousand]) + x


class AllocatesByValue(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.ones([int(torch.ones(1).mul(1e11).item())]) + x


class AllocatesByAttribute(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.length = 100_000_000_000

    def forward(self, x: Tensor) -> Tensor:
        return torch.zeros(self.length) + x


class AllocatesByAList(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        shape = list(x.size())
        other = shape
        other[0] = 100_000_000_000
        return torch.zeros(shape) + x


class AllocatesPadding(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.nn.functional.conv2d(x, torch.ones([1, 1, 1, 1]), padding=[200_000, 200_000])


class Doubles(nn.Module):
    """Thirty methods that each call the next one twice: a billion additions."""

    def forward(self, x: Tensor) -> Tensor:
        return self.a(self.a(x))

    def a(self, x: Tensor) -> Tensor:
        return self.b(self.b(self.b(self.b(x))))

    def b(self, x: Tensor) -> Tensor:
        return self.c(self.c(self.c(self.c(self.c(self.c(self.c(self.c(x))))))))

    def c(self, x: Tensor) -> Tensor:
        return self.d(self.d(self.d(self.d(self.d(self.d(self.d(self.d(x))))))))

    def d(self, x: Tensor) -> Tensor:
        return self.e(self.e(self.e(self.e(self.e(self.e(self.e(self.e(x))))))))

    def e(self, x: Tensor) -> Tensor:
        return self.f(self.f(self.f(self.f(self.f(self.f(self.f(self.f(x))))))))

    def f(self, x: Tensor) -> Tensor:
        return x.abs().abs().abs().abs()


class Hooked(nn.Module):
    def __init__(self) -> None:
        super().__init__()

        def hook(self: nn.Module, x: tuple[Tensor], output: Tensor) -> Tensor:  # noqa: ARG001
            return torch.sin(output)

        self.register_forward_hook(hook)

    def forward(self, x: Tensor) -> Tensor:
        return x


def refusal(path: Path) -> str:
    """What every way to load the file to torch says; the command line says it too, with status 3."""
    texts = set()
    for load in (partial(Embedder.load, backend="torch"), mriembed.load_scripted):
        with pytest.raises(ModelFileError) as caught:
            load(path)
        texts.add(str(caught.value))
    result = _verify(path, "--backend", "torch")
    assert result.returncode == 3
    (text,) = texts
    assert result.stderr == f"mriembed_cli: error: {text}\n"
    return text


def refusal_without_torch(path: Path) -> str:
    """What the library says that reads the file as data; torch is refused it in the same words."""
    text = refusal(path)
    with pytest.raises(ModelFileError) as caught:
        Embedder.load(path)
    assert str(caught.value) == text
    assert _verify(path).stderr == f"mriembed_cli: error: {text}\n"
    return text


def nothing_of_it_runs_without_torch(path: Path) -> bool:
    """Whether the file is refused, or embeds its reference slice as it says, by a library that reads it as data."""
    result = _verify(path)
    return result.returncode == 3 or "verdict             passed" in result.stdout


def _verify(path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command: list[str | Path] = [PROGRAM, "verify", path, *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("kind", [WritesFile, WritesFileInASubmodule])
def test_a_network_that_writes_a_file_is_refused_without_having_run(
    model: Path, tmp_path: Path, kind: type[nn.Module]
) -> None:
    target = tmp_path / "written"
    hostile = around(kind(str(target)), model, tmp_path / "hostile.pt")
    assert "uses the operation aten::from_file, which no model of mriembed needs" in refusal(hostile)
    assert nothing_of_it_runs_without_torch(hostile)
    assert not target.exists()
    torch.jit.load(hostile)(torch.zeros(1))  # plain torch runs it
    assert target.exists()


def test_a_network_that_writes_a_file_while_it_is_loaded_is_refused_without_having_run(
    model: Path, tmp_path: Path
) -> None:
    target = tmp_path / "written"
    hostile = around(WritesFileWhileLoading(str(target)), model, tmp_path / "hostile.pt")
    target.unlink(missing_ok=True)
    assert "would run while it is loaded (__setstate__)" in refusal(hostile)
    assert nothing_of_it_runs_without_torch(hostile)
    assert not target.exists()
    torch.jit.load(hostile)  # plain torch runs it, without a call
    assert target.exists()


def test_a_network_that_loops_for_ever_is_refused(model: Path, tmp_path: Path) -> None:
    assert "holds a loop (prim::Loop)" in refusal(around(LoopsForEver(), model, tmp_path / "hostile.pt"))


@pytest.mark.parametrize(
    "kind",
    [
        Allocates100GB,
        AllocatesAProduct,
        AllocatesByValue,
        AllocatesByAttribute,
        AllocatesByAList,
        AllocatesPadding,
    ],
)
def test_a_network_that_allocates_100_gb_is_refused(model: Path, tmp_path: Path, kind: type[nn.Module]) -> None:
    assert "makes up the size of a tensor itself" in refusal(around(kind(), model, tmp_path / "hostile.pt"))


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (Prints, "uses the operation prim::Print"),
        (Forks, "uses the operation prim::fork"),
        (Doubles, "has more operations than any model's"),
        (Hooked, "has hooks"),
    ],
)
def test_a_network_that_does_what_no_model_needs_is_refused_by_name(
    model: Path, tmp_path: Path, kind: type[nn.Module], expected: str
) -> None:
    hostile = around(kind(), model, tmp_path / "hostile.pt")
    assert expected in refusal(hostile)  # which ends: running Doubles, or expanding it, would take hours
    assert nothing_of_it_runs_without_torch(hostile)


@pytest.mark.parametrize(
    ("record", "data", "expected"),
    [
        ("code/__torch__/bomb.py", b" " * 50_000_000, "unpacks to more than"),
        ("code/__torch__/deep.py", b"(" * 1000, "is nested deeper"),
        ("code/__torch__/line.py", b"#" * 100_000, "has longer lines"),
        ("code/__torch__/cpp.py", b"x = torch.classes.a.B", "would run while it is loaded (torch.classes)"),
        ("bytecode.pkl", b"", "is of no kind that a model file holds"),
        ("code/../../evil.py", b"", "is of no kind that a model file holds"),
    ],
    ids=["bomb", "deep", "line", "cpp", "bytecode", "evil"],  # the data would not fit into the environment
)
def test_records_that_no_model_file_holds_are_refused_before_loading(
    model: Path, tmp_path: Path, record: str, data: bytes, expected: str
) -> None:
    hostile = resealed(model, tmp_path / "hostile.pt", added={record: data})
    assert expected in refusal(hostile)
    assert nothing_of_it_runs_without_torch(hostile)


def test_pickled_objects_of_cpp_classes_are_refused(model: Path, tmp_path: Path) -> None:
    pickled = record_of(model, "/data.pkl").replace(b"__torch__.mriembed.pipeline", b"__torch__.torch.classes.abc")
    hostile = resealed(model, tmp_path / "hostile.pt", {"/data.pkl": pickled})
    assert "holds an object of a C++ class" in refusal(hostile)


def test_a_damaged_pickle_or_code_is_refused_or_makes_no_difference(model: Path, tmp_path: Path) -> None:
    """What torch's own reader throws at one must stay one error; a byte in a name that is never used does no harm.
    Without torch, no such byte is read."""
    with zipfile.ZipFile(model) as archive:
        (pipeline,) = (name for name in archive.namelist() if "/mriembed/pipeline" in name and name.endswith(".py"))
    pickled, code = record_of(model, "/data.pkl"), record_of(model, pipeline)
    damaged = [
        {"/data.pkl": pickled[:at] + bytes([pickled[at] ^ 0x55]) + pickled[at + 1 :]}
        for at in range(0, len(pickled), 61)
    ]
    damaged += [{pipeline: code[:at] + b"?" + code[at + 1 :]} for at in range(0, len(code), 31)]
    refused = 0
    for changed in damaged:
        hostile = resealed(model, tmp_path / "hostile.pt", changed)
        assert Embedder.load(hostile).verify().passed
        try:
            assert Embedder.load(hostile, backend="torch").verify().passed
        except ModelFileError:
            refused += 1
    assert refused > len(damaged) / 2


def test_a_tensor_larger_than_its_bytes_is_refused(model: Path, tmp_path: Path) -> None:
    network = torch.jit.load(model)
    weight = dict(network.named_parameters())["model.head.weight"]
    weight.data = torch.zeros(1).expand_as(weight)
    archive = io.BytesIO()
    torch.jit.save(network, archive, _extra_files={"mriembed.json": record_of(model, DESCRIPTION).decode()})
    (tmp_path / "hostile.pt").write_bytes(seal(archive.getvalue()))
    assert "larger than what the file holds of them" in refusal(tmp_path / "hostile.pt")


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
        (("model", "parameters"), -1, "parameters is no sensible size"),
        (("model", "class"), "OtherModel", 'its network is a "OtherModel"'),
        (("preprocessing", "coil_compression"), "none", "without coil compression it takes 2 coils, but its reference"),
        (("preprocessing", "numbers", "echo_window"), 47, "other numbers than version 4: echo_window is 47"),
        (("preprocessing", "version"), 2**32 + 1, "no sensible size"),
        (("preprocessing", "version"), 0, "it follows preprocessing version 0; this mriembed"),
        (("preprocessing", "version"), 3, "it follows preprocessing version 3; this mriembed"),
        (("preprocessing", "version"), 5, "knows version 4"),
    ],
)
def test_a_description_that_is_not_that_of_the_network_is_refused(
    model: Path, tmp_path: Path, path: tuple[str, ...], value: object, expected: str
) -> None:
    assert expected in refusal_without_torch(described_otherwise(model, tmp_path / "hostile.pt", path, value))


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (("model", "arguments", "dropout"), 0.5, "its dropout is not that of the arguments"),
        (("preprocessing", "matrix"), 64, "another matrix"),
    ],
)
def test_a_description_that_is_not_that_of_the_code_is_refused_where_the_code_would_run(
    model: Path, tmp_path: Path, path: tuple[str, ...], value: object, expected: str
) -> None:
    hostile = described_otherwise(model, tmp_path / "hostile.pt", path, value)
    assert expected in refusal(hostile)
    assert nothing_of_it_runs_without_torch(hostile)


def described_otherwise(model: Path, to: Path, path: tuple[str, ...], value: object) -> Path:
    """A copy whose description has this value at the end of the path."""
    content = description_inside(model)
    part = content
    for key in path[:-1]:
        part = part[key]
    part[path[-1]] = value
    return with_description(model, to, content)


def test_another_number_of_coils_than_the_network_has_is_refused(model: Path, tmp_path: Path) -> None:
    content = description_inside(model)
    content["model"] |= {"num_coils": 3, "in_channels": 6}
    hostile = with_description(model, tmp_path / "hostile.pt", content)
    assert "the weights model.stem.convolution.weight have the shape" in refusal_without_torch(hostile)


@pytest.mark.parametrize(
    ("attribute", "value"),
    [
        ("preprocessing_version", 3),
        ("calibration_lines", 25),
        ("echo_window", 47),
        ("low_resolution", 21),
        ("darkest_coils", 0.03),
        ("darkest", 0.11),
        ("least_energy", 1e-8),
    ],
)
def test_preprocessing_other_than_version_4_is_neither_saved_nor_run(
    model: Path, tmp_path: Path, attribute: str, value: object
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
    text = refusal(around(pipeline, model, tmp_path / "hostile.pt"))
    assert "its preprocessing follows version 3" in text or "has other parameters than version 4" in text


def test_a_description_nested_without_end_is_refused(model: Path, tmp_path: Path) -> None:
    text = b'{"a":' * 100_000 + b"1" + b"}" * 100_000
    hostile = resealed(model, tmp_path / "hostile.pt", {DESCRIPTION: text})
    assert "nested deeper" in refusal_without_torch(hostile)
    text = json.dumps(description_inside(model)).encode() + b" " * (1 << 25)
    hostile = resealed(model, tmp_path / "hostile.pt", {DESCRIPTION: text})
    assert "larger than any description of a model" in refusal_without_torch(hostile)


def with_other_preprocessing(model: Path, to: Path) -> Path:
    """A sealed file whose code computes a combined image of another smoothness, and whose reference follows from it."""
    before, after = b"torch.pow(4., ", b"torch.pow(9., "
    with zipfile.ZipFile(model) as archive:  # torch names the record by what it scripted before
        codes = {name: archive.read(name) for name in archive.namelist() if name.endswith(".py")}
    ((name, code),) = ((name, code) for name, code in codes.items() if before in code)
    assert code.count(before) == 1
    changed = {name: code.replace(before, after)}
    description = json.loads(record_of(model, DESCRIPTION))
    reference = description["reference"]
    kspace = torch.complex(torch.tensor(reference["kspace_real"]), torch.tensor(reference["kspace_imag"]))
    pipeline = torch.jit.load(resealed(model, to, changed))
    with torch.no_grad():
        embedding = pipeline.embed_kspace(kspace.view(reference["kspace_shape"]))[0]
    assert float((embedding - torch.tensor(reference["embedding"])).abs().max()) > 1e-3
    reference["embedding"] = embedding.tolist()
    return resealed(model, to, {**changed, DESCRIPTION: json.dumps(description).encode()})


def test_a_file_with_other_preprocessing_than_it_describes_is_refused(model: Path, tmp_path: Path) -> None:
    other = with_other_preprocessing(model, tmp_path / "other.pt")
    for backend in ("native", "torch"):
        with pytest.raises(ModelFileError, match=r"other\.pt: its reference embedding comes out otherwise here"):
            Embedder.load(other, backend=backend)


def test_a_script_that_computes_otherwise_than_the_library_is_refused(model: Path, tmp_path: Path) -> None:
    """Description, weights and reference are those of the model; what torch would run is not."""
    other = with_other_preprocessing(model, tmp_path / "other.pt")
    hostile = resealed(other, tmp_path / "hostile.pt", {DESCRIPTION: record_of(model, DESCRIPTION)})
    assert Embedder.load(hostile).verify().passed  # reads data alone
    with pytest.raises(ModelFileError, match=r"hostile\.pt: its script computes another reference embedding"):
        mriembed.load_scripted(hostile)


class WritesFileBesideItsWork(mriembed.EmbeddingPipeline):
    """A whole model that embeds as it says, and writes a file whenever its code runs."""

    def __init__(self, path: str) -> None:
        network = mriembed.MRIEmbeddingModel(embed_dim=8, widths=(16, 16, 16, 16))
        super().__init__(network, mriembed.CoilPreprocessor(2))
        self.path = path

    def forward(self, x: Tensor, normalize: bool | None = None) -> Tensor:
        embedding: Tensor = self.model(x, normalize)
        return embedding + 0 * torch.from_file(self.path, shared=True, size=4).sum()


def test_a_model_whose_code_writes_a_file_embeds_without_torch_and_writes_none(tmp_path: Path) -> None:
    target, hostile = tmp_path / "written", tmp_path / "hostile.pt"
    mriembed.save_model_file(WritesFileBesideItsWork(str(target)).eval(), hostile, weights_source="a test")
    target.unlink()  # its writer has run it
    embedder = Embedder.load(hostile)
    assert embedder.backend == "native"
    assert embedder.verify().passed
    assert _verify(hostile).returncode == 0
    assert "uses the operation aten::from_file, which no model of mriembed needs" in refusal(hostile)
    assert not target.exists()
    torch.jit.load(hostile)(torch.zeros(1, 4, 16, 16))  # plain torch runs it
    assert target.exists()


def test_weights_that_are_not_those_described_are_refused(model: Path, tmp_path: Path) -> None:
    weights = bytearray(record_of(model, "/data/0"))
    weights[5] ^= 1
    hostile = resealed(model, tmp_path / "hostile.pt", {"/data/0": bytes(weights)})
    assert "are not those that mriembed.json describes (SHA-256 differs)" in refusal_without_torch(hostile)
    hostile = resealed(model, tmp_path / "hostile.pt", {"/data/0": bytes(weights[:-4])})
    with pytest.raises(ModelFileError, match=r"its record data/0 has \d+ bytes, which are not those of the weights"):
        Embedder.load(hostile)


@pytest.mark.parametrize("backend", ["native", "torch"])
def test_a_file_that_does_not_reproduce_its_reference_is_refused(model: Path, tmp_path: Path, backend: str) -> None:
    description = json.loads(record_of(model, DESCRIPTION))
    description["reference"]["embedding"].reverse()
    wrong = with_description(model, tmp_path / "wrong.pt", description)
    with pytest.raises(ModelFileError, match="its reference embedding comes out otherwise here"):
        Embedder.load(wrong, backend=backend)
