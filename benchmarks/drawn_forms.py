"""Five blank forms drawn for measuring: what people print and fill in, with the fields known.

Each is drawn with fpdf2 as a PDF page; `render` makes the grey picture that a scanner would at the
same resolution, had it no faults.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import pypdfium2
from fpdf import FPDF
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Box = tuple[float, float, float, float]  # left, top, width, height in millimetres
DPI = 200
LOREM = (
    "Write your name and number in the corresponding places at the top of this page now. Books, "
    "notes and pocket calculators are not allowed. Use only a pen. If you do not understand a "
    "question, please ask. It will be to your advantage to read all of it before beginning to work."
)


@dataclass
class DrawnForm:
    """A blank form.

    Parameters
    ----------
    name : str
    pdf : bytes
        One page.
    size : tuple of float
        Width and height in millimetres.
    boxes : list of tuple
        Of the fields to write in: left, top, width, height in millimetres.
    """

    name: str
    pdf: bytes
    size: tuple[float, float]
    boxes: list[Box] = field(default_factory=list)

    def render(self, dpi: int = DPI) -> Grey:
        """Return the page as grey pixels."""
        page = pypdfium2.PdfDocument(self.pdf)[0]
        return np.array(page.render(scale=dpi / 72, grayscale=True).to_numpy(), np.uint8)


def _sheet(width: float, height: float) -> FPDF:
    pdf = FPDF(unit="mm", format=(width, height))
    pdf.set_auto_page_break(auto=False)
    pdf.set_margin(0)
    pdf.add_page()
    pdf.set_font("Helvetica", size=10)
    return pdf


def _say(pdf: FPDF, x: float, y: float, words: str, size: float = 10, style: str = "") -> None:
    pdf.set_font("Helvetica", style, size)
    pdf.text(x, y, words)


def _done(name: str, pdf: FPDF, boxes: list[Box]) -> DrawnForm:
    return DrawnForm(name, bytes(pdf.output()), (pdf.w, pdf.h), boxes)


def comb(pdf: FPDF, box: Box, cells: int) -> None:
    """Draw a row of cells."""
    x, y, width, height = box
    pdf.rect(x, y, width, height)
    for i in range(1, cells):
        pdf.line(x + i * width / cells, y, x + i * width / cells, y + height)


def exam(version: str = "A", seed: int = 0) -> DrawnForm:
    """Return the cover sheet of an exam: print, a dotted line, a row of boxes for marks."""
    pdf, boxes = _sheet(210, 297), list[Box]()
    _say(pdf, 25, 32, "University of Somewhere", 18, "B")
    _say(pdf, 25, 41, f"Final Examination, Statistics I, version {version}", 13)
    _say(pdf, 155, 32, "Institute of Mathematics")
    _say(pdf, 155, 37, "Prof. Rincewind")
    pdf.line(25, 50, 185, 50)
    _say(pdf, 25, 64, "Name: " + "." * 60)
    _say(pdf, 120, 64, "Student number: " + "." * 30)
    boxes.append((148, 56, 38, 9))
    _say(pdf, 25, 74, "Course of studies: " + "." * 40)
    pdf.set_font("Helvetica", size=10)
    words = np.random.default_rng(seed).permutation((LOREM * 4).split()) if seed else LOREM.split()
    for i in range(5):
        pdf.set_xy(25, 85 + 20 * i)
        pdf.multi_cell(160, 5, " ".join(words) if seed else LOREM)
    _say(pdf, 25, 205, "Do not write below this line", 11, "B")
    for i in range(6):
        left = 25 + 26 * i
        _say(pdf, left + 2, 214, f"Question {i + 1}" if i < 5 else "Total")
        pdf.rect(left, 216, 24, 12)
        boxes.append((left, 216, 24, 12))
    _say(pdf, 103, 285, "1")
    return _done(f"exam {version}", pdf, boxes)


def meter() -> DrawnForm:
    """Return a card for a meter's reading: A6 across, a comb, a few boxes."""
    pdf, boxes = _sheet(148, 105), list[Box]()
    _say(pdf, 10, 14, "City Water Works", 16, "B")
    _say(pdf, 10, 21, "Please read your meter and send this card back by 15 January.")
    _say(pdf, 10, 34, "Customer number")
    _say(pdf, 50, 34, "4471 0382", 12, "B")
    for i, (label, count) in enumerate([("Meter number", 8), ("Reading in cubic metres", 5)]):
        top = 40 + 18 * i
        _say(pdf, 10, top + 6, label)
        comb(pdf, (60, top, 8 * count, 10), count)
        boxes.append((60, top, 8 * count, 10))
    _say(pdf, 10, 82, "Date of reading")
    pdf.rect(60, 76, 40, 9)
    boxes.append((60, 76, 40, 9))
    _say(pdf, 10, 97, "Signature")
    pdf.line(60, 98, 130, 98)
    pdf.rect(118, 8, 22, 26)
    _say(pdf, 122, 22, "Stamp", 9)
    return _done("meter", pdf, boxes)


def marks() -> DrawnForm:
    """Return a table of marks: many rows that look alike."""
    pdf, boxes = _sheet(210, 297), list[Box]()
    _say(pdf, 20, 22, "Marks, class 7b, second term", 15, "B")
    columns = [10, 50, 20, 20, 20, 20, 24]
    heads = ["No.", "Name", "Test 1", "Test 2", "Oral", "Project", "Total"]
    left = 20.0
    for head, width in zip(heads, columns, strict=True):
        _say(pdf, left + 1.5, 34, head, 9, "B")
        left += width
    for row in range(29):
        top = 36 + 8 * row
        left = 20.0
        for column, width in enumerate(columns):
            pdf.rect(left, top, width, 8)
            if column == 0:
                _say(pdf, left + 2, top + 5.5, str(row + 1), 9)
            elif column > 1:
                boxes.append((left, top, width, 8))
            left += width
    _say(pdf, 20, 280, "Signature of the teacher " + "." * 50, 9)
    return _done("marks", pdf, boxes)


def slip() -> DrawnForm:
    """Return a payment slip: long and low, fine lines, two combs."""
    pdf, boxes = _sheet(210, 99), list[Box]()
    pdf.set_draw_color(190)
    pdf.set_line_width(0.15)
    for i in range(60):
        pdf.bezier([(0, 5 + 2.0 * i), (70, 2.0 * i - 8), (140, 2.0 * i + 12), (210, 2.0 * i - 5)])
    pdf.set_draw_color(0)
    pdf.set_line_width(0.25)
    _say(pdf, 12, 14, "Savings Bank of the Province", 14, "B")
    _say(pdf, 150, 14, "Transfer in euro", 11)
    for label, x, y, cells in [("Account", 12, 26, 20), ("Bank code", 12, 42, 8),
                               ("Amount", 130, 42, 9)]:  # fmt: skip
        _say(pdf, x, y - 1.5, label, 8)
        comb(pdf, (x, y, 6.5 * cells, 8), cells)
        boxes.append((x, y, 6.5 * cells, 8))
    _say(pdf, 12, 58, "Reference", 8)
    pdf.rect(12, 59, 150, 9)
    boxes.append((12, 59, 150, 9))
    _say(pdf, 12, 88, "Date, signature", 8)
    pdf.line(12, 84, 120, 84)
    return _done("slip", pdf, boxes)


def survey() -> DrawnForm:
    """Return a questionnaire: boxes to tick, and combs."""
    pdf, boxes = _sheet(210, 297), list[Box]()
    _say(pdf, 20, 25, "Survey of households", 18, "B")
    _say(pdf, 20, 33, "Tick one box in each line. Write numbers into the cells.")
    for row in range(14):
        top = 45 + 10 * row
        _say(pdf, 20, top + 4, f"{row + 1}. {LOREM[row * 17 : row * 17 + 38]}")
        for i, word in enumerate(["never", "rarely", "often", "always"]):
            pdf.rect(110 + 22 * i, top, 4, 4)
            boxes.append((110 + 22 * i, top, 4, 4))
            _say(pdf, 116 + 22 * i, top + 3.5, word, 8)
    for i, (label, cells) in enumerate(
        [("Persons", 2), ("Postcode", 5), ("Rent a month", 4), ("Year of building", 4)]
    ):
        top = 195 + 16 * i
        _say(pdf, 20, top + 6, label)
        comb(pdf, (80, top, 7 * cells, 9), cells)
        boxes.append((80, top, 7 * cells, 9))
    _say(pdf, 20, 280, "Thank you. Office of Statistics, PO box 17, Somewhere.", 9)
    return _done("survey", pdf, boxes)


FORMS: tuple[Callable[[], DrawnForm], ...] = (exam, meter, marks, slip, survey)
