"""Make a template of a blank form: find its fields, propose their names, keep its pages' images.

Where a PDF has fields to fill in (AcroForm) they are taken; elsewhere boxes, combs, tick boxes and
lines are found on the page as it looks (`tenfold.forms.rulings`). A scan is turned straight first.
A filled-in sheet does for a blank, though what is written may hide a field.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from tenfold.errors import DataError, PageError
from tenfold.forms.labels import Label, labels_of, slug, unique
from tenfold.forms.pyramid import Grey
from tenfold.forms.references import DPI, MM, paper_of, png_of
from tenfold.forms.rulings import Kind as PlaceKind
from tenfold.forms.rulings import Place, find_places, ink_of
from tenfold.forms.template import Field, TemplatePage
from tenfold.preprocess.document import pages
from tenfold.preprocess.pdf import is_pdf, open_pdf
from tenfold.preprocess.pdf_layout import FormField, Word, form_fields, text_boxes

MOST_PAGES = 100
_LONG_SIDE = 2400  # pixels to which a picture of unknown resolution is reduced: A4 at 205 dpi
_STEEPEST = 6.0  # degrees that a scanned blank may be turned by
_STRAIGHT = 0.05  # degrees that are left alone


@dataclass(frozen=True, slots=True)
class BlankPage:
    """A page of a blank form.

    Parameters
    ----------
    image : uint8 array, shape (h, w)
        Grey, straight, about 200 dots per inch.
    size : tuple of float or None
        Width and height in millimetres, where known.
    fields : tuple of Field
        Proposed.
    kinds : tuple of str
        What each was found as: ``"box"``, ``"comb"``, ``"tick"``, ``"line"``, ``"dots"``, or
        ``"form"`` or ``"form, tick"`` for a field of the PDF's own.
    """

    image: Grey
    size: tuple[float, float] | None
    fields: tuple[Field, ...]
    kinds: tuple[str, ...]

    def png(self) -> bytes:
        """Return the image as a PNG file that carries tenfold's mark."""
        return png_of(self.image)

    def template_page(self, image: Path) -> TemplatePage:
        """Return it as a template's page whose image has this path."""
        return TemplatePage(image, self.size)


def propose(blank: Path) -> list[BlankPage]:
    """Propose fields for every page of a blank form.

    Parameters
    ----------
    blank : Path
        A PDF or a picture.

    Raises
    ------
    DataError
        If it cannot be opened, or has more than 100 pages.
    """
    found: list[tuple[Grey, tuple[float, float] | None, list[_Draft]]] = []
    words, own = _told(blank)
    for number, page in enumerate(pages(blank, side=None, dpi=DPI), 1):
        if isinstance(page, PageError):
            raise DataError(str(page))
        if page.count > MOST_PAGES:
            raise DataError(f"{blank}: has {page.count} pages; a form has {MOST_PAGES} at most.")
        image = _grey(page.picture.pixels)
        dpi = page.dpi if words is not None else None
        image, size = (image, _millimetres(image, dpi)) if dpi else _reduced(image)
        if words is None or not words[number - 1]:  # no text layer: it may be a scan
            image = straightened(image)
        mine = [] if own is None else own[number - 1]
        drafts = _of_pdf(mine, number) if mine else _of_picture(image, size, number)
        said = [] if words is None else words[number - 1]
        found.append((image, size, _named(drafts, said)))
    return _finished(found)


_NONE = Label("", "")


@dataclass(frozen=True, slots=True)
class _Draft:
    field: Field
    kind: str
    label: Label = _NONE


def _told(blank: Path) -> tuple[list[list[Word]] | None, list[list[FormField]] | None]:
    """Return the words and the fields of a PDF, page by page; None for pictures."""
    with blank.open("rb") as file:
        if not is_pdf(file.read(1024)):
            return None, None
    with open_pdf(blank) as pdf:
        numbers = range(1, min(len(pdf), MOST_PAGES) + 1)
        words = [text_boxes(pdf, number) for number in numbers]
        return words, [form_fields(pdf, number) for number in numbers]


def _grey(pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> Grey:
    if pixels.ndim == 2:
        return pixels
    return np.asarray(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), np.uint8)


def _millimetres(image: Grey, dpi: float) -> tuple[float, float]:
    height, width = image.shape
    return round(width / dpi * MM, 1), round(height / dpi * MM, 1)


def _reduced(image: Grey) -> tuple[Grey, tuple[float, float] | None]:
    """Bring a picture to about 200 dots per inch, taking its longer side for A4's if it may be."""
    height, width = image.shape
    shrink = max(image.shape) / _LONG_SIDE
    if shrink > 1:
        size = round(width / shrink), round(height / shrink)
        image = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    return image, paper_of(image)


def straightened(image: Grey) -> Grey:
    """Turn a scan so that its print stands straight: at most 6 degrees.

    The angle is the one at which rows of pixels differ most in how much ink they hold (the
    projection profile; Postl 1986).
    """
    scale = min(1.0, 1000 / max(image.shape))
    small = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    ink = ink_of(np.asarray(small, np.uint8), DPI / MM * scale)
    angle = 0.0
    for step in (0.5, 0.1, 0.02):
        reach = _STEEPEST if step == 0.5 else 5 * step
        tries = np.arange(angle - reach, angle + reach + step / 2, step)
        angle = float(max(tries, key=lambda each: _sharpness(ink, float(each))))
    if abs(angle) < _STRAIGHT or abs(angle) > _STEEPEST:
        return image
    height, width = image.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1)
    return np.asarray(
        cv2.warpAffine(image, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def _sharpness(ink: Grey, angle: float) -> float:
    height, width = ink.shape
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), angle, 1)
    rows = cv2.warpAffine(ink, matrix, (width, height)).sum(1, dtype=np.float64)
    return float((np.diff(rows) ** 2).sum())


def _of_picture(image: Grey, size: tuple[float, float] | None, number: int) -> list[_Draft]:
    height, width = image.shape
    dpi = DPI if size is None else width / size[0] * MM
    return [_draft(place, (width, height), number) for place in find_places(image, dpi)]


def _draft(place: Place, size: tuple[int, int], number: int) -> _Draft:
    kind: PlaceKind = place.kind
    rect, (width, height) = place.rect, size
    box = rect.left / width, rect.top / height, rect.width / width, rect.height / height
    if kind == "tick":
        return _Draft(Field("", number, box, "tick", optional=True), kind)
    if kind == "comb":
        return _Draft(Field("", number, box, digits=(1, place.cells), cells=place.cells), kind)
    return _Draft(Field("", number, box), kind)


def _of_pdf(own: Sequence[FormField], number: int) -> list[_Draft]:
    """Take the fields of a PDF: texts as numbers, check boxes and radio buttons as ticks."""
    drafts = []
    for each in own:
        name = slug(each.name) or slug(each.label)
        if each.kind == "text":
            cells = each.length if each.comb else None
            digits = None if each.length is None or each.length > 60 else (1, each.length)
            field = Field(name, number, each.box, digits=digits, cells=cells and min(cells, 60))
        elif each.kind in ("check", "radio"):
            group = name if each.kind == "radio" else None
            name = "_".join(filter(None, (name, slug(each.value)))) if group else name
            field = Field(name, number, each.box, "tick", optional=True, group=group or None)
        else:
            continue
        drafts.append(_Draft(field, "form" if field.kind == "number" else "form, tick"))
    return drafts


def _named(drafts: Sequence[_Draft], words: Sequence[Word]) -> list[_Draft]:
    labels = labels_of(
        [draft.field.box for draft in drafts],
        [draft.field.kind == "tick" for draft in drafts],
        words,
    )
    return [
        replace(draft, label=Label(draft.field.name, "") if draft.field.name else label)
        for draft, label in zip(drafts, labels, strict=True)
    ]


def _finished(
    found: Sequence[tuple[Grey, tuple[float, float] | None, list[_Draft]]],
) -> list[BlankPage]:
    """Give every field of the form a name of its own."""
    drafts = [draft for _, _, page in found for draft in page]
    names = iter(unique([draft.label for draft in drafts]))
    return [
        BlankPage(
            image,
            size,
            tuple(replace(draft.field, name=next(names)) for draft in page),
            tuple(draft.kind for draft in page),
        )
        for image, size, page in found
    ]
