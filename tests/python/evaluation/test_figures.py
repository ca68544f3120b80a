"""The report's figures stand in a page that is light or dark, as its reader prefers."""

from __future__ import annotations

import re

import numpy as np
import pytest

from mriembed.evaluation.simulated import Curve

pytest.importorskip("matplotlib")

from mriembed.evaluation.figures import curves_figure, map_figure


def colours_of(svg: str) -> set[str]:
    """Of strokes and fills."""
    return set(re.findall(r"(?:stroke|fill): ([^;\"]+)", svg))


@pytest.fixture(scope="module")
def curves() -> str:
    recalls = {"model": [1.0, 0.5], "thumbnail": [0.9, 0.4], "random": [0.8, 0.1]}
    return curves_figure([Curve("noise", "share of the signal", [0.01, 0.1], recalls)])


def test_curves_have_the_colour_of_the_pages_text_and_no_background(curves: str) -> None:
    assert colours_of(curves) == {"none", "currentColor", "#0072b2", "#56b4e9", "#d55e00"}


def test_texts_of_curves_are_drawn_in_the_colour_of_the_pages_text(curves: str) -> None:
    texts = re.findall(r'<g id="text_\d+">\s*<!-- .*? -->\s*<g style="([^"]*)"', curves)
    assert len(texts) > 8  # title, both axes, their ticks, legend
    assert all("fill: currentColor" in style for style in texts)


def test_the_map_has_no_background() -> None:
    pytest.importorskip("sklearn")
    random = np.random.default_rng(0)
    rows = random.standard_normal((12, 8)).astype(np.float32)
    svg = map_figure(rows, random.random((12, 16, 16), dtype=np.float32))
    assert colours_of(svg) == {"none", "#0072b2"}
