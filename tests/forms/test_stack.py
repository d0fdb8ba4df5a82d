from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import matplotlib
import numpy as np
import pytest
import tomli_w
from PIL import Image

import form_designs as designs
import form_stacks as stacks
from tenfold.forms import Template, load
from tenfold.forms.results import Results
from tenfold.forms.sheet_results import SheetResult
from tenfold.forms.stack import Progress, read_stack
from tenfold.synthesis.pages.hands import Stock

if TYPE_CHECKING:
    from tenfold.data.splits import Splits

FACE = str(Path(matplotlib.get_data_path()) / "fonts/ttf/DejaVuSans.ttf")


@dataclass
class Cards:
    """A form and a folder of its scans, with what is written on each; None: no such form."""

    template: Template
    folder: Path
    truths: dict[str, dict[str, str] | None]

    @property
    def paths(self) -> list[Path]:
        return sorted(self.folder.iterdir())


@pytest.fixture(scope="module")
def cards(large: Splits, tmp_path_factory: pytest.TempPathFactory) -> Cards:
    base = tmp_path_factory.mktemp("cards")
    design = designs.meter()
    reference = design.reference(FACE)
    Image.fromarray(reference).save(base / "form-1.png")
    record = design.template("form-1.png", "")
    (base / "form.toml").write_text(tomli_w.dumps(record), encoding="utf-8")
    images, labels = large.train.images, large.train.targets.astype(np.uint8)
    stock, rng = Stock.of(images, labels, "test"), np.random.default_rng(4)
    (base / "scans").mkdir()
    truths: dict[str, dict[str, str] | None] = {}
    for camera in ("scanner", "phone"):
        sheets = stacks.stack(design, reference, 2, camera, rng, stock, labels, "validation", [])
        for number, sheet in enumerate(sheets):
            path = base / "scans" / f"{camera}-{number}.png"
            cv2.imwrite(str(path), sheet.picture)
            truths[str(path)] = sheet.truth
    blank = base / "scans" / "blank.png"
    Image.fromarray(np.full((700, 1000), 250, np.uint8)).save(blank)
    truths[str(blank)] = None
    broken = base / "scans" / "broken.png"
    broken.write_bytes(b"\x89PNG\r\n")
    truths[str(broken)] = None
    return Cards(load(base / "form.toml"), base / "scans", truths)


def test_a_stack_is_read_and_read_again_only_where_it_was_not(cards: Cards, tmp_path: Path) -> None:
    seen: list[SheetResult] = []

    def report(_: Progress, sheet: SheetResult | None) -> None:
        if sheet is not None:
            seen.append(sheet)

    with Results.create(tmp_path, cards.template, keep_images="all") as results:
        half = read_stack(cards.template, cards.paths[:3], results, workers=1, report=report)
        whole = read_stack(cards.template, cards.paths, results, workers=2, report=report)
        done = results.done()
    assert half.fresh == 3
    assert whole.done == whole.pages == len(cards.paths)
    assert {path for path, _ in done} == set(cards.truths)
    assert len(seen) == len(cards.paths)  # none twice
    right = []
    for sheet in seen:
        truth = cards.truths[sheet.source]
        if truth is None:
            assert sheet.status != "read"
            assert sheet.reason
            continue
        assert sheet.status == "read"
        values = {one.field: one.value or "" for one in sheet.fields}
        assert values.keys() == truth.keys()
        right += [values[name] == truth[name] or one_is_open(sheet, name) for name in truth]
    assert np.mean(right) > 0.8


def one_is_open(sheet: SheetResult, name: str) -> bool:
    """Whether a person is asked about a field."""
    return next(one for one in sheet.fields if one.field == name).status not in ("ok", "blank")


def test_a_template_reads_pages_one_by_one(cards: Cards) -> None:
    sheets = list(cards.template.read([cards.folder / "scanner-0.png", "missing.png"]))
    assert [sheet.status for sheet in sheets] == ["failed", "read"]
    assert sheets[0].reason == "missing.png: no such file. Check the path."


def test_a_pipe_is_not_waited_for(cards: Cards, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    (sheet,) = cards.template.read([pipe])
    assert sheet.status == "failed"
    assert "a pipe" in sheet.reason


def test_a_page_that_brings_its_worker_down_costs_its_row(
    cards: Cards, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenfold.forms.stack.SECONDS", 0.01)  # none is so quick
    with Results.create(tmp_path, cards.template) as results:
        read_stack(cards.template, cards.paths[2:3], results, workers=1)
        (sheet,) = results.sheets()
    assert "seconds" in sheet.problem


def test_the_command_reads_a_folder_and_says_what_comes_next(cards: Cards, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tenfold", "form", "read", str(cards.template.path)]
    out = tmp_path / "results"
    run = subprocess.run(
        [*command, str(cards.folder), "--out", str(out), "--workers", "1"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 1  # one file is no picture
    assert "broken.png" in run.stderr
    assert "blank.png" in run.stderr
    assert "Traceback" not in run.stderr
    assert "6 of 6 pages" in run.stdout
    assert "tenfold form review" in run.stdout
