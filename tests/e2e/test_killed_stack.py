"""A stack that is read while its processes are killed: what comes out in the end is the same."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image
from tests.cards import Card, filled, lay_out

from tenfold.forms.database import NAME
from tenfold.forms.results import Results

PATIENCE = 300  # seconds, on a machine with much else to do


def lay_out_stack(folder: Path, hand: ModuleType, count: int) -> Card:
    """A form and a folder of so many filled-in cards, one of them broken, one of them blank."""
    card = lay_out(folder, hand)
    scans = folder / "scans"
    scans.mkdir()
    rng = np.random.default_rng(7)
    for number in range(count):
        reading = "".join(map(str, rng.integers(0, 10, 7)))
        Image.fromarray(filled(hand, reading)).save(scans / f"{number:03d}.png")
    (scans / "broken.png").write_bytes(b"\x89PNG\r\n")
    Image.fromarray(np.full((300, 400), 250, np.uint8)).save(scans / "empty.png")
    return Card(card.form, scans)


def start(card: Card, out: Path, workers: int) -> subprocess.Popen[str]:
    words = ["form", "read", str(card.form), str(card.sheet), "--out", str(out)]
    more = ["--workers", str(workers), "--keep-images", "all"]
    return subprocess.Popen(
        [sys.executable, "-m", "tenfold", *words, *more],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def finish(process: subprocess.Popen[str]) -> None:
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1, errors  # one file is no picture
    assert "Traceback" not in errors


def rows(out: Path) -> int:
    """How many pages are in the results by now."""
    try:
        with closing(sqlite3.connect(f"file:{out / NAME}?mode=ro", uri=True)) as db:
            return int(db.execute("SELECT count(*) FROM page").fetchone()[0])
    except sqlite3.Error:
        return 0


def content(out: Path) -> list[tuple[Any, ...]]:
    """All that was read, with its pictures, in one order and without times."""
    pages = """
        SELECT page.source, page.number, page.status, page.reason, page.template_page, field.name,
               field.value, field.probability, field.runner_up, field.status, field.reason,
               (SELECT content FROM picture WHERE picture.page = page.id
                AND picture.field IS field.id)
        FROM page LEFT JOIN field ON field.page = page.id ORDER BY 1, 2, 6"""
    with Results.open(out) as results:
        assert results.changed() == []
        return [tuple(row) for row in results.database.rows(pages)]


def children(process: subprocess.Popen[str]) -> list[int]:
    """The processes that read."""
    listed = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    found = []
    for pid in map(int, listed):
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue
        if b"spawn_main" in words:
            found.append(pid)
    return found


def await_rows(process: subprocess.Popen[str], out: Path, count: int) -> bool:
    """Wait until so many pages are stored; False if it ends before."""
    deadline = time.monotonic() + PATIENCE
    while rows(out) < count:
        if process.poll() is not None:
            return False
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return True


def killed_and_resumed(folder: Path, hand: ModuleType, sheets: int, kills: int, seed: int) -> None:
    """Read a stack undisturbed, and again with so many kills; compare."""
    card = lay_out_stack(folder, hand, sheets)
    finish(start(card, folder / "whole", 2))
    out, rng = folder / "killed", np.random.default_rng(seed)
    done = 0
    orphans: list[int] = []
    while done < kills:
        process = start(card, out, 2)
        goal = rows(out) + int(rng.integers(0, 3)) if done else 1
        running = await_rows(process, out, min(goal, sheets))
        time.sleep(float(rng.uniform(0, 0.4)))
        assert running, f"it was read to its end after {done} kills: give it more sheets"
        orphans += children(process)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=PATIENCE)
        done += 1
    finish(start(card, out, 2))
    assert content(out) == content(folder / "whole")
    assert len({row[:2] for row in content(out)}) == sheets + 2
    deadline = time.monotonic() + 60
    while any(Path(f"/proc/{pid}/cmdline").exists() for pid in orphans):
        assert time.monotonic() < deadline, "processes that read outlive the one that was killed"
        time.sleep(0.1)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="looks at /proc")
def test_killed_twice_it_ends_the_same(tmp_path: Path, hand: ModuleType) -> None:
    killed_and_resumed(tmp_path, hand, sheets=8, kills=2, seed=1)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="looks at /proc")
def test_killed_twenty_times_it_ends_the_same(tmp_path: Path, hand: ModuleType) -> None:
    killed_and_resumed(tmp_path, hand, sheets=60, kills=20, seed=2)


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="looks at /proc")
def test_a_process_that_the_kernel_kills_costs_one_row(tmp_path: Path, hand: ModuleType) -> None:
    card = lay_out_stack(tmp_path, hand, 6)
    process = start(card, tmp_path / "out", 1)
    assert await_rows(process, tmp_path / "out", 2)  # the broken file, and one that was read
    (worker,) = children(process)
    os.kill(worker, signal.SIGKILL)
    finish(process)
    found = {(row[0], row[2]): row[3] for row in content(tmp_path / "out")}
    assert len(found) == 8
    harmed = [reason for (_, status), reason in found.items() if "brought a process" in reason]
    assert len(harmed) == 1
    assert sum(status == "read" for _, status in found) == 5
