"""The reader: from a picture to a Reading.

The steps, each in a module of its own: open the picture, find the ink, lay out lines, divide them
into digits with the classifier as judge, refuse what is no digit.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import TenfoldError, UsageError, faults_of
from tenfold.model import Model, load_model
from tenfold.preprocess.binarize import Ink, find_ink
from tenfold.preprocess.image import Picture, Source, name_of, open_picture
from tenfold.preprocess.overlay import drop_overlay
from tenfold.preprocess.segment import glyph_of
from tenfold.reader.assemble import Lines, assemble, quality, refusals
from tenfold.reader.bundled import bundled_model, bundled_speller
from tenfold.reader.decode import Found, Weights, candidates, divide, line_height
from tenfold.reader.layout import lay_out
from tenfold.reader.page import Page
from tenfold.reader.reading import Reading
from tenfold.reader.single import read_single

Layout = Literal["auto", "digit", "line", "page"]
Rotation = Literal["auto", "0", "90", "180", "270"]

DEFAULT_MIN_CONFIDENCE = 0.5
DEFAULT_DIGITNESS = 0.5  # for model files that carry no rejection threshold
TINY = 40  # pixels: a picture this small holds one digit
TURN_BELOW, TURN_GAIN, TURN_MARKS, TURN_SAMPLE = 0.75, 0.1, 6, 300
SURE_SINGLE, SINGLE_SHARE, FEW_MARKS = 0.9, 0.7, 4


@dataclass(frozen=True, slots=True)
class Trace:
    """A reading and how it came about: what ``--explain`` and ``--annotate`` draw.

    Parameters
    ----------
    picture : Picture
        As opened, turned upright.
    ink : Ink
        All the ink found.
    page : Page or None
        Ink without forms, and its lines; None where one digit was promised.
    lines : list of list of Found
        What each line was divided into.
    reading : Reading
    """

    picture: Picture
    ink: Ink
    page: Page | None
    lines: Lines
    reading: Reading


class Reader:
    """Reads pictures; makes no changes to itself, so threads may share it.

    Parameters
    ----------
    model : Model, path or None
        The classifier; None is the one that comes with tenfold.
    layout : str
        ``"digit"`` promises exactly one digit, so none is refused as no digit; ``"line"``
        promises one line, ``"page"`` any number of lines; ``"auto"`` decides by itself.
    min_confidence : float
        Digits less probable than this are refused as unsure, 0 to 1.
    rotate : str
        ``"0"``, ``"90"``, ``"180"`` or ``"270"`` degrees clockwise before reading; ``"auto"``
        turns pages that read badly as they lie.

    Raises
    ------
    UsageError
        If an option has none of its values.
    ModelError
        If the model file cannot be used.

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
    ) -> None:
        _check_choice("layout", layout, get_args(Layout))
        _check_choice("rotate", rotate, get_args(Rotation))
        if not 0 <= min_confidence <= 1:
            raise UsageError(f"min_confidence is {min_confidence}; give a number from 0 to 1.")
        self.layout = layout
        self.rotate = rotate
        self.min_confidence = min_confidence
        self.model = model if isinstance(model, Model) else _load(model)
        self._weights = Weights()
        threshold = self.model.info.rejection_threshold
        self._least_digitness = DEFAULT_DIGITNESS if threshold is None else threshold

    def read(self, source: Source, name: str | None = None) -> Reading:
        """Read one picture.

        Parameters
        ----------
        source : path, bytes, array or PIL image
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
        picture = _turn(picture, turned)
        ink = drop_overlay(picture.pixels, find_ink(picture.pixels))
        turn, page, lines = self._divide(picture, ink)
        if turn:
            picture, ink = _turn(picture, turn), _turn_ink(ink, turn)
        # Who promises one digit has said already that it is one.
        least_digitness = 0.0 if self.layout == "digit" else self._least_digitness
        refused = refusals(lines, page, self.min_confidence, least_digitness)
        texts, digits = assemble(lines, refused, picture)
        reading = Reading(
            picture.name,
            texts,
            digits,
            picture.width,
            picture.height,
            (turned + turn) % 360,
            picture.notes,
            time.perf_counter() - started,
        )
        return Trace(picture, ink, page, lines, reading)

    def _divide(self, picture: Picture, ink: Ink) -> tuple[int, Page | None, Lines]:
        """Choose layout and rotation: degrees to turn, the page, its lines divided."""
        tiny = max(picture.pixels.shape[:2]) <= TINY
        if self.layout == "digit" or (self.layout == "auto" and tiny):
            return 0, None, self._single(ink)
        page = lay_out(picture.pixels, ink, one_line=self.layout == "line")
        lines = self._read_page(page)
        if self.layout == "auto" and sum(map(len, lines)) <= FEW_MARKS:
            single = self._single(ink, least_share=SINGLE_SHARE)
            if _is_single(single, lines):
                return 0, None, single
        if self.rotate != "auto" or self.layout == "line":
            return 0, page, lines
        return self._best_turn(picture, ink, page, lines)

    def _single(self, ink: Ink, least_share: float = 0.0) -> Lines:
        best = read_single(ink, self.model.predict_with_digitness)
        return [[best[0]]] if best is not None and best[1] >= least_share else []

    def _read_page(self, page: Page) -> Lines:
        lines: Lines = []
        for line in page.lines:
            judged = candidates(page, line, self.model.predict_with_digitness, bundled_speller)
            lines.append(divide(judged, line_height(page, line), self._weights))
        return lines

    def _best_turn(
        self, picture: Picture, ink: Ink, page: Page, lines: Lines
    ) -> tuple[int, Page | None, Lines]:
        """Turn a page that reads badly, if its glyphs look more like digits that way."""
        pieces = [piece for line in page.lines for field in line for piece in field]
        if len(pieces) < TURN_MARKS or quality(lines, page.height) >= TURN_BELOW:
            return 0, page, lines
        glyphs = np.stack([glyph_of(page.ink, piece) for piece in pieces[:TURN_SAMPLE]])
        scores = {}
        # A line that reads badly is no column: only several lines may lie on their side.
        for turn in (0, 90, 180, 270) if len(lines) > 1 else (0, 180):
            turned = np.ascontiguousarray(np.rot90(glyphs, -turn // 90, axes=(1, 2)))
            chances, digitness = self.model.predict_with_digitness(turned)
            scores[turn] = float((chances.max(axis=1) * digitness).mean())
        best = max(scores, key=lambda turn: scores[turn])
        if scores[best] < scores[0] + TURN_GAIN:
            return 0, page, lines
        pixels = _turn_array(picture.pixels, best)
        page = lay_out(pixels, _turn_ink(ink, best))
        return best, page, self._read_page(page)


def _is_single(single: Lines, lines: Lines) -> bool:
    """Whether one digit explains the picture better than a page of several."""
    if not single:
        return False
    digits = [found for line in lines for found in line if found.is_digit]
    sure = _sureness(single[0][0])
    if len(digits) <= 1:
        return sure > SURE_SINGLE or all(sure >= _sureness(other) for other in digits)
    return sure > max(SURE_SINGLE, quality(lines, 0.0))


def _sureness(found: Found) -> float:
    return found.digitness * float(found.probabilities.max())


def _check_choice(option: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise UsageError(f"{option} is {value!r}; choose one of {', '.join(allowed)}.")


def read(
    source: Source,
    *,
    model: Model | str | Path | None = None,
    layout: Layout = "auto",
    min_confidence: float = DEFAULT_MIN_CONFIDENCE,
    rotate: Rotation = "auto",
) -> Reading:
    """Read the digits in one picture; for many, make a `Reader` once.

    Parameters
    ----------
    source : path, bytes, array or PIL image
        Encoded bytes of a picture, or pixels: bool, integers, or floats from 0 to 1 or 0 to 255,
        of shape (h, w), (h, w, 3) RGB or (h, w, 4) RGBA.
    model, layout, min_confidence, rotate
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
    reader = Reader(model, layout=layout, min_confidence=min_confidence, rotate=rotate)
    return reader.read(source)


def _load(path: str | Path | None) -> Model:
    return bundled_model() if path is None else load_model(path, threads=1)


def _turn(picture: Picture, degrees: int) -> Picture:
    if not degrees:
        return picture
    width, height = picture.width, picture.height
    if degrees % 180:
        width, height = height, width
    pixels = _turn_array(picture.pixels, degrees)
    return replace(picture, pixels=pixels, width=width, height=height)


def _turn_ink(ink: Ink, degrees: int) -> Ink:
    level, mask = _turn_array(ink.level, degrees), _turn_array(ink.mask, degrees)
    return replace(ink, level=level, mask=mask, evened=_turn_array(ink.evened, degrees))


def _turn_array(array: NDArray[np.uint8], degrees: int) -> NDArray[np.uint8]:
    """Turn clockwise."""
    return np.ascontiguousarray(np.rot90(array, -degrees // 90))
