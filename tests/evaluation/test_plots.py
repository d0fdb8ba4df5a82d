from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from tenfold.data.splits import Splits
from tenfold.evaluation.evaluate import measure
from tenfold.evaluation.plots import (
    SHOWN,
    comparison_curves,
    importance_bars,
    learning_curve,
    mistakes_sheet,
    samples_sheet,
)
from tenfold.training.result import Run

ORANGE, BLUE = (188, 76, 0), (9, 105, 218)


def _pixels(png: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    with Image.open(io.BytesIO(png)) as image:
        assert image.format == "PNG"
        return np.asarray(image.convert("RGB"))


def _has(png: bytes, colour: tuple[int, int, int]) -> bool:
    return bool((_pixels(png) == colour).all(axis=2).any())


@pytest.mark.parametrize("epochs", [1, 30])
def test_the_learning_curve_has_a_line_for_each(epochs: int) -> None:
    values = list(np.linspace(0.9, 0.1, epochs))
    both = learning_curve(
        range(1, epochs + 1),
        {"training": values, "validation": values[::-1]},
        {"training": values[::-1], "validation": values},
    )
    assert _has(both, ORANGE)
    assert _has(both, BLUE)
    alone = learning_curve(range(1, epochs + 1), {"training": values}, {"training": values})
    assert _has(alone, ORANGE)
    assert not _has(alone, BLUE)


def test_comparison_curves_stand_even_where_runs_diverged() -> None:
    one = _pixels(comparison_curves({"a": [[0.1, 0.9]]}))
    more = _pixels(comparison_curves({"a": [[0.1, 0.9]], "b": [[0.1, 0.8]], "gone": []}))
    assert one.shape == more.shape
    assert not np.array_equal(one, more)


def test_comparison_curves_show_the_range_over_seeds_as_a_band() -> None:
    means = [[0.1, 0.5, 0.9]] * 2
    spread = [[0.0, 0.4, 0.8], [0.2, 0.6, 1.0]]  # the same means
    thin, wide = (_pixels(comparison_curves({"a": seeds, "b": seeds})) for seeds in (means, spread))
    tinted = [int(((page != 255).any(axis=2)).sum()) for page in (thin, wide)]
    assert tinted[1] > tinted[0] + 20_000  # a fifth of the height, most of the width


def test_the_longest_bar_of_importance_is_on_top() -> None:
    page = _pixels(importance_bars({"optimizer.learning_rate": 0.9, "batch": 0.1}, "What mattered"))
    blue = np.abs(page.astype(int) - BLUE).sum(axis=2) < 10
    widths = blue.sum(axis=1)
    half = len(widths) // 2
    assert widths[:half].max() > 5 * widths[half:].max() > 0


def test_sheets_show_what_there_is(run: Run, few: Splits) -> None:
    everything = np.asarray(samples_sheet(few.train))
    fewer = np.asarray(samples_sheet(few.train.take(np.arange(10))))
    assert len(everything) > len(fewer)  # fifty pictures take more rows than ten
    sheet = mistakes_sheet(few.test, run.evaluation)
    assert sheet.width > 300


def test_the_sheet_of_mistakes_stops_at_the_surest(few: Splits) -> None:
    data = few.train
    sure = np.full((len(data), 10), 0.01, np.float32)
    sure[np.arange(len(data)), (data.targets + 1) % 10] = 0.91
    evaluation = measure(sure, data.targets, data)
    assert len(evaluation.mistakes) == 300 > SHOWN
    part = data.take(np.arange(SHOWN))
    shorter = measure(sure[:SHOWN], part.targets, part)
    assert mistakes_sheet(data, evaluation).size == mistakes_sheet(part, shorter).size


def test_without_mistakes_there_is_a_sheet_that_says_so(few: Splits) -> None:
    perfect = np.eye(10, dtype=np.float32)[few.test.targets]
    sheet = mistakes_sheet(few.test, measure(perfect, few.test.targets, few.test))
    assert sheet.height < 200
    assert np.asarray(sheet.convert("L")).min() < 128  # the sentence
