"""What a PDF says of its pages beside how they look: where words stand, and fields to fill in."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from tenfold.preprocess.pdf import Pdf

Box: TypeAlias = tuple[float, float, float, float]  # left, top, width, height, shares of the page
FieldKind: TypeAlias = Literal["text", "check", "radio", "choice", "button", "signature"]

_KINDS: dict[int, FieldKind] = {
    1: "button", 2: "check", 3: "radio", 4: "choice", 5: "choice", 6: "text", 7: "signature",
}  # fmt: skip
_COMB = 1 << 24  # flag of a text field (ISO 32000-1, table 228)
_FINE = 1_000_000  # steps along a side, in which places are asked for
_MOST = 100_000  # characters and fields of a page that are looked at


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a page's text layer, and where it stands: shares of the page as it is shown."""

    text: str
    box: Box


@dataclass(frozen=True, slots=True)
class FormField:
    """A field that a PDF asks to be filled in (AcroForm).

    Parameters
    ----------
    name : str
        Its full name; the buttons of one radio group share it.
    box : tuple of float
        Left, top, width and height as shares of the page as it is shown.
    kind : str
        ``"text"``, ``"check"``, ``"radio"``, ``"choice"``, ``"button"`` or ``"signature"``.
    label : str
        What the PDF calls it for people; may be empty.
    value : str
        What a check box or a radio button stands for; empty for others.
    length : int or None
        Most characters of a text field, where it says so.
    comb : bool
        Whether the characters of a text field have a cell each.
    """

    name: str
    box: Box
    kind: FieldKind
    label: str = ""
    value: str = ""
    length: int | None = None
    comb: bool = False


def text_boxes(pdf: Pdf, page: int) -> list[Word]:
    """Return the words of a page's text layer, in its order; none where the page is a mere scan.

    Parameters
    ----------
    pdf : Pdf
    page : int
        From 1.

    Raises
    ------
    DataError
        If there is no such page, or it is damaged.
    """
    with pdf.page(page) as (pdfium, opened):
        text = opened.get_textpage()
        try:
            return [*_words(pdfium.raw, opened, text)]
        finally:
            text.close()


def form_fields(pdf: Pdf, page: int) -> list[FormField]:
    """Return what a page asks to be filled in, in its order; hidden fields are left out.

    Parameters
    ----------
    pdf : Pdf
    page : int
        From 1.

    Raises
    ------
    DataError
        If there is no such page, or it is damaged.
    """
    with pdf.page(page) as (pdfium, opened):
        return [*_fields(pdfium.raw, opened)]


def _words(raw: Any, page: Any, text: Any) -> Iterator[Word]:
    letters: list[str] = []
    boxes: list[tuple[float, float, float, float]] = []
    edges = [ctypes.c_double() for _ in range(4)]
    for index in range(min(text.count_chars(), _MOST) + 1):
        code = raw.FPDFText_GetUnicode(text, index)  # 0 past the end
        letter = chr(code) if 0 < code < 0x110000 else " "
        # Spaces and ends of lines are PDFium's guess, where the text layer has none.
        if letter.isspace() or not letter.isprintable():
            if letters:
                lefts, bottoms, rights, tops = zip(*boxes, strict=True)
                box = _share(raw, page, min(lefts), min(bottoms), max(rights), max(tops))
                if box is not None:
                    yield Word("".join(letters), box)
            letters, boxes = [], []
        elif raw.FPDFText_GetCharBox(text, index, *edges):
            left, right, bottom, top = (edge.value for edge in edges)
            letters.append(letter)
            boxes.append((left, bottom, right, top))


def _fields(raw: Any, page: Any) -> Iterator[FormField]:
    form = page.formenv
    if not form:
        return
    for index in range(min(raw.FPDFPage_GetAnnotCount(page), _MOST)):
        note = raw.FPDFPage_GetAnnot(page, index)
        if not note:
            continue
        try:
            kind = _KINDS.get(raw.FPDFAnnot_GetFormFieldType(form, note))
            place = raw.FS_RECTF()
            hidden = raw.FPDFAnnot_GetFlags(note) & raw.FPDF_ANNOT_FLAG_HIDDEN
            if kind is None or hidden or not raw.FPDFAnnot_GetRect(note, place):
                continue
            box = _share(raw, page, place.left, place.bottom, place.right, place.top)
            if box is None:
                continue
            length = ctypes.c_float()
            told = kind == "text" and raw.FPDFAnnot_GetNumberValue(note, b"MaxLen", length)
            yield FormField(
                _string(raw.FPDFAnnot_GetFormFieldName, form, note),
                box,
                kind,
                _string(raw.FPDFAnnot_GetFormFieldAlternateName, form, note),
                _string(raw.FPDFAnnot_GetFormFieldExportValue, form, note),
                int(length.value) if told and length.value >= 1 else None,
                kind == "text" and bool(raw.FPDFAnnot_GetFormFieldFlags(form, note) & _COMB),
            )
        finally:
            raw.FPDFPage_CloseAnnot(note)


def _string(get: Callable[..., int], form: Any, note: Any) -> str:
    """Return a string that PDFium writes in UTF-16, with two zero bytes behind."""
    size = get(form, note, None, 0)
    units = (ctypes.c_ushort * (size // 2 + 1))()
    get(form, note, units, size)
    return bytes(units)[: max(0, size - 2)].decode("utf-16-le", "replace")


def _share(raw: Any, page: Any, left: float, bottom: float, right: float, top: float) -> Box | None:
    """Bring a rectangle of the page's own space to shares of the page as shown; None if off it."""
    across, down = ctypes.c_int(), ctypes.c_int()
    places = []
    for x, y in ((left, bottom), (right, top)):
        raw.FPDF_PageToDevice(page, 0, 0, _FINE, _FINE, 0, x, y, across, down)
        places.append((across.value / _FINE, down.value / _FINE))
    ends = [sorted(min(1.0, max(0.0, v)) for v in axis) for axis in zip(*places, strict=True)]
    (x0, x1), (y0, y1) = ends
    return (x0, y0, round(x1 - x0, 6), round(y1 - y0, 6)) if x1 > x0 and y1 > y0 else None
