import re
from pathlib import Path

import pytest

from markdown_pages import DOCS, MODEL_CARD, PAGES, README, REPOSITORY, anchors, links, used_commands
from mriembed.cli import main
from program import help_of

USED = sorted(
    {
        (page.name, command, option)
        for page in [README, *DOCS]
        for command, options in used_commands(page.read_text(encoding="utf-8"), "mriembed_cli")
        for option in options
    }
)
# Commands that are written in Python. The card names the revision whose training command it shows.
USED_OF_PYTHON = sorted(
    {
        (page.name, command, option)
        for page in [README, *DOCS, MODEL_CARD]
        for command, options in used_commands(page.read_text(encoding="utf-8"), "mriembed")
        for option in options
        if (page, command) != (MODEL_CARD, "train")
    }
)


def name_of(page: Path) -> str:
    return str(page.relative_to(REPOSITORY))


def lost_links(page: Path) -> list[str]:
    """Links of the page to files that are not there, and to sections that their page does not have."""
    lost = []
    for link in links(page.read_text(encoding="utf-8")):
        file, _, section = link.partition("#")
        target = page.parent / file if file else page
        if not target.exists() or (section and section not in anchors(target.read_text(encoding="utf-8"))):
            lost.append(link)
    return lost


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_leads_to_a_file_and_a_section(page: Path) -> None:
    assert lost_links(page) == []


def test_links_to_missing_files_and_missing_sections_are_noticed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# One, two\n## `a_b` C-d\n## `a_b` C-d\n```\n# none\n```\n"
        "[a](#one-two) [b](page.md#a_b-c-d-1) [c](https://example.org/lost)\n"
        "[d](lost.md) [e](#none) [f](page.md#a_b-c-d-2)\n"
    )
    assert lost_links(page) == ["lost.md", "#none", "page.md#a_b-c-d-2"]


def test_the_index_of_docs_links_to_every_page_there() -> None:
    index = README.parent / "docs" / "README.md"
    assert set(links(index.read_text(encoding="utf-8"))) >= {page.name for page in DOCS if page != index}


def test_the_api_pages_document_every_public_header() -> None:
    pages = (REPOSITORY / "docs" / "api").glob("*.rst")
    documented = [name for page in pages for name in re.findall(r"^\.\. doxygenfile:: (\S+)$", page.read_text(), re.M)]
    headers = {path.name for path in (REPOSITORY / "cpp" / "include" / "mriembed").iterdir()} - {"export.h"}
    assert sorted(documented) == sorted(headers)


def test_the_readme_has_at_most_900_words() -> None:
    assert len(README.read_text(encoding="utf-8").split()) <= 900


def test_options_are_found_in_code_blocks_and_in_spans_that_continue_on_the_next_line() -> None:
    assert ("README.md", "embed", "--nearest") in USED
    assert ("benchmarks.md", "bench", "--repeats") in USED
    assert ("security.md", "embed", "--trust") in USED
    assert ("training.md", "train", "--scans") in USED_OF_PYTHON
    assert ("MODEL_CARD.md", "evaluate", "--contrasts") in USED_OF_PYTHON


@pytest.mark.parametrize(("page", "command", "option"), USED)
def test_each_option_that_a_page_gives_a_command_exists(page: str, command: str, option: str) -> None:
    assert re.search(rf"(?<![\w-]){option}(?![\w-])", help_of(command)), f"{page}: {command} has no {option}"


@pytest.mark.parametrize(("page", "command", "option"), USED_OF_PYTHON)
def test_each_option_that_a_page_gives_a_command_of_python_exists(
    page: str, command: str, option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    drawing = ["--html=x"] if command == "check" else []  # otherwise mriembed_cli would take this process's place
    with pytest.raises(SystemExit):
        main([command, *drawing, "--help"])
    assert re.search(rf"(?<![\w-]){option}(?![\w-])", capsys.readouterr().out), f"{page}: {command} has no {option}"


def test_each_command_that_a_page_names_exists() -> None:
    texts = [page.read_text(encoding="utf-8") for page in [README, *DOCS]]
    commands = {command for text in texts for command, _ in used_commands(text, "mriembed_cli")}
    assert commands >= {"bench", "check", "embed", "info", "inspect", "ping", "send", "serve", "verify"}
    for command in sorted(commands):
        assert help_of(command)
