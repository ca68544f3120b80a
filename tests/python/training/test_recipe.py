import pytest

from mriembed import InvalidArgumentError
from mriembed.training.recipe import Recipe


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"steps": 0}, "steps: must be at least 1 without weights to begin from, not 0"),
        ({"steps": -1}, "steps: must be at least 0, not -1"),
        ({"subjects": 6}, "subjects: must be a multiple of the 4 shards, not 6"),
        ({"subjects": 1, "slices": 1, "shards": 1}, "at least two pairs"),
        ({"matrix": 8}, "matrix: must be at least 16 pixels, not 8"),
        ({"measured_share": 1.5}, "measured share: must lie from 0 to 1, not 1.5"),
        ({"precision": "float16"}, "precision: must be float32 or bfloat16, not 'float16'"),
        ({"temperature": 0.0}, "temperature: must be above 0, not 0.0"),
        ({"uses": 0}, "uses: must be at least 1, not 0"),
        ({"hardest_after": -1}, "hardest after: must be at least 0, not -1"),
        ({"weight_decay": -0.1}, "weight decay: must be at least 0, not -0.1"),
        ({"learning_rate": float("nan")}, "learning rate: must be finite, not nan"),
        ({"weight_decay": float("inf")}, "weight decay: must be finite, not inf"),
        ({"average_after": -1}, "average after: must be at least 0, not -1"),
    ],
)
def test_settings_that_cannot_be_right_are_refused_by_name(arguments: dict[str, float], message: str) -> None:
    with pytest.raises(InvalidArgumentError, match=message):
        Recipe(**arguments)  # type: ignore[arg-type]
