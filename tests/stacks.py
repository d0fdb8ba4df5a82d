"""Results of stacks of scans, as `tenfold form read` would leave them: drawn digits as snippets."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from pathlib import Path
from types import ModuleType

import numpy as np
from PIL import Image

from tenfold.forms.results import FieldResult, KeepImages, Results, SheetResult
from tenfold.forms.template import Field, Template, TemplatePage

SOURCE = "scans/stack.pdf"
CELL = 40  # pixels of a comb's cell

FORM = Template(
    path=Path("form.toml"),
    title="Exam cover",
    pages=(TemplatePage(Path("page-1.png")),),
    fields=(
        Field("student_id", 1, (0.1, 0.1, 0.5, 0.06), digits=(5, 5), cells=5, unique=True),
        Field("q1", 1, (0.1, 0.3, 0.1, 0.05), range=(0, 10)),
        Field("q2", 1, (0.1, 0.4, 0.1, 0.05), range=(0, 10), optional=True),
        Field("total", 1, (0.1, 0.5, 0.2, 0.05), range=(0, 20), decimals=1, sum_of=("q1", "q2")),
        Field("absent", 1, (0.7, 0.5, 0.03, 0.03), kind="tick"),
    ),
    code=1,
    version="0123456789abcdef",
)


def encoded(pixels: object, kind: str = "PNG") -> bytes:
    """Encode pixels as a picture."""
    buffer = io.BytesIO()
    Image.fromarray(np.asarray(pixels, np.uint8)).save(buffer, kind)
    return buffer.getvalue()


class Stack:
    """Sheets of an exam with known marks.

    Parameters
    ----------
    hand : module
        Writes digits.
    """

    form = FORM

    def __init__(self, hand: ModuleType) -> None:
        self._hand = hand
        self.snippet = cache(self._snippet)
        self.comb = cache(self._comb)

    def _snippet(self, text: str) -> bytes:
        return encoded(self._hand.write(text or " ", height=44, seed=len(text)))

    def _comb(self, text: str) -> bytes:
        picture = np.full((CELL, CELL * len(text)), 235, np.uint8)
        for place, digit in enumerate(text):
            glyph = Image.fromarray(self._hand.write(digit, height=28, margin=0.3, seed=place))
            glyph.thumbnail((CELL - 6, CELL - 6))
            pixels = np.asarray(glyph)
            left = CELL * place + 4
            picture[3 : 3 + pixels.shape[0], left : left + pixels.shape[1]] = pixels
        picture[:, ::CELL] = 90
        return encoded(picture)

    def truth(self, number: int) -> dict[str, str | None]:
        """What stands on a sheet; every seventh has an empty second mark."""
        q1, q2 = number % 11, None if number % 7 == 0 else (3 * number) % 11
        total = f"{q1 + (q2 or 0)}.0"
        return {
            "student_id": f"{number:05d}", "q1": str(q1), "q2": None if q2 is None else str(q2),
            "total": total, "absent": "x" if number % 10 == 0 else None,
        }  # fmt: skip

    def sheet(
        self,
        number: int,
        doubtful: str = "",
        model: str = "model-1",
        drawn: Callable[[FieldResult], bool] = lambda _: True,
    ) -> SheetResult:
        """A sheet as it was read, right but for one doubtful field, whose runner-up is right."""
        fields = []
        for name, value in self.truth(number).items():
            status = "blank" if value is None else "ok"
            field = FieldResult(name, value, 0.995, None, 0.0, status)  # type: ignore[arg-type]
            if name == doubtful:
                wrong = "x" if name == "absent" else "7" if value != "7" else "1"
                field = replace(
                    field, value=wrong, probability=0.6, runner_up=value,
                    runner_up_probability=0.35, status="doubtful", reason="two values are likely",
                )  # fmt: skip
            if drawn(field) and name != "absent":
                field = self._with_snippet(field, value or "")
            fields.append(field)
        return SheetResult(SOURCE, number, 1, "read", "", tuple(fields), self.page(), "d1", model)

    def _with_snippet(self, field: FieldResult, truth: str) -> FieldResult:
        if field.field != "student_id":
            return replace(field, snippet=self.snippet(truth))
        cells = tuple((CELL * n + 2, 1, CELL - 3, CELL - 2) for n in range(len(truth)))
        return replace(field, snippet=self.comb(truth), cells=cells)

    @cache  # noqa: B019 (one stack a session)
    def page(self) -> bytes:
        """A page as it is kept for the view of the whole sheet."""
        paper = np.full((700, 500), 245, np.uint8)
        for _, (left, top, width, height) in ((f.name, f.box) for f in FORM.fields):
            x, y = int(left * 500), int(top * 700)
            paper[y : y + int(height * 700), [x, x + int(width * 500)]] = 60
            paper[[y, y + int(height * 700)], x : x + int(width * 500)] = 60
        return encoded(paper, "JPEG")

    def lost(self, number: int) -> SheetResult:
        """A page that shows none of the template's."""
        reason = "it matches no page of the template"
        return SheetResult(
            SOURCE, number, None, "not aligned", reason, (), self.page(), "d1", "model-1"
        )

    def fill(
        self,
        folder: Path,
        sheets: int,
        doubtful: int = 0,
        lost: int = 0,
        keep_images: KeepImages = "doubtful",
    ) -> Results:
        """Make results of so many sheets, of which some have a doubtful field; leave them open."""
        results = Results.create(folder, self.form, keep_images=keep_images)
        results.database.rows("PRAGMA synchronous = OFF")  # no power fails while tests are set up
        names = ("q1", "total", "student_id")
        for number in range(1, sheets + 1):
            name = names[number % 3] if number <= doubtful else ""
            drawn = partial(results.keeps, SOURCE, number)
            results.add(self.sheet(number, name, drawn=drawn))
        for number in range(sheets + 1, sheets + 1 + lost):
            results.add(self.lost(number))
        results.database.rows("PRAGMA synchronous = FULL")
        return results
