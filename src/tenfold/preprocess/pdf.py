"""PDF: pages as pixels.

PDFium draws, through pypdfium2. It knows no threads, so one at a time is inside. What it has read
of a file it keeps, so the file is opened anew every few pages, in less than a millisecond.
"""

from __future__ import annotations

import ctypes
import logging
import math
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from os import PathLike
from typing import Any, BinaryIO, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import DataError, install
from tenfold.names import page_name
from tenfold.preprocess.encoded import Encoded, open_encoded
from tenfold.preprocess.image import MAX_PIXELS, name_of

SUFFIXES = (".pdf",)
HEAD = 1024  # bytes in which the mark of a PDF stands (ISO 32000-1, annex H)
_PICTURES = (b"\x89PNG", b"\xff\xd8", b"GIF8", b"BM", b"II", b"MM", b"RIFF")  # and a PDF in words
POINTS = 72  # an inch
MOST_DRAWN = 25_000_000  # pixels of a page: A4 at 500 dpi
LEAST_DPI = 50  # a scan of fewer is a mere background
_REOPENED = 16  # pages, after which PDFium's memory of the file is dropped
_OBJECTS = 4000  # of a page, that are looked at
_COVERED = 0.9  # of the page's area, from which on a picture is a scan of the page
_LOCK = threading.RLock()
_SILENT = logging.NullHandler()

Pixels: TypeAlias = NDArray[np.uint8]


def is_pdf(head: bytes) -> bool:
    r"""Whether bytes begin as a PDF does; some have a few bytes of something else before.

    Examples
    --------
    >>> is_pdf(b"\n%PDF-1.7\n"), is_pdf(b"\x89PNG")
    (True, False)
    """
    return b"%PDF-" in head[:HEAD] and not head.startswith(_PICTURES)


@contextmanager
def open_pdf(source: Encoded | str | PathLike[str], name: str | None = None) -> Iterator[Pdf]:
    """Open a PDF from a path or from what holds its bytes, and close it again.

    Raises
    ------
    DataError
        If it cannot be read, is no PDF, or as of `Pdf`.
    """
    name = name_of(source, name)
    with open_encoded(source, name) as file:
        if not is_pdf(file.read(HEAD)):
            raise DataError(f"{name}: is no PDF.")
        with Pdf(file, name) as pdf:
            yield pdf


class Pdf:
    """An open PDF.

    Parameters
    ----------
    file : binary file, seekable
        Stays open as long as this is used, and is left open.
    name : str
        What a person calls it.

    Raises
    ------
    DataError
        If it is encrypted, damaged or empty, or pypdfium2 is not installed.
    """

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file, self._name = file, name
        self._used = 0
        with _LOCK:
            self._document: Any = self._open()
            self._count = len(self._document)
        if not self._count:
            self.close()
            raise DataError(f"{name}: the PDF has no page that can be found. Save it again.")

    def __enter__(self) -> Pdf:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __len__(self) -> int:
        return self._count

    def close(self) -> None:
        """Give back what PDFium holds; a second time does nothing."""
        with _LOCK:
            if self._document is not None:
                self._document.close()
                self._document = None

    def draw(self, number: int, dpi: float) -> tuple[Pixels, float]:
        """Draw a page, uint8 ``(h, w, 3)`` in RGB, with all that people wrote into it.

        A page that is a scan is drawn no larger than the scan is, and no page larger than 25
        megapixels.

        Parameters
        ----------
        number : int
            From 1.
        dpi : float
            Dots per inch.

        Returns
        -------
        pixels : uint8 array
        dpi : float
            At which it was drawn.

        Raises
        ------
        DataError
            If the page is damaged, or holds a picture of more than 52 million pixels.
        """
        with self.page(number) as (pdfium, page):
            name = page_name(self._name, number)
            width, height = page.get_size()
            if not (0 < width < math.inf and 0 < height < math.inf):
                raise DataError(f"{name}: the page has no size. Save the PDF again.")
            pictures, alone = _embedded(pdfium.raw, page, name)
            scale = min(dpi / POINTS, math.sqrt(MOST_DRAWN / (width * height)))
            if alone:
                scale = min(scale, _scan_scale(pdfium.raw, pictures, width * height))
            size = (max(1, round(width * scale)), max(1, round(height * scale)))
            pixels = _drawn(pdfium.raw, self._document.formenv, page, *size)
            if pixels.min() == pixels.max():  # a blank page, or one whose picture cannot be shown
                _check_embedded(pdfium.raw, pictures, name)
            return pixels, scale * POINTS

    @contextmanager
    def page(self, number: int) -> Iterator[tuple[Any, Any]]:
        """Yield pypdfium2 and a page, from 1; nobody else is inside PDFium meanwhile.

        Raises
        ------
        DataError
            If there is no such page, or PDFium has an error with it.
        """
        name = page_name(self._name, number)
        if not 1 <= number <= self._count:
            raise DataError(f"{name}: there are {self._count} pages.")
        with _LOCK:
            pdfium = _pdfium(self._name)
            if self._used >= _REOPENED or self._document is None:
                self.close()
                self._document, self._used = self._open(), 0
            self._used += 1
            page = None
            try:
                page = self._document[number - 1]
                yield pdfium, page
            except pdfium.PdfiumError as error:
                raise DataError(
                    f"{name}: the page is damaged and cannot be shown. Save the PDF again."
                ) from error
            finally:
                if page is not None:
                    page.close()

    def _open(self) -> Any:
        pdfium = _pdfium(self._name)
        raw = pdfium.raw
        try:
            document = pdfium.PdfDocument(self._file)
        except pdfium.PdfiumError as error:
            code = getattr(error, "err_code", None)
            if code in (raw.FPDF_ERR_PASSWORD, raw.FPDF_ERR_SECURITY):
                raise DataError(
                    f"{self._name}: the PDF is encrypted. Save a copy without a password."
                ) from error
            raise DataError(f"{self._name}: the PDF is damaged. Save it again.") from error
        with suppress(pdfium.PdfiumError):
            # Without it, neither the boxes of fields nor what was typed into them would be drawn.
            document.init_forms()
        return document


def _pdfium(name: str) -> Any:
    try:
        import pypdfium2
    except ModuleNotFoundError as error:
        raise DataError(
            f"{name}: PDF needs the package pypdfium2, which is not installed. " + install("forms")
        ) from error
    # It comments on forms of a kind that it does not know (XFA); they are drawn all the same.
    logging.getLogger("pypdfium2").addHandler(_SILENT)
    return pypdfium2


def _embedded(raw: Any, page: Any, name: str) -> tuple[list[Any], bool]:
    """Return the pictures of a page, and whether nothing else on it can be seen."""
    pictures: list[Any] = []
    alone = True
    for item in islice(page.get_objects(max_depth=4), _OBJECTS):
        if item.type == raw.FPDF_PAGEOBJ_IMAGE:
            width, height = _pixels_of(raw, item)
            if width * height > MAX_PIXELS:
                raise DataError(
                    f"{name}: the page holds a picture of {width}×{height} pixels, larger than "
                    f"{MAX_PIXELS // 1_000_000 - 2} megapixels. Save the PDF with smaller ones."
                )
            pictures.append(item)
            alone &= item.level == 0  # within a form its place is not that on the page
        elif item.type == raw.FPDF_PAGEOBJ_TEXT:  # that of text recognition cannot be seen
            hidden = raw.FPDF_TEXTRENDERMODE_INVISIBLE
            alone &= raw.FPDFTextObj_GetTextRenderMode(item) == hidden
        else:
            alone = False
    return pictures, alone


def _pixels_of(raw: Any, picture: Any) -> tuple[int, int]:
    width, height = ctypes.c_uint(), ctypes.c_uint()
    raw.FPDFImageObj_GetImagePixelSize(picture, width, height)
    return width.value, height.value


def _scan_scale(raw: Any, pictures: list[Any], area: float) -> float:
    """Return the most pixels a point of the pictures; infinity where they do not cover the page."""
    covered, scale = 0.0, LEAST_DPI / POINTS
    for picture in pictures:
        matrix = raw.FS_MATRIX()
        raw.FPDFPageObj_GetMatrix(picture, matrix)
        wide, high = math.hypot(matrix.a, matrix.b), math.hypot(matrix.c, matrix.d)
        width, height = _pixels_of(raw, picture)
        covered += wide * high
        if wide > 0 and high > 0:
            scale = max(scale, width / wide, height / high)
    return scale if covered >= _COVERED * area else math.inf


def _drawn(raw: Any, form: Any, page: Any, width: int, height: int) -> Pixels:
    pixels = np.full((height, width, 3), 255, np.uint8)
    place = (pixels.ctypes.data, pixels.strides[0])
    bitmap = raw.FPDFBitmap_CreateEx(width, height, raw.FPDFBitmap_BGR, *place)
    if not bitmap:
        raise MemoryError
    try:
        flags = raw.FPDF_ANNOT | raw.FPDF_REVERSE_BYTE_ORDER  # RGB
        how = (bitmap, page, 0, 0, width, height, 0, flags)
        raw.FPDF_RenderPageBitmap(*how)
        if form:
            raw.FPDF_FFLDraw(form, *how)
    finally:
        raw.FPDFBitmap_Destroy(bitmap)
    return pixels


def _check_embedded(raw: Any, pictures: list[Any], name: str) -> None:
    """Raise DataError if a picture of the page cannot be decoded."""
    for picture in pictures:
        bitmap = raw.FPDFImageObj_GetBitmap(picture)
        if not bitmap:
            raise DataError(
                f"{name}: the picture on the page is damaged and cannot be shown. Scan it again."
            )
        raw.FPDFBitmap_Destroy(bitmap)
