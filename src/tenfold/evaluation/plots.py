"""Pictures of a run and of an evaluation: the curve, the samples, the mistakes."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter
from PIL import Image

from tenfold.data.dataset import Dataset
from tenfold.evaluation.evaluation import Evaluation
from tenfold.evaluation.report.images import thumbnail
from tenfold.evaluation.test_sets import ImageTable, TestSet
from tenfold.files import MARK
from tenfold.sheets import sheet

SHOWN = 50  # pictures on a sheet
BLUE, ORANGE, GREY = "#0969da", "#bc4c00", "#6e7781"


def samples_sheet(data: Dataset) -> Image.Image:
    """Show the first pictures of a data set with their labels."""
    first = data.take(np.arange(min(SHOWN, len(data))))
    captions = [data.classes[label] for label in first.targets]
    title = f"{data.name}: the first {len(first)} of {len(data):,} training pictures"
    return sheet(first.images, captions, title=title)


def mistakes_sheet(data: TestSet, evaluation: Evaluation) -> Image.Image:
    """Show the images read wrongly, the surest first: label → reading · confidence.

    Those of a table that could not be opened are left out.
    """
    shown = [mistake for mistake in evaluation.mistakes if mistake.error is None][:SHOWN]
    total = len(evaluation.mistakes)
    title = f"{data.name}: {total} of {evaluation.count:,} read wrongly"
    if not total:
        title = f"{data.name}: all {evaluation.count:,} read rightly"
    elif len(shown) < total:
        title += f"; the surest {len(shown)}"
    captions = [
        f"{_brief(m.label)} → {_brief(m.predicted) or 'nothing'} · {100 * m.confidence:.0f} %"
        for m in shown
    ]
    tiles = [thumbnail(data, mistake.index) for mistake in shown]
    images = np.stack(tiles) if tiles else np.zeros((0, 8, 8), np.uint8)
    return sheet(images, captions, columns=6 if isinstance(data, ImageTable) else 8, title=title)


def _brief(text: str) -> str:
    return text if len(text) <= 20 else f"{text[:19]}…"


def learning_curve(
    epochs: Sequence[int],
    losses: Mapping[str, Sequence[float]],
    accuracies: Mapping[str, Sequence[float]],
) -> bytes:
    """Draw loss (log scale) and accuracy over the epochs, side by side; returns PNG bytes.

    Parameters
    ----------
    epochs : sequence of int
        The epochs' numbers.
    losses, accuracies : mapping of str to sequence of float
        One line each, by its name in the legend, such as ``"training"``; accuracies 0 to 1.
    """
    figure = Figure(figsize=(10, 4), dpi=120, layout="constrained")
    left, right = figure.subplots(1, 2)
    for colour, (name, values) in zip((ORANGE, BLUE), losses.items(), strict=False):
        left.plot(epochs, values, color=colour, label=name, marker=_marker(epochs))
    for colour, (name, values) in zip((ORANGE, BLUE), accuracies.items(), strict=False):
        right.plot(epochs, values, color=colour, label=name, marker=_marker(epochs))
    left.set(yscale="log", ylabel="loss (log scale)", title="Loss")
    right.set(ylabel="accuracy", title="Accuracy")
    right.yaxis.set_major_formatter(PercentFormatter(xmax=1))
    for axes in (left, right):
        finish(axes)
    return to_png(figure)


def comparison_curves(curves: Mapping[str, Sequence[Sequence[float]]]) -> bytes:
    """Draw accuracy over the epochs: each name's mean over seeds, and from least to greatest.

    Parameters
    ----------
    curves : mapping of str to sequence of sequence of float
        For each name, the best first, one curve (0 to 1) a seed, all of one length.

    Returns
    -------
    bytes
        PNG.
    """
    figure = Figure(figsize=(9, 5), dpi=120, layout="constrained")
    axes = figure.subplots()
    colours = colormaps["turbo"](np.linspace(0.05, 0.95, max(len(curves), 1)))
    for colour, (name, seeds) in zip(colours, curves.items(), strict=True):
        # Of a pair whose every run diverged, the legend alone says that it was there.
        values = np.asarray(seeds or [()], dtype=np.float64)  # (seeds, epochs)
        epochs = range(1, values.shape[1] + 1)
        if len(values) > 1:
            axes.fill_between(
                epochs, values.min(axis=0), values.max(axis=0), color=colour, alpha=0.15, lw=0
            )
        axes.plot(epochs, values.mean(axis=0), color=colour, label=name, marker=_marker(epochs))
    axes.set(ylabel="validation accuracy", title="Validation accuracy: mean and range over seeds")
    axes.yaxis.set_major_formatter(PercentFormatter(xmax=1))
    finish(axes)
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    return to_png(figure)


def importance_bars(importances: Mapping[str, float], title: str) -> bytes:
    """Draw one bar a key, the longest on top; PNG bytes.

    Parameters
    ----------
    importances : mapping of str to float
        Shares of 1 by key, the greatest first.
    title : str
        What is said above.
    """
    figure = Figure(figsize=(8, 1.2 + 0.4 * len(importances)), dpi=120, layout="constrained")
    axes = figure.subplots()
    bars = axes.barh(list(importances)[::-1], list(importances.values())[::-1], color=BLUE)
    axes.bar_label(bars, fmt=lambda share: f"{share:.0%}", padding=3)
    axes.set(xlabel="importance", title=title, xlim=(0, 1.1 * max(importances.values())))
    axes.xaxis.set_major_formatter(PercentFormatter(xmax=1))
    axes.spines[["top", "right"]].set_visible(False)
    return to_png(figure)


def _marker(epochs: Sequence[int]) -> str | None:
    return "o" if len(epochs) < 4 else None  # a line through one point is invisible


def finish(axes: Axes) -> None:
    """Give a plot over epochs its label, legend and quiet frame."""
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.25)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False)


def to_png(figure: Figure) -> bytes:
    """Render a figure without touching pyplot's global state."""
    buffer = io.BytesIO()
    FigureCanvasAgg(figure)
    figure.savefig(buffer, format="png", metadata={"Software": MARK})
    return buffer.getvalue()
