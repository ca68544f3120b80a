"""The command `mriembed`: make and describe model files."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import mriembed
from mriembed.errors import Error, InvalidArgumentError, ModelFileError
from mriembed.model_file import export_model, read_description


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command. Returns its exit status: 0 well, 1 internal, 2 usage, 3 bad model file."""
    options = _parser().parse_args(arguments)
    try:
        command: int = options.run(options)
        return command
    except ModelFileError as error:
        return _fail(str(error), 3)
    except InvalidArgumentError as error:
        return _fail(str(error), 2)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _fail(f"{where}{error.strerror or error}", 1)
    except Error as error:
        return _fail(str(error), 1)


def _fail(message: str, status: int) -> int:
    print(f"mriembed: error: {message}", file=sys.stderr)
    return status


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mriembed", description="Make and describe mriembed model files.")
    parser.add_argument("--version", action="version", version=f"mriembed {mriembed.__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    export = commands.add_parser(
        "export",
        help="write a model file",
        description="Makes the network, from a checkpoint or with random weights, and writes it as a model file.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    export.add_argument("-o", "--output", required=True, type=Path, metavar="MODEL", help="model file to write (.pt)")
    export.add_argument("--num-coils", type=int, default=8, help="virtual coils that every scan is compressed to")
    export.add_argument("--embed-dim", type=int, default=256, help="length of an embedding")
    export.add_argument("--mlp-head", action="store_true", help="two linear layers in the head instead of one")
    export.add_argument("--coil-compression", choices=("pca", "none"), default="pca", help="none: exactly --num-coils")
    export.add_argument("--matrix", type=int, help="resample every slice to a square of this many pixels")
    export.add_argument(
        "--weights", type=Path, metavar="CHECKPOINT", help="weights only: .safetensors, or a state dict"
    )
    export.add_argument("--seed", type=int, default=0, help="of random weights, where --weights is not given")
    export.add_argument("--force", action="store_true", help="replace an existing file")
    export.set_defaults(run=_export)

    info = commands.add_parser(
        "info", help="describe a model file", description="Prints what a model file says of itself."
    )
    info.add_argument("model", type=Path, metavar="MODEL")
    info.add_argument("--json", action="store_true", help="as JSON")
    info.set_defaults(run=_info)

    cmake = commands.add_parser(
        "cmake-dir",
        help="print where find_package(mriembed) looks",
        description='Prints the folder of mriembed-config.cmake: cmake -Dmriembed_DIR="$(mriembed cmake-dir)" ...',
    )
    cmake.set_defaults(run=_cmake_dir)
    return parser


def _export(options: argparse.Namespace) -> int:
    description = export_model(
        options.output,
        num_coils=options.num_coils,
        embed_dim=options.embed_dim,
        use_mlp_head=options.mlp_head,
        coil_compression=options.coil_compression,
        matrix=options.matrix,
        weights=options.weights,
        seed=options.seed,
        overwrite=options.force,
    )
    print(
        f"{options.output}: {description.num_coils} virtual coils -> {description.embed_dim} components, "
        f"{description.parameters} weights ({description.weights_source})"
    )
    return 0


def _info(options: argparse.Namespace) -> int:
    described = read_description(options.model).as_dict()
    if options.json:
        print(json.dumps(described, indent=2))
        return 0
    width = max(len(name) for name in described)
    for name, value in described.items():
        print(f"{name.replace('_', ' '):{width}}  {json.dumps(value) if isinstance(value, dict) else value}")
    return 0


def _cmake_dir(_: argparse.Namespace) -> int:
    print(Path(mriembed.__file__).parent / "lib" / "cmake" / "mriembed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
