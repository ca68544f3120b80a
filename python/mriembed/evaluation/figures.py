"""The report's pictures, each as text that stands in the HTML itself."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mriembed.evaluation.simulated import Curve

if TYPE_CHECKING:  # imported where they are used: not everyone draws
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Distinguishable in every common form of colour blindness (Okabe and Ito 2008); the model's own lines come first.
_COLOURS = ("#0072B2", "#56B4E9", "#D55E00", "#009E73", "#999999", "#CC79A7")
# Stands for the colour of the page's text, light or dark, which matplotlib cannot name.
_INK = "#010203"
_STYLES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1)), (0, (1, 2)))


def picture(image: NDArray[np.float32]) -> str:
    """A magnitude image as a PNG in a data: URL; the brightest half per cent is white."""
    from PIL import Image

    white = max(float(np.quantile(image, 0.995)), 1e-20)
    grey = np.clip(255 * np.sqrt(np.clip(image / white, 0, 1)), 0, 255).astype(np.uint8)  # dark parts stay visible
    file = io.BytesIO()
    Image.fromarray(grey).save(file, format="PNG", optimize=True)
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def curves_figure(curves: Sequence[Curve]) -> str:
    """Recall at 1 over each perturbation, one panel each, as SVG without background."""
    import matplotlib

    with matplotlib.rc_context({
        "text.color": _INK, "axes.edgecolor": _INK, "axes.labelcolor": _INK, "xtick.color": _INK, "ytick.color": _INK,
        "grid.color": _INK,
    }):  # fmt: skip
        return _svg(_drawn_curves(curves))


def _drawn_curves(curves: Sequence[Curve]) -> Figure:
    figure, axes = _figure(len(curves), 3.1, 2.9)
    for panel, curve in zip(axes, curves, strict=True):
        positions = range(len(curve.values))
        for number, (method, recalls) in enumerate(curve.recall_at_1.items()):
            style: Any = _STYLES[number % len(_STYLES)]
            panel.plot(
                positions, recalls, color=_COLOURS[number % len(_COLOURS)], linestyle=style, marker="o", markersize=3.5,
                linewidth=2 if number == 0 else 1.3, label=method,
            )  # fmt: skip
        panel.set_xticks(positions, [f"{value:g}" for value in curve.values])
        panel.set_ylim(-0.03, 1.03)
        panel.set_title(curve.perturbation)
        panel.set_xlabel(curve.unit)
        panel.grid(alpha=0.3)
    axes[0].set_ylabel("recall@1")
    handles, names = axes[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=min(len(names), 5), frameon=False)
    return figure


def map_figure(rows: NDArray[np.float32], pictures: NDArray[np.float32], shown: int = 120) -> str:
    """A plane in which neighbours among the embeddings lie beside each other (t-SNE), with the slices in it, as SVG."""
    from matplotlib.offsetbox import AnnotationBbox, OffsetImage
    from sklearn.manifold import TSNE

    perplexity = min(15.0, max(2.0, (len(rows) - 1) / 3))
    places = TSNE(2, perplexity=perplexity, init="pca", metric="cosine", random_state=0).fit_transform(rows)
    figure, (panel,) = _figure(1, 9.5, 7.0)
    figure.set_layout_engine("none")
    panel.set_position((0, 0, 1, 1))
    panel.scatter(places[:, 0], places[:, 1], s=4, color=_COLOURS[0], alpha=0.5)
    for number in range(min(shown, len(rows))):
        white = max(float(np.quantile(pictures[number], 0.995)), 1e-20)
        image = OffsetImage(np.sqrt(np.clip(pictures[number] / white, 0, 1)), zoom=0.42, cmap="gray")
        panel.add_artist(AnnotationBbox(image, places[number], frameon=False, pad=0))
    panel.margins(0.06)
    panel.set_axis_off()
    return _svg(figure)


def _figure(panels: int, width: float, height: float) -> tuple[Figure, list[Axes]]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width * panels, height), layout="constrained")
    axes = figure.subplots(1, panels, squeeze=False)[0]
    return figure, list(axes)


def _svg(figure: Figure) -> str:
    file = io.StringIO()
    figure.savefig(file, format="svg", metadata={"Date": None}, transparent=True)
    text = file.getvalue().replace(_INK, "currentColor")
    return text[text.index("<svg") :]
