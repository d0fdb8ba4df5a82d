"""Scenes: what a page may hold, from one digit to a form, and things that are no digits at all.

Each scene draws on a canvas; `pages` lays it on paper or a desk and photographs it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tenfold.synthesis.pages.forms import form, grid, label, meter, plot, printed_page, table
from tenfold.synthesis.pages.freehand import (
    alone,
    cell,
    foreign,
    lines,
    scatter,
    single,
    strokes_only,
)
from tenfold.synthesis.pages.scene import Scene as Scene

# Each scene with how often it is drawn.
SCENES: tuple[tuple[Callable[[Scene], None], float], ...] = (
    (single, 0.12), (cell, 0.08), (lines, 0.22), (grid, 0.11), (table, 0.07), (form, 0.12),
    (printed_page, 0.07), (label, 0.06), (scatter, 0.06), (meter, 0.04), (foreign, 0.05),
    (alone, 0.05), (strokes_only, 0.02), (plot, 0.01),
)  # fmt: skip


def draw(s: Scene) -> str:
    """Draw one scene and return its name."""
    weights = np.array([weight for _, weight in SCENES])
    scene = SCENES[int(s.rng.choice(len(SCENES), p=weights / weights.sum()))][0]
    scene(s)
    return scene.__name__
