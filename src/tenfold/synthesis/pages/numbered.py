"""Pages whose lines of numbers are known: separators, numbers apart, print, struck out, displays.

Larger than the pages that are learned from, and with their text as a reader should give it: what
whole readings are measured on, and what a number's confidence is fitted on.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.random import Generator

from tenfold.synthesis.pages import letters, numbers, printing, writing
from tenfold.synthesis.pages.camera import CLEAR, clearness
from tenfold.synthesis.pages.pages import Page, PageMaker
from tenfold.synthesis.pages.scene import Scene
from tenfold.synthesis.pages.struck import strike
from tenfold.synthesis.pages.writing import Style

HEIGHT, WIDTH = 384, 512
APART = (1.3, 3.0)  # digit heights between two numbers of a line
OVER, AROUND = 1.5, 6  # pixels: a box may reach over the edge; paper that ink stands out from


@dataclass
class Truth:
    """What stands on a page.

    Parameters
    ----------
    kind : str
        What its lines are: by hand, in print and so on.
    lines : list of list of str
        The numbers of each line that are to be read.
    struck : int
        How many digits are struck out.
    foreign : int
        How many digits of other scripts there are.
    """

    kind: str
    lines: list[list[str]] = field(default_factory=list)
    struck: int = 0
    foreign: int = 0


def one_number(rng: Generator) -> str:
    """Write a number of which every mark is part of the text."""
    roll, d = rng.random(), numbers.digits
    count = int(min(rng.geometric(0.3), 8))
    if roll < 0.5:
        return d(rng, count)
    if roll < 0.7:
        return d(rng, int(rng.integers(1, 5))) + str(rng.choice([".", ","])) + d(rng, 2)
    if roll < 0.8:
        return "/".join([d(rng, 2), d(rng, 2), d(rng, 4)])
    if roll < 0.88:
        return d(rng, int(rng.integers(1, 3))) + "/" + d(rng, 2)
    if roll < 0.94:
        return d(rng, 2) + ":" + d(rng, 2)
    return "-" + d(rng, count)


@dataclass
class Pen:
    """What a line is written with, and where it begins."""

    scene: Scene
    face: str
    style: Style
    x: float
    y: float

    @property
    def room(self) -> int:
        """Digits that fit before the page ends."""
        return max(1, int((WIDTH - self.x) / self.style.height / 0.95) - 2)


def _numbers(pen: Pen) -> list[str]:
    """Draw numbers for a line, as many as fit."""
    rng = pen.scene.rng
    own = [one_number(rng)]
    while rng.random() < 0.3 and sum(map(len, own)) < 8:
        own.append(one_number(rng))
    if len(" ".join(own)) > pen.room:
        return [own[0][: pen.room].rstrip(".,/:-") or "7"]
    return own


def _hand(pen: Pen, truth: Truth) -> None:
    own = _numbers(pen)
    pen.scene.write(" ".join(own), pen.x, pen.y, pen.style)
    truth.lines.append(own)


def _print(pen: Pen, truth: Truth) -> None:
    scene, own = pen.scene, _numbers(pen)
    look = Style(pen.style.height, level=scene.level, wide=APART)
    writing.typeset(scene.canvas, scene.rng, pen.face, " ".join(own), pen.x, pen.y, look)
    truth.lines.append(own)


def _label(pen: Pen, truth: Truth) -> None:
    scene, h = pen.scene, pen.style.height
    size = h * scene.rng.uniform(0.6, 1.0)
    pen.x = scene.words(pen.face, size, pen.x, pen.y, 1, scene.level, 0.0) + 0.6 * h
    if pen.x + 4 * h < WIDTH:
        short = numbers.digits(scene.rng, min(5, pen.room))
        scene.write(short, pen.x, pen.y, pen.style)
        truth.lines.append([short])


def _struck(pen: Pen, truth: Truth) -> None:
    scene, rng, h = pen.scene, pen.scene.rng, pen.style.height
    before, own = len(scene.canvas.placed), []
    first = numbers.digits(rng, int(rng.integers(2, 5)))
    end = scene.write(first, pen.x, pen.y, pen.style)
    if rng.random() < 0.6:
        strike(scene.canvas, rng, scene.hand, pen.x, end, pen.y, pen.style)
        scene.canvas.strike(scene.canvas.placed[before:])
        truth.struck += len(first)
    else:
        own.append(first)
    if end + 5 * h < WIDTH:
        own.append(numbers.digits(rng, 3))
        scene.write(own[-1], end + 1.5 * h, pen.y, pen.style)
    if own:
        truth.lines.append(own)


def _display(pen: Pen, truth: Truth) -> None:
    scene, h = pen.scene, pen.style.height
    shown = numbers.digits(scene.rng, min(7, pen.room))
    style = Style(h)
    end = writing.display(scene.canvas, scene.rng, shown, pen.x + h * 0.4, pen.y, style)
    if scene.rng.random() < 0.7:
        scene.windows.append((pen.x, pen.y - 0.85 * h, end + 0.2 * h, pen.y + 0.85 * h))
    truth.lines.append([shown])


def _foreign(pen: Pen, truth: Truth) -> None:
    rng = pen.scene.rng
    count = int(rng.integers(2, 7))
    truth.foreign += count
    strokes = letters.foreign_number(rng, count)
    pen.scene.strokes(strokes, pen.x, pen.y, pen.style.height)


# Each kind of page with its share.
SHARES = {
    _hand: 0.44, _print: 0.1, _label: 0.14, _struck: 0.12, _display: 0.1, _foreign: 0.1,
}  # fmt: skip


def compose(maker: PageMaker) -> tuple[Page, Truth]:
    """Compose a page of one kind, all of whose digits stand on it and can be read.

    Parameters
    ----------
    maker : PageMaker
        Whose digits, hands and fonts it shows; what it makes next depends on how often this is
        called.
    """
    while True:
        page, truth = _compose(maker)
        if _is_whole(page, truth) and _is_clear(page):
            return page, truth


def _is_whole(page: Page, truth: Truth) -> bool:
    """Whether no digit has left the picture, or is cut off by its edge."""
    height, width = page.pixels.shape
    boxes = [mark.box for mark in page.placed if mark.char.isdigit()]
    text = "".join(number for line in truth.lines for number in line)
    told = truth.struck + sum(char.isdigit() for char in text)
    inside = all(
        left >= -OVER and top >= -OVER and right <= width + OVER and bottom <= height + OVER
        for left, top, right, bottom in boxes
    )
    return inside and len(boxes) == told


def _is_clear(page: Page) -> bool:
    """Whether most of a page's digits can be read."""
    height, width = page.pixels.shape
    ink, seen = page.masks.max(axis=0), []
    for mark in page.placed:
        if mark.char.isdigit():
            left, top, right, bottom = (round(side) for side in mark.box)
            around = np.s_[
                max(0, top - AROUND) : min(height, bottom + AROUND),
                max(0, left - AROUND) : min(width, right + AROUND),
            ]
            seen.append(clearness(page.pixels[around], ink[around], bottom - top))
    return not seen or float(np.median(seen)) >= CLEAR


def _compose(maker: PageMaker) -> tuple[Page, Truth]:
    rng, shares = maker.rng, np.array(list(SHARES.values()))
    line = list(SHARES)[int(rng.choice(len(SHARES), p=shares))]
    scene = Scene(rng, maker.stock, maker.part, HEIGHT, WIDTH)
    scene.hand.pen = min(scene.hand.pen, 0.16)
    truth = Truth(line.__name__.strip("_"))
    h = scene.size(18, 60)
    style = scene.style(h)
    style.gap, style.wide = float(np.clip(style.gap, -0.04, 0.3)), APART
    face = printing.pick(rng, maker.part)
    y = h * rng.uniform(1.0, 1.6)
    while y < HEIGHT - h:
        line(Pen(scene, face, style, rng.uniform(0.3, 2.0) * h, y), truth)
        y += h * rng.uniform(1.6, 2.4)
        if rng.random() < 0.3:
            break
    if truth.kind in ("hand", "struck") and rng.random() < 0.3:
        scene.rules(h * rng.uniform(0.8, 2), rng.uniform(0, h), rng.random() < 0.4)
    return maker.take(scene, "cell" if scene.windows else truth.kind), truth
