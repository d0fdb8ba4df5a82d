"""The page's own geometry answers what OpenCV, NumPy and the reader's modules answer."""

from __future__ import annotations

import base64
import importlib
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from selenium import webdriver

import tenfold.export.web
from tenfold.preprocess.binarize import find_ink
from tenfold.preprocess.image import Picture
from tenfold.preprocess.normalize import frame_glyph, slopes
from tenfold.preprocess.segment import find_pieces
from tenfold.reader import assemble, ctc, find, lines, pipeline, recognise
from tenfold.reader.recognise import Symbol
from tenfold.reader.settings import SETTINGS
from tenfold.signature import CHARS, planes, strips_of

STATIC = Path(tenfold.export.web.__file__).parent / "static"
TYPES = {"uint8": "u8", "int32": "i32", "float32": "f32", "float64": "f64"}
Array = NDArray[Any]


@dataclass
class Case:
    """A function of the page, what it is given, and what Python answers.

    ``within`` is how far numbers may be off, ``few`` how many of them in a thousand may be.
    """

    title: str
    function: str
    given: list[Any]
    want: Any
    within: float = 0.0
    few: int = 1000

    def record(self) -> dict[str, Any]:
        module, name = self.function.split(" ")
        args, want = [_encoded(one) for one in self.given], _encoded(self.want)
        return {"title": self.title, "module": module, "name": name, "args": args, "want": want}


@dataclass
class Image:
    """An array that the page holds as pixels: ``(h, w)`` or ``(h, w, channels)``."""

    array: Array


def _encoded(value: Any) -> Any:
    if isinstance(value, Image):
        height, width, channels = (*value.array.shape, 1)[:3]
        shape = {"width": width, "height": height, "channels": channels}
        return _encoded(value.array) | shape
    if isinstance(value, np.ndarray):
        content = base64.b64encode(np.ascontiguousarray(value).tobytes()).decode()
        return {"$": TYPES[value.dtype.name], "data": content}
    if isinstance(value, dict):
        return {key: _encoded(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_encoded(one) for one in value]
    if isinstance(value, np.generic):
        return _encoded(value.item())
    return value


def _smooth(rng: np.random.Generator, *shape: int) -> NDArray[np.uint8]:
    soft = cv2.GaussianBlur(rng.integers(0, 256, shape, dtype=np.uint8), (0, 0), 1.5)
    low, high = int(soft.min()), int(soft.max())
    return np.asarray((soft - low) * (255 / (high - low))).astype(np.uint8)


def _resizing(rng: np.random.Generator) -> list[Case]:
    cases = []
    for picture in (_smooth(rng, 81, 120), _smooth(rng, 90, 130, 3)):
        height, width = picture.shape[:2]
        for across, down in ((2, 2), (3, 3), (3, 2), (1.2, 1.3), (5, 5), (1, 1), (1.01, 1)):
            size = (int(width / across), int(height / down))
            want = Image(cv2.resize(picture, size, interpolation=cv2.INTER_AREA))
            cases.append(Case(f"area {size}", "resize.js shrink", [Image(picture), *size], want))
        for size in ((300, 200), (240, 160), (137, 91), (width, 300)):
            want = Image(cv2.resize(picture, size, interpolation=cv2.INTER_LINEAR))
            cases.append(Case(f"linear {size}", "resize.js enlarge", [Image(picture), *size], want))
    values = _smooth(rng, 7, 11).astype(np.float32) / 7
    want = Image(cv2.resize(values, (60, 40), interpolation=cv2.INTER_LINEAR))
    cases.append(Case("floats", "resize.js enlarge", [Image(values), 60, 40], want, 1e-4))
    return cases


def _filters(rng: np.random.Generator) -> list[Case]:
    grey, colour = _smooth(rng, 61, 80), _smooth(rng, 70, 90, 3)
    cases = [Case("grey", "pixels.js greyOf", [Image(colour)], Image(pipeline.grey_of(colour)))]
    for side in (3, 5, 9, 31):
        square = np.ones((side, side), np.uint8)
        given = [Image(grey), side]
        closed = cv2.morphologyEx(grey, cv2.MORPH_CLOSE, square)
        cases += [
            Case(f"mean {side}", "filters.js blur", given, Image(cv2.blur(grey, (side, side)))),
            Case(f"dilate {side}", "filters.js dilate", given, Image(cv2.dilate(grey, square))),
            Case(f"close {side}", "filters.js close", given, Image(closed)),
        ]
        for picture in (grey, colour):
            want = Image(cv2.medianBlur(picture, side))
            cases.append(
                Case(f"median {side}", "filters.js medianBlur", [Image(picture), side], want)
            )
    for side in (2, 3, 5, 6, 11):
        nib = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (side, side))
        want = Image(cv2.dilate(grey, nib))
        cases.append(Case("ellipse", "filters.js ellipse", [side, side], nib.tolist()))
        cases.append(Case("nib", "filters.js dilateWith", [Image(grey), nib.tolist()], want))
    values = rng.random((28, 28)).astype(np.float32) * 255
    soft = cv2.GaussianBlur(values, (0, 0), 1.5)
    calm = cv2.GaussianBlur(grey, (5, 5), 1.1)
    cases += [
        Case("calm", "filters.js calm", [Image(grey)], Image(calm)),
        Case("soften", "filters.js soften", [Image(values), 1.5], Image(soft), 1e-3),
        Case("slopes", "filters.js slopes", [Image(grey)], slopes(grey).ravel(), 1e-3),
    ]
    return cases


def _sampling(rng: np.random.Generator) -> list[Case]:
    grey = _smooth(rng, 81, 120)
    want: Any
    cases = []
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    for matrix in (
        [[0.83, 0.11, 3.37], [-0.07, 0.79, 5.21]], [[1.0, 0.3, -10.0], [0.0, 1.0, 0.0]],
    ):  # fmt: skip
        want = cv2.warpAffine(
            grey, np.array(matrix), (100, 48), flags=flags, borderMode=cv2.BORDER_REPLICATE
        )
        # In another order of single-precision sums, a level may be rounded the other way.
        cases.append(
            Case("warp", "warp.js warp", [Image(grey), matrix, 100, 48], Image(want), 1, 10)
        )
    values = grey.astype(np.float32) / 255
    x = ((np.arange(-3, 90) + 0.5) * 0.31 - 0.5).astype(np.float32)
    y = ((np.arange(2, 70) + 0.5) * 1.31 - 0.5).astype(np.float32)
    rows = np.meshgrid(x, y)
    want = cv2.remap(values, rows[0], rows[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    given = [values.ravel(), 120, 81, x, y]
    cases.append(Case("remap", "warp.js sample", given, want.ravel(), 1e-5))
    strips = [_smooth(rng, 48, 64), _smooth(rng, 48, 100)]
    want = {"data": strips_of(strips).ravel(), "width": 100}
    return [
        *cases,
        Case("planes", "signature.js planes", [Image(grey)], planes(grey).ravel(), 1e-5),
        Case("strips", "signature.js stripsOf", [[Image(one) for one in strips]], want, 1e-5),
    ]


def _ink(rng: np.random.Generator, hand: ModuleType) -> list[Case]:
    want: Any
    cases = []
    for number, (text, height) in enumerate((("7", 40), ("40", 150), ("381\n52", 60))):
        page = hand.write(text, height=height, pen=height / 12, seed=number)
        photo = hand.photo(page, number)
        for picture in (page, 255 - page, photo, cv2.resize(photo, None, fx=2.2, fy=2.2)):
            ink = find_ink(np.asarray(picture, np.uint8))
            want = {"level": Image(ink.level), "mask": Image(ink.mask)}
            # The axis of colours is found in another precision: few levels are off by one.
            cases.append(Case(f"ink {text!r}", "binarize.js findInk", [Image(picture)], want, 1, 2))
        ink = find_ink(page)
        framed = frame_glyph(ink.level, ink.mask)
        pieces = [
            {"x": p.x, "y": p.y, "area": p.area, "mask": Image(p.mask)}
            for p in find_pieces(ink.mask)
        ]
        given = [Image(ink.level), Image(ink.mask)]
        cases.append(Case("frame", "normalize.js frameGlyph", given, Image(framed)))
        cases.append(Case("pieces", "segment.js findPieces", [Image(ink.mask)], pieces))
    for thickness in (1, 9, 30):  # a pen that is broadened, one that is not, and a blurred blob
        level = np.zeros((120, 90), np.uint8)
        cv2.line(level, (20, 15), (70, 100), 200, thickness)
        level = np.asarray(cv2.GaussianBlur(level, (0, 0), 1 + thickness / 4), np.uint8)
        mask = (level > 30).astype(np.uint8)
        want = Image(frame_glyph(level, mask))
        cases.append(Case("pen", "normalize.js frameGlyph", [Image(level), Image(mask)], want))
    return cases


def _strings(rng: np.random.Generator) -> list[Case]:
    """Frames as the line recogniser gives them, sure and unsure."""
    cases = []
    for sure in (2.0, 4.0, 9.0):
        logits = rng.normal(0, 1, (60, 1 + len(CHARS)))
        logits[:, 0] += sure
        for frame in rng.choice(60, 12, replace=False):
            logits[frame, rng.integers(1, 12)] += 2 * sure
        frames = (logits - np.log(np.exp(logits).sum(1, keepdims=True))).astype(np.float32)
        other = np.roll(frames, 1, axis=0)
        rows, others = list(frames), list(other)
        beams = ctc.search(frames, ctc.BEAM)
        text = beams[0][0]
        spans, surest = ctc.align(frames, text)
        spelled = ctc.spell([frames, other])
        spell = {"text": spelled.text, "logProbability": spelled.log_probability,
                 "spans": spelled.spans, "probabilities": list(spelled.probabilities)}  # fmt: skip
        cases += [
            Case("beams", "ctc.js search", [rows, ctc.BEAM], beams, 1e-5),
            Case("align", "ctc.js align", [rows, text], {"spans": spans, "surest": surest}),
            Case("forward", "ctc.js probability", [rows, text],
                 ctc.probability(frames, text), 1e-4),
            Case("spell", "ctc.js spell", [[rows, others]], spell, 1e-4),
            Case("together", "ctc.js together", [[rows, others]],
                 list(ctc.together([frames, other])), 1e-4),
        ]  # fmt: skip
    return cases


def _found(rng: np.random.Generator, slope: float) -> list[find.Found]:
    """Return digits of a page: rows that rise or fall, with gaps, of all kinds."""
    found = []
    for row in range(4):
        x = 40.0
        for _ in range(int(rng.integers(1, 9))):
            height, width = rng.normal(40, 3), rng.normal(26, 3)
            x += width * rng.choice([1.1, 1.4, 6.0], p=[0.6, 0.3, 0.1])
            y = 60 + 90 * row + slope * x + rng.normal(0, 2)
            digits, kinds = rng.dirichlet(np.ones(10)), rng.dirichlet(np.ones(4) * 0.5)
            found.append(find.Found(
                float(x), float(y), float(width), float(height), float(rng.random()),
                digits.astype(np.float32), kinds.astype(np.float32), 0,
            ))  # fmt: skip
    return found


def _plain(found: find.Found) -> dict[str, Any]:
    x, y = found.middle
    return asdict(found) | {"right": found.right, "bottom": found.bottom, "middle": [x, y]}


def _part(part: lines.Part) -> dict[str, Any]:
    names = ("height", "start", "end", "x", "y", "slope")
    return {name: float(getattr(part, name)) for name in names}


def _layout(rng: np.random.Generator) -> list[Case]:
    want: Any
    cases = []
    grey = _smooth(rng, 480, 640)
    for slope in (0.0, 0.06, -0.1):
        found = _found(rng, slope)
        given = [_plain(one) for one in found]
        grouped = lines.group(found)
        want = [[{"x": one.x, "y": one.y} for one in line] for line in grouped]
        cases.append(Case("group", "lines.js group", [given], want))
        for line in grouped:
            own = [_plain(one) for one in line]
            cut_up = lines.parts(line, SETTINGS.gap, 640.0)
            want = [_part(one) for one in cut_up]
            cases.append(Case("parts", "lines.js parts", [own, SETTINGS.gap, 640], want, 1e-6))
            for factor, lean in SETTINGS.views[:2]:
                part = _part(cut_up[0])
                strip = Image(lines.cut(grey, cut_up[0], factor, lean)[0])
                view = [Image(grey), part, factor, lean]
                cases.append(Case("cut", "lines.js cut", view, strip, 1, 10))
    return cases


def _dense(rng: np.random.Generator) -> list[Case]:
    """More parts than there is room for, in pages of all sizes."""
    found = [one for slope in (0.0, 0.06, -0.1) for one in _found(rng, slope)]
    own = [part for line in lines.group(found) for part in lines.parts(line, SETTINGS.gap, 900.0)]
    given = [_part(part) | {"found": [_plain(one) for one in part.found]} for part in own]
    every = sum(lines.columns(part) for part in own)
    cases = []
    for room in (0, every // 7, every // 3, every // 2, every - 1, every):
        want = [_part(part) for part in recognise.surest(own, room)]
        cases.append(Case(f"room {room}", "recognise.js surest", [given, room], want))
    return cases


def _assembled(rng: np.random.Generator) -> list[Case]:
    """Lines of symbols, sure and unsure, with marks and gaps."""
    cases = []
    picture = Picture(np.zeros((100, 900), np.uint8), 1.7, 1530, 170, "")
    limits = assemble.Limits(0.5, SETTINGS.least_support, SETTINGS.certain)
    shape = {"scale": 1.7, "width": 1530, "height": 170}
    for _ in range(12):
        symbols, x = [], 20.0
        for char in rng.choice(list("0123456789.,-/"), 14):
            x += float(rng.choice([24.0, 30.0, 70.0], p=[0.5, 0.35, 0.15]))
            sure, support, certainty = (float(one) for one in rng.random(3))
            chances = np.zeros(10, np.float32)
            if char.isdigit():
                chances = rng.dirichlet(np.ones(10)).astype(np.float32)
            box = (x, 30.0, 20.0, 40.0)
            symbols.append(Symbol(char, box, chances, sure, support, 0, certainty))
        sureness = [0.9] * len(symbols)
        line, digits, marks = assemble.line_of(symbols, sureness, 2, limits, SETTINGS, picture)
        want = {
            "line": None if line is None else line.to_dict() | {"numbers": [
                {"text": n.text, "box": n.box, "confidence": n.confidence} for n in line.numbers
            ]},
            "digits": [{"digit": d.digit, "box": d.box, "line": d.line, "accepted": d.accepted,
                        "reason": d.refused} for d in digits],
            "marks": [{"text": m.text, "line": m.line, "in_text": m.in_text} for m in marks],
        }  # fmt: skip
        given = [[asdict(s) for s in symbols], sureness, 2, asdict(limits), asdict(SETTINGS), shape]
        cases.append(Case("line", "assemble.js lineOf", given, want, 1e-9))
    return cases


MAKERS: dict[str, Callable[..., list[Case]]] = {
    "resizing": _resizing, "filters": _filters, "sampling": _sampling, "ink": _ink,
    "strings": _strings, "layout": _layout, "dense": _dense, "assembled": _assembled,
}  # fmt: skip


@pytest.fixture(scope="module")
def check(browser: webdriver.Chrome, host: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Run cases in the browser, and return how far each is off."""
    folder = tmp_path_factory.mktemp("golden")
    shutil.copytree(STATIC / "reader", folder / "reader")
    shutil.copy(Path(__file__).with_name("golden.js"), folder)
    (folder / "index.html").write_text("<!doctype html><title>golden</title>")
    with host(folder) as address:
        browser.get(f"{address}/index.html")

        def run(cases: list[Case]) -> list[dict[str, Any]]:
            (folder / "cases.json").write_text(json.dumps([case.record() for case in cases]))
            answers: list[dict[str, Any]] = browser.execute_async_script(
                """
                const done = arguments[0];
                const { check } = await import("./golden.js");
                const cases = await (await fetch("cases.json", { cache: "no-store" })).json();
                done(await check(cases, "./reader"));
                """
            )
            return answers

        yield run


@pytest.mark.parametrize("kind", MAKERS)
def test_the_page_computes_what_python_computes(kind: str, check: Any, hand: ModuleType) -> None:
    rng = np.random.default_rng(sorted(MAKERS).index(kind))
    more = [hand] if kind == "ink" else []
    cases = MAKERS[kind](rng, *more)
    answers = check(cases)
    assert len(answers) == len(cases) >= 5
    off = [
        (answer, case.within)
        for case, answer in zip(cases, answers, strict=True)
        if answer["most"] is None  # infinite: another shape, or an error
        or answer["most"] > case.within
        or answer["count"] > case.few * answer["all"] / 1000
    ]
    assert off == []


def test_golden_vectors_notice_a_difference(check: Any) -> None:
    picture = Image(np.arange(48, dtype=np.uint8).reshape(6, 8))
    (answer,) = check(
        [Case("wrong", "pixels.js greyOf", [picture], replace(picture, array=picture.array + 1))]
    )
    assert (answer["most"], answer["count"]) == (1, 48)


# The page's modules that are one of Python's, by the package it lies in.
PYTHON = {
    "preprocess": ("binarize", "normalize", "segment"),
    "reader": ("assemble", "confidence", "ctc", "explain", "find", "glyphs", "lines", "pipeline",
               "reader", "recognise", "single_digit"),
}  # fmt: skip
SAME = {name: f"tenfold.{room}.{name}" for room, names in PYTHON.items() for name in names}
SAME |= {"open": "tenfold.preprocess.image", "signature": "tenfold.signature"}
CONSTANT = re.compile(r'^export const ([A-Z_]+) = ([\d._]+|"[^"]*"|\[[\d., ]+\]);$', re.MULTILINE)


@pytest.mark.parametrize("module", SAME)
def test_constants_are_those_of_python(module: str) -> None:
    script = (STATIC / "reader" / f"{module}.js").read_text(encoding="utf-8")
    own = importlib.import_module(SAME[module])
    constants = CONSTANT.findall(script)
    assert constants
    for name, text in constants:
        value = getattr(own, name)
        assert np.array_equal(json.loads(text.replace("_", "")), value), name
