from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pypdfium2
import pytest
from PIL import Image

import drawn_forms as drawn
from tenfold.errors import UsageError
from tenfold.forms.align import Aligned, NotAligned, align
from tenfold.forms.corner_marks import MOST_COPIES, find_marks, ids_of, ids_of_copy
from tenfold.forms.pyramid import Pyramid
from tenfold.forms.references import Reference, References, png_of
from tenfold.forms.sheet import print_sheets
from tenfold.forms.template import Field, Template, TemplatePage, make


def _template(folder: Path, *forms: Any) -> Template:
    pages, fields = [], []
    for number, form in enumerate(forms, 1):
        image = folder / f"page-{number}.png"
        image.write_bytes(png_of(form.render()))
        pages.append(TemplatePage(image, form.size))
        width, height = form.size
        x, y, wide, high = form.boxes[0]
        box = (x / width, y / height, wide / width, high / height)
        fields.append(Field(f"field_{number}", number, box))
    return make(folder / "form.toml", "A form", pages, fields)


def _pages(pdf: bytes, dpi: float) -> list[Any]:
    with pypdfium2.PdfDocument(pdf) as document:
        return [
            np.array(page.render(scale=dpi / 72, grayscale=True).to_numpy()) for page in document
        ]


def _references(images: tuple[bytes, ...]) -> References:
    return References.of([np.array(Image.open(io.BytesIO(image))) for image in images])


@pytest.mark.parametrize("dpi", [110, 200])
def test_marks_say_form_page_and_copy(dpi: int, tmp_path: Path) -> None:
    template = _template(tmp_path, drawn.exam(), drawn.survey())
    sheets = print_sheets(template, tmp_path / "s.pdf", copies=2, first=41)
    printed = _pages(sheets.pdf, dpi)
    assert len(printed) == 4
    references = _references(sheets.images)
    for number, page in enumerate(printed):
        found = align(np.rot90(page, number), references)
        assert isinstance(found, Aligned)
        assert (found.how, found.page, found.copy) == ("marks", number % 2 + 1, 41 + number // 2)
        assert found.confidence > 0.9
        assert found.error < 0.7


def test_print_makes_room_for_marks_and_fields_move_with_it(tmp_path: Path) -> None:
    form = drawn.exam()  # the number of its page stands where the copies' marks come
    template = _template(tmp_path, form)
    sheets = print_sheets(template, tmp_path / "s.pdf")
    assert 0.8 < sheets.shrunk < 1
    before, after = template.fields[0].box, sheets.template.fields[0].box
    assert after[2] == pytest.approx(before[2] * sheets.shrunk)
    # The row of dots in the field is where the new box says.
    image = np.array(Image.open(io.BytesIO(sheets.images[0])))
    x, y = round(after[0] * image.shape[1]), round((after[1] + after[3]) * image.shape[0])
    assert image[y - 20 : y, x : x + 200].min() < 100


def test_sheets_of_another_form_are_named(tmp_path: Path) -> None:
    sheets = print_sheets(_template(tmp_path, drawn.survey()), tmp_path / "s.pdf")
    other = print_sheets(_template(tmp_path, drawn.marks()), tmp_path / "o.pdf")
    found = align(_pages(other.pdf, 150)[0], _references(sheets.images))
    code = other.template.code
    assert found == NotAligned(f"its marks are those of another form, code {code}")


def test_a_page_without_image_is_drawn_from_its_fields(tmp_path: Path) -> None:
    fields = [
        Field("article", 1, (0.3, 0.2, 0.4, 0.04), digits=(6, 6), cells=6),
        Field("damaged", 1, (0.3, 0.3, 0.03, 0.02), "tick"),
        Field("größe_łąka_数", 1, (0.3, 0.4, 0.2, 0.04)),
    ]
    page = TemplatePage(tmp_path / "none.png", (148, 210))
    template = make(tmp_path / "form.toml", "Stock", [page], fields, images=False)
    sheets = print_sheets(template, tmp_path / "s.pdf")
    image = np.array(Image.open(io.BytesIO(sheets.images[0])))
    height, width = image.shape
    assert (height, width) == pytest.approx((210 / 25.4 * 200, 148 / 25.4 * 200), abs=1)
    for i in range(7):  # the lines of the comb
        x = round((0.3 + i * 0.4 / 6) * width)
        assert image[round(0.22 * height), x - 3 : x + 4].min() < 100
    found = align(image, _references(sheets.images))
    assert isinstance(found, Aligned)


def test_any_three_corners_say_the_same() -> None:
    for code, page in ((0, 1), (65535, 122), (4711, 7)):
        ids = ids_of(code, page)
        assert len({identity // 200 for identity in ids}) == 4
        for lost in (None, 0, 1, 2, 3):
            from tenfold.forms.corner_marks import _decoded

            left = {i // 200: i % 200 for corner, i in enumerate(ids) if corner != lost}
            assert _decoded(left) == (code, page)
    assert ids_of_copy(1) != ids_of_copy(MOST_COPIES)
    assert max(ids_of_copy(MOST_COPIES)) == 999


def test_marks_that_disagree_say_nothing(tmp_path: Path) -> None:
    sheets = print_sheets(_template(tmp_path, drawn.survey()), tmp_path / "s.pdf")
    other = print_sheets(_template(tmp_path, drawn.marks()), tmp_path / "o.pdf")
    page, wrong = _pages(sheets.pdf, 200)[0], _pages(other.pdf, 200)[0]
    page[:200, :200] = wrong[:200, :200]
    marks = find_marks(Pyramid(page))
    assert marks is not None
    assert (marks.code, marks.page) == (None, None)
    assert isinstance(_references(sheets.images).pages[0], Reference)


def test_too_many_copies_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="10,000"):
        print_sheets(_template(tmp_path, drawn.meter()), tmp_path / "s.pdf", copies=10_001)
