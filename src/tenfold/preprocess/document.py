"""The pages of what people scan: a PDF, a TIFF of several pages, any other picture as one page.

One page after the other is opened, so that a file may have any size; what is wrong with one page
costs that page alone.
"""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from os import PathLike

import numpy as np
from PIL import Image

from tenfold.errors import DataError, PageError, TenfoldError, UsageError, faults_of
from tenfold.names import page_name
from tenfold.preprocess import image, pdf
from tenfold.preprocess.encoded import open_encoded
from tenfold.preprocess.image import WORKING_SIDE, Picture, Source, name_of, open_picture
from tenfold.preprocess.pdf import Pdf

SUFFIXES = (*image.SUFFIXES, *pdf.SUFFIXES)
DPI = 200
LEAST_DPI, MOST_DPI = 20, 1200
MOST_PAGES = 10_000  # of one file
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")  # the last two: BigTIFF
_SUBFILE = 254  # TIFF tag: what kind of picture this is
_NO_PAGE = 1 | 4  # of that: a smaller copy of another one, a mask for one


@dataclass(frozen=True, slots=True)
class DocumentPage:
    """A page, opened.

    Parameters
    ----------
    number : int
        From 1.
    count : int
        How many pages the file has.
    picture : Picture
        Its ``page`` is None where the file is one picture.
    dpi : float or None
        Dots per inch of the upright original, as drawn or as a TIFF says; None where unknown.
    """

    number: int
    count: int
    picture: Picture
    dpi: float | None


def parse_pages(text: str) -> tuple[range, ...]:
    """Take numbers of pages from text, such as ``"1-3,7"``; ``"3-"`` goes on to the end.

    Raises
    ------
    UsageError
        If it is none.

    Examples
    --------
    >>> parse_pages("1-3,7")
    (range(1, 4), range(7, 8))
    """
    chosen = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,9})\s*(?:(-)\s*(\d{0,9})\s*)?", part, re.ASCII)
        first, dash, last = match.groups() if match else ("0", None, None)
        end = int(last) if last else sys.maxsize - 1 if dash else int(first)
        if not 1 <= int(first) <= end:
            raise UsageError(f"pages is {text!r}; give numbers from 1, such as 1-3,7 or 5- .")
        chosen.append(range(int(first), end + 1))
    return tuple(chosen)


def pages(
    source: Source,
    name: str | None = None,
    *,
    only: Sequence[range] | None = None,
    dpi: float = DPI,
    side: int | None = WORKING_SIDE,
) -> Iterator[DocumentPage | PageError]:
    """Open the pages of a file, one after the other.

    Parameters
    ----------
    source : path, bytes, open file, array or PIL image
        See `tenfold.preprocess.image.open_picture`. A file on disk may have any size if it is a PDF
        or a TIFF, 400 MB otherwise; what lies in memory, 400 MB. A PIL image is one page.
    name : str, optional
        What to call it.
    only : sequence of range, optional
        The pages to open, from 1; they come in the file's order, each once.
    dpi : float
        At which pages of a PDF are drawn, 20 to 1200; scans in it no larger than they are.
    side : int or None
        What the longer side is reduced to where it is longer, in pixels; None keeps all.

    Yields
    ------
    DocumentPage or PageError
        An error in the place of a page that cannot be opened, and of a file that cannot.

    Raises
    ------
    UsageError
        If ``dpi`` is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> [page.number for page in pages(np.zeros((28, 28), np.uint8))]
    [1]
    """
    if not LEAST_DPI <= dpi <= MOST_DPI:
        raise UsageError(f"dpi is {dpi}; give a number from {LEAST_DPI} to {MOST_DPI}.")
    return _pages(source, name_of(source, name), only, dpi, side)


def count_pages(source: Source, name: str | None = None) -> int:
    """Return how many pages a file has; none is opened.

    Raises
    ------
    DataError
        If it cannot be opened.
    """
    name = name_of(source, name)
    with faults_of(name), _document(source, name, DPI, None) as document:
        return min(document.count, MOST_PAGES)


def first_page(
    source: Source, name: str | None = None, *, side: int | None = WORKING_SIDE
) -> Picture:
    """Open a picture, or the first page of a file of pages, and note that there are more.

    Raises
    ------
    DataError
        If it cannot be opened.
    """
    for page in pages(source, name, side=side):
        if isinstance(page, PageError):
            raise page.__cause__ or page
        more = (f"only page 1 of {page.count} was read",) if page.count > 1 else ()
        return replace(page.picture, notes=(*page.picture.notes, *more))
    raise AssertionError("a file has a page or an error")  # pragma: no cover


def _pages(
    source: Source, name: str, only: Sequence[range] | None, dpi: float, side: int | None
) -> Iterator[DocumentPage | PageError]:
    try:
        with faults_of(name), _document(source, name, dpi, side) as document:
            yield from _chosen(document, name, only)
    except TenfoldError as error:
        yield page_error(error, name, None)


def _chosen(
    document: _Document, name: str, only: Sequence[range] | None
) -> Iterator[DocumentPage | PageError]:
    count = document.count
    numbers = range(1, min(count, MOST_PAGES) + 1)
    chosen = [n for n in numbers if only is None or any(n in part for part in only)]
    beyond = only is None or any(part[-1] > len(numbers) for part in only)
    if not chosen and not (beyond and document.lost):
        has = "1 page, which is not" if count == 1 else f"{count} pages, none of them"
        raise DataError(f"{name}: has {has} among those asked for.")
    for number in chosen:
        told = number if document.numbered else None
        try:
            with faults_of(page_name(name, told)):
                picture, dpi = document.open(number)
        except TenfoldError as error:
            yield page_error(error, name, told)
            continue
        picture = replace(picture, name=name, page=told)
        yield DocumentPage(number, count, picture, dpi)
        del picture  # before the next one is opened
    if beyond and (document.lost or count > MOST_PAGES):
        number = len(numbers) + 1
        why = document.lost or (
            f"the file has {count:,} pages, and the first {MOST_PAGES:,} are read. Split it."
        )
        yield page_error(DataError(f"{page_name(name, number)}: {why}"), name, number)


def page_error(error: TenfoldError, name: str, number: int | None) -> PageError:
    """Return an error as that of a page; None for the number is the whole file."""
    page_error = PageError(str(error), name, number)
    page_error.__cause__ = error
    return page_error


@dataclass(frozen=True, slots=True)
class _Document:
    """How many pages, how to open one, whether they have numbers, what is lost behind the last."""

    count: int
    open: Callable[[int], tuple[Picture, float | None]]
    numbered: bool = False
    lost: str = ""


@contextmanager
def _document(source: Source, name: str, dpi: float, side: int | None) -> Iterator[_Document]:
    if isinstance(source, np.ndarray | Image.Image):
        yield _Document(1, lambda _: (open_picture(source, name, side=side), None))
        return
    with open_encoded(source, name) as file:
        head = file.read(pdf.HEAD)
        file.seek(0)
        if pdf.is_pdf(head):
            with Pdf(file, name) as opened:
                yield _Document(len(opened), _of_pdf(opened, name, dpi, side), numbered=True)
        elif head[:4] in _TIFF:
            with image.decoding(name), Image.open(file, formats=["TIFF"]) as tiff:
                yield _of_tiff(tiff, name, side)
        else:
            whole = source if isinstance(source, str | PathLike) else file.read()
            yield _Document(1, lambda _: (open_picture(whole, name, side=side), None))


def _of_pdf(
    opened: Pdf, name: str, dpi: float, side: int | None
) -> Callable[[int], tuple[Picture, float | None]]:
    def open_page(number: int) -> tuple[Picture, float | None]:
        pixels, drawn = opened.draw(number, dpi)
        return open_picture(pixels, page_name(name, number), side=side), drawn

    return open_page


def _of_tiff(tiff: Image.Image, name: str, side: int | None) -> _Document:
    frames, lost = _frames(tiff)
    numbered = len(frames) > 1 or bool(lost)

    def open_page(number: int) -> tuple[Picture, float | None]:
        label = page_name(name, number if numbered else None)
        with image.decoding(label):
            tiff.seek(frames[number - 1])
        picture = image.open_frame(tiff, label, side=side)
        return picture, _dpi(tiff)

    return _Document(len(frames), open_page, numbered, lost)


def _dpi(tiff: Image.Image) -> float | None:
    try:
        dots = float(tiff.info["dpi"][0])
    except (KeyError, TypeError, ValueError, ArithmeticError):  # it stands there as damaged bytes
        return None
    return dots if 1 <= dots < math.inf else None


def _frames(tiff: Image.Image) -> tuple[list[int], str]:
    """Return which frames of a TIFF are pages, and what to say of those that cannot be found."""
    frames: list[int] = []
    for index in range(2 * MOST_PAGES):
        try:
            tiff.seek(index)
        except EOFError:
            break
        except Exception:  # Pillow raises nearly anything where a file was cut
            return frames, "this page, and what follows it, is lost: the file is damaged."
        kind = tiff.tag_v2.get(_SUBFILE, 0)  # type: ignore[attr-defined]
        if not (isinstance(kind, int) and kind & _NO_PAGE):
            frames.append(index)
    return frames or [0], ""
