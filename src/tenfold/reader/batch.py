"""Many pictures to rows of a table: a row per page, whatever was wrong with it, within a limit.

Each picture goes through the networks by itself. Glyphs of many in one call would save a hundredth
of the time, see docs/decisions/ray.md.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING, TypedDict

from tenfold.errors import PageError, TenfoldError, UsageError
from tenfold.names import page_name

if TYPE_CHECKING:
    from tenfold.preprocess.document import DocumentPage
    from tenfold.preprocess.image import Source
    from tenfold.reader.reader import Reader
    from tenfold.reader.reading import Reading


MOST_SECONDS = 1_000_000  # of a limit; timers of the system end somewhere above


class NumberRow(TypedDict):
    """A number of a `Row`: its text, confidence, line (from 1) and box in pixels."""

    text: str
    confidence: float
    line: int
    x: int
    y: int
    width: int
    height: int


class Row(TypedDict):
    """What was read of one page: a row of a table.

    ``page`` counts from 1 and is None where the file is one picture, or none; ``text`` is None
    where there is an ``error``; ``value`` is that of the number which was expected; ``confidence``
    that of the least sure number, None without any; ``refused`` how many digits were refused.
    """

    id: str
    page: int | None
    text: str | None
    value: str | None
    confidence: float | None
    numbers: list[NumberRow]
    refused: int
    width: int | None
    height: int | None
    rotation: int | None
    notes: list[str]
    seconds: float | None
    error: str | None


class _TimeUp(BaseException):
    """The time limit has passed; no Exception, for what catches these while decoding."""


def check_seconds(seconds: float | None) -> None:
    """Raise UsageError if this is no time limit; None is none."""
    if seconds is not None and not 0 < seconds <= MOST_SECONDS:
        raise UsageError(
            f"seconds is {seconds}; give a number larger than 0, up to {MOST_SECONDS:,}."
        )


def rows_of(
    reader: Reader,
    name: str,
    source: Source,
    seconds: float | None = None,
    only: Sequence[range] | None = None,
) -> Iterator[Row]:
    """Read the pages of one picture or document, a row each, at least one.

    Parameters
    ----------
    reader : Reader
    name : str
        Its id.
    source : path, bytes, …
        See `Reader.read_pages`.
    seconds : float, optional
        That opening or reading a page may take; None for no limit. It holds on the main thread of
        Linux and macOS alone, between two steps of Python; elsewhere whoever runs the process ends
        it.
    only : sequence of range, optional
        The pages to read, from 1; all by default.
    """
    pages: Iterator[DocumentPage | PageError] | None = None
    number: int | None = None
    while True:
        try:
            with _within(seconds):
                pages = pages or reader.open_pages(source, name, only=only)
                page = next(pages, None)
        except _TimeUp:  # the pages behind it cannot be opened any more
            yield error_row(name, None if number is None else number + 1, _too_long(name, seconds))
            return
        if page is None:
            return
        number = page.page if isinstance(page, PageError) else page.number
        yield _row(reader, name, page, seconds)


def _row(reader: Reader, name: str, page: DocumentPage | PageError, seconds: float | None) -> Row:
    if isinstance(page, PageError):
        return error_row(name, page.page, str(page))
    number = page.picture.page
    try:
        with _within(seconds):
            return row_of(name, reader.trace(page.picture).reading)
    except _TimeUp:
        return error_row(name, number, _too_long(page_name(name, number), seconds))
    except TenfoldError as error:
        return error_row(name, number, str(error))


def row_of(name: str, reading: Reading) -> Row:
    """Return a reading as a row."""
    numbers = [
        NumberRow(
            text=number.text, confidence=round(number.confidence, 4), line=line,
            x=number.box[0], y=number.box[1], width=number.box[2], height=number.box[3],
        )
        for line, own in enumerate(reading.lines, 1) for number in own.numbers
    ]  # fmt: skip
    return {
        "id": name,
        "page": reading.page,
        "text": reading.text,
        "value": None if reading.expected is None else reading.expected.value,
        "confidence": min((number["confidence"] for number in numbers), default=None),
        "numbers": numbers,
        "refused": sum(not digit.accepted and not digit.left_out for digit in reading.digits),
        "width": reading.width,
        "height": reading.height,
        "rotation": reading.rotation,
        "notes": list(reading.notes),
        "seconds": round(reading.seconds, 4),
        "error": None,
    }


def error_row(name: str, page: int | None, error: str) -> Row:
    """Return the row of what could not be read."""
    return {
        "id": name, "page": page, "text": None, "value": None, "confidence": None, "numbers": [],
        "refused": 0, "width": None, "height": None, "rotation": None, "notes": [],
        "seconds": None, "error": error,
    }  # fmt: skip


def _too_long(name: str, seconds: float | None) -> str:
    return f"{name}: takes longer than {seconds:g} seconds."


@contextmanager
def _within(seconds: float | None) -> Iterator[None]:
    """Raise _TimeUp within after so many seconds, where the system can."""
    main = threading.current_thread() is threading.main_thread()
    if seconds is None or not main or not hasattr(signal, "setitimer"):
        yield
        return
    before = signal.signal(signal.SIGALRM, _time_up)
    try:
        signal.setitimer(signal.ITIMER_REAL, seconds)
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _time_up(_signal: int, _frame: FrameType | None) -> None:
    raise _TimeUp
