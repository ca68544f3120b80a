"""The folder docs/packaging/ of the repository, and Dockerfiles and unit files as Python values."""

import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGING = REPOSITORY / "docs" / "packaging"


def joined_lines(text: str) -> list[str]:
    """The lines of `text`; those that end in a backslash are one with the next."""
    return re.sub(r"\\\n\s*", " ", text).splitlines()


def dockerfile_stages(text: str) -> list[list[tuple[str, str]]]:
    """Instruction and arguments of each instruction, stage by stage."""
    stages: list[list[tuple[str, str]]] = []
    for line in joined_lines(text):
        if not line.strip() or line.startswith("#"):
            continue
        instruction, _, arguments = line.partition(" ")
        if instruction == "FROM":
            stages.append([])
        stages[-1].append((instruction, arguments.strip()))
    return stages


def unit_sections(text: str) -> dict[str, dict[str, list[str]]]:
    """All values of each key of each section of a systemd unit."""
    sections: dict[str, dict[str, list[str]]] = {}
    for line in joined_lines(text):
        if line.startswith("["):
            section = sections.setdefault(line.strip("[]"), {})
        elif line.strip() and not line.startswith(("#", ";")):
            key, _, value = line.partition("=")
            section.setdefault(key, []).append(value)
    return sections
