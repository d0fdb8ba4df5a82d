"""Stacks of filled-in forms with known answers: drawn, written on, scanned or photographed.

Five forms, as people use them: an exam's cover sheet, a meter card, a table of marks, a slip with
an amount, a survey with combs. A hand is one stretch of MNIST's images, which lie by writer, with
one slant and one pen. Some fields stay blank, some are struck out and corrected; pages that do not
belong lie between.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from form_designs import Answers, Design, Spot
from form_ticks import inside, take_back, tick
from tenfold.synthesis.pages import textures
from tenfold.synthesis.pages.camera import clouds, grain
from tenfold.synthesis.pages.canvas import Canvas
from tenfold.synthesis.pages.hands import Hand, Part, Stock
from tenfold.synthesis.pages.printing import pick
from tenfold.synthesis.pages.struck import strike
from tenfold.synthesis.pages.writing import Style, sign

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Camera = Literal["scanner", "phone"]

DPI = 200
STRETCH = 80  # images that count as one writer's
BLANK, CORRECTED, WRONG = 0.02, 0.02, 0.02  # of fields, of fields, of pages
# MNIST test images whose label most people do not give, by five raters (Northcutt et al. 2021).
LABEL_ERRORS = (947, 1621, 1901, 2130, 2462, 2597, 2654, 3520, 3558, 5937, 6651, 6783, 8527, 9679,
                9729)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page of a stack: its picture and what should be read, None for one of another form."""

    picture: Pixels
    truth: dict[str, str] | None
    corrected: frozenset[str] = frozenset()  # names of fields in which something is struck out


def writer(rng: Generator, stock: Stock, labels: NDArray[np.uint8], part: Part) -> Hand:
    """Return a hand that copies one stretch of the data set, with one slant and pen."""
    hand = Hand(rng, stock, part)
    hand.shapes, hand.face = [None] * 10, None
    while True:
        first = int(rng.integers(len(labels) - STRETCH))
        own = np.arange(first, first + STRETCH)
        if part == "test":
            own = np.setdiff1d(own, LABEL_ERRORS)
        hand.examples = [own[labels[own] == digit] for digit in range(10)]
        if all(len(rows) for rows in hand.examples):
            return hand


def stack(
    design: Design, reference: Pixels, count: int, camera: Camera, rng: Generator, stock: Stock,
    labels: NDArray[np.uint8], part: Part, roll: Sequence[str], corrected: float = CORRECTED,
) -> Iterator[Sheet]:  # fmt: skip
    """Fill in, and scan or photograph, so many sheets; some pages are of no form at all."""
    scan = scanned if camera == "scanner" else photographed
    order = rng.permutation(len(roll))
    names = [roll[int(k)] for k in order]
    for number in range(count):
        if rng.random() < WRONG:
            yield Sheet(scan(rng, _other(rng, reference)), None)
        hand = writer(rng, stock, labels, part)
        answers = Answers(rng, number, names)
        page, truth, mended = fill(design, reference, answers, hand, corrected)
        yield Sheet(scan(rng, page), truth, mended)


def fill(
    design: Design, reference: Pixels, answers: Answers, hand: Hand, corrected: float
) -> tuple[Floats, dict[str, str], frozenset[str]]:
    """Write one sheet's answers.

    Returns
    -------
    float32 array, shape (h, w)
        The page, grey.
    dict of str to str
        What should be read, "" for blank.
    frozenset of str
        Names of the fields in which something was corrected.
    """
    rng = answers.rng
    canvas = Canvas(reference.shape[0], reference.shape[1], masks=False)
    truth, mended = {}, set()
    level = float(rng.uniform(0.55, 1))
    for spot in design.spots:
        value = spot.answer(answers)
        answers.values[spot.name] = value
        if spot.look == "tick":
            if value or rng.random() < corrected / 2:
                tick(canvas, rng, hand, spot.box, level)
            if not value and canvas.ink[inside(spot.box)].any():
                take_back(canvas, rng, hand, spot.box, level)
                mended.add(spot.name)
        elif rng.random() < BLANK and not spot.words.get("sum_of"):
            value = ""
        elif value and _write(canvas, rng, hand, spot, value, level, corrected):
            mended.add(spot.name)
        truth[spot.name] = value
    cover = canvas.ink.astype(np.float32) / 255
    dark = rng.uniform(20, 110)
    page = reference.astype(np.float32)
    return (
        np.minimum(page, page * (1 - cover) + dark * cover).astype(np.float32),
        truth,
        frozenset(mended),
    )


def _write(
    canvas: Canvas, rng: Generator, hand: Hand, spot: Spot, value: str, level: float,
    corrected: float,
) -> bool:  # fmt: skip
    """Write a number; return whether something else was written first and struck out."""
    left, top, wide, tall = spot.box
    height = tall * rng.uniform(0.5, 0.78)
    y = top + tall / 2 + rng.normal(0, 0.04) * tall
    style = Style(height, float(rng.choice([0.02, 0.08, 0.15, 0.25])), level)
    if spot.look == "comb":
        return _comb(canvas, rng, hand, spot, value, style, y, corrected)
    if spot.look in ("line", "dots"):
        y -= 0.1 * tall
    room = wide - 0.3 * height
    x = left + 0.15 * height
    trial = Canvas(canvas.height, canvas.width, masks=False)
    length = _number(trial, rng, hand, value, x, y, style) - x
    style.height *= min(1.0, room / length)  # people see where a field ends
    x += rng.uniform(0, max(1.0, room - length))
    if rng.random() < corrected:
        # What was wrong first is struck out, and the right value stands beside or above.
        wrong = "".join(str(int(d)) for d in rng.integers(0, 10, len(value)))
        small = Style(style.height * 0.62, style.gap, level)
        small.height *= min(1.0, 0.45 * room / max(1.0, length * 0.62))
        end = _number(canvas, rng, hand, wrong, left + 0.1 * height, y + 0.12 * tall, small)
        strike(canvas, rng, hand, left + 0.1 * height, end, y + 0.12 * tall, small)
        beside = end + 0.3 * height
        if beside + len(value) * small.height * 0.8 < left + wide:
            _number(canvas, rng, hand, value, beside, y, small)
        else:
            _number(canvas, rng, hand, value, left + 0.1 * height, y - 0.5 * tall, small)
        return True
    _number(canvas, rng, hand, value, x, y, style)
    return False


def _number(
    canvas: Canvas, rng: Generator, hand: Hand, value: str, x: float, y: float, style: Style
) -> float:
    for char in value:
        if char.isdigit():
            glyph = hand.digit(int(char), style.height)
            down = y - glyph.shape[0] / 2 + rng.normal(0, 0.03) * style.height
            canvas.put(glyph, x, down, style.level)
            x += glyph.shape[1] + style.gap * style.height * rng.uniform(0.5, 1.4)
        else:
            x = sign(canvas, rng, hand, char, x, y, style)
    return x


def _comb(
    canvas: Canvas, rng: Generator, hand: Hand, spot: Spot, value: str, style: Style, y: float,
    corrected: float,
) -> bool:  # fmt: skip
    left, top, wide, _ = spot.box
    step = wide / spot.cells
    slip = int(rng.integers(len(value))) if rng.random() < corrected else -1
    above = rng.random() < 0.7
    for k, char in enumerate(value):
        glyph = hand.digit(int(char), style.height)
        x = left + (k + 0.5) * step - glyph.shape[1] / 2 + rng.normal(0, 0.06) * step
        if k == slip:  # struck out in its cell, the right one above it, or small beside it
            tall = style.height * (1.0 if above else 0.7)
            other = hand.digit(int(rng.integers(10)), tall)
            x = left + (k + (0.5 if above else 0.27)) * step - other.shape[1] / 2
            canvas.put(other, x, y - other.shape[0] / 2, style.level)
            strike(canvas, rng, hand, x, x + other.shape[1], y, Style(tall, 0, style.level))
            if above:
                canvas.put(glyph, x, top - glyph.shape[0] * 1.05, style.level)
            else:
                glyph = hand.digit(int(char), tall)
                at = left + (k + 0.76) * step - glyph.shape[1] / 2
                canvas.put(glyph, at, y - glyph.shape[0] / 2, style.level)
        else:
            down = y - glyph.shape[0] / 2 + rng.normal(0, 0.04) * style.height
            canvas.put(glyph, x, down, style.level)
    return slip >= 0


def scanned(rng: Generator, page: Floats) -> Pixels:
    """Scan a page: skewed, shrunk by a copier, at any resolution, any way up."""
    height, width = page.shape
    dpi = float(rng.choice([100, 150, 200, 300, 600], p=[0.1, 0.2, 0.4, 0.28, 0.02]))
    zoom = dpi / DPI * rng.uniform(0.97, 1.0)
    skew = float(np.clip(rng.normal(0, 1.2), -5, 5))
    size = (round(width * dpi / DPI), round(height * dpi / DPI))
    matrix = np.asarray(cv2.getRotationMatrix2D((width / 2, height / 2), skew, zoom), np.float64)
    matrix[:, 2] += (np.array(size) - (width, height)) / 2 + rng.normal(0, 4, 2) * dpi / DPI
    source = page if zoom > 0.9 else cv2.GaussianBlur(page, (0, 0), 0.42 / zoom)
    light = cv2.warpAffine(source, matrix, size, flags=cv2.INTER_LINEAR, borderValue=[250.0])
    return _kept(rng, np.asarray(np.rot90(light, 2 * (rng.random() < 0.1)), np.float32))


def photographed(rng: Generator, page: Floats) -> Pixels:
    """Photograph a page on a desk: in perspective, in uneven light, a little out of focus."""
    height, width = page.shape
    scale = rng.uniform(0.9, 1.5)
    size = (round(width * scale), round(height * scale))
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    margin = rng.uniform(0.03, 0.12)
    frame = corners * np.float32(scale * (1 - 2 * margin)) + np.array(size, np.float32) * margin
    frame += rng.normal(0, 0.018, (4, 2)).astype(np.float32) * np.array(size, np.float32)
    turn = cv2.getRotationMatrix2D((size[0] / 2, size[1] / 2), float(rng.normal(0, 2)), 1)
    frame = (np.c_[frame, np.ones(4)] @ turn.T).astype(np.float32)
    matrix = cv2.getPerspectiveTransform(corners, frame)
    small = textures.texture(rng, size[1] // 4, size[0] // 4)
    desk = np.asarray(cv2.resize(small, size), np.float32)
    seen = cv2.warpPerspective(np.ones_like(page), matrix, size)
    light = desk * (1 - seen) + cv2.warpPerspective(page, matrix, size) * seen
    light = light * (1 + rng.uniform(0.03, 0.15) * clouds(rng, size[1], size[0], (2, 3)))
    quarter = int(rng.integers(4)) if rng.random() < 0.15 else 0
    return _kept(rng, np.asarray(np.rot90(light, quarter), np.float32), 1.6)


def _kept(rng: Generator, light: Floats, blur: float = 1.0) -> Pixels:
    """Blur, noise, contrast and JPEG's blocks."""
    light = np.ascontiguousarray(light, np.float32)
    light = np.asarray(cv2.GaussianBlur(light, (0, 0), rng.uniform(0.3, 0.8) * blur), np.float32)
    light = light * np.float32(rng.uniform(0.8, 1)) + np.float32(rng.uniform(0, 25))
    light += np.float32(rng.uniform(1, 5)) * grain(rng, *light.shape)
    picture = np.clip(light, 0, 255).astype(np.uint8)
    quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(55, 96))]
    stored = cv2.imencode(".jpg", picture, quality)[1]
    return np.asarray(cv2.imdecode(stored, cv2.IMREAD_GRAYSCALE), np.uint8)


def _other(rng: Generator, reference: Pixels) -> Floats:
    """Return a page of another kind: empty, of text, or half of this one."""
    roll = rng.random()
    page = np.full(reference.shape, 255, np.float32)
    if roll < 0.4:
        return page
    if roll < 0.7:
        part = reference[: len(reference) // 3]
        page[: len(part)] = part
        return page
    sheet = Image.fromarray(page.astype(np.uint8))
    pen, font = ImageDraw.Draw(sheet), ImageFont.truetype(pick(rng, "train"), 34)
    for y in range(100, sheet.height - 100, 52):
        pen.text((120, y), "Lorem ipsum dolor sit amet consectetur 1234", fill=30, font=font)
    return np.asarray(sheet, np.float32)


def class_list(rng: Generator, count: int, path: Path) -> list[str]:
    """Write a class list of student numbers and names; return the numbers."""
    numbers = sorted({f"{n:08d}" for n in rng.integers(20_000_000, 29_999_999, count + 20)})[:count]
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(["student_id", "name"])
        rows.writerows([number, f"Person {k}"] for k, number in enumerate(numbers))
    return numbers
