from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from fpdf import FPDF

import drawn_forms as drawn
from tenfold.errors import DataError
from tenfold.forms.blank import BlankPage, propose, straightened
from tenfold.forms.rulings import written_on

DATA = Path(os.environ.get("TENFOLD_DATA", "")) / "numbers" / "n03"


def _names(pages: list[BlankPage]) -> list[str]:
    return [field.name for page in pages for field in page.fields]


def _save(folder: Path, form: Any) -> Path:
    path = folder / "blank.pdf"
    path.write_bytes(form.pdf)
    return path


def _far(box: tuple[float, ...], drawn: tuple[float, ...], size: tuple[float, float]) -> float:
    sides = (*size, *size)
    return max(abs(a * b - c) for a, b, c in zip(box, sides, drawn, strict=True))


def test_boxes_combs_and_lines_are_found_and_named(tmp_path: Path) -> None:
    form = drawn.meter()
    (page,) = propose(_save(tmp_path, form))
    assert _names([page]) == [
        "meter_number", "reading_in_cubic_metres", "date_of_reading", "signature"
    ]  # fmt: skip
    assert page.kinds == ("comb", "comb", "box", "line")
    assert [field.cells for field in page.fields] == [8, 5, None, None]
    for field, box in zip(page.fields, form.boxes, strict=False):
        assert _far(field.box, box, form.size) < 0.6  # millimetres
    assert page.size == pytest.approx(form.size, abs=0.2)


def test_tick_boxes_are_named_by_line_and_word(tmp_path: Path) -> None:
    (page,) = propose(_save(tmp_path, drawn.survey()))
    assert page.kinds == ("tick",) * 56 + ("comb",) * 4
    names = _names([page])
    assert names[0] == "1_write_your_name_an_never"
    assert names[-4:] == ["persons", "postcode", "rent_a_month", "year_of_building"]
    assert len(set(names)) == len(names)


def test_rows_of_dots_and_boxes_under_their_heads(tmp_path: Path) -> None:
    names = _names(propose(_save(tmp_path, drawn.exam())))
    assert names == [
        "name", "student_number", "course_of_studies",
        *(f"question_{i}" for i in range(1, 6)), "total",
    ]  # fmt: skip


def test_cells_of_a_table_are_named_by_row_and_column(tmp_path: Path) -> None:
    names = _names(propose(_save(tmp_path, drawn.marks())))
    assert len(names) == 29 * 6 + 1
    assert names[:7] == [
        "1_name", "1_test_1", "1_test_2", "1_oral", "1_project", "1_total", "2_name"
    ]  # fmt: skip


@pytest.mark.parametrize("angle", [-4.0, 1.7])
def test_a_scanned_blank_is_turned_straight(angle: float, tmp_path: Path) -> None:
    form = drawn.survey()
    page = form.render()
    matrix = cv2.getRotationMatrix2D((page.shape[1] / 2, page.shape[0] / 2), angle, 1)
    turned = cv2.warpAffine(page, matrix, page.shape[::-1], borderValue=(255,))
    noise = np.random.default_rng(0).normal(0, 4, page.shape)
    scan = np.asarray(np.clip(turned - 10.0 + noise, 0, 255), np.uint8)
    path = tmp_path / "scan.png"
    cv2.imwrite(str(path), scan)
    (found,) = propose(path)
    assert found.kinds.count("comb") == 4
    assert found.kinds.count("tick") >= 54
    assert found.fields[0].name == "field_1"  # a picture has no words
    assert float(cv2.absdiff(straightened(scan), page).mean()) < float(
        cv2.absdiff(scan, page).mean()
    )


def test_fields_of_the_pdf_itself_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "own.pdf"
    path.write_bytes(_with_form())
    (page,) = propose(path)
    total, vote_yes, vote_no, done = page.fields
    assert (total.name, total.kind, total.digits, total.cells) == ("total_sum", "number", (1, 6), 6)
    assert total.box == pytest.approx((0.1, 0.1, 0.5, 0.05), abs=1e-3)
    assert (vote_yes.name, vote_yes.group) == ("vote_yes", "vote")
    assert (vote_no.name, vote_no.group) == ("vote_no", "vote")
    assert (done.name, done.kind, done.group) == ("done", "tick", None)


def _with_form() -> bytes:
    """A page of 200×400 points with a comb, two radio buttons and a check box, made by hand."""
    objects = [
        "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [4 0 R 5 0 R 8 0 R] >> >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 400] /Annots [4 0 R 6 0 R 7 0 R 8 0 R] >>",
        "<< /Type /Annot /Subtype /Widget /FT /Tx /T (Total sum) /MaxLen 6 /Ff 16777216 "
        "/Rect [20 340 120 360] /F 4 >>",
        "<< /FT /Btn /Ff 49152 /T (vote) /Kids [6 0 R 7 0 R] >>",
        *(
            f"<< /Type /Annot /Subtype /Widget /Parent 5 0 R /Rect [{x} 300 {x + 10} 310] /F 4 "
            f"/AS /Off /AP << /N << /{value} 9 0 R /Off 9 0 R >> >> >>"
            for x, value in ((20, "yes"), (60, "no"))
        ),
        "<< /Type /Annot /Subtype /Widget /FT /Btn /T (done) /Rect [20 260 30 270] /F 4 /AS /Off "
        "/AP << /N << /Yes 9 0 R /Off 9 0 R >> >> >>",
        "<< /Type /XObject /Subtype /Form /BBox [0 0 10 10] /Length 0 >> stream\n\nendstream",
    ]
    pdf, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(pdf))
        pdf += f"{number} 0 obj\n{body}\nendobj\n".encode()
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    return (
        pdf
        + (
            f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer\n"
            f"<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(pdf)}\n%%EOF\n"
        ).encode()
    )


def test_pages_share_no_names(tmp_path: Path) -> None:
    pdf = FPDF(unit="mm", format=(148, 210))
    pdf.set_font("Helvetica", size=11)
    for _ in range(2):
        pdf.add_page()
        pdf.text(20, 46, "Amount")
        drawn.comb(pdf, (60, 40, 48, 9), 6)
    path = tmp_path / "two.pdf"
    path.write_bytes(bytes(pdf.output()))
    pages = propose(path)
    assert _names(pages) == ["amount", "amount_2"]
    assert [field.page for page in pages for field in page.fields] == [1, 2]


def test_a_strange_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "notes.pdf"
    path.write_bytes(b"no PDF at all")
    with pytest.raises(DataError, match=r"notes\.pdf"):
        propose(path)


@pytest.mark.skipif(not DATA.is_dir(), reason="needs real pictures in TENFOLD_DATA")
@pytest.mark.parametrize("name", ["scan-01_crop.png", "scan-21_crop.png", "scan-29_crop.png"])
def test_a_filled_in_sheet_does_for_a_blank(name: str) -> None:
    (page,) = propose(DATA / name)
    assert page.size == pytest.approx((210, 297))
    x, y = 0.83, 0.276  # in the middle of the number that a student wrote on dots
    holding = [
        field
        for field in page.fields
        if field.box[0] < x < field.box[0] + field.box[2]
        and field.box[1] < y < field.box[1] + field.box[3]
    ]
    assert len(holding) == 1
    assert holding[0].name in written_on(page.image, page.fields)


@pytest.mark.parametrize(
    "which", [0, *(pytest.param(which, marks=pytest.mark.slow) for which in range(1, 5))]
)
def test_nothing_stands_in_the_fields_of_a_blank_form(tmp_path: Path, which: int) -> None:
    (tmp_path / "blank.pdf").write_bytes(drawn.FORMS[which]().pdf)
    (page,) = propose(tmp_path / "blank.pdf")
    assert written_on(page.image, page.fields) == []
    image = page.image.copy()
    number = next(field for field in page.fields if field.kind == "number")
    left, top, _, height = number.box
    rows, columns = image.shape
    x, y, tall = round(left * columns), round(top * rows), round(height * rows)
    ends = (x + tall // 4, y + tall // 4), (x + 2 * tall // 3, y + 3 * tall // 4)
    cv2.line(image, *ends, 60, 3)
    assert written_on(image, page.fields) == [number.name]
