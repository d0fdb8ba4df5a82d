from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fpdf import FPDF
from PIL import Image

from tenfold.errors import DataError
from tenfold.preprocess import pdf as module
from tenfold.preprocess.pdf import Pdf, open_pdf

Make = Callable[..., bytes]


def _drawn(size: tuple[float, float] = (200, 100)) -> FPDF:
    """A page with a black bar along its left edge."""
    pdf = FPDF(unit="pt")
    pdf.add_page(format=size)
    pdf.rect(0, 0, 20, size[1], style="F")
    return pdf


def test_pages_are_drawn_at_the_resolution_that_is_asked_for() -> None:
    content = bytes(_drawn().output())
    for dpi in (72, 144, 200):
        with open_pdf(content) as pdf:
            pixels, drawn = pdf.draw(1, dpi)
        assert drawn == pytest.approx(dpi)
        assert pixels.shape == (round(100 * dpi / 72), round(200 * dpi / 72), 3)
        edge = round(20 * dpi / 72)
        assert pixels[:, : edge - 1].max() == 0
        assert pixels[:, edge + 1 :].min() == 255


def test_a_scan_is_drawn_no_larger_than_it_is(make_pdf: Make) -> None:
    scan = np.full((330, 255), 200, np.uint8)
    for dpi, shape in ((200, (330, 255, 3)), (10, (55, 42, 3))):
        with open_pdf(make_pdf(scan, dpi=60)) as pdf:
            assert pdf.draw(1, dpi)[0].shape == shape
    with open_pdf(make_pdf(scan, dpi=20)) as pdf:  # of fewer than 50 dpi: a background
        assert pdf.draw(1, 200)[1] == pytest.approx(50)


def test_print_over_a_picture_is_drawn_sharply(make_pdf: Make) -> None:
    pdf = _drawn()
    pdf.image(Image.new("L", (40, 20), 200), 0, 0, 200, 100)
    with open_pdf(bytes(pdf.output())) as opened:
        assert opened.draw(1, 200)[1] == pytest.approx(200)


def test_huge_pages_are_drawn_smaller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_DRAWN", 1_000_000)
    with open_pdf(bytes(_drawn((14_400, 14_400)).output())) as pdf:
        pixels, dpi = pdf.draw(1, 200)
    assert pixels.shape == (1000, 1000, 3)
    assert dpi == pytest.approx(5)


def test_pictures_within_a_page_have_a_largest_size(
    make_pdf: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_PIXELS", 2_000_000)
    with (
        open_pdf(make_pdf(np.zeros((1500, 1500), np.uint8)), "a.pdf") as pdf,
        pytest.raises(DataError, match=r"a\.pdf#1: the page holds a picture of 1500×1500 pixels"),
    ):
        pdf.draw(1, 10)


def test_pages_that_are_not_there_are_named(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(bytes(_drawn().output()))
    with open_pdf(path, "a.pdf") as pdf:
        assert len(pdf) == 1
        for number in (0, 2):
            with pytest.raises(DataError, match=rf"a\.pdf#{number}: there are 1 pages"):
                pdf.draw(number, 72)
    path.write_bytes(b"\x89PNG %PDF-")
    with pytest.raises(DataError, match="is no PDF"), open_pdf(path):
        pass


def test_a_pdf_goes_on_over_many_pages_and_closes_twice(make_pdf: Make) -> None:
    pages = [np.full((40, 30), 10 * n, np.uint8) for n in range(1, 20)]
    pdf = Pdf(io.BytesIO(make_pdf(*pages)), "a.pdf")
    for _ in range(2):
        levels = [int(pdf.draw(n, 100)[0].mean().round()) for n in range(1, len(pdf) + 1)]
        assert levels == pytest.approx([10 * n for n in range(1, 20)], abs=2)
    pdf.close()
    pdf.close()


def test_a_blank_page_is_a_page() -> None:
    pdf = FPDF()
    pdf.add_page()
    with open_pdf(bytes(pdf.output())) as opened:
        assert opened.draw(1, 50)[0].min() == 255
