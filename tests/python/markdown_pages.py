"""The repository's Markdown pages: their links, the anchors of their headings, and the code in them."""

import re
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
README = REPOSITORY / "README.md"
MODEL_CARD = REPOSITORY / "python" / "mriembed" / "MODEL_CARD.md"
DOCS = sorted((REPOSITORY / "docs").glob("*.md"))
PAGES = [
    README,
    *DOCS,
    *(REPOSITORY / name for name in ("HACKING.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")),
    MODEL_CARD,
]

FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def without_fenced_code(text: str) -> str:
    return FENCED.sub("", text)


def links(text: str) -> list[str]:
    """Targets of links and pictures; those of other sites are left out."""
    targets = re.findall(r"\]\(([^)\s]+)\)", without_fenced_code(text))
    return [target for target in targets if not re.match(r"[a-z]+:", target)]


def anchors(text: str) -> set[str]:
    """Anchors of headings as GitHub makes them: lower case, hyphens for spaces, -1, -2, ... for equal headings."""
    found: set[str] = set()
    for heading in re.findall(r"^#+ +(.+?)\s*$", without_fenced_code(text), re.MULTILINE):
        name = re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")
        repeats = sum(re.fullmatch(rf"{re.escape(name)}(-\d+)?", anchor) is not None for anchor in found)
        found.add(f"{name}-{repeats}" if repeats else name)
    return found


def pieces_of_code(text: str) -> list[str]:
    """Each inline code span, each line of a code block; comments are left out."""
    blocks = FENCED.findall(text) + re.findall(r"(?:^ {4,}\S.*\n)+", text, re.MULTILINE)
    lines = [line for block in blocks for line in re.sub(r"\\\n", " ", block).splitlines()]
    spans = re.findall(r"`([^`]+)`", without_fenced_code(text))
    return [re.sub(r"\s+", " ", re.sub(r"(^|\s)#.*", "", piece)) for piece in [*lines, *spans]]


def used_commands(text: str, program: str) -> list[tuple[str, list[str]]]:
    """Command and options of each use of `program` in the code of a page."""
    use = re.compile(rf"(?<![\w/-]){re.escape(program)} ([a-z][a-z-]*)((?: [^|;&>]+)?)")
    return [
        (command, re.findall(r"(?<![\w-])--?[a-z][a-z-]*", arguments))
        for piece in pieces_of_code(text)
        for command, arguments in use.findall(piece)
    ]
