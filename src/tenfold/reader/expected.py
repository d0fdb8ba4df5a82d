"""Read the one number that was expected, in what was read of a picture before.

Where it may stand, `tenfold.reader.runs` says; what it may be, `tenfold.reader.decode`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tenfold.preprocess.image import Picture
from tenfold.reader.assemble import Assembled, Limits, box_of, digit_of, ink_of, union
from tenfold.reader.ctc import Network, Spelled, align
from tenfold.reader.decode import Decoded, decode
from tenfold.reader.expect import Expect
from tenfold.reader.find import Finding
from tenfold.reader.reading import Digit, Expected, Line, Mark, Number
from tenfold.reader.recognise import ReadPart, Symbol, symbols_of
from tenfold.reader.runs import Piece, best_run, in_all_views, views_of
from tenfold.reader.settings import Settings
from tenfold.signature import STRIDE

Pixels = NDArray[np.uint8]
Floats = NDArray[np.float32]

COUNT = 10  # candidates
SHOWN = 5  # candidates that a person is shown
LEAST_SHOWN = 0.001


@dataclass(frozen=True, slots=True, eq=False)
class Fitted:
    """The number that was expected, as it stands in a picture.

    Parameters
    ----------
    expected : Expected
    text : str
        As it is written; empty where nothing fits at all.
    confidence : float
        Of the value.
    symbols : list of Symbol
        Its characters.
    lines : list of list of ReadPart
        All lines, the number's own parts with what was read in them now.
    """

    expected: Expected
    text: str
    confidence: float
    symbols: list[Symbol]
    lines: list[list[ReadPart]]


def fit_lines(
    lines: list[list[ReadPart]],
    grey: Pixels,
    seen: Finding,
    recogniser: Network,
    expect: Expect,
    settings: Settings,
) -> Fitted:
    """Find the number in the lines of a picture."""
    run = best_run(lines, expect, settings)
    if not run:
        return replace(nothing(expect), lines=lines)
    views = views_of(run)
    decoded = decode(views, expect, COUNT)
    values = decoded.posterior(expect)
    if not values or values[0][1] < settings.settled:
        run = in_all_views(run, grey, recogniser, settings)
        views = views_of(run)
        decoded = decode(views, expect, COUNT)
        values = decoded.posterior(expect)
    if not values:
        return replace(nothing(expect), lines=lines)
    text = next(one.text for one in decoded if expect.value(one.text) == values[0][0])
    reads = _spelled(run, views, text, seen)
    symbols = [symbol for read in reads.values() for symbol in read.symbols]
    return Fitted(
        Expected(expect.words, values[0][0], _shown(values)),
        text,
        values[0][1],
        [_as_decoded(symbol, place, text, decoded) for place, symbol in enumerate(symbols)],
        [[reads.get(id(read.part), read) for read in line] for line in lines],
    )


def fit_lone(symbol: Symbol, expect: Expect) -> Fitted:
    """Find the number in a digit that was read by itself."""
    chances = np.append(symbol.probabilities * symbol.support, 1 - symbol.support)
    cells = np.log(np.maximum(chances, 1e-9)).astype(np.float32)
    values = decode([], expect, COUNT, cells[None]).posterior(expect)
    if not values or not expect.accepts(values[0][0]) or len(values[0][0]) != 1:
        return Fitted(Expected(expect.words, None, _shown(values)), "", 0.0, [symbol], [])
    value, chance = values[0]
    own = replace(symbol, char=value, confidence=chance)
    return Fitted(Expected(expect.words, value, _shown(values)), value, chance, [own], [])


def nothing(expect: Expect) -> Fitted:
    """Return that no number was found."""
    return Fitted(Expected(expect.words, None, ()), "", 0.0, [], [])


def assemble(
    fitted: Fitted,
    rows: Sequence[Sequence[Symbol]],
    limits: Limits,
    settings: Settings,
    picture: Picture,
) -> Assembled:
    """Assemble the number as the only line, and what else was read as not expected.

    Parameters
    ----------
    fitted : Fitted
    rows : sequence of sequence of Symbol
        All that was read before anything was expected.
    limits : Limits
        From which confidence on digits are accepted; `Settings.in_number` of it is enough here.
    settings : Settings
    picture : Picture
    """
    out = Assembled(expected=fitted.expected)
    # As of a doubtful digit beside accepted ones: how sure it is, the number says itself.
    least = settings.in_number * limits.confidence
    accepted = bool(fitted.text) and fitted.confidence >= least
    taken = fitted.symbols if accepted else []
    if accepted:
        _take(out, fitted, picture)
    else:
        out.expected = replace(fitted.expected, value=None)
        out.notes.append(_note(fitted.expected))
    for symbol in (symbol for row in rows for symbol in row if symbol.char.isdigit()):
        if not any(_is_same(symbol, own) for own in taken):
            digit = digit_of(symbol, limits, picture, None)
            out.digits.append(digit if digit.refused else replace(digit, refused="not expected"))
            out.places.append(symbol.found)
    return out


def _take(out: Assembled, fitted: Fitted, picture: Picture) -> None:
    """Take the number in, digit by digit."""
    boxes = [box_of(symbol.box, picture) for symbol in fitted.symbols]
    for symbol, box in zip(fitted.symbols, boxes, strict=True):
        if not symbol.char.isdigit():
            out.marks.append(Mark(symbol.char, symbol.confidence, box, 0, True))
            continue
        out.digits.append(
            Digit(
                int(symbol.char), symbol.confidence, tuple(map(float, symbol.probabilities)),
                symbol.support, box, 0, None, ink_of(symbol.kind),
            )
        )  # fmt: skip
        out.places.append(symbol.found)
    number = Number(fitted.text, union(boxes), fitted.confidence)
    out.lines.append(Line(fitted.text, number.box, (number,)))


def _note(expected: Expected) -> str:
    """Say that nothing fits, and what comes nearest."""
    nearest = ""
    if expected.candidates:
        value, chance = expected.candidates[0]
        nearest = f"; {value} comes nearest, at {100 * chance:.0f} %"
    return f"no number fits '{expected.words}' surely enough{nearest}"


def _spelled(
    run: Sequence[Piece], views: Sequence[Floats], text: str, seen: Finding
) -> dict[int, ReadPart]:
    """Return each part, by its `Part`'s identity, with the characters of the text that it holds."""
    spans, at = align(views[0], text)
    out: dict[int, ReadPart] = {}
    begin = 0  # of a piece in the frames of all
    for piece in run:
        first, last = piece.frames(0)
        own = [k for k, frame in enumerate(at) if begin <= frame < begin + last - first + 1]
        left = (begin - first) * STRIDE
        spelled = Spelled(
            "".join(text[k] for k in own),
            piece.read.spelled.log_probability,
            [(spans[k][0] - left, spans[k][1] - left) for k in own],
            np.exp(views[0][[at[k] for k in own]]),
        )
        part = piece.read.part
        symbols = symbols_of(part, spelled, piece.read.scale, seen)
        before = out.get(id(part))
        if before is None:
            out[id(part)] = replace(piece.read, spelled=spelled, symbols=symbols)
        else:  # one number over several pieces of one part
            joined = replace(spelled, text=before.spelled.text + spelled.text)
            out[id(part)] = replace(before, spelled=joined, symbols=[*before.symbols, *symbols])
        begin += last - first + 1
    return out


def _as_decoded(symbol: Symbol, place: int, text: str, decoded: Decoded) -> Symbol:
    """Return a symbol with the probabilities that the candidates give its place.

    Candidates of another length say nothing of a place, and count as any digit there.
    """
    shares = decoded.posterior()
    same = [(one, chance) for one, chance in shares if len(one) == len(text)]
    right = sum(chance for one, chance in same if one[place] == text[place])
    if not symbol.char.isdigit():
        return replace(symbol, confidence=right)
    chances = np.zeros(10)
    for one, chance in same:
        if one[place].isdigit():
            chances[int(one[place])] += chance
    chances += max(0.0, 1 - chances.sum()) * (symbol.probabilities + 0.01) / 1.1
    chances /= chances.sum()
    return replace(symbol, probabilities=chances.astype(np.float32), confidence=right)


def _shown(values: Sequence[tuple[str, float]]) -> tuple[tuple[str, float], ...]:
    likely = [pair for pair in values if pair[1] >= LEAST_SHOWN]
    return tuple((likely or list(values[:1]))[:SHOWN])


def _is_same(symbol: Symbol, own: Symbol) -> bool:
    """Whether two symbols stand in one place."""
    (x, y, width, height), other = symbol.box, own.box
    middle = x + width / 2, y + height / 2
    across = abs(middle[0] - other[0] - other[2] / 2) < 0.5 * max(width, other[2])
    return across and abs(middle[1] - other[1] - other[3] / 2) < 0.5 * max(height, other[3])
