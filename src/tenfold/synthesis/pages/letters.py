"""Ink that is no digit: letters, words, signatures, doodles, the digits of other scripts, by hand.

Everything is strokes in units of a capital's height: x from 0 to the right, 0 the top of capitals
and 1 the line they stand on. `letters.toml` lists how hands draw each letter.
"""

from __future__ import annotations

import math
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.random import Generator

from tenfold.synthesis.pages.hands import bend, parse
from tenfold.synthesis.pages.strokes import Floats, Shape, smooth

DIGITLIKE = frozenset("OoDQIilj|SsZzBbgqGJyYLT")  # alone, they could be taken for a digit
EXACT = frozenset("OolI|SsZzBbgqi")  # a word of these alone reads as a number
# Digits of other scripts that look like one of ours: never alone, never most of a number.
ALIKE = {"arabic": "1569", "persian": "19", "devanagari": "012345"}
MISSING = {"ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "ı": "i", "|": "I"}


@cache
def _book() -> dict[str, dict[str, list[Shape]]]:
    text = (files("tenfold.synthesis.pages") / "letters.toml").read_text(encoding="utf-8")
    book = {
        table: {key: [parse(line) for line in lines] for key, lines in content.items()}
        for table, content in tomllib.loads(text).items()
        if table != "words"
    }
    book["persian"] = book["arabic"] | book["persian"]
    book["latin"] |= book.pop("signs")
    return book


@cache
def words() -> tuple[str, ...]:
    """Words of several languages, as forms, cheques, meters and mark lists have them."""
    text = (files("tenfold.synthesis.pages") / "letters.toml").read_text(encoding="utf-8")
    return tuple(dict.fromkeys(tomllib.loads(text)["words"]["written"].split()))


@dataclass(frozen=True, slots=True)
class _Style:
    """How one hand writes for the length of a word."""

    slant: float
    wide: float
    care: float
    gap: float
    climb: float
    joined: bool
    first: bool  # the first way of drawing each letter, the one that joins best

    @classmethod
    def of(cls, rng: Generator, joins: float = 0.4) -> _Style:
        joined = bool(rng.random() < joins)
        return cls(
            slant=float(rng.normal(0.12, 0.2)),
            wide=float(rng.uniform(0.7, 1.3)),
            care=float(rng.uniform(0.2, 1.2)),
            gap=float(rng.uniform(0.0, 0.14) if joined else rng.uniform(0.06, 0.26)),
            climb=float(rng.normal(0, 0.025)),
            joined=joined,
            first=joined or bool(rng.random() < 0.3),
        )


def _shaken(rng: Generator, stroke: Floats, spread: float) -> Floats:
    """Move control points at random; points that stand twice stay together."""
    move = rng.normal(0, spread, stroke.shape).astype(np.float32)
    for again in np.flatnonzero((stroke[1:] == stroke[:-1]).all(axis=1)):
        move[again + 1] = move[again]
    return stroke + move


def _write(
    rng: Generator, shapes: list[Shape | None], style: _Style, joins: list[bool]
) -> list[Floats]:
    """Write shapes in a row; where joins says so, a stroke leads from one to the next."""
    out: list[Floats] = []
    x, last = 0.0, None
    for shape, join in zip(shapes, joins, strict=True):
        if shape is None:  # a gap between words
            x, last = x + 0.4 * style.wide, None
            continue
        size = math.exp(rng.normal(0, 0.04 * style.care))
        lift = rng.normal(0, 0.025 * style.care)
        placed = []
        for stroke in shape:
            path = bend(_shaken(rng, stroke, 0.022 * style.care)) * np.float32(size)
            path[:, 1] += 1 - size + lift
            path[:, 0] *= style.wide
            placed.append(path)
        low = min(float(path[:, 0].min()) for path in placed)
        high = max(float(path[:, 0].max()) for path in placed)
        for path in placed:
            path[:, 0] += x - low
        if last is not None and join:
            out.append(_joint(last, placed[0]))
        out += placed
        last = placed[0]
        x += high - low + style.gap + rng.normal(0, 0.03 * style.care)
    for path in out:
        path[:, 1] += style.climb * path[:, 0]
        path[:, 0] += style.slant * (1 - path[:, 1])
    return _from_left(out)


def _joint(before: Floats, after: Floats) -> Floats:
    """Lead the pen from the end of a letter to the beginning of the next one."""
    end, start = before[-1], after[0]
    ahead, into = end - before[max(-3, -len(before))], after[min(2, len(after) - 1)] - start
    reach = float(np.hypot(*(start - end)))
    ahead = ahead / (float(np.hypot(*ahead)) + 1e-6) * 0.4 * reach
    into = into / (float(np.hypot(*into)) + 1e-6) * 0.2 * reach
    t = np.linspace(0, 1, 9, dtype=np.float32)[:, None]
    s = 1 - t
    path = s**3 * end + 3 * s * s * t * (end + ahead) + 3 * s * t * t * (start - into)
    return np.asarray(path + t**3 * start, np.float32)


def _from_left(strokes: list[Floats]) -> list[Floats]:
    """Move strokes so that the leftmost point has x 0."""
    if strokes:
        low = min(float(path[:, 0].min()) for path in strokes)
        for path in strokes:
            path[:, 0] -= low
    return strokes


def _shape(rng: Generator, letter: str, style: _Style) -> Shape | None:
    """One way of drawing a character, with its accents; nothing for what no table has."""
    base, *accents = list(unicodedata.normalize("NFD", MISSING.get(letter, letter)))
    ways = _book()["latin"].get(base)
    if ways is None:
        return None
    shape = list(ways[0 if style.first and rng.random() < 0.9 else rng.integers(len(ways))])
    middle = float(np.mean([path[:, 0].mean() for path in shape[:1]]))
    if accents and base in "ij":
        shape = shape[:1]
    for accent in accents:
        above = base.isupper() and accent != "\N{COMBINING CEDILLA}"
        move = np.array([middle, -0.35 if above else 0], np.float32)
        for way in _book()["marks"].get(accent, []):
            shape += [path + move for path in way]
    return shape


def word(rng: Generator, text: str) -> list[Floats]:
    """Write a text in one hand, about 40 % of them joined.

    Parameters
    ----------
    rng : numpy Generator
    text : str
        Latin letters, with accents, and the usual signs; anything else becomes a gap.

    Returns
    -------
    list of float arrays, shape (k, 2)
        Strokes in units of a capital's height, from x = 0, standing on y = 1. Nothing where the
        text has no letter.
    """
    style = _Style.of(rng)
    ways: dict[str, Shape | None] = {}
    for letter in text:
        if letter not in ways:
            ways[letter] = _shape(rng, letter, style)
    joins = [
        style.joined and before.islower() and letter.islower()
        for before, letter in zip(" " + text, text, strict=False)
    ]
    return _write(rng, [ways[letter] for letter in text], style, joins)


def random_word(rng: Generator) -> str:
    """Pick a word, an abbreviation, initials or a few letters; never a lone digit-like letter.

    Examples
    --------
    >>> random_word(np.random.default_rng(3)).isdigit()
    False
    """
    roll = rng.random()
    if roll < 0.82:
        text = words()[rng.integers(len(words()))]
        change = rng.random()
        if change < 0.25:
            return text.upper()
        return text.capitalize() if change < 0.45 else text
    plain = "ACEFHKMNPRUVWX"
    if roll < 0.92:  # initials
        dot = "." if rng.random() < 0.6 else ""
        return "".join(f"{c}{dot}" for c in rng.choice(list(plain), int(rng.integers(1, 4))))
    if roll < 0.96:
        return str(rng.choice(["&", "@", "?", "#", "*", "%", "€", "$", "£", "!?", "?!", "+", "="]))
    count = int(rng.integers(3, 8))
    source = "abcdefghijklmnopqrstuvwxyz" if rng.random() < 0.6 else "ABCDEFGHJKLMNPQRTUVWXYZ"
    text = "".join(rng.choice(list(source), count))
    return text if not set(text) <= EXACT else "mkn" + text


def foreign_number(rng: Generator, n: int) -> list[Floats]:
    """Write n digits of another script: eastern Arabic, Persian or Devanagari.

    Those that look like one of our digits never stand alone and are never more than half of it.
    """
    script = str(rng.choice(["arabic", "persian", "devanagari"]))
    style, alike = _Style.of(rng, 0.0), ALIKE[script]
    own = [digit for digit in "0123456789" if digit not in alike]
    text = [str(digit) for digit in rng.choice(list("0123456789"), n)]
    doubtful = [place for place in range(n) if text[place] in alike]
    for place in doubtful[n // 2 :]:
        text[place] = str(rng.choice(own))
    if n and set(text) <= {"0"}:
        text[0] = "8"
    table = _book()[script]
    ways = {digit: table[digit][rng.integers(len(table[digit]))] for digit in sorted(set(text))}
    return _write(rng, [ways[digit] for digit in text], style, [False] * n)


def scribble(rng: Generator) -> list[Floats]:
    """Coil, zigzag, hatch or wander: ink that blots something out or means nothing."""
    kind, wide = int(rng.integers(4)), float(rng.uniform(0.8, 4))
    if kind == 0:  # a coil
        turns = max(3.0, wide * rng.uniform(2, 5))
        t = np.linspace(0, 2 * np.pi * turns, int(14 * turns))
        x = t / t[-1] * wide + np.cos(t) * rng.uniform(0.1, 0.4)
        path = np.stack([x, 0.5 + np.sin(t) * rng.uniform(0.25, 0.5)], 1)
        paths = [np.asarray(path + rng.normal(0, 0.012, path.shape), np.float32)]
    elif kind < 3:  # a zigzag, pointed or round; or hatching
        count = max(7, int(wide * (rng.uniform(4, 10) if kind == 1 else 14)))
        y = np.where(np.arange(count) % 2, 0.05, 0.95) + rng.normal(0, 0.07, count)
        x = np.linspace(0, wide, count) + rng.normal(0, 0.05, count)
        path = np.stack([x, y], 1).astype(np.float32)
        paths = [path if rng.random() < 0.5 else smooth(path)]
        if kind == 2:
            paths = [path[at : at + 2] for at in range(0, count - 1, 2)]
            paths += [np.stack([wide - path[:, 0], path[:, 1]], 1) for path in paths]
            for path in paths:
                path[:, 0] += (wide / 4) * (0.5 - path[:, 1]) * np.sign(path[1, 0] - path[0, 0])
    else:  # wandering
        count = int(rng.integers(12, 40))
        steps = rng.normal(0, 0.3, (count, 2)).cumsum(axis=0)
        steps -= steps.mean(axis=0)
        path = np.clip(steps / (np.abs(steps[:, 1]).max() + 1e-6) * 0.5, -2, 2)
        paths = [smooth(np.asarray(path, np.float32))]
        paths[0][:, 1] += 0.5
    return _from_left(paths)


def signature(rng: Generator) -> list[Floats]:
    """Sign: a capital or two, a running line that dies away, often a flourish below."""
    capitals = "".join(rng.choice(list("ACEFHKMNPRUVWX"), int(rng.integers(1, 3))))
    out = word(rng, capitals)
    start = max(float(path[:, 0].max()) for path in out) - rng.uniform(0, 0.15)
    count = int(rng.integers(8, 22))
    fade = np.linspace(1, rng.uniform(0.2, 0.7), count)
    tall = np.where(rng.random(count) < 0.2, rng.uniform(0.7, 1.1), rng.uniform(0.15, 0.45)) * fade
    y = 1 - np.where(np.arange(count) % 2, tall, rng.normal(0, 0.04, count))
    y += np.where(rng.random(count) < 0.1, rng.uniform(0.2, 0.45), 0)
    x = start + np.cumsum(rng.uniform(0.02, 0.28, count))
    run = smooth(np.stack([x, y], 1).astype(np.float32))
    run[:, 0] += rng.uniform(0, 0.4) * (1 - run[:, 1])
    out.append(run)
    if rng.random() < 0.6:
        right, low = float(x[-1]), rng.uniform(1.1, 1.35)
        line = [[right, 0.95], [right + 0.3, low - 0.1], [right / 2, low], [-0.1, low + 0.1]]
        if rng.random() < 0.6:
            line += [[0.1, low + 0.2], [right * 0.8, low + rng.uniform(0, 0.15)]]
        out.append(smooth(np.asarray(line, np.float32)))
    return _from_left(out)


def doodle(rng: Generator) -> list[Floats]:
    """Draw a small figure: an arrow, a star, a tick, a heart and the like, none like a digit."""
    figures = _book()["figures"]
    kind = list(figures)[rng.integers(len(figures))]
    shape = [_shaken(rng, path, 0.018) for path in figures[kind][0]]
    wide = rng.uniform(0.85, 1.5)
    turn = rng.uniform(-0.9, 0.9) if kind == "arrow" else rng.normal(0, 0.08)
    turn += np.pi if kind == "arrow" and rng.random() < 0.4 else 0
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    matrix[:, 0] *= wide
    return _from_left(
        [np.asarray((bend(stroke) - 0.5) @ matrix.T + 0.5, np.float32) for stroke in shape]
    )
