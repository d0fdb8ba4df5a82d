"""The forms of form_stacks.py: what is printed, where fields are, how answers are made."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from tenfold.forms.template import Template

Pixels = NDArray[np.uint8]
Box = tuple[float, float, float, float]
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
