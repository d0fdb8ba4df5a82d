"""Print: digits and words from the machine's fonts, and seven-segment displays.

No font comes with tenfold. matplotlib's own are always there; what Debian's font packages have
installed is used too. Every family is as frequent as any other, however many fonts it has; about a
seventh of them, told by their names, is kept for validation and test pages.
"""

from __future__ import annotations

import zlib
from functools import cache, lru_cache
from itertools import groupby
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from tenfold.signature import CHARS
from tenfold.synthesis.pages.strokes import Pixels

Part = Literal["train", "validation", "test"]

FOLDERS = ("/usr/share/fonts", "/usr/share/texmf/fonts", "/usr/local/share/fonts")
BLURRED = (0.02, 0.16)  # how far print may be blurred that is softer than writing: digit heights
HELD_OUT = 7  # one family of so many is for validation or for test pages
# Fonts without Latin digits, or with digits that nobody would call so.
UNFIT = (
    "symbol", "math", "dingbat", "siz", "nonuni", "lastresort", "cmex", "cmsy", "cmmi", "emoji",
    "noto", "barcode", "opensymbol", "braille", "music", "display", "ornament", "fallback",
)  # fmt: skip
NOTO = ("notosans-", "notoserif-", "notosansmono-", "notosansdisplay-")
HAND_LIKE = (
    "dkg", "breip", "bwht", "dancing", "ecolier", "femke", "humor", "kristi", "comic", "kaushan",
    "klee", "leckerli", "lobster",
)  # fmt: skip


@cache
def fonts(part: Part, hand_like: bool = False, names: tuple[str, ...] = ("",)) -> tuple[str, ...]:
    """Paths of fonts for this part; those that imitate a hand, or the others; of these names."""
    found = []
    for path in _files():
        name = path.name.lower()
        unfit = any(word in name for word in UNFIT) and not name.startswith(NOTO)
        imitates = any(word in str(path).lower() for word in HAND_LIKE)
        number = zlib.crc32(family(str(path)).encode())
        own: Part = "train"
        if number % HELD_OUT == 0:
            own = "validation" if number // HELD_OUT % 2 else "test"
        named = any(word in str(path).lower() for word in names)
        fits = not unfit and imitates == hand_like and own == part and named
        if fits and _has_characters(str(path)):
            found.append(str(path))
    return tuple(found) or (() if part == "train" else fonts("train", hand_like, names))


def family(path: str) -> str:
    """Return what a font's name begins with: without its weight, its slope and its design size."""
    return Path(path).stem.split("-")[0].rstrip("0123456789")


@cache
def families(part: Part, hand_like: bool = False) -> tuple[tuple[str, ...], ...]:
    """Return the fonts of a part, those of each family together."""
    paths = sorted(fonts(part, hand_like), key=family)
    return tuple(tuple(own) for _, own in groupby(paths, key=family))


@cache
def _files() -> tuple[Path, ...]:
    """All font files of this machine."""
    import matplotlib

    folders = [Path(matplotlib.get_data_path()) / "fonts" / "ttf", *map(Path, FOLDERS)]
    return tuple(sorted(p for f in folders for s in ("*.ttf", "*.otf") for p in f.rglob(s)))


def _has_characters(path: str) -> bool:
    """Whether a font has digits and signs; what it lacks would look all alike, an empty box."""
    try:
        font = ImageFont.truetype(path, 24)
        shapes = {bytes(font.getmask(char)) for char in CHARS}
    except (OSError, ValueError):
        return False
    return len(shapes) == len(CHARS)


@lru_cache(maxsize=400)
def font(path: str, size: int) -> ImageFont.FreeTypeFont:
    """Open a font at a size in pixels."""
    return ImageFont.truetype(path, size)


@cache
def cap(path: str) -> float:
    """Return a digit's height as a share of the font's size."""
    box = font(path, 100).getbbox("0")
    return max(0.2, (box[3] - box[1]) / 100)


@lru_cache(maxsize=50_000)
def metrics(path: str, size: int, char: str) -> tuple[float, float, float]:
    """Where a character's ink begins and ends, and how far it moves on; kerning left out."""
    face = font(path, size)
    box = face.getbbox(char)
    return float(box[0]), float(box[2]), float(face.getlength(char))


def pick(rng: Generator, part: Part, hand_like: bool = False) -> str:
    """Choose a font."""
    kin = families(part, hand_like)
    own = kin[int(rng.integers(len(kin)))]
    return own[int(rng.integers(len(own)))]


def text(path: str, words: str, size: float) -> tuple[Pixels, list[tuple[float, float]]]:
    """Print words: coverage uint8 ``(h, w)`` from the font's top, and each character's span."""
    face = font(path, max(4, round(size)))
    left, _, right, bottom = face.getbbox(words)
    sheet = Image.new("L", (max(1, int(right - min(0, left)) + 2), max(1, int(bottom) + 2)), 0)
    shift = max(0, -int(left))
    ImageDraw.Draw(sheet).text((shift, 0), words, font=face, fill=255)
    spans, at = [], float(shift)
    for char in words:
        start, end, advance = metrics(path, max(4, round(size)), char)
        spans.append((at + start, at + end))
        at += advance
    return np.asarray(sheet, np.uint8), spans


def softened(glyph: Pixels, spread: float) -> Pixels:
    """Return print out of focus by so many pixels, with the room around it that this takes."""
    if not spread:
        return glyph
    room = np.pad(glyph, int(3 * spread) + 1)
    return np.asarray(cv2.GaussianBlur(room, (0, 0), spread), np.uint8)


# Digits of other scripts: first code point, a font that has them, and those unlike any of ours.
SCRIPTS = (
    (0x0660, "NotoNaskhArabic-Regular", "23478"), (0x0660, "NotoKufiArabic-Regular", "23478"),
    (0x06F0, "NotoNaskhArabic-Regular", "2345678"), (0x0966, "NotoSansDevanagari-Regular", "35689"),
    (0x0966, "NotoSerifDevanagari-Regular", "35689"),
    (0x09E6, "NotoSansBengali-Regular", "2356789"),
    (0x0E50, "NotoSansThai-Regular", "234678"), (0x0AE6, "NotoSansGujarati-Regular", "45789"),
    (0x0BE6, "NotoSansTamil-Regular", "123456789"),
)  # fmt: skip


def foreign(rng: Generator, count: int, height: float) -> Pixels | None:
    """Print so many digits of another script, coverage uint8; None where no font has them."""
    first, name, unlike = SCRIPTS[int(rng.integers(len(SCRIPTS)))]
    path = next((p for p in _files() if p.stem == name), None)
    if path is None:
        return None
    drawn = [str(digit) for digit in rng.choice(list(unlike), count)]
    if count > 1 and rng.random() < 0.5:  # now and then one that looks like ours
        drawn[int(rng.integers(count))] = str(int(rng.integers(10)))
    if not set(drawn) & set(unlike):
        drawn[0] = unlike[0]
    sheet, _ = text(str(path), "".join(chr(first + int(digit)) for digit in drawn), height * 1.5)
    rows, columns = (np.flatnonzero(sheet.any(axis=axis)) for axis in (1, 0))
    if not len(rows):
        return None
    return sheet[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


# Segments of a display: a top, b and c right, d bottom, e and f left, g middle.
_SEGMENTS = {
    "0": "abcdef", "1": "bc", "2": "abged", "3": "abgcd", "4": "fgbc", "5": "afgcd", "6": "afgedc",
    "7": "abc", "8": "abcdefg", "9": "abcdfg",
}  # fmt: skip


def segments(rng: Generator, digit: int, height: float, style: Generator | None = None) -> Pixels:
    """Draw a digit of a seven-segment display, coverage uint8; the same style looks the same."""
    style = style or rng
    wide = height * style.uniform(0.48, 0.62)
    thick = height * style.uniform(0.08, 0.17)
    gap = height * style.uniform(0.0, 0.025)
    lean = style.uniform(0, 0.18)
    mitre = style.random() < 0.6
    ghost = int(style.uniform(8, 40)) if style.random() < 0.25 else 0
    on = set(_SEGMENTS[str(digit)])
    if digit == 7 and style.random() < 0.3:
        on.add("f")
    if digit in (6, 9) and style.random() < 0.2:
        on.discard("a" if digit == 6 else "d")
    h2, t = height / 2, thick / 2
    bars = {
        "a": (t, t, wide - t, t),
        "d": (t, height - t, wide - t, height - t),
        "g": (t, h2, wide - t, h2),
        "f": (t, t, t, h2),
        "b": (wide - t, t, wide - t, h2),
        "e": (t, h2, t, height - t),
        "c": (wide - t, h2, wide - t, height - t),
    }
    zoom = 3
    shape = (int(height * zoom) + 3, int((wide + lean * height) * zoom) + 3)
    sheet = np.zeros(shape, np.uint8)
    for name, (x0, y0, x1, y1) in bars.items():
        level = 255 if name in on else ghost
        if not level:
            continue
        points = _bar(x0, y0, x1, y1, t, gap, mitre)
        points[:, 0] += lean * (height - points[:, 1])
        cv2.fillPoly(sheet, [np.rint(points * zoom * 16).astype(np.int32)], level, cv2.LINE_AA, 4)
    size = (max(2, shape[1] // zoom), max(3, shape[0] // zoom))
    return np.asarray(cv2.resize(sheet, size, interpolation=cv2.INTER_AREA), np.uint8)


def _bar(
    x0: float, y0: float, x1: float, y1: float, t: float, gap: float, mitre: bool
) -> NDArray[np.float64]:
    tip = t if mitre else 0.0
    g = gap + (0 if mitre else t * 0.1)
    if y0 == y1:
        return np.array([
            [x0 + g - (0 if mitre else t), y0], [x0 + g + tip, y0 - t], [x1 - g - tip, y0 - t],
            [x1 - g + (0 if mitre else t), y0], [x1 - g - tip, y0 + t], [x0 + g + tip, y0 + t],
        ])  # fmt: skip
    return np.array([
        [x0, y0 + g], [x0 + t, y0 + g + tip], [x0 + t, y1 - g - tip],
        [x0, y1 - g], [x0 - t, y1 - g - tip], [x0 - t, y0 + g + tip],
    ])  # fmt: skip
