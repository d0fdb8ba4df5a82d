"""Is every scan laid on the page it shows, and how exactly?

Five drawn forms, each with scans and photos whose true place is known (drawn_forms.py,
simulated_scans.py): any orientation, 100 to 600 dots per inch, photocopies, skew, slanted photos,
uneven light, folds, curled paper, strokes of a pen in the fields and elsewhere. One in ten shows
something else: another form, the same form's other version, half a page, a blank sheet. Counted are
scans aligned, wrongly aligned (something else was taken for the form, or a place of the page is more
than 2 mm off), the error at twenty places of the page in millimetres, and processor time a scan.

    python benchmarks/alignment.py --scans 60

Result: results/alignment.json.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from common import RESULTS, err, out
from drawn_forms import DPI, FORMS, DrawnForm, Grey, exam
from numpy.random import Generator
from simulated_scans import Scan, scan, write_on

from tenfold.forms.align import Aligned, align
from tenfold.forms.references import References
from tenfold.forms.template import Field

FAR = 2.0  # millimetres
OTHERS = 0.1


def something_else(rng: Generator, form: DrawnForm, forms: list[DrawnForm]) -> tuple[str, Grey]:
    """Return a page that must not be aligned, and what it is."""
    roll = rng.random()
    page = write_on(rng, form.render(), form.boxes)
    if roll < 0.25:
        half = page.copy()
        at, side = int(rng.uniform(0.4, 0.6) * len(half)), rng.random() < 0.5
        half[:at] = 255 if side else half[:at]
        half[at:] = half[at:] if side else 255
        return "half a page", half
    if roll < 0.35:
        return "a blank sheet", np.full_like(page, 255)
    if roll < 0.5 and form.name.startswith("exam"):
        return "another version", exam("B", seed=5).render()
    others = [other for other in forms if other.name != form.name]
    other = others[int(rng.integers(len(others)))]
    return f"the form {other.name}", write_on(rng, other.render(), other.boxes)


def errors_of(aligned: Aligned, seen: Scan) -> Any:
    """Return how far off, in pixels of the reference, twenty places of the page are shown."""
    step = aligned.map(seen.points)
    # A pixel of the scan is so many of the reference, there.
    unit = np.hypot(*(aligned.map(seen.points + [1, 0]) - step).T)
    return np.hypot(*(step - seen.places).T) / unit


def measure(form: DrawnForm, forms: list[DrawnForm], scans: int, seed: int) -> dict[str, Any]:
    """Align so many scans of one form."""
    width, height = form.size
    fields = [
        Field(f"f{i}", 1, (x / width, y / height, w / width, h / height))
        for i, (x, y, w, h) in enumerate(form.boxes)
    ]
    blank = form.render()
    references = References.of([blank], [fields])
    rng = np.random.default_rng(seed)
    records, spent = [], 0.0
    for number in range(scans):
        other = rng.random() < OTHERS
        what, page = (
            something_else(rng, form, forms) if other else ("", write_on(rng, blank, form.boxes))
        )
        seen = scan(rng, page)
        start = time.process_time()
        found = align(seen.image, references)
        took = time.process_time() - start
        spent += took
        record: dict[str, Any] = {"number": number, "how": seen.how, "what": what, "took": took}
        if isinstance(found, Aligned):
            off = errors_of(found, seen) * 25.4 / DPI
            record |= {"aligned": True, "median": float(np.median(off)), "worst": float(off.max()),
                       "share": found.confidence}  # fmt: skip
            record["wrong"] = other or record["worst"] > FAR
        else:
            record |= {"aligned": False, "wrong": False, "reason": found.reason}
        records.append(record)
        yield_record(form, record)
    real = [record for record in records if not record["what"]]
    right = [record for record in real if record["aligned"] and not record["wrong"]]
    return {
        "form": form.name, "scans": len(real), "aligned": len(right),
        "something else": len(records) - len(real),
        "wrong": sum(record["wrong"] for record in records),
        "median_mm": float(np.median([record["median"] for record in right])),
        "worst_mm": float(np.max([record["worst"] for record in right])),
        "ms": 1000 * spent / len(records),
    }  # fmt: skip


def yield_record(form: DrawnForm, record: dict[str, Any]) -> None:
    """Tell what did not go as it should."""
    if record["wrong"] or (not record["what"] and not record["aligned"]):
        err.print(form.name, record)


def main() -> None:
    """Measure, print and save."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--scans", type=int, default=60, help="of each form")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=RESULTS / "alignment.json")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    forms = [draw() for draw in FORMS]
    rows = [measure(form, forms, arguments.scans, arguments.seed) for form in forms]
    for row in rows:
        out.print(row)


if __name__ == "__main__":
    main()
