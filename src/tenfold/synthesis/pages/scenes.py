"""Scenes: what a page may hold, from one digit to a form, and things that are no digits at all.

Each scene draws on a canvas; `pages` lays it on paper or a desk and photographs it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from tenfold.synthesis.pages import printing
from tenfold.synthesis.pages.forms import form, grid, printed_page, table
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
from tenfold.synthesis.pages.things import label, meter, plot, printed_number

STANDING = 0.2  # of the scenes have words in a margin, if they have a margin

# Each scene with how often it is drawn.
SCENES: tuple[tuple[Callable[[Scene], None], float], ...] = (
    (single, 0.11), (cell, 0.07), (lines, 0.2), (grid, 0.13), (table, 0.09), (form, 0.14),
    (printed_page, 0.09), (label, 0.06), (scatter, 0.08), (meter, 0.05), (foreign, 0.06),
    (alone, 0.05), (strokes_only, 0.02), (plot, 0.01), (printed_number, 0.05),
)  # fmt: skip


def draw(s: Scene) -> str:
    """Draw one scene and return its name."""
    weights = np.array([weight for _, weight in SCENES])
    scene = SCENES[int(s.rng.choice(len(SCENES), p=weights / weights.sum()))][0]
    scene(s)
    if s.rng.random() < STANDING:
        s.standing(printing.pick(s.rng, s.part))
    return scene.__name__
