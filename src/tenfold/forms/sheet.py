"""Print a form: a PDF with corner marks, a page code and a number on each copy.

What is printed is the template's reference image, or, where a page has none, its fields: boxes,
combs and tick boxes with their names. Beside the PDF lie a template of the same name and its
reference images, marks and all: scans of the printed sheets are read with that one.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING
from unicodedata import normalize

import numpy as np
from PIL import Image

from tenfold.errors import UsageError
from tenfold.files import MARK
from tenfold.forms.corner_marks import MOST_COPIES, MOST_PAGES, draw_mark, ids_of, ids_of_copy
from tenfold.forms.pyramid import Grey
from tenfold.forms.references import DPI, PAPERS, open_reference, paper_of, png_of
from tenfold.forms.template import TemplatePage

if TYPE_CHECKING:
    from fpdf import FPDF

    from tenfold.forms.template import Field, Template

_INSET = 6.0  # millimetres from the paper's edge, which most printers leave white
_QUIET = 1.5  # white around a mark
_FOOT = 22.0  # half the width of what stands in the middle of the foot
_INK = 128  # grey level below which something is printed
_SPECKS = 20  # pixels of it that may be dirt


@dataclass(frozen=True, slots=True)
class Sheets:
    """A form ready to be printed, and what is needed to read it then.

    Parameters
    ----------
    pdf : bytes
        All copies, one after the other.
    images : tuple of bytes
        The new reference images, PNG.
    template : Template
        With those images and the fields where they are printed.
    shrunk : float
        What the print was scaled by, so that the marks have room; 1 where there was room.
    """

    pdf: bytes
    images: tuple[bytes, ...]
    template: Template
    shrunk: float


def print_sheets(template: Template, out: Path, *, copies: int = 1, first: int = 1) -> Sheets:
    """Draw the sheets of a template.

    Parameters
    ----------
    template : Template
    out : Path
        Where the PDF will lie; the template and its images are named after it.
    copies : int
        How many, each with its number.
    first : int
        The number of the first one.

    Raises
    ------
    UsageError
        If there are too many copies or pages to number.
    DataError
        If a reference image cannot be opened.
    """
    if copies < 1 or first < 1 or first + copies - 1 > MOST_COPIES:
        raise UsageError(f"copies are numbered from 1 to {MOST_COPIES:,}; give fewer.")
    if len(template.pages) > MOST_PAGES:
        raise UsageError(f"{template.path}: {MOST_PAGES} pages are the most that marks can number.")
    prints = [_print_of(template, number) for number in range(1, len(template.pages) + 1)]
    shrunk = min(each.shrunk for each in prints)
    blank = _draw(template, prints, shrunk, None)
    images = tuple(png_of(image) for image in _rendered(blank))
    return Sheets(
        _draw(template, prints, shrunk, range(first, first + copies)),
        images,
        _moved(template, out, prints, shrunk),
        shrunk,
    )


@dataclass(frozen=True, slots=True)
class _Print:
    """What is printed on a page, its image or, without one, its fields, and on which paper."""

    image: Grey | None
    size: tuple[float, float]
    fields: tuple[Field, ...]
    shrunk: float


def _print_of(template: Template, number: int) -> _Print:
    page, fields = template.pages[number - 1], tuple(template.on(number))
    image = open_reference(page.image) if page.image.exists() else None
    size = page.size or (PAPERS["A4"] if image is None else paper_of(image))
    return _Print(image, size, fields, 1.0 if _has_room(image, size, fields) else _room(size))


def _side(size: tuple[float, float]) -> float:
    """Return the side of a mark in millimetres."""
    return min(9.0, max(7.0, 0.035 * max(size)))


def _places(size: tuple[float, float]) -> list[tuple[float, float]]:
    """Return where the corner marks begin, left and top, clockwise from the top left."""
    near, side = _INSET, _side(size)
    right, low = size[0] - near - side, size[1] - near - side
    return [(near, near), (right, near), (right, low), (near, low)]


def _kept(size: tuple[float, float]) -> Iterator[tuple[float, float, float, float]]:
    """Yield the areas that must be white, left, top, right and bottom in millimetres."""
    side = _side(size)
    for left, top in _places(size):
        yield left - _QUIET, top - _QUIET, left + side + _QUIET, top + side + _QUIET
    low = size[1] - _INSET - side - _QUIET
    yield size[0] / 2 - _FOOT, low, size[0] / 2 + _FOOT, size[1]


def _has_room(image: Grey | None, size: tuple[float, float], fields: tuple[Field, ...]) -> bool:
    for left, top, right, bottom in _kept(size):
        for field in fields:
            x, y, wide, high = field.box
            apart = (
                x * size[0] > right or (x + wide) * size[0] < left
                or y * size[1] > bottom or (y + high) * size[1] < top
            )  # fmt: skip
            if not apart:
                return False
        if image is not None:
            shares = np.array([left / size[0], top / size[1], right / size[0], bottom / size[1]])
            x0, y0, x1, y1 = np.rint(shares * np.tile(image.shape[::-1], 2)).astype(int)
            if (image[max(0, y0) : y1, max(0, x0) : x1] < _INK).sum() > _SPECKS:
                return False
    return True


def _room(size: tuple[float, float]) -> float:
    """Return the scale at which a whole page fits between the marks above and below."""
    return 1 - 2 * (_INSET + _side(size) + _QUIET) / size[1]


def _draw(template: Template, prints: list[_Print], scale: float, copies: range | None) -> bytes:
    """Draw all pages of all copies; without copies those of one that has no number."""
    from fpdf import FPDF

    pdf = FPDF(unit="mm", format=prints[0].size)
    pdf.set_auto_page_break(auto=False)
    pdf.set_margin(0)
    pdf.set_title(_latin(template.title))
    pdf.set_keywords(MARK)
    images = [None if each.image is None else Image.fromarray(each.image) for each in prints]
    for copy in copies or (None,):
        for number, (each, image) in enumerate(zip(prints, images, strict=True), 1):
            pdf.add_page(format=each.size)
            width, height = each.size
            left, top = (1 - scale) / 2 * width, (1 - scale) / 2 * height
            if image is not None:
                pdf.image(image, left, top, scale * width, scale * height)
            else:
                _draw_fields(pdf, template.title, each, scale)
            _draw_marks(pdf, each.size, ids_of(template.code, number), copy)
            _say(pdf, width / 2 - _FOOT, height - _INSET, f"{number}/{len(prints)}", 7)
    return bytes(pdf.output())


def _draw_marks(
    pdf: FPDF, size: tuple[float, float], ids: tuple[int, ...], copy: int | None
) -> None:
    side = _side(size)
    for (left, top), identity in zip(_places(size), ids, strict=True):
        _draw_mark(pdf, identity, left, top, side)
    if copy is not None:
        low, small = size[1] - _INSET - side, min(side, 8.0)
        for left, identity in zip((-small - 1, 1), ids_of_copy(copy), strict=True):
            _draw_mark(pdf, identity, size[0] / 2 + left, low + side - small, small)
        _say(pdf, size[0] / 2 + small + 2.5, size[1] - _INSET, f"No. {copy}", 7)


def _draw_mark(pdf: FPDF, identity: int, left: float, top: float, side: float) -> None:
    """Draw a mark as black runs of cells, sharp at any size."""
    cells = draw_mark(identity, 1) == 0
    step = side / len(cells)
    pdf.set_fill_color(0)
    for row, line in enumerate(cells):
        edges = np.flatnonzero(np.diff(np.r_[0, line.astype(np.int8), 0]))
        for start, end in edges.reshape(-1, 2):
            # A hair higher than a cell, or viewers show a white line between rows.
            high = step * 1.02 if row + 1 < len(cells) else step
            pdf.rect(left + start * step, top + row * step, (end - start) * step, high, "F")


def _draw_fields(pdf: FPDF, title: str, page: _Print, scale: float) -> None:
    """Draw a page from its fields alone: a frame for each, its name beside or above it."""
    width, height = page.size
    pdf.set_line_width(0.25)
    _say(pdf, 20, 22, title, 14)
    for field in page.fields:
        x, y, wide, high = _shrunk(field.box, scale)
        x, y, wide, high = x * width, y * height, wide * width, high * height
        pdf.rect(x, y, wide, high)
        for i in range(1, field.cells or 1):
            pdf.line(
                x + i * wide / (field.cells or 1), y, x + i * wide / (field.cells or 1), y + high
            )
        name = _latin(field.name.replace("_", " "))
        pdf.set_font("Helvetica", size=9)
        long = pdf.get_string_width(name)
        if field.kind == "tick" and x + wide + 2 + long < width:
            _say(pdf, x + wide + 2, y + high / 2 + 1.2, name, 9)
        elif x - 2 - long > _INSET and not _taken(page.fields, field, (x - 2 - long) / width):
            _say(pdf, x - 2 - long, y + high / 2 + 1.2, name, 9)
        else:
            _say(pdf, x, y - 1, name, 8)


def _taken(fields: tuple[Field, ...], field: Field, left: float) -> bool:
    """Say whether another field stands left of this one where its name would be."""
    x, y, _, high = field.box
    return any(
        other is not field and other.box[0] < x and other.box[0] + other.box[2] > left
        and other.box[1] < y + high and other.box[1] + other.box[3] > y
        for other in fields
    )  # fmt: skip


def _say(pdf: FPDF, x: float, y: float, words: str, size: float) -> None:
    pdf.set_font("Helvetica", size=size)
    pdf.text(x, y, _latin(words))


def _latin(words: str) -> str:
    """Return text in the letters that the PDF's own font has."""
    return "".join(
        letter if letter.encode("latin-1", "ignore") else
        normalize("NFKD", letter).encode("latin-1", "ignore").decode("latin-1") or "?"
        for letter in words
    )  # fmt: skip


def _rendered(pdf: bytes) -> Iterator[Grey]:
    import pypdfium2

    with pypdfium2.PdfDocument(pdf) as document:
        for page in document:
            yield np.array(page.render(scale=DPI / 72, grayscale=True).to_numpy(), np.uint8)


def _shrunk(box: tuple[float, ...], scale: float) -> tuple[float, float, float, float]:
    left, top, width, height = (share * scale for share in box)
    return left + (1 - scale) / 2, top + (1 - scale) / 2, width, height


def _moved(template: Template, out: Path, prints: list[_Print], scale: float) -> Template:
    """Return the template of the printed sheets, which lies beside the PDF."""
    pages = tuple(
        TemplatePage(out.with_name(f"{out.stem}-{number}.png"), each.size, marks=True)
        for number, each in enumerate(prints, 1)
    )
    fields = tuple(
        replace(field, box=_shrunk(field.box, scale), one_of_file=_beside(template, out, field))
        for field in template.fields
    )
    return replace(template, path=out.with_suffix(".toml"), pages=pages, fields=fields)


def _beside(template: Template, out: Path, field: Field) -> str | None:
    """Return a field's list of values as the new template has it, relative to its own place."""
    if field.one_of_file is None:
        return None
    name, colon, column = field.one_of_file.partition(":")
    return os.path.relpath(template.path.parent / name, out.parent) + colon + column
