"""Is every scan laid on the page it shows, and how exactly?

Five drawn forms, each with scans and photos whose true place is known (drawn_forms.py,
simulated_scans.py): any orientation, 100 to 600 dots per inch, photocopies, skew, slanted photos,
uneven light, folds, curled paper, strokes of a pen in the fields and elsewhere. One in ten shows
something else: another form, the same form's other version, half a page, a blank sheet. Counted
are scans aligned; scans wrongly aligned (something else was taken for the form, or a place of the
page is more than 2 mm off); the error at twenty places of the page in millimetres; processor time a
scan on one thread. Every form is measured as it is, and printed with corner marks (`tenfold form
print`).

    python benchmarks/alignment.py --scans 60

Result: results/alignment.json.
"""

from __future__ import annotations

import io
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import cv2
import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray
from PIL import Image

from common import RESULTS, err, new_parser, new_result, out, write_result
from drawn_forms import DPI, FORMS, Box, DrawnForm, Grey, exam
from simulated_scans import Scan, scan, write_on
from tenfold.forms.align import Aligned, align
from tenfold.forms.references import References, png_of
from tenfold.forms.sheet import print_sheets
from tenfold.forms.template import Field, TemplatePage, make

FAR = 2.0  # millimetres
OTHERS = 0.1
MM = 25.4


@dataclass
class Case:
    """A form as it is printed: its page, and its fields in millimetres."""

    name: str
    page: Grey
    boxes: list[Box]

    def fields(self) -> list[Field]:
        """Return the fields as shares of the page."""
        height, width = (side / DPI * MM for side in self.page.shape)
        shares = [(x / width, y / height, w / width, h / height) for x, y, w, h in self.boxes]
        return [Field(f"f{i}", 1, box) for i, box in enumerate(shares)]


def marked(form: DrawnForm) -> Case:
    """Print a form with corner marks."""
    plain = Case(form.name, form.render(), form.boxes)
    with TemporaryDirectory() as folder:
        image = Path(folder) / "page.png"
        image.write_bytes(png_of(plain.page))
        page = TemplatePage(image, form.size)
        template = make(Path(folder) / "form.toml", form.name, [page], plain.fields())
        sheets = print_sheets(template, Path(folder) / "sheet.pdf")
    pixels = np.array(Image.open(io.BytesIO(sheets.images[0])), np.uint8)
    sides = [side / DPI * MM for side in pixels.shape[::-1]] * 2
    boxes: list[Box] = [
        (box[0] * sides[0], box[1] * sides[1], box[2] * sides[0], box[3] * sides[1])
        for box in (field.box for field in sheets.template.fields)
    ]
    return Case(f"{form.name}, marks", pixels, boxes)


def something_else(rng: Generator, case: Case, cases: list[Case]) -> tuple[str, Grey]:
    """Return a page that must not be aligned, and what it is."""
    roll = rng.random()
    page = write_on(rng, case.page, case.boxes)
    if roll < 0.25:
        at = int(rng.uniform(0.4, 0.6) * len(page))
        half = slice(0, at) if rng.random() < 0.5 else slice(at, None)
        page[half] = 255
        return "half a page", page
    if roll < 0.35:
        return "a blank sheet", np.full_like(page, 255)
    if roll < 0.5 and case.name.startswith("exam"):
        return "another version", exam("B", seed=5).render()
    others = [each for each in cases if each.name.partition(",")[0] != case.name.partition(",")[0]]
    other = others[int(rng.integers(len(others)))]
    return f"the form {other.name}", write_on(rng, other.page, other.boxes)


def errors_of(aligned: Aligned, seen: Scan) -> NDArray[np.float64]:
    """Return how far off, in pixels of the reference, twenty places of the page are shown."""
    places = aligned.map(seen.points)
    # So many pixels of the scan is one of the reference, there.
    unit = np.hypot(*(aligned.map(seen.points + np.array([1, 0])) - places).T)
    return np.asarray(np.hypot(*(places - seen.places).T) / unit, np.float64)


def measure(case: Case, cases: list[Case], scans: int, seed: int) -> dict[str, Any]:
    """Align so many scans of one form."""
    references = References.of([case.page], [case.fields()])
    rng = np.random.default_rng(seed)
    medians, worst, wrong, others, right, marks, spent = [], [], 0, 0, 0, 0, 0.0
    for number in range(scans):
        what, page = (
            something_else(rng, case, cases)
            if rng.random() < OTHERS
            else ("", write_on(rng, case.page, case.boxes))
        )
        seen = scan(rng, page)
        start = time.process_time()
        found = align(seen.image, references)
        spent += time.process_time() - start
        others += bool(what)
        if isinstance(found, Aligned):
            off = errors_of(found, seen) * MM / DPI
            fine = not what and float(off.max()) <= FAR
            wrong += int(not fine)
            right += int(fine)
            marks += int(fine and found.how == "marks")
            if fine:
                medians.append(float(np.median(off)))
                worst.append(float(off.max()))
            else:
                err.print(f"wrong: {case.name} {number} {seen.how} {what} {off.max():.2f} mm")
        elif not what:
            err.print(f"not aligned: {case.name} {number} {seen.how}: {found.reason}")
    return {
        "form": case.name,
        "scans": scans - others,
        "aligned": right,
        "by marks": marks,
        "something else": others,
        "wrong": wrong,
        "median_mm": float(np.median(medians)),
        "largest_mm": float(np.max(worst)),
        "milliseconds": 1000 * spent / scans,
    }


def main() -> None:
    """Measure, print and save."""
    parser = new_parser(__doc__, RESULTS / "alignment.json")
    parser.add_argument("--scans", type=int, default=60, help="of each form")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    forms = [draw() for draw in FORMS]
    plain = [Case(form.name, form.render(), form.boxes) for form in forms]
    cases = plain + [marked(form) for form in forms]
    rows = []
    for case in cases:
        rows.append(measure(case, cases, arguments.scans, arguments.seed))
        out.print("  ".join(f"{key} {_shown(value)}" for key, value in rows[-1].items()))
    setting = {"scans": arguments.scans, "seed": arguments.seed, "far_mm": FAR}
    result = new_result(__doc__, ["numpy", "opencv-python-headless"], setting, {"forms": rows})
    write_result(arguments.out, result)


def _shown(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
