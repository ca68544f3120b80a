"""What a distance between two embeddings is typical of, as `mriembed evaluate` measured it on simulated volumes.

Model files carry these figures. Distances of two models cannot be compared. In C++: `mriembed/distances.hpp`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mriembed.errors import InvalidArgumentError

DECILES = 9


@dataclass(frozen=True)
class KindOfPair:
    """Cosine distances of one kind of pair of slices.

    Attributes:
        name: what the two slices are, for instance "same slice, another session".
        deciles: the distances below which 10 %, 20 % ... 90 % of such pairs lie.
        below_threshold: share of such pairs that lie below the threshold.
    """

    name: str
    deciles: tuple[float, ...]
    below_threshold: float


@dataclass(frozen=True)
class Distances:
    """Kinds of pairs, from those that should be nearest to those that should be farthest.

    Attributes:
        kinds: at least one.
        threshold: the distance that best separates the same slice in another session from other slices of the body, at
            least 20 mm away; both kinds of errors count equally.
        source: how it was measured, for people.
    """

    kinds: tuple[KindOfPair, ...]
    threshold: float
    source: str

    def typical_of(self, distance: float) -> str:
        """The first kind of which at least 90 % of the pairs have this distance or a smaller one, with that limit.

        For a larger distance than all limits, the last kind.
        """
        for kind in self.kinds:
            if distance <= kind.deciles[-1]:
                return f"{kind.name} (90 % lie below {kind.deciles[-1]:.2g})"
        last = self.kinds[-1]
        return f"{last.name} (10 % lie above {last.deciles[-1]:.2g})"

    def as_dict(self) -> dict[str, Any]:
        """Ready for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Distances:
        """From what `as_dict` returned.

        Raises:
            KeyError, TypeError, ValueError: it is something else.
        """
        kinds = tuple(
            KindOfPair(
                str(kind["name"]), tuple(float(value) for value in kind["deciles"]), float(kind["below_threshold"])
            )
            for kind in content["kinds"]
        )
        if not kinds or any(len(kind.deciles) != DECILES for kind in kinds):
            raise ValueError("kinds of pairs with nine deciles each are needed")
        return cls(kinds, float(content["threshold"]), str(content["source"]))


def read_evaluated_distances(path: str | Path) -> tuple[Distances, tuple[str, int]]:
    """What `mriembed evaluate --json` measured, and with which network: SHA-256 of its weights, antialiased stage.

    Raises:
        InvalidArgumentError: the file cannot be read, is no such JSON, or its volumes were left out.
    """
    try:
        content = json.loads(Path(path).read_bytes())
    except OSError as error:
        raise InvalidArgumentError(f"{path}: cannot be read: {error.strerror}") from None
    except ValueError:
        raise InvalidArgumentError(f"{path}: not JSON; `mriembed evaluate --json` writes such a file") from None
    try:
        measured = [ordering for ordering in content["orderings"] if ordering["method"].startswith("model")]
        source = (
            f"{int(content['plan']['volumes'])} simulated volumes, mriembed evaluate, {str(content['created'])[:10]}"
        )
        model = content["model"]
        network = (str(model["weights_sha256"]), int(model["arguments"]["antialiased_stage"]))
        found = [
            Distances.from_dict({"kinds": each["classes"], "threshold": each["threshold"], "source": source})
            for each in measured[:1]
        ]
    except (KeyError, TypeError, ValueError):
        raise InvalidArgumentError(f"{path}: is not what `mriembed evaluate --json` of this version writes") from None
    if not found:
        raise InvalidArgumentError(f"{path}: says nothing of distances; `mriembed evaluate --volumes 12` measures them")
    return found[0], network
