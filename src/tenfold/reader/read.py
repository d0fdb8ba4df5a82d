"""Reading in one call: a picture, or the pages of a file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from tenfold.errors import PageError
from tenfold.model import Model
from tenfold.preprocess.geometry import Region
from tenfold.preprocess.image import Source
from tenfold.reader.expect import Expect
from tenfold.reader.networks import Networks
from tenfold.reader.reader import DEFAULT_MIN_CONFIDENCE, Layout, Reader, Rotation
from tenfold.reader.reading import InkChoice, Reading


def read(
    source: Source,
    *,
    model: Model | Networks | str | Path | None = None,
    layout: Layout = "auto",
    min_confidence: float = DEFAULT_MIN_CONFIDENCE,
    rotate: Rotation = "auto",
    ink: InkChoice = "auto",
    region: Region | None = None,
    expect: Expect | str | None = None,
) -> Reading:
    """Read the digits in one picture; for many, make a `Reader` once.

    Of a PDF or TIFF of several pages the first is read, and the notes say so; `read_pages` reads
    all.

    Parameters
    ----------
    source : path, bytes, open file, array or PIL image
        An encoded picture, or pixels: bool, integers, or floats from 0 to 1 or 0 to 255, of shape
        (h, w), (h, w, 3) RGB or (h, w, 4) RGBA.
    model, layout, min_confidence, rotate, ink, region, expect
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
    return Reader(
        model,
        layout=layout,
        min_confidence=min_confidence,
        rotate=rotate,
        ink=ink,
        region=region,
        expect=expect,
    ).read(source)


def read_pages(
    source: Source,
    *,
    only: Sequence[range] | None = None,
    model: Model | Networks | str | Path | None = None,
    layout: Layout = "auto",
    min_confidence: float = DEFAULT_MIN_CONFIDENCE,
    rotate: Rotation = "auto",
    ink: InkChoice = "auto",
    region: Region | None = None,
    expect: Expect | str | None = None,
) -> Iterator[Reading | PageError]:
    """Read the pages of a PDF or TIFF one after the other; any other picture is one page.

    Parameters
    ----------
    source : path, bytes, open file, array or PIL image
        See `read`. PDF and HEIC need ``pip install '.[forms]'``.
    only : sequence of range, optional
        The pages to read, from 1, such as ``[range(1, 4)]``; all by default.
    model, layout, min_confidence, rotate, ink, region, expect
        See `Reader`.

    Yields
    ------
    Reading or PageError
        An error in the place of a page that cannot be read, and of a file that cannot.

    Examples
    --------
    >>> import tenfold
    >>> [page.text for page in tenfold.read_pages("scan.pdf")]  # doctest: +SKIP
    ['40718', '2593 6']
    """
    return Reader(
        model,
        layout=layout,
        min_confidence=min_confidence,
        rotate=rotate,
        ink=ink,
        region=region,
        expect=expect,
    ).read_pages(source, only=only)
