"""The reader: from a picture to a Reading.

open → find → lines → read → refuse → Reading, in this order, in `Reader.trace`.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import PageError, TenfoldError, faults_of
from tenfold.model import Model
from tenfold.preprocess.binarize import find_ink
from tenfold.preprocess.document import DocumentPage, first_page, page_error, pages
from tenfold.preprocess.geometry import Region, check_region, crop, turn
from tenfold.preprocess.image import WORKING_SIDE, Picture, Source, name_of
from tenfold.reader import assemble, expected, options
from tenfold.reader.assemble import Limits
from tenfold.reader.batch import Row, check_seconds, rows_of
from tenfold.reader.confidence import shares
from tenfold.reader.expect import Expect
from tenfold.reader.expected import Fitted
from tenfold.reader.find import Finding, Found
from tenfold.reader.networks import LineRecogniser, Networks, bundled_finder, bundled_line
from tenfold.reader.pipeline import ask_classifier, best_turn, grey_of, look, read_lines
from tenfold.reader.reading import InkChoice, Reading
from tenfold.reader.recognise import ReadPart, Symbol
from tenfold.reader.settings import SETTINGS
from tenfold.reader.single_digit import by_ink, lies_alone, read_one
from tenfold.reader.trace import Trace

Pixels = NDArray[np.uint8]
Layout = Literal["auto", "digit", "line", "page"]
Rotation = Literal["auto", "0", "90", "180", "270"]

DEFAULT_MIN_CONFIDENCE = 0.5
DEFAULT_DIGITNESS = 0.5  # for model files that carry no rejection threshold
TINY = 40  # pixels: a picture this small holds one digit


class Reader:
    """Reads pictures; makes no changes to itself, so threads may share it.

    It can be pickled and copied: another process opens the same model file anew.

    Parameters
    ----------
    model : Model, Networks, path or None
        The classifier of single glyphs, or the line recogniser, or a folder of both such as
        ``tenfold fine-tune`` writes; None, and what is not in the folder, are those that come
        with tenfold.
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
    region : tuple of float, optional
        Left, top, width and height of the part to read, as shares of the page as it lies; boxes
        stay those of the whole page.
    expect : Expect or str, optional
        What the one number of the picture may be, such as ``"8 digits"`` or ``"0..100; 1 decimal"``
        (`tenfold.reader.expect.Expect.parse`): only what fits is read. See `Reading.expected`.

    Raises
    ------
    UsageError
        If an option has none of its values, or what is expected cannot be.
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
        model: Model | Networks | str | Path | None = None,
        *,
        layout: Layout = "auto",
        min_confidence: float = DEFAULT_MIN_CONFIDENCE,
        rotate: Rotation = "auto",
        ink: InkChoice = "auto",
        region: Region | None = None,
        expect: Expect | str | None = None,
    ) -> None:
        options.check_choice("layout", layout, get_args(Layout))
        options.check_choice("rotate", rotate, get_args(Rotation))
        options.check_choice("ink", ink, get_args(InkChoice))
        options.check_share("min_confidence", min_confidence)
        self.layout = layout
        self.rotate = rotate
        self.min_confidence = float(min_confidence)
        self.ink = ink
        self.region = None if region is None else check_region(region)
        self.expect = options.expectation(expect)
        self.networks = options.networks(model)
        self.model = self.networks.classifier
        threshold = self.model.info.rejection_threshold
        self._least_digitness = DEFAULT_DIGITNESS if threshold is None else threshold

    def _recogniser(self) -> LineRecogniser:
        return self.networks.line or bundled_line()

    def read(self, source: Source, name: str | None = None) -> Reading:
        """Read one picture; of a file of several pages the first, which the notes then say.

        Parameters
        ----------
        source : path, bytes, open file, array or PIL image
            See `tenfold.preprocess.document.pages`.
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

    def read_pages(
        self, source: Source, name: str | None = None, *, only: Sequence[range] | None = None
    ) -> Iterator[Reading | PageError]:
        """Read the pages of a PDF or TIFF one after the other; any other picture is one page.

        Parameters
        ----------
        source, name
            See `read`.
        only : sequence of range, optional
            The pages to read, from 1, such as ``[range(1, 4)]``; all by default.

        Yields
        ------
        Reading or PageError
            An error in the place of a page that cannot be read, and of a file that cannot.
        """
        for page in self.open_pages(source, name, only=only):
            if isinstance(page, PageError):
                yield page
                continue
            try:
                yield self.trace(page.picture).reading
            except TenfoldError as error:
                picture = page.picture
                yield page_error(error, picture.name, picture.page)

    def read_batch(
        self, pictures: Iterable[tuple[str, Source]], *, seconds: float | None = None
    ) -> list[Row]:
        """Read pictures, given as pairs of id and bytes, into rows of a table: a row per page.

        What cannot be read, or takes longer than ``seconds``, has a row with its ``error``; see
        `tenfold.reader.batch.Row`. The limit holds on the main thread alone; None is no limit, and
        what is not above zero a UsageError.
        """
        check_seconds(seconds)
        return [row for name, source in pictures for row in rows_of(self, name, source, seconds)]

    def open_pages(
        self, source: Source, name: str | None = None, *, only: Sequence[range] | None = None
    ) -> Iterator[DocumentPage | PageError]:
        """Open pages as large as this reader wants them, to `trace` each; see `read_pages`."""
        return pages(source, name, only=only, side=self._side)

    @property
    def _side(self) -> int | None:
        return WORKING_SIDE if self.region is None else None  # a region is cut out of all there is

    def trace(self, source: Source | Picture, name: str | None = None) -> Trace:
        """Read one picture, opened already or not, and keep every step; see `read`."""
        label = source.label if isinstance(source, Picture) else name_of(source, name)
        with faults_of(label):
            return self._trace(source, name)

    def _trace(self, source: Source | Picture, name: str | None) -> Trace:
        started = time.perf_counter()
        if isinstance(source, Picture):
            picture = source
        else:
            picture = first_page(source, name, side=self._side)
        if self.region is not None:
            picture = crop(picture, self.region)
        turned = 0 if self.rotate == "auto" else int(self.rotate)
        picture = turn(picture, turned)
        if self.layout == "digit" or max(picture.pixels.shape[:2]) <= TINY:
            return self._one_digit(picture, turned, started)
        finder, recogniser = bundled_finder(), self._recogniser()
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
        fitted = None
        if self.expect is not None:
            fitted = expected.fit_lines(lines, grey, seen, recogniser, self.expect, SETTINGS)
        return self._finish(picture, seen, lines, rows, out, None, turned, started, fitted)

    def _one_digit(self, picture: Picture, turned: int, started: float) -> Trace:
        grey = grey_of(picture.pixels)
        ink = find_ink(picture.pixels)
        whole = by_ink(ink, self.model)
        alone = lies_alone(ink, whole)
        if alone and max(picture.pixels.shape[:2]) <= TINY:  # a network's input, as it is
            seen = Finding([], [], [])
        else:
            seen = look(grey, bundled_finder(), SETTINGS.for_one_digit())
        promised = self.layout == "digit"
        answer = read_one(
            picture.pixels, grey, whole, alone, seen, self.model, self._recogniser, SETTINGS,
            promised,
        )  # fmt: skip
        if answer is None:
            fitted = None if self.expect is None else expected.nothing(self.expect)
            return self._finish(picture, seen, [], [], [], None, turned, started, fitted)
        symbol, shown = answer
        if promised:  # who promises a digit has said already that it is one
            symbol = replace(symbol, support=1.0)
        fitted = None if self.expect is None else expected.fit_lone(symbol, self.expect)
        return self._finish(picture, seen, [], [[symbol]], [], shown, turned, started, fitted)

    def _finish(
        self, picture: Picture, seen: Finding, lines: list[list[ReadPart]],
        rows: list[list[Symbol]], out: list[Found], shown: Pixels | None, turned: int,
        started: float, fitted: Fitted | None,
    ) -> Trace:  # fmt: skip
        # In lines the finder says what is a digit, of a lone glyph the classifier.
        digitness = SETTINGS.least_support if lines else self._least_digitness
        limits = Limits(self.min_confidence, digitness, SETTINGS.certain)
        if fitted is None:
            parts = lines or [[] for _ in rows]
            # A lone glyph has no string, and the line recogniser need not be opened for it.
            curve = self._recogniser().info.string_calibration if lines else ()
            sure = [shares(own, row, curve) for row, own in zip(rows, parts, strict=True)]
            found = assemble.all_of(rows, sure, limits, SETTINGS, picture)
        else:
            found = expected.assemble(fitted, rows, limits, SETTINGS, picture)
            lines = fitted.lines
        digits = (*found.digits, *(assemble.left_out(one, picture) for one in out))
        reading = Reading(
            picture.name,
            tuple(found.lines),
            digits,
            tuple(found.marks),
            picture.width,
            picture.height,
            turned,
            (*picture.notes, *found.notes),
            time.perf_counter() - started,
            picture.page,
            found.expected,
        )
        return Trace(picture, seen, lines, reading, [*found.places, *out], shown)
