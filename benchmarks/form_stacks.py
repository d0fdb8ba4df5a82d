"""Stacks of filled-in forms with known answers: drawn, written on, scanned or photographed.

Five forms, as people use them: an exam's cover sheet, a meter card, a table of marks, a slip with
an amount, a survey with combs. A hand is one stretch of MNIST's images, which lie by writer, with
one slant and one pen. Some fields stay blank, some are struck out and corrected; pages that do not
belong lie between.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from tenfold.forms.template import Template
from tenfold.synthesis.pages import textures
from tenfold.synthesis.pages.camera import clouds, grain
from tenfold.synthesis.pages.canvas import Canvas
from tenfold.synthesis.pages.hands import Hand, Part, Stock
from tenfold.synthesis.pages.printing import pick
from tenfold.synthesis.pages.struck import strike
from tenfold.synthesis.pages.writing import Style, sign

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]
Box = tuple[float, float, float, float]
Camera = Literal["scanner", "phone"]

DPI = 200
STRETCH = 80  # images that count as one writer's
BLANK, CORRECTED, WRONG = 0.02, 0.02, 0.02  # of fields, of fields, of pages
# MNIST test images whose label most people do not give, by five raters (Northcutt et al. 2021).
LABEL_ERRORS = (947, 1621, 1901, 2130, 2462, 2597, 2654, 3520, 3558, 5937, 6651, 6783, 8527, 9679,
                9729)  # fmt: skip
Answer = Callable[["Answers"], str]


@dataclass(slots=True)
class Spot:
    """A field as it is drawn: its box in pixels, how it looks, and how its answer is made."""

    name: str
    box: Box  # left, top, width, height
    look: Literal["comb", "box", "line", "dots", "cell", "tick"]
    answer: Answer
    words: dict[str, Any] = field(default_factory=dict)  # of the template

    @property
    def cells(self) -> int:
        """Of a comb."""
        return int(str(self.words.get("digits", 1)).split("-")[-1])


@dataclass(slots=True)
class Answers:
    """What one sheet says so far, and where chance comes from."""

    rng: Generator
    number: int  # of the sheet in its stack
    roll: Sequence[str]  # the class list
    values: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Design:
    """A form: its size in pixels, what is printed, and its fields."""

    name: str
    size: tuple[int, int]  # width, height
    spots: list[Spot]
    draw: Callable[[ImageDraw.ImageDraw, str], None]

    def reference(self, face: str) -> Pixels:
        """Print it, grey uint8."""
        sheet = Image.new("L", self.size, 255)
        pen = ImageDraw.Draw(sheet)
        self.draw(pen, face)
        for spot in self.spots:
            _print(pen, spot)
        return np.asarray(sheet, np.uint8)

    def move(self, template: Template) -> None:
        """Fill in where a printed template has the fields, on paper of its size."""
        with Image.open(template.pages[0].image) as image:
            self.size = image.size
        for spot, one in zip(self.spots, template.fields, strict=True):
            left, top, wide, tall = one.box
            width, height = self.size
            spot.box = (left * width, top * height, wide * width, tall * height)

    def template(self, image: str, roll: str) -> dict[str, Any]:
        """Return form.toml's content."""
        width, height = self.size
        fields = []
        for spot in self.spots:
            left, top, wide, tall = spot.box
            box = [left / width, top / height, wide / width, tall / height]
            entry: dict[str, Any] = {"name": spot.name, "page": 1, "box": box, **spot.words}
            if spot.look == "comb":
                entry["comb"] = True
            if spot.look == "tick":
                entry["kind"] = "tick"
            if entry.get("one_of") == "class list":
                entry["one_of"] = roll
            fields.append(entry)
        return {"title": self.name, "page": [{"image": image}], "field": fields}


@dataclass(frozen=True, slots=True)
class Sheet:
    """A page of a stack: its picture and what should be read, None for one of another form."""

    picture: Pixels
    truth: dict[str, str] | None


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
    labels: NDArray[np.uint8], part: Part, roll: Sequence[str],
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
        page, truth = fill(design, reference, answers, hand)
        yield Sheet(scan(rng, page), truth)


def fill(
    design: Design, reference: Pixels, answers: Answers, hand: Hand
) -> tuple[Floats, dict[str, str]]:
    """Write one sheet's answers; return the page, grey, and what should be read ("" for blank)."""
    rng = answers.rng
    canvas = Canvas(reference.shape[0], reference.shape[1], masks=False)
    truth = {}
    level = float(rng.uniform(0.55, 1))
    for spot in design.spots:
        value = spot.answer(answers)
        answers.values[spot.name] = value
        if spot.look == "tick":
            if value:
                _tick(canvas, rng, hand, spot.box, level)
        elif rng.random() < BLANK and not spot.words.get("sum_of"):
            value = ""
        elif value:
            _write(canvas, rng, hand, spot, value, level)
        truth[spot.name] = value
    cover = canvas.ink.astype(np.float32) / 255
    dark = rng.uniform(20, 110)
    page = reference.astype(np.float32)
    return np.minimum(page, page * (1 - cover) + dark * cover).astype(np.float32), truth


def _write(
    canvas: Canvas, rng: Generator, hand: Hand, spot: Spot, value: str, level: float
) -> None:
    left, top, wide, tall = spot.box
    height = tall * rng.uniform(0.5, 0.78)
    y = top + tall / 2 + rng.normal(0, 0.04) * tall
    style = Style(height, float(rng.choice([0.02, 0.08, 0.15, 0.25])), level)
    if spot.look == "comb":
        _comb(canvas, rng, hand, spot, value, style, y)
        return
    if spot.look in ("line", "dots"):
        y -= 0.1 * tall
    room = wide - 0.3 * height
    x = left + 0.15 * height
    trial = Canvas(canvas.height, canvas.width, masks=False)
    length = _number(trial, rng, hand, value, x, y, style) - x
    style.height *= min(1.0, room / length)  # people see where a field ends
    x += rng.uniform(0, max(1.0, room - length))
    if rng.random() < CORRECTED:
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
        return
    _number(canvas, rng, hand, value, x, y, style)


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
    canvas: Canvas, rng: Generator, hand: Hand, spot: Spot, value: str, style: Style, y: float
) -> None:
    left, top, wide, _ = spot.box
    step = wide / spot.cells
    slip = int(rng.integers(len(value))) if rng.random() < CORRECTED else -1
    for k, char in enumerate(value):
        glyph = hand.digit(int(char), style.height)
        x = left + (k + 0.5) * step - glyph.shape[1] / 2 + rng.normal(0, 0.06) * step
        if k == slip:  # struck out in its cell, the right one above it
            other = hand.digit(int(rng.integers(10)), style.height)
            x = left + (k + 0.5) * step - other.shape[1] / 2
            canvas.put(other, x, y - other.shape[0] / 2, style.level)
            strike(canvas, rng, hand, x, x + other.shape[1], y, style)
            canvas.put(glyph, x, top - glyph.shape[0] * 1.05, style.level)
        else:
            down = y - glyph.shape[0] / 2 + rng.normal(0, 0.04) * style.height
            canvas.put(glyph, x, down, style.level)


def _tick(canvas: Canvas, rng: Generator, hand: Hand, box: Box, level: float) -> None:
    left, top, wide, tall = box
    pen = max(1.5, hand.pen * tall * 0.8)
    roll = rng.random()

    def at(u: float, v: float) -> tuple[float, float]:
        return left + (u + rng.normal(0, 0.06)) * wide, top + (v + rng.normal(0, 0.06)) * tall

    if roll < 0.6:
        strokes = [[at(0.05, 0.05), at(0.95, 0.95)], [at(0.95, 0.05), at(0.05, 0.95)]]
    elif roll < 0.9:
        strokes = [[at(0.1, 0.5), at(0.4, 0.9), at(1.1, -0.2)]]
    else:
        strokes = [[at(u, 0.1 + 0.8 * (k % 2)) for k, u in enumerate(np.linspace(0.1, 0.9, 9))]]
    canvas.draw([np.array(stroke, np.float32) for stroke in strokes], pen, level)


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


def _print(pen: ImageDraw.ImageDraw, spot: Spot) -> None:
    """Print what a field is filled into."""
    left, top, wide, tall = spot.box
    right, bottom = left + wide, top + tall
    if spot.look == "comb":
        step = wide / spot.cells
        for k in range(spot.cells):
            pen.rectangle(
                (left + k * step, top, left + (k + 1) * step, bottom), outline=90, width=2
            )
    elif spot.look in ("box", "cell", "tick"):
        pen.rectangle((left, top, right, bottom), outline=60, width=2)
    elif spot.look == "line":
        pen.line((left, bottom - 3, right, bottom - 3), fill=60, width=2)
    else:
        for x in np.arange(left, right, 9):
            pen.ellipse((x, bottom - 5, x + 3, bottom - 2), fill=60)


def _luhn(digits: str) -> str:
    total = 0
    for k, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if k % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def _digits(count: int) -> Answer:
    return lambda a: "".join(str(int(d)) for d in a.rng.integers(0, 10, count))


def _between(low: int, high: int) -> Answer:
    return lambda a: str(int(a.rng.integers(low, high + 1)))


def _sum(*names: str) -> Answer:
    return lambda a: str(sum(int(a.values[name]) for name in names))


def _one_tick(group: str, options: int, k: int) -> Answer:
    def answer(a: Answers) -> str:
        if k == 0:
            a.values[group] = str(int(a.rng.integers(options)))
        return "x" if a.values[group] == str(k) else ""

    return answer


def _texts(*lines: tuple[float, float, int, str]) -> Callable[[ImageDraw.ImageDraw, str], None]:
    def draw(pen: ImageDraw.ImageDraw, face: str) -> None:
        for x, y, size, text in lines:
            pen.text((x, y), text, fill=20, font=ImageFont.truetype(face, size))

    return draw


def exam() -> Design:
    """Draw an exam's cover sheet: a number of the class list, marks and their sum, a tick."""
    names = [f"q{k}" for k in range(1, 7)]
    spots = [Spot("student_id", (620, 420, 560, 76), "comb", lambda a: a.roll[a.number],
                  {"digits": 8, "one_of": "class list", "unique": True})]  # fmt: skip
    spots += [
        Spot(name, (260 + 190 * k, 1000, 130, 84), "cell", _between(0, 20), {"range": [0, 20]})
        for k, name in enumerate(names)
    ]
    spots.append(Spot("total", (1210, 1200, 160, 90), "box", _sum(*names),
                      {"range": [0, 120], "sum_of": names}))  # fmt: skip
    spots += [
        Spot(
            f"paper_{letter}",
            (640 + 170 * k, 592, 38, 38),
            "tick",
            _one_tick("paper", 3, k),
            {"group": "paper"},
        )
        for k, letter in enumerate("abc")
    ]
    lines = [(160, 150, 54, "Department of Mathematics"),
             (160, 240, 40, "Written examination, summer"),
             (160, 435, 38, "Student number"), (160, 590, 34, "Paper handed out"),
             (200, 900, 34, "To be filled in by the examiner"), (1060, 1220, 38, "Total"),
             (160, 1450, 30, "Write your student number on every sheet. Calculators may be used."),
             (160, 1500, 30, "You have ninety minutes. Do not open before you are told to."),
             (160, 1550, 30, "Answers without reasons receive no marks."),
             (160, 2150, 28, "Form M-12, please do not fold")]  # fmt: skip
    lines += [(290 + 190 * k, 955, 32, f"Q {k + 1}") for k in range(6)]
    lines += [(690 + 170 * k, 592, 34, letter) for k, letter in enumerate("ABC")]
    return Design("exam cover sheet", (1654, 2339), spots, _texts(*lines))


def meter() -> Design:
    """Draw a meter card: a customer number with a check digit, the reading, the day."""

    def customer(a: Answers) -> str:
        first = _digits(8)(a)
        return first + _luhn(first)

    def day(a: Answers) -> str:
        date = (
            int(a.rng.integers(1, 29)),
            int(a.rng.integers(1, 13)),
            int(a.rng.integers(2020, 2027)),
        )
        return f"{date[0]:02d}.{date[1]:02d}.{date[2]}"

    spots = [
        Spot("customer", (520, 300, 620, 80), "dots", customer, {"digits": 9, "checksum": "luhn"}),
        Spot("reading", (520, 460, 480, 92), "comb", _digits(6), {"digits": 6}),
        Spot("day", (520, 640, 480, 80), "line", day, {"date": "DD.MM.YYYY"}),
    ]  # fmt: skip
    lines = [(110, 90, 50, "City Water Works"),
             (110, 170, 34, "Please read your meter and send this card back"),
             (110, 320, 36, "Customer number"), (110, 490, 36, "Meter reading"),
             (1030, 490, 36, "m³"), (110, 660, 36, "Read on"),
             (110, 820, 28, "Write black digits only, not those in the red window."),
             (110, 870, 28, "You may also send the reading over the internet.")]  # fmt: skip
    return Design("meter card", (1400, 980), spots, _texts(*lines))


def marks() -> Design:
    """Draw a table of marks: two dozen rows, one decimal each."""

    def mark(a: Answers) -> str:
        return f"{int(a.rng.integers(0, 10))}.{int(a.rng.integers(0, 10))}"

    spots = [
        Spot(
            f"row_{k + 1}",
            (900, 380 + 70 * k, 200, 70),
            "cell",
            mark,
            {"range": [0, 10], "decimals": 1},
        )
        for k in range(24)
    ]
    lines = [(160, 130, 50, "Marks, second term"), (160, 220, 34, "Class 7 b, Mrs Whitfield"),
             (200, 330, 32, "Name"), (920, 330, 32, "Mark")]  # fmt: skip
    people = ["Adams", "Baker", "Clarke", "Dunn", "Evans", "Fox", "Grant", "Hughes", "Irving",
              "Jones", "Knight", "Lowe", "Moore", "Nash", "Owen", "Price", "Quinn", "Reed",
              "Scott", "Todd", "Upton", "Vance", "Wood", "Young"]  # fmt: skip
    lines += [(200, 394 + 70 * k, 32, name) for k, name in enumerate(people)]
    return Design("marks table", (1654, 2339), spots, _texts(*lines))


def slip() -> Design:
    """Draw a slip like a cheque: an amount with two decimals, an account number."""

    def amount(a: Answers) -> str:
        whole = int(np.exp(a.rng.uniform(0, np.log(99_999))))
        return f"{whole}.{int(a.rng.integers(100)):02d}"

    spots = [
        Spot("account", (420, 380, 620, 74), "line", _digits(10), {"digits": 10}),
        Spot("amount", (1020, 180, 400, 90), "box", amount,
             {"range": [0, 99_999.99], "decimals": 2}),
    ]  # fmt: skip
    lines = [(90, 70, 48, "First Savings Bank"),
             (90, 150, 30, "Pay against this slip to the bearer"),
             (860, 205, 40, "Amount"), (90, 396, 36, "Account number"),
             (90, 520, 30, "Signature"), (1000, 560, 24, "No. 00417")]  # fmt: skip
    return Design("slip", (1500, 640), spots, _texts(*lines))


def survey() -> Design:
    """Draw a survey: combs for age, postcode and year; answers from 1 to 5; a tick of four."""
    spots = [
        Spot("age", (640, 360, 150, 80), "comb", _between(16, 99),
             {"digits": 2, "range": [16, 99]}),
        Spot("postcode", (640, 480, 375, 80), "comb", _digits(5), {"digits": 5}),
        Spot("since", (640, 600, 300, 80), "comb", _between(1960, 2026),
             {"digits": 4, "range": [1960, 2026]}),
    ]  # fmt: skip
    spots += [
        Spot(
            f"answer_{k + 1}",
            (1240, 900 + 110 * k, 84, 84),
            "box",
            _between(1, 5),
            {"range": [1, 5]},
        )
        for k in range(8)
    ]
    spots += [
        Spot(
            f"travel_{k + 1}",
            (240 + 300 * k, 1880, 40, 40),
            "tick",
            _one_tick("travel", 4, k),
            {"group": "travel"},
        )
        for k in range(4)
    ]
    questions = ["The staff were friendly", "The room was clean", "The food was good",
                 "I was told what would be done", "I felt safe", "I could sleep at night",
                 "The way was easy to find", "I would come again"]  # fmt: skip
    lines = [(160, 130, 50, "How was your stay?"),
             (160, 220, 32, "1 not at all  to  5 very much"), (160, 380, 36, "Your age"),
             (160, 500, 36, "Postcode"), (160, 620, 36, "Patient since")]  # fmt: skip
    lines += [(160, 920 + 110 * k, 34, text) for k, text in enumerate(questions)]
    lines += [
        (300 + 300 * k, 1882, 32, text) for k, text in enumerate(["car", "bus", "train", "foot"])
    ]
    lines += [(160, 1820, 34, "How did you come?"), (160, 2150, 26, "Thank you for your time.")]
    return Design("survey", (1654, 2339), spots, _texts(*lines))


DESIGNS = (exam, meter, marks, slip, survey)
