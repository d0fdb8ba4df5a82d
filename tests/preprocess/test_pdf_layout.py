from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from fpdf import FPDF

from tenfold.errors import DataError
from tenfold.preprocess.pdf import open_pdf
from tenfold.preprocess.pdf_layout import FormField, form_fields, text_boxes


def _stream(head: str, content: str) -> str:
    return f"<<{head}/Length {len(content)}>>\nstream\n{content}\nendstream"


def _with_fields(page: str = "") -> bytes:
    """A page of 600 × 800 points with a field of every kind, written by hand: fpdf2 makes none."""
    look = "0 0 180 25 re S BT /F1 12 Tf 5 5 Td (40718) Tj ET"
    objects = [
        "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[5 0 R 6 0 R 7 0 R 9 0 R 13 0 R 14 0 R]"
        "/DR<</Font<</F1 8 0 R>>>>/DA(/F1 12 Tf 0 g)>>>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]{page}/Contents 4 0 R/Resources"
        "<</Font<</F1 8 0 R>>>>/Annots[5 0 R 6 0 R 7 0 R 10 0 R 11 0 R 13 0 R 14 0 R 15 0 R]>>",
        _stream("", "BT /F1 12 Tf 72 700 Td (Student number) Tj ET"),
        "<</Type/Annot/Subtype/Widget/FT/Tx/T(student_id)/TU(Student number)/F 4"
        "/Rect[180 690 360 715]/Ff 16777216/MaxLen 8/V(40718)/DA(/F1 12 Tf 0 g)/AP<</N 12 0 R>>>>",
        "<</Type/Annot/Subtype/Widget/FT/Btn/T(agree)/Rect[72 600 92 620]/F 4>>",
        "<</Type/Annot/Subtype/Widget/FT/Ch/Ff 131072/T(class)/Rect[72 500 172 520]/F 4"
        "/Opt[(a)(b)]>>",
        "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        "<</FT/Btn/Ff 32768/T(hand)/Kids[10 0 R 11 0 R]/V/Off>>",
        "<</Type/Annot/Subtype/Widget/Parent 9 0 R/Rect[72 400 92 420]/F 4/AS/Off"
        "/AP<</N<</left 12 0 R/Off 12 0 R>>>>>>",
        "<</Type/Annot/Subtype/Widget/Parent 9 0 R/Rect[102 400 122 420]/F 4/AS/Off"
        "/AP<</N<</right 12 0 R/Off 12 0 R>>>>>>",
        _stream("/Type/XObject/Subtype/Form/BBox[0 0 180 25]", look),
        "<</Type/Annot/Subtype/Widget/FT/Tx/T(unseen)/Rect[72 300 92 320]/F 2>>",
        "<</Type/Annot/Subtype/Widget/FT/Tx/T(outside)/Rect[700 300 720 320]/F 4>>",
        "<</Type/Annot/Subtype/Link/Rect[72 200 92 220]>>",
    ]
    content, places = "%PDF-1.7\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(content))
        content += f"{number} 0 obj\n{each}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    count = len(objects) + 1
    tail = f"trailer<</Size {count}/Root 1 0 R>>\nstartxref\n{len(content)}\n%%EOF"
    return f"{content}xref\n0 {count}\n0000000000 65535 f \n{table}{tail}".encode()


FIELDS = [
    FormField("student_id", (0.3, 0.10625, 0.3, 0.03125), "text", "Student number", "", 8, True),
    FormField("agree", (0.12, 0.225, 1 / 30, 0.025), "check", value="Yes"),
    FormField("class", (0.12, 0.35, 1 / 6, 0.025), "choice"),
    FormField("hand", (0.12, 0.475, 1 / 30, 0.025), "radio", value="left"),
    FormField("hand", (0.17, 0.475, 1 / 30, 0.025), "radio", value="right"),
]


def test_fields_are_where_they_are_to_be_filled_in() -> None:
    with open_pdf(_with_fields()) as pdf:
        fields = form_fields(pdf, 1)
    for field, expected in zip(fields, FIELDS, strict=True):
        assert field.box == pytest.approx(expected.box, abs=2e-6)
        assert replace(field, box=expected.box) == expected


def test_a_page_without_fields_has_none() -> None:
    pdf = FPDF()
    pdf.add_page()
    with open_pdf(bytes(pdf.output()), "a.pdf") as opened:
        assert form_fields(opened, 1) == []
        assert text_boxes(opened, 1) == []
        for ask in (form_fields, text_boxes):
            with pytest.raises(DataError, match=r"a\.pdf#2: there are 1 pages"):
                ask(opened, 2)


@pytest.mark.parametrize(
    "page", ["", "/Rotate 90", "/Rotate 180", "/Rotate 270/CropBox[50 100 500 780]"]
)
def test_boxes_lie_on_what_is_drawn_however_the_page_is_turned(page: str) -> None:
    with open_pdf(_with_fields(page)) as pdf:
        pixels, _ = pdf.draw(1, 144)
        text, words = form_fields(pdf, 1)[0], text_boxes(pdf, 1)
    assert [word.text for word in words] == ["Student", "number"]
    dark = pixels.min(axis=2) < 128
    height, width = dark.shape
    # Words are full of ink; the field has its border and what was typed into it.
    for least, box in ((0.04, text.box), *((0.2, word.box) for word in words)):
        left, top, wide, high = box
        rows = slice(round(top * height), round((top + high) * height))
        columns = slice(round(left * width), round((left + wide) * width))
        assert dark[rows, columns].mean() > least


def test_what_was_typed_into_a_field_is_drawn() -> None:
    with open_pdf(_with_fields()) as pdf:
        pixels, _ = pdf.draw(1, 72)
    inside = pixels[86:108, 182:358].min(axis=2)
    assert (inside < 128).sum() > 50
    assert np.array_equal(pixels[300:400, 300:], np.full((100, 300, 3), 255, np.uint8))


def test_words_end_at_spaces_and_lines() -> None:
    pdf = FPDF(unit="pt", format=(400, 200))
    pdf.add_page()
    pdf.set_font("helvetica", size=20)
    pdf.text(40, 60, "First name: Zoë")
    pdf.text(40, 120, "4 b")
    with open_pdf(bytes(pdf.output())) as opened:
        words = text_boxes(opened, 1)
    assert [word.text for word in words] == ["First", "name:", "Zoë", "4", "b"]
    first, four = words[0].box, words[3].box
    assert first[0] == pytest.approx(0.1, abs=0.01)
    assert first[1] + first[3] == pytest.approx(0.3, abs=0.01)
    assert four[1] + four[3] == pytest.approx(0.6, abs=0.01)
    assert first[2] == pytest.approx(40 / 400, rel=0.2)
