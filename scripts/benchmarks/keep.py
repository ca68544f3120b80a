"""Puts one result into the file that documents cite: results/speed.json or results/quality.json.

    python scripts/benchmarks/keep.py speed.json cold_start RESULT.json

RESULT.json is what a script here or `mriembed evaluate --json` wrote; it replaces what stood under that name.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

RESULTS = Path(__file__).resolve().parent / "results"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("collection", choices=sorted(path.name for path in RESULTS.glob("*.json")))
    parser.add_argument("name", help="of the result")
    parser.add_argument("result", type=Path, metavar="RESULT.json")
    arguments = parser.parse_args()
    collection = RESULTS / arguments.collection
    results = json.loads(collection.read_text())
    results[arguments.name] = json.loads(arguments.result.read_text())
    collection.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
