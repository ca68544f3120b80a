import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from mriembed import ModelFileError, MRIEmbeddingModel
from mriembed.checkpoint import load_weights


def trained() -> MRIEmbeddingModel:
    torch.manual_seed(5)
    return MRIEmbeddingModel(embed_dim=8, widths=(8, 8, 8, 8)).materialize(4)


def untrained() -> MRIEmbeddingModel:
    torch.manual_seed(6)
    return MRIEmbeddingModel(embed_dim=8, widths=(8, 8, 8, 8)).materialize(4)


@pytest.mark.parametrize("wrapped", [None, "state_dict", "model"])
def test_a_state_dict_saved_by_torch_is_loaded_bare_or_under_its_usual_keys(
    tmp_path: Path, wrapped: str | None
) -> None:
    weights = trained().state_dict()
    torch.save(weights if wrapped is None else {wrapped: weights}, tmp_path / "c.pt")
    model = untrained()
    load_weights(model, tmp_path / "c.pt")
    for name, value in model.state_dict().items():
        assert torch.equal(value, weights[name])


def test_safetensors_are_told_by_content_not_by_name(tmp_path: Path) -> None:
    weights = trained().state_dict()
    save_file(weights, tmp_path / "weights.bin")
    model = untrained()
    load_weights(model, tmp_path / "weights.bin")
    assert torch.equal(model.stem.convolution.weight, weights["stem.convolution.weight"])


def test_a_lazy_model_takes_the_channels_of_the_checkpoint(tmp_path: Path) -> None:
    torch.save(trained().state_dict(), tmp_path / "c.pt")
    model = MRIEmbeddingModel(embed_dim=8, widths=(8, 8, 8, 8))
    load_weights(model, tmp_path / "c.pt")
    assert model.embed(torch.ones(1, 4, 8, 8)).shape == (1, 8)
    with pytest.raises(ValueError, match="expected 4 channels"):
        model(torch.ones(1, 6, 8, 8))


def test_a_checkpoint_that_would_run_code_is_refused_without_running_it(tmp_path: Path) -> None:
    witness = tmp_path / "ran"

    class Hostile:
        def __reduce__(self) -> tuple[object, ...]:
            return (Path.touch, (witness,))

    torch.save({"weight": Hostile()}, tmp_path / "hostile.pt")
    (tmp_path / "bare.pkl").write_bytes(pickle.dumps(Hostile()))
    for name in ("hostile.pt", "bare.pkl"):
        with pytest.raises(ModelFileError, match=f"{name}: not a weights-only checkpoint"):
            load_weights(untrained(), tmp_path / name)
    assert not witness.exists()


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            lambda weights: weights | {"head.weight": torch.ones(9, 8)},
            "head.weight has the shape (9, 8), the model's has (8, 8)",
        ),
        (lambda weights: weights | {"tail.bias": torch.ones(2)}, "the model has no tail.bias"),
        (lambda _: {"a": torch.ones(1)}, "stem.convolution.weight is missing, and 21 more"),
        (lambda weights: {name: weights[name] for name in weights if name != "head.bias"}, "head.bias is missing"),
    ],
)
def test_weights_that_do_not_fit_are_refused_with_the_first_that_does_not(
    tmp_path: Path, change: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]], reason: str
) -> None:
    torch.save(change(dict(trained().state_dict())), tmp_path / "c.pt")
    with pytest.raises(ModelFileError) as refused:
        load_weights(untrained(), tmp_path / "c.pt")
    assert str(refused.value) == f"{tmp_path / 'c.pt'}: the weights do not fit the model: {reason}"


def test_a_lazy_model_refuses_weights_of_another_shape_by_name(tmp_path: Path) -> None:
    torch.save(trained().state_dict() | {"stem.convolution.weight": torch.ones(9, 4, 3, 3)}, tmp_path / "c.pt")
    with pytest.raises(
        ModelFileError, match=r"stem\.convolution\.weight has the shape \(9, 4, 3, 3\), .* \(8, 4, 3, 3\)"
    ):
        load_weights(MRIEmbeddingModel(embed_dim=8, widths=(8, 8, 8, 8)), tmp_path / "c.pt")


def test_weights_that_are_not_finite_are_refused_by_name(tmp_path: Path) -> None:
    weights = trained().state_dict()
    weights["head.bias"][3] = float("nan")
    torch.save(weights, tmp_path / "c.pt")
    with pytest.raises(ModelFileError, match=r"head\.bias holds NaN"):
        load_weights(untrained(), tmp_path / "c.pt")


@pytest.mark.parametrize("content", [b"", b"text", b"\x10\0\0\0\0\0\0\0{broken", b"PK\x03\x04broken"])
def test_files_that_are_no_checkpoint_are_refused_by_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "c.pt").write_bytes(content)
    with pytest.raises(ModelFileError, match=r"c\.pt"):
        load_weights(untrained(), tmp_path / "c.pt")


def test_a_missing_file_or_a_dictionary_of_other_things_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"absent\.pt: cannot be read"):
        load_weights(untrained(), tmp_path / "absent.pt")
    torch.save({"epoch": 3}, tmp_path / "c.pt")
    with pytest.raises(ModelFileError, match="expected a dictionary of tensors"):
        load_weights(untrained(), tmp_path / "c.pt")
