"""What a comparison measured, and the JSON file that keeps it."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

NETWORK_INPUT = "network input"
KSPACE = "k-space"
KSPACE_DEFAULT = "k-space, default model"
OWN = "libmriembed"
TORCHSCRIPT = "TorchScript, Python"
NETWORK_ALONE = "libmriembed, network alone"
UPLOAD = "upload of the input"
DEVICE_COPY = "copy of 1 GiB on the device"
ON_DEVICE = ", on device"  # ends the names of rows whose input and output stay on the GPU
MARKS = (NETWORK_ALONE, UPLOAD, DEVICE_COPY)  # rows to compare with that are no peers


@dataclass(frozen=True)
class Times:
    """Milliseconds of one call, over all rounds."""

    median_ms: float
    lower_quartile_ms: float
    upper_quartile_ms: float
    fastest_ms: float


@dataclass(frozen=True)
class Agreement:
    """How far the embeddings are from those of float32 eager PyTorch on the same weights and input."""

    agrees: bool
    largest_difference: float
    smallest_cosine: float


@dataclass(frozen=True)
class Row:
    """One way to run the network in one case. Without `times`, `failed` says why there are none."""

    name: str
    times: Times | None = None
    agreement: Agreement | None = None
    configuration: str = ""
    failed: str = ""


@dataclass(frozen=True)
class Case:
    """What took turns: `input` is NETWORK_INPUT, KSPACE or KSPACE_DEFAULT, of this shape; `threads` is 0 on a GPU."""

    input: str
    shape: tuple[int, ...]
    precision: str
    threads: int
    rows: tuple[Row, ...]

    def row(self, name: str) -> Row | None:
        """The row of that name, if it was part of the case."""
        return next((row for row in self.rows if row.name == name), None)

    def median_ms(self, name: str) -> float | None:
        """That row's median, where it was measured."""
        row = self.row(name)
        return None if row is None or row.times is None else row.times.median_ms


@dataclass(frozen=True)
class Run:
    """One run of a comparison on one machine."""

    machine: str
    date: str
    versions: dict[str, str]
    rounds: int
    cases: tuple[Case, ...]

    @property
    def disagreements(self) -> list[str]:
        """Each row whose embeddings are not those of the reference."""
        return [
            f"{row.name}, {describe(case)}"
            for case in self.cases
            for row in case.rows
            if row.agreement is not None and not row.agreement.agrees
        ]


def is_right(row: Row | None) -> bool:
    """Whether it was measured and its embeddings are those of the reference."""
    return row is not None and row.times is not None and row.agreement is not None and row.agreement.agrees


def describe(case: Case) -> str:
    """One line that names a case."""
    threads = f", {case.threads} thread{'s' if case.threads > 1 else ''}" if case.threads else ""
    return f"{case.input} {','.join(map(str, case.shape))} {case.precision}{threads}"


def describe_shape(case: Case) -> str:
    """The shape as a product."""
    return " x ".join(map(str, case.shape))


def write_run(path: Path, run: Run, summary: DataclassInstance) -> None:
    """Writes a run, and its summary for the reader, as JSON."""
    content = dataclasses.asdict(run)
    content["summary"] = dataclasses.asdict(summary)
    path.write_text(json.dumps(content, indent=1) + "\n")


def run_of(content: dict[str, Any]) -> Run:
    """The run whose JSON `write_run` wrote."""
    cases = tuple(
        Case(case["input"], tuple(case["shape"]), case["precision"], case["threads"], tuple(map(_row, case["rows"])))
        for case in content["cases"]
    )
    return Run(content["machine"], content["date"], content["versions"], content["rounds"], cases)


def _row(content: dict[str, Any]) -> Row:
    return Row(
        content["name"],
        Times(**content["times"]) if content["times"] else None,
        Agreement(**content["agreement"]) if content["agreement"] else None,
        content["configuration"],
        content["failed"],
    )
