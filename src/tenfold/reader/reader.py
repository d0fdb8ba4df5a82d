"""The reader: from a picture to a Reading.

open → find → lines → read → refuse → Reading, in this order, in `Reader.trace`.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import TenfoldError, faults_of
from tenfold.model import Model
from tenfold.preprocess.image import Picture, Source, name_of, open_picture, turn
from tenfold.preprocess.normalize import FIELD
from tenfold.reader import assemble, options
from tenfold.reader.assemble import Limits
from tenfold.reader.confidence import shares
from tenfold.reader.find import Finding, Found
from tenfold.reader.glyphs import glyph
from tenfold.reader.networks import bundled_finder, bundled_line
from tenfold.reader.pipeline import (
    ask_classifier,
    best_turn,
    grey_of,
    look,
    read_lines,
)
from tenfold.reader.reading import Digit, InkChoice, Line, Mark, Reading
from tenfold.reader.recognise import ReadPart, Symbol
from tenfold.reader.settings import SETTINGS
from tenfold.reader.single_digit import read_one

Pixels = NDArray[np.uint8]
Layout = Literal["auto", "digit", "line", "page"]
Rotation = Literal["auto", "0", "90", "180", "270"]

DEFAULT_MIN_CONFIDENCE = 0.5
DEFAULT_DIGITNESS = 0.5  # for model files that carry no rejection threshold
TINY = 40  # pixels: a picture this small holds one digit


@dataclass(frozen=True, slots=True)
class Trace:
    """A reading and how it came about: what ``--explain`` and ``--annotate`` draw.

    Parameters
    ----------
    picture : Picture
        As opened, turned upright.
    finding : Finding
        Where the finder saw digits, and which ink.
    lines : list of list of ReadPart
        Each line's parts as they were cut out, and what was read in them.
    reading : Reading
    places : list of Found or None
        For each digit of the reading, where the finder saw it.
    shown : uint8 array, shape (28, 28), or None
        What the classifier saw of a digit that was read by itself.
    """

    picture: Picture
    finding: Finding
    lines: list[list[ReadPart]]
    reading: Reading
    places: list[Found | None]
    shown: Pixels | None

    def glyph(self, number: int) -> Pixels:
        """Return what the classifier sees of a digit, uint8 ``(28, 28)``; black where nothing."""
        place = self.places[number]
        framed = self.shown if place is None else glyph(self.picture.pixels, self.finding, place)
        return np.zeros((FIELD, FIELD), np.uint8) if framed is None else framed


class Reader:
    """Reads pictures; makes no changes to itself, so threads may share it.

    It can be pickled and copied: another process opens the same model file anew.

    Parameters
    ----------
    model : Model, path or None
        The classifier of single glyphs; None is the one that comes with tenfold.
    layout : str
        ``"digit"`` promises exactly one digit, so none is refused as no digit; ``"line"``
        promises one line, ``"page"`` any number of lines; ``"auto"`` decides by itself.
    min_confidence : float
        Digits less probable than this are refused as unsure, 0 to 1; beside accepted digits,
        where one missing would make another number, those less probable than 0.4 of it.
    rotate : str
        ``"0"``, ``"90"``, ``"180"`` or ``"270"`` degrees clockwise before reading; ``"auto"``
        turns pages that read badly as they lie.
    ink : str
        Which digits are part of the text: ``"handwritten"``, ``"printed"``, ``"all"``; ``"auto"``
        leaves out print that belongs to words and sentences.

    Raises
    ------
    UsageError
        If an option has none of its values.
    ModelError
        If the model file cannot be used, or is not for pictures of digits.

    Examples
    --------
    >>> reader = Reader()  # doctest: +SKIP
    >>> reader.read("meter.jpg").text  # doctest: +SKIP
    '40718'
    """

    def __init__(
        self,
        model: Model | str | Path | None = None,
        *,
        layout: Layout = "auto",
        min_confidence: float = DEFAULT_MIN_CONFIDENCE,
        rotate: Rotation = "auto",
        ink: InkChoice = "auto",
    ) -> None:
        options.check_choice("layout", layout, get_args(Layout))
        options.check_choice("rotate", rotate, get_args(Rotation))
        options.check_choice("ink", ink, get_args(InkChoice))
        options.check_share("min_confidence", min_confidence)
        self.layout = layout
        self.rotate = rotate
        self.min_confidence = float(min_confidence)
        self.ink = ink
        self.model = options.classifier(model)
        threshold = self.model.info.rejection_threshold
        self._least_digitness = DEFAULT_DIGITNESS if threshold is None else threshold

    def read(self, source: Source, name: str | None = None) -> Reading:
        """Read one picture.

        Parameters
        ----------
        source : path, bytes, open file, array or PIL image
            See `tenfold.preprocess.image.open_picture`.
        name : str, optional
            What to call it in the reading and in messages.

        Raises
        ------
        DataError
            If it cannot be opened as a picture.
        FaultError
            If tenfold itself has a fault that it brings to light.
        """
        return self.trace(source, name).reading

    def read_many(self, sources: Iterable[Source]) -> Iterator[Reading | TenfoldError]:
        """Read pictures one after the other; one that cannot be read yields its error."""
        for source in sources:
            try:
                yield self.read(source)
            except TenfoldError as error:
                yield error

    def trace(self, source: Source, name: str | None = None) -> Trace:
        """Read one picture and keep every step; see `read`."""
        with faults_of(name_of(source, name)):
            return self._trace(source, name)

    def _trace(self, source: Source, name: str | None) -> Trace:
        started = time.perf_counter()
        picture = open_picture(source, name)
        turned = 0 if self.rotate == "auto" else int(self.rotate)
        picture = turn(picture, turned)
        if self.layout == "digit" or max(picture.pixels.shape[:2]) <= TINY:
            return self._one_digit(picture, turned, started)
        finder, recogniser = bundled_finder(), bundled_line()
        grey = grey_of(picture.pixels)
        seen = look(grey, finder, SETTINGS)
        if self.rotate == "auto" and self.layout != "line":
            more = best_turn(grey, seen, finder, SETTINGS)
            if more:
                picture, turned = turn(picture, more), (turned + more) % 360
                grey = grey_of(picture.pixels)
                seen = look(grey, finder, SETTINGS)
        one_line = self.layout == "line"
        lines, out, note = read_lines(grey, seen, recogniser, SETTINGS, one_line, self.ink)
        if note:
            picture = replace(picture, notes=(*picture.notes, note))
        empty = not any(part.symbols for line in lines for part in line)
        # Several digits that were left out are no lone digit.
        if self.layout == "auto" and empty and len(out) < 2:
            lone = self._one_digit(picture, turned, started)
            if lone.reading.lines or not out:
                return lone
        rows = ask_classifier(picture.pixels, seen, lines, self.model, SETTINGS)
        return self._finish(picture, seen, lines, rows, out, None, turned, started)

    def _one_digit(self, picture: Picture, turned: int, started: float) -> Trace:
        grey = grey_of(picture.pixels)
        tiny = max(picture.pixels.shape[:2]) <= TINY
        if tiny:  # a network's input, as it is: nothing to find
            seen = Finding([], [], [])
        else:
            single = replace(
                SETTINGS, sides=SETTINGS.single_sides, least_score=SETTINGS.single_score
            )
            seen = look(grey, bundled_finder(), single)
        promised = self.layout == "digit"
        answer = read_one(picture.pixels, grey, seen, self.model, bundled_line, SETTINGS, promised)
        if answer is None:
            return self._finish(picture, seen, [], [], [], None, turned, started)
        symbol, shown = answer
        if promised:  # who promises a digit has said already that it is one
            symbol = replace(symbol, support=1.0)
        return self._finish(picture, seen, [], [[symbol]], [], shown, turned, started)

    def _finish(
        self,
        picture: Picture,
        seen: Finding,
        lines: list[list[ReadPart]],
        rows: list[list[Symbol]],
        out: list[Found],
        shown: Pixels | None,
        turned: int,
        started: float,
    ) -> Trace:
        # In lines the finder says what is a digit, of a lone glyph the classifier.
        digitness = SETTINGS.least_support if lines else self._least_digitness
        limits = Limits(self.min_confidence, digitness, SETTINGS.certain)
        texts: list[Line] = []
        digits: list[Digit] = []
        marks: list[Mark] = []
        places: list[Found | None] = []
        for row, own in zip(rows, lines or [[] for _ in rows], strict=True):
            places += [symbol.found for symbol in row if symbol.char.isdigit()]
            line, more, signs = assemble.line_of(
                row, shares(own, row), len(texts), limits, SETTINGS, picture
            )
            digits += more
            marks += signs
            if line is not None:
                texts.append(line)
        for found in out:
            digits.append(assemble.left_out(found, picture))
            places.append(found)
        reading = Reading(
            picture.name,
            tuple(texts),
            tuple(digits),
            tuple(marks),
            picture.width,
            picture.height,
            turned,
            picture.notes,
            time.perf_counter() - started,
        )
        return Trace(picture, seen, lines, reading, places, shown)


def read(
    source: Source,
    *,
    model: Model | str | Path | None = None,
    layout: Layout = "auto",
    min_confidence: float = DEFAULT_MIN_CONFIDENCE,
    rotate: Rotation = "auto",
    ink: InkChoice = "auto",
) -> Reading:
    """Read the digits in one picture; for many, make a `Reader` once.

    Parameters
    ----------
    source : path, bytes, open file, array or PIL image
        An encoded picture, or pixels: bool, integers, or floats from 0 to 1 or 0 to 255, of shape
        (h, w), (h, w, 3) RGB or (h, w, 4) RGBA.
    model, layout, min_confidence, rotate, ink
        See `Reader`.

    Raises
    ------
    DataError
        If it cannot be opened as a picture.
    UsageError
        If an option has none of its values.

    Examples
    --------
    >>> import tenfold
    >>> tenfold.read("meter.jpg").text  # doctest: +SKIP
    '40718'
    """
    reader = Reader(model, layout=layout, min_confidence=min_confidence, rotate=rotate, ink=ink)
    return reader.read(source)
