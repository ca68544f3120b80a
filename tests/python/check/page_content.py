"""What a page of `mriembed check` shows: its tables, pictures and curves."""

import base64
import html
import io
import re
from html.parser import HTMLParser

import numpy as np
from PIL import Image


def pixels_of(uri: str) -> np.ndarray:
    head, _, text = uri.partition(",")
    assert head == "data:image/png;base64"
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(text, validate=True))))


def pictures_in(page: str) -> dict[str, np.ndarray]:
    """The pixels of each picture, by its text."""
    found = re.findall(r'<img src="([^"]*)" width="\d+" height="\d+" alt="([^"]*)">', page)
    return {html.unescape(text): pixels_of(uri) for uri, text in found}


def curves_in(page: str, coil: str) -> dict[str, np.ndarray]:
    """The curves of a coil's noise spectrum: (points, 2), frequency in cycles per sample and height; up is positive."""
    text = page.split(f'aria-label="noise spectrum of {coil}">')[1].split("</svg>")[0]
    curves = {}
    for name, points in re.findall(r'<polyline class="line (\w+)" points="([^"]*)"', text):
        places = np.array([[float(part) for part in point.split(",")] for point in points.split(" ")])
        curves[name] = np.stack([places[:, 0] / 256 - 0.5, -places[:, 1]], axis=1)
    return curves


class Rows(HTMLParser):
    """The rows of all tables: their class and the text of their cells."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[tuple[str | None, list[str]]] = []
        self.is_in_cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.is_in_cell = tag in ("td", "th")
        if tag == "tr":
            self.rows.append((dict(attrs).get("class"), []))
        elif self.is_in_cell:
            self.rows[-1][1].append("")

    def handle_endtag(self, tag: str) -> None:
        self.is_in_cell = self.is_in_cell and tag not in ("td", "th")

    def handle_data(self, data: str) -> None:
        if self.is_in_cell:
            self.rows[-1][1][-1] += data


def rows_in(page: str) -> list[tuple[str | None, list[str]]]:
    parser = Rows()
    parser.feed(page)
    return [(kind, [cell.strip() for cell in cells]) for kind, cells in parser.rows]
