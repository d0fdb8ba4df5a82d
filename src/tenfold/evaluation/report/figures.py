"""The plots of the page, as SVG that takes its colours from the page's own light or dark palette.

matplotlib draws them in stand-in colours, which become CSS variables on the way out; text stays
text, so it is sharp, searchable and in the page's font.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Any

import matplotlib
import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator

from tenfold.evaluation.metrics.calibration import Calibration
from tenfold.evaluation.metrics.coverage import Coverage, Curve
from tenfold.evaluation.robustness import Sweep

INK, MUTED, LINE, BLUE, ORANGE = "#24292f", "#6e7781", "#d0d7de", "#0969da", "#bc4c00"
_VARIABLES = {INK: "--ink", MUTED: "--muted", LINE: "--line", BLUE: "--blue", ORANGE: "--orange"}
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "tenfold",
    "font.size": 9.5,
    "axes.edgecolor": LINE,
    "axes.labelcolor": MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": LINE,
    "ytick.color": LINE,
    "xtick.labelcolor": MUTED,
    "ytick.labelcolor": MUTED,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "text.color": INK,
    "lines.linewidth": 2,
    "lines.solid_capstyle": "round",
}
_IDS = re.compile(r' id="(?:figure|axes|patch|line2d|text|legend|matplotlib\.axis|[xy]tick|'
                  r'PathCollection|FillBetweenPolyCollection|LineCollection)_\d+"')  # fmt: skip
_PERCENT = FuncFormatter(lambda value, _: f"{100 * value:.4g} %".replace("-", "−"))
WIDE, LOW, SMALL = (4.9, 3.2), (4.9, 2.4), (2.6, 1.25)  # inches of 72 units


def coverage_plot(curve: Curve, marks: Sequence[Coverage], accuracy: float) -> Markup:
    """Draw accuracy by share answered, with the thresholds as dots."""
    with matplotlib.rc_context(_STYLE):
        figure, axes = _plot(WIDE)
        axes.plot(curve.share, curve.accuracy, color=BLUE)
        reached = [mark for mark in marks if mark.threshold is not None and mark.share < 1]
        # The strictest of those at the same place stands for all.
        for mark in {mark.share: mark for mark in reversed(reached)}.values():
            axes.plot(mark.share, 1 - mark.wrong / mark.count, "o", color=ORANGE, markersize=6)
            axes.annotate(
                f"{100 * mark.target:.4g} %",
                (mark.share, 1 - mark.wrong / mark.count),
                xytext=(-7, -11),
                textcoords="offset points",
                ha="right",
                color=ORANGE,
            )
        # What lies before the first errors is a flat line; the first few answers may be wild.
        perfect = curve.share[curve.accuracy == 1].max(initial=0.0)
        left = max(0.0, np.floor(10 * perfect) / 10 - 0.1)
        floor = min([accuracy, *(1 - mark.wrong / mark.count for mark in reached)])
        axes.set(
            xlabel="images answered, most confident first",
            ylabel="of these, right",
            xlim=(left, 1 + 0.02 * (1 - left)),
            ylim=(floor - 0.15 * (1 - floor) - 1e-4, 1 + 0.05 * (1 - floor) + 2e-5),
        )
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.xaxis.set_major_formatter(_PERCENT)
        axes.yaxis.set_major_formatter(_PERCENT)
        return _svg(figure, "Accuracy against the share of images answered")


def reliability_plot(calibrations: Sequence[tuple[str, Calibration]]) -> Markup:
    """Draw how often answers of each confidence are right, for one or two named calibrations."""
    with matplotlib.rc_context(_STYLE):
        figure, axes = _plot(WIDE)
        axes.plot([0, 1], [0, 1], color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
        colours = (ORANGE, BLUE)[-len(calibrations) :]
        for (name, each), colour in zip(calibrations, colours, strict=True):
            x = [found.confidence for found in each.bins]
            y = [found.accuracy for found in each.bins]
            sizes = [14 + 22 * np.log10(found.count) for found in each.bins]
            axes.plot(x, y, color=colour, linewidth=1.2, alpha=0.6)
            axes.scatter(x, y, s=sizes, color=colour, label=name, linewidths=0)
        axes.set(xlabel="confidence", ylabel="of these, right", xlim=(0, 1.03), ylim=(-0.03, 1.05))
        axes.xaxis.set_major_formatter(_PERCENT)
        axes.yaxis.set_major_formatter(_PERCENT)
        axes.legend(loc="best")
        return _svg(figure, "Reliability diagram: accuracy against confidence")


def corruption_plot(accuracies: Sequence[float], clean: float, kind: str) -> Markup:
    """Draw accuracy over the five severities of one corruption."""
    with matplotlib.rc_context({**_STYLE, "font.size": 8}):
        figure, axes = _plot(SMALL)
        severities = range(1, len(accuracies) + 1)
        axes.axhline(clean, color=MUTED, linewidth=1, linestyle=(0, (4, 3)))
        axes.plot(severities, accuracies, color=BLUE, marker="o", markersize=4)
        axes.set(xlabel="severity", xticks=list(severities), ylim=(0, 1.06), yticks=[0, 0.5, 1])
        axes.yaxis.set_major_formatter(_PERCENT)
        return _svg(figure, f"Accuracy under {kind}, severity 1 to 5")


def sweep_plot(sweep: Sweep) -> Markup:
    """Draw accuracy along one way of moving images, the training range shaded."""
    with matplotlib.rc_context(_STYLE):
        figure, axes = _plot(LOW)
        if sweep.trained is not None:
            axes.axvspan(*sweep.trained, color=BLUE, alpha=0.15, linewidth=0)
        axes.plot(sweep.values, sweep.accuracies, color=BLUE, marker="o", markersize=4)
        axes.set(xlabel=f"{sweep.name}, {sweep.unit}", ylim=(0, 1.05), ylabel="right")
        axes.yaxis.set_major_formatter(_PERCENT)
        if "share" in sweep.unit:
            axes.xaxis.set_major_formatter(_PERCENT)
        if "degrees" in sweep.unit:
            axes.xaxis.set_major_locator(MultipleLocator(30))
        return _svg(figure, f"Accuracy against {sweep.name}")


def _plot(size: tuple[float, float]) -> tuple[Figure, Axes]:
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots()
    axes.grid(axis="y")
    axes.set_axisbelow(True)
    return figure, axes


def _svg(figure: Figure, label: str) -> Markup:
    """Render for inlining: no prologue, no ids that would meet those of other plots."""
    buffer = io.BytesIO()
    figure.patch.set_visible(False)
    for axes in figure.axes:
        axes.patch.set_visible(False)
    FigureCanvasSVG(figure)
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = buffer.getvalue().decode()
    text = _IDS.sub("", text[text.index("<svg") :])
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r"font: ([^;\"]*?)'?DejaVu Sans'?[^;\"]*", r"font: \1inherit", text)
    for colour, variable in _VARIABLES.items():
        text = text.replace(colour, f"var({variable})")
    image = f'role="img" aria-label="{label}"'
    text = re.sub(r'width="[\d.]+pt" height="[\d.]+pt"', image, text, count=1)
    # Our own drawing, in which matplotlib escapes whatever text it was given.
    return Markup(text)  # noqa: S704
