import re

from packaging_texts import REPOSITORY

PAGE = REPOSITORY / "docs" / "scanner.md"


def links() -> list[str]:
    return re.findall(r"\]\(([^)\s]+)\)", PAGE.read_text(encoding="utf-8"))


def test_files_that_scanner_md_links_to_exist() -> None:
    files = [link for link in links() if not link.startswith("#")]
    assert files
    assert [link for link in files if not (PAGE.parent / link).exists()] == []


def test_sections_that_scanner_md_links_to_exist() -> None:
    headings = re.findall(r"^#+ (.+)$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    anchors = {"#" + re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    sections = {link for link in links() if link.startswith("#")}
    assert sections
    assert sections <= anchors
