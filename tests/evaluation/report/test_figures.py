from __future__ import annotations

import re
from xml.etree import ElementTree

import numpy as np
import pytest
from markupsafe import Markup

from tenfold.evaluation.metrics.calibration import judge
from tenfold.evaluation.metrics.coverage import coverage_at, coverage_curve
from tenfold.evaluation.report import figures
from tenfold.evaluation.robustness import Sweep


def _plots() -> dict[str, Markup]:
    rng = np.random.default_rng(0)
    confidence = rng.random(500)
    right = rng.random(500) < confidence**0.1
    marks = [coverage_at(confidence, right, target) for target in (0.999, 0.98, 0.5)]
    logits = rng.normal(0, 3, (300, 10)).astype(np.float32)
    before = judge(logits, logits.argmax(axis=1).astype(np.uint8))
    sweep = Sweep(
        "shift down", "share of the height", (-0.1, 0.0, 0.1), (0.5, 1.0, 0.5), (-0.05, 0.05)
    )
    return {
        "coverage": figures.coverage_plot(coverage_curve(confidence, right), marks, right.mean()),
        "perfect": figures.coverage_plot(
            coverage_curve(confidence, np.ones(500, bool)), marks[-1:], 1.0
        ),
        "reliability": figures.reliability_plot([("before", before), ("after", before)]),
        "corruption": figures.corruption_plot([1, 0.9, 0.8, 0.7, 0.6], 1.0, "fog"),
        "sweep": figures.sweep_plot(sweep),
    }


@pytest.fixture(scope="module")
def plots() -> dict[str, Markup]:
    return _plots()


def test_they_are_sound_svg_that_scales(plots: dict[str, Markup]) -> None:
    for plot in plots.values():
        root = ElementTree.fromstring(str(plot))  # noqa: S314 - our own drawing
        assert root.tag.endswith("svg")
        assert "viewBox" in root.attrib
        assert root.attrib["role"] == "img"
        assert root.attrib["aria-label"]
        assert "width" not in root.attrib


def test_they_take_their_colours_from_the_page(plots: dict[str, Markup]) -> None:
    for plot in plots.values():
        assert "var(--blue)" in plot
        # black is matplotlib's default, which a dark page would swallow
        assert not set(re.findall(r"#[0-9a-f]{6}", plot)) - {"#ffffff"}


def test_they_have_labels_and_units(plots: dict[str, Markup]) -> None:
    assert "images answered, most confident first" in plots["coverage"]
    assert "100 %" in plots["coverage"]
    assert "confidence" in plots["reliability"]
    assert "severity" in plots["corruption"]
    assert "shift down, share of the height" in plots["sweep"]
    assert "−5 %" in plots["sweep"]


def test_two_on_a_page_do_not_share_names(plots: dict[str, Markup]) -> None:
    ids = {name: set(re.findall(r' id="([^"]+)"', plot)) for name, plot in plots.items()}
    clips = {
        name: {i for i in found if not i.startswith(("m", "p"))} for name, found in ids.items()
    }
    assert not any(clips.values()), clips


def test_they_are_the_same_each_time(plots: dict[str, Markup]) -> None:
    assert _plots() == plots
