from __future__ import annotations

import io
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from threading import Thread
from types import ModuleType

import pytest
from PIL import Image

from tenfold.errors import PageError, UsageError
from tenfold.preprocess.document import DocumentPage
from tenfold.preprocess.image import Source, name_of
from tenfold.reader.batch import Row
from tenfold.reader.reader import Reader


class Slow(Reader):
    """Takes its time over pictures called slow."""

    def open_pages(
        self, source: Source, name: str | None = None, *, only: Sequence[range] | None = None
    ) -> Iterator[DocumentPage | PageError]:
        if "slow" in name_of(source, name):
            for _ in range(100):
                time.sleep(0.01)
        return super().open_pages(source, name, only=only)


def _png(hand: ModuleType, text: str) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(hand.write(text, height=40)).save(buffer, "PNG")
    return buffer.getvalue()


def test_every_page_has_a_row(hand: ModuleType, make_tiff: Callable[..., bytes]) -> None:
    tiff = make_tiff(hand.write("42", height=40), hand.write("7 12", height=40))
    batch = [("a", _png(hand, "358")), ("b", tiff), ("c", b"no picture"), ("d", b"")]
    rows = Reader().read_batch(batch)
    assert [(row["id"], row["page"], row["text"]) for row in rows] == [
        ("a", None, "358"),
        ("b", 1, "42"),
        ("b", 2, "7 12"),
        ("c", None, None),
        ("d", None, None),
    ]
    errors = [row["error"] for row in rows]
    assert errors[:3] == [None] * 3
    assert all(
        error and error.startswith(f"{name}: ")
        for name, error in zip("cd", errors[3:], strict=True)
    )
    numbers = rows[2]["numbers"]
    assert [number["text"] for number in numbers] == ["7", "12"]
    assert rows[2]["confidence"] == min(number["confidence"] for number in numbers)
    assert {*rows[2]} == {*rows[3]} == {*Row.__annotations__}


def test_a_value_that_is_expected_has_a_column(hand: ModuleType) -> None:
    (row,) = Reader(expect="0..50; 1 decimal").read_batch([("a", _png(hand, "42"))])
    assert (row["text"], row["value"]) == ("42", "42.0")


def test_a_picture_that_takes_too_long_costs_its_row(hand: ModuleType) -> None:
    batch = [("slow", _png(hand, "42")), ("b", _png(hand, "42"))]
    reader = Slow()
    reader.read_batch(batch[1:])  # warm
    slow, quick = reader.read_batch(batch, seconds=0.8)
    assert slow["error"] == "slow: takes longer than 0.8 seconds."
    assert quick["error"] is None or "longer" in quick["error"]  # on a busy machine
    (row,) = reader.read_batch(batch[:1])  # without a limit
    assert row["text"] == "42"


def test_beside_the_main_thread_there_is_no_limit_and_no_harm(hand: ModuleType) -> None:
    rows: list[Row] = []
    reader, picture = Slow(), _png(hand, "42")
    thread = Thread(target=lambda: rows.extend(reader.read_batch([("slow", picture)], seconds=0.1)))
    thread.start()
    thread.join()
    assert [row["text"] for row in rows] == ["42"]


@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
def test_what_is_no_time_limit_is_refused(hand: ModuleType, seconds: float) -> None:
    before = signal.getsignal(signal.SIGALRM)
    for batch in ([], [("a", _png(hand, "42"))]):
        with pytest.raises(UsageError, match="give a number larger than 0"):
            Reader().read_batch(batch, seconds=seconds)
    assert signal.getsignal(signal.SIGALRM) is before


def test_a_page_that_is_damaged_keeps_its_number(
    hand: ModuleType, make_tiff: Callable[..., bytes]
) -> None:
    pages = [hand.write(text, height=40) for text in ("42", "7")]
    cut = [make_tiff(*some)[:-400] for some in (pages, pages[:1])]
    several, alone = (Reader().read_batch([("a", content)])[-1] for content in cut)
    assert (several["page"], alone["page"]) == (2, None)
    assert (several["error"] or "").startswith("a#2: the picture is damaged")
    assert (alone["error"] or "").startswith("a: the picture is damaged")


@pytest.mark.usefixtures("fault")
def test_a_fault_is_a_row_too() -> None:
    buffer = io.BytesIO()
    Image.new("L", (60, 60), 255).save(buffer, "PNG")
    faulty, sound = Reader().read_batch([(name, buffer.getvalue()) for name in ("faulty", "b")])
    assert "because of a fault in tenfold" in (faulty["error"] or "")
    assert sound["error"] is None
