"""The command `mriembed`: passes commands for scans on to `mriembed_cli`, and runs all others.

Nothing that needs torch or NumPy is imported before a command needs it: passing on, help and version take little longer
than Python's own start.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mriembed._build_info import VERSION
from mriembed.errors import (
    BadInputError,
    DeviceNotAvailableError,
    Error,
    InvalidArgumentError,
    ModelFileError,
    OutOfMemoryError,
)
from mriembed.programs import become_command_line_program
from mriembed.standard_output import print_line

if TYPE_CHECKING:
    import argparse

_PASSED_ON = {
    "embed": "embed every slice of scans",
    "inspect": "describe scans and their coils",
    "check": "name broken coils, receivers and interference",
    "info": "describe a model file",
    "verify": "compare this machine's embedding of the reference slice with the model file's",
    "bench": "measure the time of a call on this machine",
    "serve": "embed scans while they are measured (MRD stream server)",
    "send": "send a scan to a service of `serve`, as a scanner does",
    "ping": "ask a service of `serve` for its state",
}
_IN_MODULES = {
    "train": ("train the network", "mriembed.training.command"),
    "evaluate": ("measure what a model's embeddings are worth", "mriembed.evaluation.command"),
    "convert": ("write Siemens raw data as MRD", "mriembed.conversion.command"),
    "openrecon-label": ("print the label of an OpenRecon container", "mriembed.openrecon.command"),
}
_LIBRARIES = Path(__file__).parent / "lib"


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command, or becomes `mriembed_cli`; the exit code is one of mriembed_cli's (docs/command_line.md)."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    try:
        if _is_passed_on(given):
            become_command_line_program(given)
        options = _parser(given[0] if given else "").parse_args(given)
        command: int = options.run(options)
        return command
    except ModelFileError as error:
        return _fail(str(error), 3)
    except InvalidArgumentError as error:
        return _fail(str(error), 2)
    except BadInputError as error:
        return _fail(str(error), 4)
    except DeviceNotAvailableError as error:
        return _fail(str(error), 5)
    except OutOfMemoryError as error:
        return _fail(str(error), 6)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _fail(f"{where}{error.strerror or error}", 1)
    except Error as error:
        return _fail(str(error), 1)
    except KeyboardInterrupt as interruption:
        return _fail(str(interruption) or "interrupted; no file is written in part", 130)


def _is_passed_on(arguments: list[str]) -> bool:
    """Whether mriembed_cli runs this command; pages of `check` are drawn here."""
    if not arguments or arguments[0] not in _PASSED_ON:
        return False
    options = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return not (arguments[0] == "check" and any(option.partition("=")[0] == "--html" for option in options))


def _fail(message: str, code: int) -> int:
    print(f"mriembed: error: {message}", file=sys.stderr)
    return code


def _parser(chosen: str) -> argparse.ArgumentParser:
    """Knows all commands, and the options of those that stand here and of the chosen one."""
    import argparse

    from mriembed.check import command as check_command

    parser = argparse.ArgumentParser(
        prog="mriembed",
        description=f"Embeds and checks raw MRI scans; trains, evaluates and signs models. {', '.join(_PASSED_ON)} are "
        "commands of mriembed_cli, which runs them. `mriembed COMMAND --help` explains options and outputs.",
    )
    parser.add_argument("--version", action="version", version=f"mriembed {VERSION}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, purpose in _PASSED_ON.items():
        if name == "check":
            check_command.add_command(commands, purpose)
        else:
            commands.add_parser(name, help=purpose, add_help=False)

    for add_command in (_add_export, _add_keygen, _add_sign, _add_simulate, _add_folders):
        add_command(commands)
    for name, (purpose, module) in _IN_MODULES.items():
        if name == chosen:
            importlib.import_module(module).add_command(commands, purpose)
        else:
            commands.add_parser(name, help=purpose, add_help=False)
    return parser


def _add_export(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from mriembed.help_text import DefaultsFormatter

    export = commands.add_parser(
        "export",
        help="write a model file",
        description="Writes a model file: the network with the trained weights of mriembed, those of a checkpoint, or "
        "random ones.",
        formatter_class=DefaultsFormatter,
    )
    export.add_argument("-o", "--output", required=True, type=Path, metavar="MODEL", help="model file to write (.pt)")
    export.add_argument(
        "--num-coils", type=int, help="virtual coils to which scans are compressed; default: as trained, otherwise 8"
    )
    export.add_argument("--embed-dim", type=int, help="length of an embedding; default: as trained, otherwise 256")
    export.add_argument("--mlp-head", action="store_true", help="two linear layers in the head instead of one")
    export.add_argument(
        "--coil-compression",
        choices=("pca", "none"),
        default="pca",
        help="none: scans must have exactly --num-coils coils",
    )
    export.add_argument(
        "--matrix",
        type=int,
        help="side of the square to which every slice is resampled, 8 to 1024 pixels; 0: slices keep their size; "
        "default: that of the training",
    )
    weights = export.add_mutually_exclusive_group()
    weights.add_argument(
        "--weights",
        type=Path,
        metavar="CHECKPOINT",
        help="weights.safetensors of `mriembed train`, or any state dict; default: the trained weights of mriembed",
    )
    weights.add_argument("--random", action="store_true", help="random weights, for tests")
    export.add_argument(
        "--distances",
        type=Path,
        metavar="JSON",
        help="typical distances, from `mriembed evaluate --json` with these weights; default: those in the file of the "
        "weights",
    )
    export.add_argument("--seed", type=int, default=0, help="seed of random weights")
    export.add_argument("--force", action="store_true", help="replace an existing file")
    export.set_defaults(run=_export)


def _add_keygen(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    keygen = commands.add_parser(
        "keygen",
        help="make a key that signs model files",
        description="Makes a pair of Ed25519 keys: KEY signs and must stay secret, KEY.pub checks signatures.",
    )
    keygen.add_argument("key", type=Path, metavar="KEY")
    keygen.set_defaults(run=_keygen)


def _add_sign(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    sign = commands.add_parser(
        "sign",
        help="sign a model file",
        description="Checks a model file and adds a signature. A signature by the same key is replaced, others stay. "
        "`mriembed_cli ... --trust KEY.pub` loads only files with a signature by KEY.",
    )
    sign.add_argument("model", type=Path, metavar="MODEL")
    sign.add_argument("--key", required=True, type=Path, metavar="KEY", help="private key of `mriembed keygen`")
    sign.add_argument("-o", "--output", type=Path, metavar="SIGNED", help="file to write; default: MODEL itself")
    sign.add_argument("--allow-unsealed", action="store_true", help="also sign, and seal, a file without a seal")
    sign.add_argument("--force", action="store_true", help="replace an existing SIGNED")
    sign.set_defaults(run=_sign)


def _add_simulate(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from mriembed.help_text import DefaultsFormatter

    simulate = commands.add_parser(
        "simulate",
        help="draw simulated slices, or write scans of them",
        description="--preview draws simulated slices, one a column: the slice, the image of one of 8 coils, and a "
        "repeat scan at each level; the last row is a volume, parallel slices of one subject. --scans writes k-space "
        "of simulated slices, each scanned twice, as .npy files.",
        formatter_class=DefaultsFormatter,
    )
    simulated = simulate.add_mutually_exclusive_group(required=True)
    simulated.add_argument("--preview", type=Path, metavar="PNG", help="picture to write")
    simulated.add_argument("--scans", type=Path, metavar="FOLDER", help="folder to write scans to")
    simulate.add_argument("--seed", type=int, default=0, help="seed of everything that is drawn")
    simulate.add_argument(
        "--slices", type=int, default=8, choices=range(1, 33), metavar="1..32", help="number of slices"
    )
    simulate.add_argument("--force", action="store_true", help="replace existing files")
    simulate.set_defaults(run=_simulate)


def _add_folders(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    cmake = commands.add_parser(
        "cmake-dir",
        help="print where find_package(mriembed) looks",
        description='Prints the folder of mriembed-config.cmake: cmake -Dmriembed_DIR="$(mriembed cmake-dir)" ...',
    )
    cmake.set_defaults(run=_cmake_dir)
    pkg_config = commands.add_parser(
        "pkg-config-dir",
        help="print where pkg-config finds mriembed.pc",
        description='Prints the folder of mriembed.pc: export PKG_CONFIG_PATH="$(mriembed pkg-config-dir)"',
    )
    pkg_config.set_defaults(run=_pkg_config_dir)


def _export(options: argparse.Namespace) -> int:
    from mriembed.checkpoint import DEFAULT_WEIGHTS
    from mriembed.model_file import export_model

    weights = options.weights
    if weights is None and not options.random:
        weights = DEFAULT_WEIGHTS
    description = export_model(
        options.output,
        num_coils=options.num_coils,
        embed_dim=options.embed_dim,
        use_mlp_head=options.mlp_head,
        coil_compression=options.coil_compression,
        matrix=options.matrix,
        weights=weights,
        distances=options.distances,
        seed=options.seed,
        overwrite=options.force,
    )
    print_line(
        f"{options.output}: {description.num_coils} virtual coils -> {description.embed_dim} components, "
        f"{description.parameters} weights ({description.weights_source})"
    )
    return 0


def _keygen(options: argparse.Namespace) -> int:
    from mriembed.seal import make_key_pair

    digits = make_key_pair(options.key)
    print_line(f"{options.key}: signs model files; keep it secret\n{options.key}.pub: checks signatures ({digits})")
    return 0


def _sign(options: argparse.Namespace) -> int:
    from mriembed.seal import sign_model_file

    digits = sign_model_file(
        options.model,
        options.key,
        output=options.output,
        allow_unsealed=options.allow_unsealed,
        overwrite=options.force,
    )
    print_line(f"{options.output or options.model}: signed by {digits}")
    return 0


def _simulate(options: argparse.Namespace) -> int:
    if options.preview:
        from mriembed.simulation.preview import write_preview

        write_preview(options.preview, seed=options.seed, columns=options.slices, overwrite=options.force)
        print_line(f"{options.preview}: {options.slices} simulated slices, and as many of a volume")
    else:
        from mriembed.simulation.scan_files import write_scans

        write_scans(options.scans, slices=options.slices, seed=options.seed, overwrite=options.force)
        print_line(f"{options.scans}: {options.slices} simulated slices, each scanned twice")
    return 0


def _cmake_dir(_: argparse.Namespace) -> int:
    print_line(str(_LIBRARIES / "cmake" / "mriembed"))
    return 0


def _pkg_config_dir(_: argparse.Namespace) -> int:
    print_line(str(_LIBRARIES / "pkgconfig"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
