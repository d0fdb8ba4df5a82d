from __future__ import annotations

from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import pytest

import drawn_forms as drawn
import simulated_scans as simulated
from tenfold.errors import DataError
from tenfold.forms.align import Aligned, NotAligned, align
from tenfold.forms.references import Features, References
from tenfold.forms.template import Field

FAR = 1.0  # millimetres, at the worst of twenty places
MM = 200 / 25.4


@pytest.fixture(scope="module")
def forms() -> dict[str, Any]:
    return {form.name: form for form in (draw() for draw in drawn.FORMS)}


@pytest.fixture(scope="module")
def references(forms: dict[str, Any]) -> References:
    """A template of three pages: a cover sheet, a table of marks, a survey."""
    pages, fields = [], []
    for number, name in enumerate(("exam A", "marks", "survey"), 1):
        width, height = forms[name].size
        pages.append(forms[name].render())
        fields.append(
            [
                Field(f"{name} {i}", number, (x / width, y / height, w / width, h / height))
                for i, (x, y, w, h) in enumerate(forms[name].boxes)
            ]
        )
    return References.of(pages, fields)


def _worst(found: Aligned, seen: Any) -> float:
    """The largest error of twenty places, in millimetres."""
    places = found.map(seen.points)
    unit = np.hypot(*(found.map(seen.points + np.array([1, 0])) - places).T)
    return float((np.hypot(*(places - seen.places).T) / unit).max() / MM)


@pytest.mark.parametrize("how", ["scanner", "phone"])
@pytest.mark.parametrize(("page", "name"), [(1, "exam A"), (2, "marks"), (3, "survey")])
def test_filled_in_sheets_are_laid_on_their_page(
    page: int, name: str, how: str, forms: dict[str, Any], references: References,
    ) -> None:  # fmt: skip
    rng = np.random.default_rng(page)
    form = forms[name]
    seen = simulated.scan(rng, simulated.write_on(rng, form.render(), form.boxes), how)
    found = align(seen.image, references)
    assert isinstance(found, Aligned), found
    assert found.page == page
    assert _worst(found, seen) < FAR
    assert found.image.shape == references.pages[page - 1].image.shape


def test_what_is_on_the_aligned_image_lies_where_the_reference_has_it(
    forms: dict[str, Any], references: References
) -> None:
    blank = forms["survey"].render()
    turned = np.rot90(cv2.resize(blank, None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA), 2)
    found = align(turned, references)
    assert isinstance(found, Aligned)
    off = cv2.absdiff(cv2.GaussianBlur(found.image, (0, 0), 2), cv2.GaussianBlur(blank, (0, 0), 2))
    assert off.max() < 50


@pytest.mark.parametrize("name", ["meter", "slip"])
def test_another_form_is_not_aligned(
    name: str,
    forms: dict[str, Any],
    references: References,
) -> None:
    seen = simulated.scan(np.random.default_rng(1), forms[name].render())
    assert isinstance(align(seen.image, references), NotAligned)


def test_another_version_of_the_form_is_not_aligned(references: References) -> None:
    found = align(drawn.exam("B", seed=5).render(), references)
    assert isinstance(found, NotAligned)


@pytest.mark.parametrize(
    ("kept", "side"), [(slice(0, 1100), "lower"), (slice(1100, None), "upper")]
)
def test_half_a_page_is_not_aligned(
    kept: slice, side: str, forms: dict[str, Any], references: References
) -> None:
    page = forms["survey"].render()
    torn = np.full_like(page, 255)
    torn[kept] = page[kept]
    for scan in (torn, page[kept]):
        found = align(scan, references)
        assert isinstance(found, NotAligned)
        assert side in found.reason or "only" in found.reason


@pytest.mark.parametrize("noise", [0, 6])
def test_a_blank_sheet_is_named_so(noise: int, references: References) -> None:
    paper = np.random.default_rng(0).normal(235, max(noise, 0.01), (1169, 827))
    found = align(np.clip(paper, 0, 255).astype(np.uint8), references)
    assert found == NotAligned("nothing is printed on it")


def test_a_field_beyond_the_edge_is_named(forms: dict[str, Any]) -> None:
    page = forms["survey"].render()
    field = Field("last", 1, (0.1, 0.97, 0.3, 0.02))
    found = align(page[: round(0.96 * len(page))], References.of([page], [[field]]))
    assert found == NotAligned("it shows page 1, but field last lies beyond the edge")


def test_pages_that_differ_in_a_word_are_told_apart() -> None:
    pages = [drawn.exam(version).render() for version in ("Algebra", "Botany")]
    references = References.of(pages)
    for number, page in enumerate(pages, 1):
        found = align(np.rot90(page, 3), references)
        assert isinstance(found, Aligned), found
        assert found.page == number


def test_pages_that_are_alike_are_not_guessed() -> None:
    page = drawn.exam().render()
    found = align(page, References.of([page, page]))
    assert found == NotAligned("it may be page 1 or page 2, which look alike")


def test_the_edges_of_the_sheet_do_where_features_fail(
    forms: dict[str, Any],
    references: References,
) -> None:
    none = Features(np.zeros((0, 2), np.float32), np.zeros((0, 32), np.uint8))
    bare = References(tuple(replace(page, orb=none, sift=none) for page in references.pages))
    page, form = references.pages[1].image, forms["marks"]
    rng = np.random.default_rng(4)
    for scan in (page, np.rot90(page), simulated.write_on(rng, page, form.boxes)):
        desk = np.full((len(scan) + 300, scan.shape[1] + 500), 60, np.uint8)
        desk[100:-200, 300:-200] = scan
        found = align(desk, bare)
        assert isinstance(found, Aligned), found
        assert found.page == 2
        assert found.error < 0.5


def test_a_mirrored_page_is_not_aligned(forms: dict[str, Any], references: References) -> None:
    assert isinstance(align(forms["survey"].render()[:, ::-1], references), NotAligned)


def test_a_reference_needs_print() -> None:
    with pytest.raises(DataError, match="too little print"):
        References.of([np.full((1000, 700), 255, np.uint8)])


@pytest.mark.parametrize("shape", [(1, 1), (3, 4000), (40, 30)])
def test_strange_pictures_are_not_aligned(shape: tuple[int, int], references: References) -> None:
    for scan in (np.zeros(shape, np.uint8), np.full(shape, 255, np.uint8)):
        assert isinstance(align(scan, references), NotAligned)


@pytest.mark.slow
def test_none_of_many_scans_is_wrongly_aligned(
    forms: dict[str, Any],
    references: References,
) -> None:
    rng = np.random.default_rng(8)
    aligned = 0
    for number in range(90):
        name = [*forms][number % 5]
        form = forms[name]
        seen = simulated.scan(rng, simulated.write_on(rng, form.render(), form.boxes))
        found = align(seen.image, references)
        page = {"exam A": 1, "marks": 2, "survey": 3}.get(name)
        if isinstance(found, Aligned):
            assert found.page == page
            assert _worst(found, seen) < 2
            aligned += 1
    assert aligned >= 53  # of 54
