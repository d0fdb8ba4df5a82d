"""Damaged files and layouts that no hand wrote: a reading or a clear sentence, never a traceback.

The pictures come from benchmarks/damaged.py and hostile.py; ``make fuzz`` feeds tenfold far more of
them, and model files, recipes, data and requests. A few of each kind are fed here.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

import damaged
import hostile
from tenfold.errors import TenfoldError
from tenfold.reader.reader import Layout, Reader

FILES, SHEETS = 60, 30  # make test-slow reads them all, make test every tenth
LAYOUTS: tuple[Layout, ...] = ("auto", "line", "page", "digit")
PATIENCE = 60  # seconds, on a machine with much else to do


def _numbers(count: int) -> list[object]:
    """Return numbers of pictures, all but every tenth of them slow."""
    return [n if n % 10 == 0 else pytest.param(n, marks=pytest.mark.slow) for n in range(count)]


@pytest.mark.filterwarnings("default")  # Pillow warns of some damage that it can read past
@pytest.mark.parametrize("number", _numbers(FILES))
def test_a_damaged_file_is_read_or_named_in_one_line(number: int, tmp_path: Path) -> None:
    suffix, content = damaged.damaged_file(number)
    path = tmp_path / f"damaged{suffix}"
    path.write_bytes(content)
    (reading,) = Reader().read_many([path])
    if isinstance(reading, TenfoldError):
        assert str(path) in str(reading)
        assert "\n" not in str(reading)
    else:
        assert reading.file == str(path)


@pytest.mark.parametrize("number", _numbers(SHEETS))
def test_a_hostile_layout_is_read_in_time(number: int) -> None:
    _, pixels = hostile.layout(number)
    reader = Reader(layout=LAYOUTS[number % len(LAYOUTS)])
    started = time.perf_counter()
    reading = reader.read(pixels)
    assert time.perf_counter() - started < PATIENCE
    height, width = pixels.shape[:2] if reading.rotation in {0, 180} else pixels.shape[1::-1]
    assert (reading.width, reading.height) == (width, height)


@pytest.mark.slow
def test_print_packed_tight_takes_bounded_work_and_says_what_was_left_out() -> None:
    _, pixels = hostile.layout(28)
    started = time.process_time()
    reading = Reader().read(pixels)
    assert time.process_time() - started < PATIENCE
    assert "only the most confident were read" in reading.notes[0]


@pytest.mark.slow
def test_a_few_of_each_kind_are_read_or_refused() -> None:
    script = Path(__file__).parents[2] / "benchmarks" / "fuzz.py"
    done = subprocess.run(
        [sys.executable, script, "--share", "0.01", "--budget", "60"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = re.findall(r"│ (\w+) +│ +([\d,]+) │", done.stdout)
    assert [kind for kind, _ in rows] == [
        "pictures", "models", "layouts", "inputs", "requests", "described",
    ]  # fmt: skip
    assert sum(int(count.replace(",", "")) for _, count in rows) > 5


def test_the_pictures_follow_from_their_numbers_and_differ() -> None:
    assert damaged.damaged_file(3) == damaged.damaged_file(3)
    assert len({damaged.damaged_file(number)[1] for number in range(FILES)}) == FILES
    kinds = {hostile.layout(number)[0] for number in range(SHEETS)}
    assert kinds == set(hostile.KINDS)
