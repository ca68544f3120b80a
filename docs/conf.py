"""The documentation site: `scripts/docs` builds it with Sphinx into build/docs.

The source directory is the repository's root, so that links between pages and to files of the repository work as on the
repository's web view. The README is the front page.
"""

from __future__ import annotations

from pathlib import Path

import tomllib
from sphinx.application import Sphinx

REPOSITORY = Path(__file__).resolve().parent.parent

# The side bar. Sphinx warns of pages that it lacks.
NAVIGATION = {
    "Use": [
        "docs/getting_started",
        "docs/command_line",
        "docs/scanner",
        "docs/check",
        "docs/formats",
        "docs/glossary",
    ],
    "Program": ["docs/cpp", "docs/api/cpp", "docs/api/c", "docs/python", "docs/api/python"],
    "Method": [
        "docs/preprocessing",
        "docs/model_file",
        "docs/training",
        "python/mriembed/MODEL_CARD",
        "docs/benchmarks",
    ],
    "Security": ["SECURITY", "docs/security"],
    "Develop": ["HACKING", "CONTRIBUTING", "CHANGELOG"],
}

project = "mriembed"
release = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

extensions = ["myst_parser", "breathe", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinxcontrib.mermaid"]
root_doc = "README"
include_patterns = [
    "README.md",
    "HACKING.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "CHANGELOG.md",
    "docs/*.md",
    "docs/api/*.rst",
    "python/mriembed/MODEL_CARD.md",
]
# docs/README.md lists the pages for the repository's web view.
exclude_patterns = [".*", "build", "cpp", "scripts", "tests", "docs/README.md", "docs/packaging"]

html_theme = "furo"
html_title = f"{project} {release}"
html_copy_source = False
html_show_copyright = False

myst_heading_anchors = 4
myst_fence_as_directive = ["mermaid"]

breathe_projects = {project: str(REPOSITORY / "build" / "doxygen" / "xml")}
breathe_default_project = project
breathe_domain_by_extension = {"h": "c", "hpp": "cpp"}
suppress_warnings = ["duplicate_declaration.cpp"]  # each header declares the namespace

default_role = "code"
napoleon_use_ivar = True
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_type_aliases = {"ArrayLike": "ArrayLike"}


def add_navigation(_app: Sphinx, page: str, text: list[str]) -> None:
    """Appends the table of contents to the README, which has none on the repository's web view."""
    if page == root_doc:
        for caption, pages in NAVIGATION.items():
            text[0] += "\n".join(["", "```{toctree}", ":hidden:", f":caption: {caption}", *pages, "```", ""])


def shorten_types(*event: str) -> tuple[str | None, str]:
    """Writes `ArrayLike | None` in signatures as the source does."""
    signature, returned = event[-2:]
    return signature and signature.replace("TypeAliasForwardRef('ArrayLike')", "ArrayLike"), returned


def write_index(app: Sphinx, error: Exception | None) -> None:
    """Leads from index.html to the front page."""
    if error is None:
        target = f"{root_doc}.html"
        page = f'<!doctype html><meta http-equiv="refresh" content="0; url={target}"><a href="{target}">{project}</a>\n'
        (Path(app.outdir) / "index.html").write_text(page, encoding="utf-8")


def setup(app: Sphinx) -> None:
    """Connects the functions above; Sphinx calls it."""
    app.connect("source-read", add_navigation)
    app.connect("autodoc-process-signature", shorten_types)
    app.connect("build-finished", write_index)
