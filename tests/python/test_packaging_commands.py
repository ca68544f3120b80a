import re

import pytest

from packaging_texts import PACKAGING, REPOSITORY, joined_lines
from program import help_of

# Running the module of docs/packaging leaves its byte code beside it.
FILES = sorted(path for path in PACKAGING.rglob("*") if path.is_file() and path.suffix != ".pyc")
TEXTS = [REPOSITORY / "docs" / "scanner.md", *FILES]
# Options behind one of these words are its own; those before the first one in a piece of text are of `serve`.
PROGRAM_NAMES = re.compile(
    r"\b(mriembed_cli [a-z]+|mriembed|FROM|COPY|apt-get|cmake|docker|gadgetron_ismrmrd_client|systemctl)\b(?= )"
)
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")


def used_options() -> list[tuple[str, str, str]]:
    """Text, command of `mriembed_cli` and option, of all that the texts use."""
    found = set()
    for path in TEXTS:
        for line in joined_lines(path.read_text(encoding="utf-8")):
            for piece in line.split("`"):
                parts = ["mriembed_cli serve", *PROGRAM_NAMES.split(piece)]
                for program, arguments in zip(parts[::2], parts[1::2], strict=True):
                    name, _, command = program.partition(" ")
                    if name == "mriembed_cli":
                        found |= {(path.name, command, option) for option in OPTION.findall(arguments)}
    return sorted(found)


USED = used_options()


def test_the_texts_use_options_of_serve_ping_and_send() -> None:
    assert ("Dockerfile", "serve", "--listen") in USED
    assert ("start_fire", "serve", "--out") in USED
    assert ("mriembed.service", "serve", "--noise-store") in USED
    assert ("scanner.md", "send", "--real-time") in USED


@pytest.mark.parametrize(("text", "command", "option"), USED)
def test_each_option_that_a_text_uses_exists(text: str, command: str, option: str) -> None:
    assert re.search(rf"(?<![\w-]){option}(?![\w-])", help_of(command)), f"{text}: {command} has no {option}"


@pytest.mark.parametrize("command", ["serve", "ping", "send"])
def test_each_command_that_the_texts_use_exists(command: str) -> None:
    assert help_of(command)


def test_each_kind_of_answer_that_a_text_asks_for_exists() -> None:
    kinds = {kind for path in TEXTS for kind in re.findall(r"--return ([a-z]+)", path.read_text(encoding="utf-8"))}
    (offered,) = re.findall(r"--return \S*\{([a-z,]+)\}", help_of("serve"))
    assert kinds <= set(offered.split(","))
