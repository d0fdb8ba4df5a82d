"""How well are stacks of forms read: aligned, fields right, seen by a person, sheets per second?

Five forms, each with and without corner marks, half of the sheets scanned and half photographed,
filled in by hands that are stretches of MNIST's test images. A person who sees every doubtful field
and reads it rightly stands for the review. ``--part validation`` takes hands of the training images
instead; on them ``--fit`` fits the curve of a field's probability. ``--command 60`` then reads so
many exam cover sheets with the command itself, by one worker and by two. Writes results/forms.json.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import matplotlib
import numpy as np
import tomli_w
from PIL import Image
from sklearn.linear_model import LogisticRegression

import tenfold
from common import RESULTS, new_parser, new_result, out, print_table, write_result
from form_designs import DESIGNS, Design
from form_stacks import CORRECTED, Camera, Sheet, class_list, stack
from tenfold.forms.align import Aligned, align
from tenfold.forms.fields import read_page
from tenfold.forms.results import Results
from tenfold.forms.sheet import print_sheets
from tenfold.forms.sheet_results import SURE, SheetResult
from tenfold.forms.stack import PageReader, Progress, read_stack
from tenfold.forms.template import Template, load
from tenfold.forms.verdict import features
from tenfold.synthesis.pages.hands import Part, Stock

FACE = str(Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSans.ttf")
CLASS = 400  # students of the class list
# A process that starts from a large one counts as large: a small one stands between.
WATCHED = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@dataclass(slots=True)
class Count:
    """What became of one stack."""

    sheets: int = 0
    aligned: int = 0
    wrongly_aligned: int = 0
    fields: int = 0
    right: int = 0
    shown: int = 0  # to a person
    wrong_after: int = 0
    corrected: int = 0  # fields in which something is struck out
    corrected_right: int = 0
    corrected_wrong_after: int = 0
    seconds: float = 0.0
    faults: list[str] = field(default_factory=list)


def build(design: Design, folder: Path, marks: bool) -> tuple[Template, np.ndarray, list[str]]:
    """Write a form and its class list; return it, its reference image and the list."""
    rng = np.random.default_rng(1)
    roll = class_list(rng, CLASS, folder / "class-list.csv")
    reference = design.reference(FACE)
    Image.fromarray(reference).save(folder / "form-1.png")
    record = design.template("form-1.png", "class-list.csv:student_id")
    (folder / "form.toml").write_text(tomli_w.dumps(record), encoding="utf-8")
    template = load(folder / "form.toml")
    if marks:
        sheets = print_sheets(template, folder / "marked.pdf")
        for page, content in zip(sheets.template.pages, sheets.images, strict=True):
            page.image.write_bytes(content)
        sheets.template.write()
        template = load(sheets.template.path)
        reference = np.asarray(Image.open(template.pages[0].image).convert("L"))
        design.move(template)
    return template, reference, roll


def compose(
    design: Design, reference: np.ndarray, roll: Sequence[str], part: Part, seed: int, count: int,
    corrected: float = CORRECTED,
) -> list[Sheet]:  # fmt: skip
    """Fill in, scan and photograph a stack."""
    data = tenfold.load_dataset("mnist", "test" if part == "test" else "train")
    images, labels = data.images, data.targets
    stock = Stock.of(images, labels, part)
    own = labels[-6000:] if part == "validation" else labels
    rng = np.random.default_rng((seed, len(design.spots)))
    sheets: list[Sheet] = []
    cameras: tuple[Camera, Camera] = ("scanner", "phone")
    for camera, share in zip(cameras, (count - count // 2, count // 2), strict=True):
        sheets += stack(design, reference, share, camera, rng, stock, own, part, roll, corrected)
    return sheets


def measure(
    design: Design, marks: bool, part: Part, seed: int, count: int, workers: int,
    corrected: float = CORRECTED,
) -> Count:  # fmt: skip
    """Compose one stack, read it and compare."""
    counted = Count()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        template, reference, roll = build(design, folder, marks)
        sheets = compose(design, reference, roll, part, seed, count, corrected)
        paths = []
        for k, sheet in enumerate(sheets):
            paths.append(folder / f"scan-{k:05d}.jpg")
            cv2.imwrite(str(paths[-1]), sheet.picture, [cv2.IMWRITE_JPEG_QUALITY, 95])
        composed = {str(path): sheet for path, sheet in zip(paths, sheets, strict=True)}

        def report(_: Progress, sheet: SheetResult | None) -> None:
            if sheet is not None:
                tally(counted, sheet, composed[sheet.source], f"{design.name}: ")

        with Results.create(folder / "results", template, keep_images="no") as results:
            started = time.monotonic()
            read_stack(template, paths, results, workers=workers, report=report)
            counted.seconds = time.monotonic() - started
    return counted


def time_command(seed: int, count: int, part: Part) -> dict[str, Any]:
    """Read one stack with ``tenfold form read``, by one worker and by two; start-up counts."""
    design, rates = DESIGNS[0](), {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        template, reference, roll = build(design, folder, marks=False)
        (folder / "scans").mkdir()
        sheets = compose(design, reference, roll, part, seed, count)
        for k, sheet in enumerate(sheets):
            cv2.imwrite(str(folder / "scans" / f"{k:03d}.jpg"), sheet.picture)
        for workers in (1, 2):
            words = ["form", "read", str(template.path), str(folder / "scans")]
            more = ["--out", str(folder / f"results-{workers}"), "--workers", str(workers)]
            started = time.monotonic()
            own = [sys.executable, "-m", "tenfold", *words, *more, "--quiet"]
            told = subprocess.run(
                [sys.executable, "-c", WATCHED, *own], capture_output=True, check=True
            ).stdout
            seconds = time.monotonic() - started
            with Results.open(folder / f"results-{workers}") as results:
                done = len(results.done())
            memory = 1024 * int(told)  # of the largest of its processes, bytes
            rates[str(workers)] = {
                "seconds": seconds,
                "sheets_per_second": done / seconds,
                "memory": memory,
            }
            out.print(
                f"{workers} workers: {done} pages in {seconds:.1f} s, {memory / 1e6:.0f} MB at most"
            )
    return {"form": design.name, "pages": len(sheets), "workers": rates}


def tally(counted: Count, sheet: SheetResult, composed: Sheet, where: str) -> None:
    """Compare one page with what was written on it."""
    truth = composed.truth
    if truth is None:
        counted.wrongly_aligned += sheet.status == "read"
        return
    counted.sheets += 1
    if sheet.status != "read":
        counted.faults.append(f"{where}{sheet.source}: {sheet.status}, {sheet.reason}")
        counted.fields += len(truth)
        counted.shown += len(truth)
        return
    counted.aligned += 1
    for one in sheet.fields:
        right = (one.value or "") == truth[one.field]
        sure = one.status in SURE
        counted.fields += 1
        counted.right += right
        counted.shown += not sure
        counted.wrong_after += sure and not right
        if one.field in composed.corrected:
            counted.corrected += 1
            counted.corrected_right += right
            counted.corrected_wrong_after += sure and not right
        if not right:
            counted.faults.append(
                f"{where}{one.field} {truth[one.field]!r} read {one.value!r} {one.probability:.3f} "
                f"{one.status}{' corrected' if one.field in composed.corrected else ''}"
            )


def fit(seed: int, count: int, faults: bool) -> list[float]:
    """Fit the curve of a number's probability on validation stacks; return its coefficients."""
    rows, right = [], []
    for make in DESIGNS:
        design = make()
        with tempfile.TemporaryDirectory() as name:
            template, reference, roll = build(design, Path(name), marks=False)
            reader = PageReader(template)
        for sheet in compose(design, reference, roll, "validation", seed, count):
            aligned = align(sheet.picture, reader.references)
            if sheet.truth is None or not isinstance(aligned, Aligned):
                continue
            own = reader.references.pages[0].image
            for one in read_page(aligned.image, own, template.fields, reader.networks):
                if one.candidates:
                    rows.append(features(one))
                    right.append(one.candidates[0][0] == sheet.truth[one.field.name])
                    if faults and not right[-1]:
                        seen = one.candidates[:3], rows[-1]
                        out.print(
                            one.field.name, sheet.truth[one.field.name], seen, highlight=False
                        )
    if faults:
        for row, good in zip(rows, right, strict=True):
            out.print(*(f"{value:.3f}" for value in row), int(good), highlight=False)
    model = LogisticRegression(fit_intercept=False, C=10.0).fit(rows, right)
    out.print(f"{len(right)} fields, {np.mean(right):.2%} right")
    return [round(float(weight), 3) for weight in model.coef_[0]]


def main() -> None:
    """Measure, print and save."""
    parser = new_parser(__doc__, RESULTS / "forms.json")
    parser.add_argument("--sheets", type=int, default=200, help="of each stack")
    parser.add_argument("--part", choices=["validation", "test"], default="test")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--corrected", type=float, default=CORRECTED, help="share of fields that are corrected"
    )
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--forms", default=",".join(make.__name__ for make in DESIGNS))
    parser.add_argument("--marks", choices=["both", "with", "without"], default="both")
    parser.add_argument("--command", type=int, default=0, help="sheets to time the command with")
    parser.add_argument("--fit", action="store_true", help="fit the curve on validation stacks")
    parser.add_argument("--faults", action="store_true", help="print what was read wrongly")
    given = parser.parse_args()
    if given.fit:
        out.print("CURVE =", fit(given.seed, given.sheets, given.faults))
        return
    rows: list[dict[str, Any]] = []
    for make in DESIGNS:
        if make.__name__ not in given.forms.split(","):
            continue
        for marks in {"both": (False, True), "with": (True,), "without": (False,)}[given.marks]:
            design = make()
            one = measure(
                design, marks, given.part, given.seed, given.sheets, given.workers, given.corrected
            )
            rows.append(
                {
                    "form": design.name,
                    "marks": marks,
                    "sheets": one.sheets,
                    "aligned": one.aligned / one.sheets,
                    "wrongly_aligned": one.wrongly_aligned,
                    "fields": one.fields,
                    "right": one.right / one.fields,
                    "shown": one.shown / one.fields,
                    "wrong_after": one.wrong_after / one.fields,
                    "corrected": one.corrected,
                    "corrected_right": one.corrected_right,
                    "corrected_wrong_after": one.corrected_wrong_after,
                    "sheets_per_second": one.sheets / one.seconds,
                }
            )
            out.print(rows[-1])
            if given.faults:
                for fault in one.faults:
                    out.print(fault, markup=False, highlight=False)
    names = ("sheets", "part", "seed", "workers", "corrected")
    setting = {name: getattr(given, name) for name in names} | {"load": os.getloadavg()[0]}
    results: dict[str, Any] = {"stacks": rows}
    if given.command:
        results["command"] = time_command(given.seed, given.command, given.part)
    result = new_result(
        __doc__, ["tenfold", "onnxruntime", "opencv-python-headless"], setting,
        results,
    )  # fmt: skip
    table = [
        [f"{value:.4f}" if isinstance(value, float) else str(value) for value in row.values()]
        for row in rows
    ]
    print_table(
        f"{given.sheets} sheets a stack, {given.part}", list(rows[0]), table, [result.describe()]
    )
    if given.part == "test":
        write_result(given.out, result)


if __name__ == "__main__":
    main()
