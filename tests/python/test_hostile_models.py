"""Model files whose code or records do harm, each with a seal that fits: refused without having run."""

import io
import zipfile
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import mriembed
from hostile_networks import (
    Doubles,
    Forks,
    Hooked,
    LoopsForEver,
    Prints,
    WritesFile,
    WritesFileInASubmodule,
    WritesFileWhileLoading,
)
from model_archives import DESCRIPTION, around, record_of, resealed
from mriembed import Embedder, ModelFileError
from mriembed.seal import seal
from refusals import nothing_of_it_runs_without_torch, refusal, verified


@pytest.mark.parametrize("kind", [WritesFile, WritesFileInASubmodule])
def test_a_network_that_writes_a_file_is_refused_without_having_run(
    small_model: Path, tmp_path: Path, kind: type[nn.Module]
) -> None:
    target = tmp_path / "written"
    hostile = around(kind(str(target)), small_model, tmp_path / "hostile.pt")
    assert "uses the operation aten::from_file, which no model of mriembed needs" in refusal(hostile)
    assert nothing_of_it_runs_without_torch(hostile)
    assert not target.exists()
    torch.jit.load(hostile)(torch.zeros(1))  # plain torch runs it
    assert target.exists()


def test_a_network_that_writes_a_file_while_it_is_loaded_is_refused_without_having_run(
    small_model: Path, tmp_path: Path
) -> None:
    target = tmp_path / "written"
    hostile = around(WritesFileWhileLoading(str(target)), small_model, tmp_path / "hostile.pt")
    target.unlink(missing_ok=True)
    assert "would run while it is loaded (__setstate__)" in refusal(hostile)
    assert nothing_of_it_runs_without_torch(hostile)
    assert not target.exists()
    torch.jit.load(hostile)  # plain torch runs it, without a call
    assert target.exists()


def test_a_network_that_loops_for_ever_is_refused(small_model: Path, tmp_path: Path) -> None:
    assert "holds a loop (prim::Loop)" in refusal(around(LoopsForEver(), small_model, tmp_path / "hostile.pt"))


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
    small_model: Path, tmp_path: Path, kind: type[nn.Module], expected: str
) -> None:
    hostile = around(kind(), small_model, tmp_path / "hostile.pt")
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
    small_model: Path, tmp_path: Path, record: str, data: bytes, expected: str
) -> None:
    hostile = resealed(small_model, tmp_path / "hostile.pt", added={record: data})
    assert expected in refusal(hostile)
    assert nothing_of_it_runs_without_torch(hostile)


def test_pickled_objects_of_cpp_classes_are_refused(small_model: Path, tmp_path: Path) -> None:
    pickled = record_of(small_model, "/data.pkl").replace(
        b"__torch__.mriembed.pipeline", b"__torch__.torch.classes.abc"
    )
    hostile = resealed(small_model, tmp_path / "hostile.pt", {"/data.pkl": pickled})
    assert "holds an object of a C++ class" in refusal(hostile)


def test_a_damaged_pickle_or_code_is_refused_or_makes_no_difference(small_model: Path, tmp_path: Path) -> None:
    """What torch's own reader throws at one must stay one error; a byte in a name that is never used does no harm.
    Without torch, no such byte is read."""
    with zipfile.ZipFile(small_model) as archive:
        (pipeline,) = (name for name in archive.namelist() if "/mriembed/pipeline" in name and name.endswith(".py"))
    pickled, code = record_of(small_model, "/data.pkl"), record_of(small_model, pipeline)
    damaged = [
        {"/data.pkl": pickled[:at] + bytes([pickled[at] ^ 0x55]) + pickled[at + 1 :]}
        for at in range(0, len(pickled), 61)
    ]
    damaged += [{pipeline: code[:at] + b"?" + code[at + 1 :]} for at in range(0, len(code), 31)]
    refused = 0
    for changed in damaged:
        hostile = resealed(small_model, tmp_path / "hostile.pt", changed)
        assert Embedder.load(hostile).verify().passed
        try:
            assert Embedder.load(hostile, backend="torch").verify().passed
        except ModelFileError:
            refused += 1
    assert refused > len(damaged) / 2


def test_a_tensor_larger_than_its_bytes_is_refused(small_model: Path, tmp_path: Path) -> None:
    network = torch.jit.load(small_model)
    weight = dict(network.named_parameters())["model.head.weight"]
    weight.data = torch.zeros(1).expand_as(weight)
    archive = io.BytesIO()
    torch.jit.save(network, archive, _extra_files={"mriembed.json": record_of(small_model, DESCRIPTION).decode()})
    (tmp_path / "hostile.pt").write_bytes(seal(archive.getvalue()))
    assert "larger than what the file holds of them" in refusal(tmp_path / "hostile.pt")


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
    assert verified(hostile).returncode == 0
    assert "uses the operation aten::from_file, which no model of mriembed needs" in refusal(hostile)
    assert not target.exists()
    torch.jit.load(hostile)(torch.zeros(1, 4, 16, 16))  # plain torch runs it
    assert target.exists()


class AsksForMemory(mriembed.EmbeddingPipeline):
    """A whole model that embeds as it says, and takes memory whenever its code runs."""

    def __init__(self) -> None:
        network = mriembed.MRIEmbeddingModel(embed_dim=8, widths=(16, 16, 16, 16))
        super().__init__(network, mriembed.CoilPreprocessor(2))

    def forward(self, x: Tensor, normalize: bool | None = None) -> Tensor:
        embedding: Tensor = self.model(x, normalize)
        return embedding + torch.zeros([12345]).mean()


def test_a_model_whose_code_asks_for_more_memory_than_there_is_ends_in_one_line_and_embeds_without_torch(
    tmp_path: Path,
) -> None:
    model, hostile = tmp_path / "model.pt", tmp_path / "hostile.pt"
    mriembed.save_model_file(AsksForMemory().eval(), model, weights_source="a test")
    code = record_of(model, "/test_hostile_models.py")
    assert code.count(b"12345") == 1
    resealed(model, hostile, {"/test_hostile_models.py": code.replace(b"12345", b"1000000000000000")})
    result = verified(hostile, "--backend", "torch")
    assert (result.returncode, result.stderr) == (6, "mriembed_cli: error: out of memory\n")
    assert Embedder.load(hostile).verify().passed
