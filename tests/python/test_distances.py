import json
from pathlib import Path

import pytest

from mriembed import DEFAULT_WEIGHTS, InvalidArgumentError, read_description
from mriembed.distances import Distances, KindOfPair, read_evaluated_distances
from mriembed.model_file import export_model

MEASURED = Distances(
    (
        KindOfPair("same slice", (0.01, 0.02, 0.03, 0.04, 0.05, 0.06, 0.062, 0.063, 0.0634), 0.9),
        KindOfPair("another body", (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.8, 0.9, 1.1), 0.0),
    ),
    0.07,
    "12 simulated volumes, mriembed evaluate, 2026-01-02",
)


def evaluated(tmp_path: Path, weights_sha256: str, antialiased_stage: int = 0) -> Path:
    classes = [{**kind, "count": 9, "median": 0.1, "overlap": None} for kind in MEASURED.as_dict()["kinds"]]
    content = {
        "created": "2026-01-02T03:04:05+00:00",
        "plan": {"volumes": 12},
        "model": {"weights_sha256": weights_sha256, "arguments": {"antialiased_stage": antialiased_stage}},
        "orderings": [
            {"method": "thumbnail", "classes": [], "threshold": 1.0},
            {"method": "model, float32", "classes": classes, "threshold": 0.07},
        ],
    }
    path = tmp_path / "quality.json"
    path.write_text(json.dumps(content))
    return path


def test_a_distance_is_typical_of_the_first_kind_of_which_nine_in_ten_are_as_near() -> None:
    assert MEASURED.typical_of(0.0634) == "same slice (90 % lie below 0.063)"
    assert MEASURED.typical_of(0.0635) == "another body (90 % lie below 1.1)"
    assert MEASURED.typical_of(1.2) == "another body (10 % lie above 1.1)"


def test_a_model_file_keeps_what_was_measured_with_its_weights(tmp_path: Path) -> None:
    untrained = export_model(tmp_path / "first.pt", num_coils=2, embed_dim=8, widths=(8, 8, 8, 8))
    assert untrained.distances is None
    measured = evaluated(tmp_path, untrained.weights_sha256)
    described = export_model(tmp_path / "model.pt", num_coils=2, embed_dim=8, widths=(8, 8, 8, 8), distances=measured)
    assert described.distances == MEASURED
    assert read_description(tmp_path / "model.pt").distances == MEASURED


def test_distances_of_other_weights_are_refused(tmp_path: Path) -> None:
    measured = evaluated(tmp_path, "0" * 64)
    with pytest.raises(InvalidArgumentError, match=r"quality\.json: measured with other weights"):
        export_model(tmp_path / "model.pt", num_coils=2, distances=measured)
    assert not (tmp_path / "model.pt").exists()


def test_distances_of_the_same_weights_in_another_network_are_refused(tmp_path: Path) -> None:
    untrained = export_model(tmp_path / "first.pt", num_coils=2, embed_dim=8, widths=(8, 8, 8, 8))
    measured = evaluated(tmp_path, untrained.weights_sha256, antialiased_stage=2)
    with pytest.raises(InvalidArgumentError, match=r"quality\.json: measured with other weights"):
        export_model(tmp_path / "model.pt", num_coils=2, embed_dim=8, widths=(8, 8, 8, 8), distances=measured)
    described = export_model(
        tmp_path / "model.pt",
        num_coils=2,
        embed_dim=8,
        widths=(8, 8, 8, 8),
        antialiased_stage=2,
        distances=measured,
    )
    assert described.distances == MEASURED


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "not JSON"),
        ("{}", "is not what `mriembed evaluate --json`"),
        (
            '{"model": {"weights_sha256": "", "arguments": {"antialiased_stage": 0}}, '
            '"created": "", "plan": {"volumes": 0}, "orderings": []}',
            "says nothing of distances",
        ),
    ],
)
def test_files_that_hold_no_distances_are_refused_with_the_reason(tmp_path: Path, text: str, reason: str) -> None:
    (tmp_path / "quality.json").write_text(text)
    with pytest.raises(InvalidArgumentError, match=reason):
        read_evaluated_distances(tmp_path / "quality.json")
    with pytest.raises(InvalidArgumentError, match="cannot be read"):
        read_evaluated_distances(tmp_path / "missing.json")


def test_the_default_weights_say_what_their_distances_are_typical_of(tmp_path: Path) -> None:
    found = export_model(tmp_path / "model.pt", weights=DEFAULT_WEIGHTS).distances
    assert found is not None
    assert [kind.name.partition(",")[0] for kind in found.kinds][::4] == ["same slice", "other body"]
    other_matrix = export_model(tmp_path / "other.pt", weights=DEFAULT_WEIGHTS, matrix=32)
    assert other_matrix.distances is None  # measured with the matrix of the training only
