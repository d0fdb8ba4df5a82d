from __future__ import annotations

import copy
import io
import multiprocessing
import os
import pickle
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

import tenfold
from tenfold.data.splits import Splits
from tenfold.errors import (
    DataError,
    FaultError,
    ModelError,
    PageError,
    PictureTypeError,
    PictureValueError,
    TenfoldWarning,
    UsageError,
)
from tenfold.model import Model
from tenfold.preprocess.binarize import find_ink
from tenfold.reader.networks import bundled_model
from tenfold.reader.reader import Reader
from tenfold.reader.reading import Reading
from tenfold.reader.scaled import refit
from tenfold.reader.single_digit import by_ink


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader()


@pytest.mark.parametrize(
    "text", ["0", "7", "40718", "0123456789", "12\n345\n67", "2593 6", "1\n2\n3", "5  5"]
)
def test_drawn_numbers_are_read(hand: ModuleType, reader: Reader, text: str) -> None:
    for seed in range(2):
        reading = reader.read(hand.write(text, seed=seed))
        assert reading.text.replace(" ", "") == text.replace(" ", "")
        assert all(digit.confidence > 0.5 for digit in reading.digits)


@pytest.mark.parametrize("height", [18, 40, 150])
@pytest.mark.parametrize("pen", [0.05, 0.1, 0.18])
def test_size_and_pen_do_not_matter(
    hand: ModuleType, reader: Reader, height: int, pen: float
) -> None:
    page = hand.write("2593", height=height, pen=max(1.0, pen * height))
    assert reader.read(page).text == "2593"


def test_photos_ruled_paper_and_light_ink_are_read(hand: ModuleType, reader: Reader) -> None:
    page = hand.write("40718\n25936", height=64, pen=5.5, seed=4)
    assert reader.read(hand.photo(hand.ruled(page, 102), seed=1)).text == "40718\n25936"
    assert reader.read(255 - page).text == "40718\n25936"
    assert reader.read(hand.write("40718", ink=215, paper=245)).text == "40718"


@pytest.mark.parametrize("text", ["66", "38", "65", "836"])
def test_touching_digits_are_parted(hand: ModuleType, reader: Reader, text: str) -> None:
    page = hand.write(text, gap=-0.06, height=80, pen=6)
    assert reader.read(page).text == text


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_turned_pages_are_read(hand: ModuleType, reader: Reader, turn: int) -> None:
    page = hand.write("24357\n73542\n52437", seed=2)
    turned = np.ascontiguousarray(np.rot90(page, turn // 90))
    reading = reader.read(turned)
    assert (reading.text, reading.rotation) == ("24357\n73542\n52437", turn)
    assert (reading.width, reading.height) == (page.shape[1], page.shape[0])
    asked = Reader(rotate=str(turn)).read(turned)  # type: ignore[arg-type]
    assert asked.text == reading.text
    assert Reader(rotate="0").read(turned).rotation == 0


def test_boxes_lie_on_the_digits_in_pixels_of_the_original(
    hand: ModuleType, reader: Reader
) -> None:
    page = hand.write("273", height=700, pen=60, margin=1.2)
    assert max(page.shape) > 1600
    reading = reader.read(page)
    assert (reading.text, reading.width, reading.height) == ("273", page.shape[1], page.shape[0])
    dark = page < 128
    tall = np.ptp(np.flatnonzero(dark.any(axis=1)))
    for digit in reading.digits:
        x, y, width, height = digit.box
        assert 0 <= x < x + width <= page.shape[1]
        assert 0.85 * tall < height < 1.15 * tall
        assert dark[y : y + height, x : x + width].any()
        dark[y : y + height, x : x + width] = False
    assert dark.mean() < 0.004  # boxes are learned, so a tip of a stroke may stick out


@pytest.mark.parametrize("level", [0, 128, 255])
def test_blank_paper_reads_as_nothing(reader: Reader, level: int) -> None:
    reading = reader.read(np.full((120, 200), level, np.uint8))
    assert (reading.text, reading.lines, reading.digits) == ("", (), ())


def test_letters_and_textures_are_refused_with_a_reason(reader: Reader) -> None:
    page = np.full((110, 520), 255, np.uint8)
    cv2.putText(page, "WALKMAN XKW", (10, 70), cv2.FONT_HERSHEY_SIMPLEX, 2, 0, 4)
    reading = reader.read(page)
    assert reading.text == ""
    assert reading.digits
    assert all(digit.refused for digit in reading.digits)
    noise = np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8)
    assert len(reader.read(noise).text) <= 3


def test_min_confidence_refuses_what_is_unsure(hand: ModuleType) -> None:
    page = hand.write("40718")
    strict = Reader(min_confidence=1.0).read(page)
    assert strict.text == ""
    assert {digit.refused for digit in strict.digits} == {"unsure"}
    assert [digit.digit for digit in strict.digits] == [4, 0, 7, 1, 8]


def test_layouts_keep_their_promise(hand: ModuleType) -> None:
    page = hand.write("8\n8")
    assert len(Reader(layout="digit").read(page).digits) == 1
    assert len(Reader(layout="page").read(page).lines) == 2
    assert len(Reader(layout="line").read(hand.write("852")).lines) == 1


@pytest.mark.parametrize(
    "options",
    [
        {"layout": "book"},
        {"rotate": "45"},
        {"ink": "blue"},
        {"min_confidence": 1.2},
        {"min_confidence": -1},
        {"min_confidence": float("nan")},
        {"min_confidence": "0.5"},
        {"min_confidence": None},
        {"layout": None},
        {"layout": np.array(["auto"])},
        {"rotate": 90},
        {"ink": ["auto"]},
        {"model": 3.5},
        {"model": b"model.onnx"},
    ],
)
def test_impossible_options_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        Reader(**options)  # type: ignore[arg-type]


def test_a_missing_model_is_named() -> None:
    with pytest.raises(ModelError, match=r"nowhere\.onnx"):
        Reader("nowhere.onnx")


def test_a_model_that_does_not_read_digits_is_refused_when_it_is_given(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    model = copy.deepcopy(bundled_model())
    letters = replace(model.info, classes=tuple("ABCDEFGHIJ"))
    monkeypatch.setattr(model, "info", letters)
    with pytest.raises(ModelError, match=r"pictures of A, B, .* digits 0 to 9"):
        Reader(model)


def test_a_model_of_8_by_8_reads_single_digits_and_says_what_it_can(
    model: Model, few: Splits
) -> None:
    with pytest.warns(TenfoldWarning, match="reads single digits, and at 8×8 .* --data mnist"):
        reader = Reader(model, layout="digit")
    again = pickle.loads(pickle.dumps(reader))  # noqa: S301
    right = seen = 0
    for digit, label in zip(few.train.images[:20], few.train.targets[:20], strict=True):
        large = cv2.resize(digit, (80, 80), interpolation=cv2.INTER_CUBIC)
        page = np.pad(255 - large, 30, constant_values=255)
        glyph = by_ink(find_ink(page), reader.model)
        assert glyph is not None
        right += int(glyph.probabilities.argmax() == label)
        seen += int(again.read(page).text == str(label))
    assert right > 14
    assert seen > 14


@pytest.mark.parametrize("size", [8, 16, 20, 28, 40, 64])
def test_glyphs_are_framed_to_any_size(large: Splits, size: int) -> None:
    for glyph in large.train.images[:10]:
        framed = refit(glyph, size)
        inked = framed > 60
        box = size if size < 20 else round(size * 20 / 28)
        longest = max(inked.any(axis=0).sum(), inked.any(axis=1).sum())
        assert abs(longest - box) <= max(1, size // 10)
        if size >= 20:
            mass = framed.astype(float)
            middle = (mass.sum(axis=1) @ (np.arange(size) + 0.5)) / mass.sum()
            assert abs(middle - size / 2) < 1.5
    assert not refit(np.zeros((28, 28), np.uint8), size).any()


def test_readers_go_to_other_processes_and_copies(hand: ModuleType) -> None:
    reader = Reader(layout="line", min_confidence=0.25, ink="all", rotate="0")
    page = hand.write("936")
    for again in (pickle.loads(pickle.dumps(reader)), copy.deepcopy(reader)):  # noqa: S301
        assert again.read(page).lines == reader.read(page).lines
        assert (again.layout, again.min_confidence) == ("line", 0.25)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context) as pool:
        assert pool.submit(reader.read, page).result().text == "936"


def test_many_are_read_even_if_one_cannot_be(hand: ModuleType, reader: Reader) -> None:
    pages = [hand.write("42"), b"no picture", hand.write("7")]
    first, second, third = reader.read_many(pages)
    assert isinstance(first, Reading)
    assert isinstance(third, Reading)
    assert (first.text, third.text) == ("42", "7")
    assert isinstance(second, DataError)


def test_the_pages_of_a_file_are_read_one_after_the_other(
    hand: ModuleType, reader: Reader, make_pdf: Callable[..., bytes]
) -> None:
    content = make_pdf(*(hand.write(text) for text in ("42", "7", "901")))
    readings = [page for page in reader.read_pages(content, "a.pdf") if isinstance(page, Reading)]
    assert [(page.label, page.page, page.text) for page in readings] == [
        ("a.pdf#1", 1, "42"),
        ("a.pdf#2", 2, "7"),
        ("a.pdf#3", 3, "901"),
    ]
    (last,) = tenfold.read_pages(content, only=[range(3, 9)])
    assert isinstance(last, Reading)
    assert (last.page, last.text, last.notes) == (3, "901", ())
    first = tenfold.read(content)
    assert (first.page, first.text, first.notes) == (1, "42", ("only page 1 of 3 was read",))
    (picture,) = reader.read_pages(hand.write("42"))
    assert isinstance(picture, Reading)
    assert (picture.page, picture.text) == (None, "42")
    assert [page.text for page in readings] == ["42", "7", "901"]


def test_a_page_that_brings_a_fault_to_light_costs_no_other(
    hand: ModuleType,
    reader: Reader,
    make_pdf: Callable[..., bytes],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    inner = Reader._finish
    count = 0

    def finish(*arguments: Any, **how: Any) -> Any:
        nonlocal count
        count += 1
        if count == 1:
            raise IndexError("no such thing")
        return inner(*arguments, **how)

    monkeypatch.setattr(Reader, "_finish", finish)
    lost, read = reader.read_pages(make_pdf(hand.write("42"), hand.write("7")), "a.pdf")
    assert isinstance(lost, PageError)
    assert (lost.file, lost.page) == ("a.pdf", 1)
    assert str(lost).startswith("a.pdf#1: could not be read because of a fault in tenfold")
    assert isinstance(read, Reading)


def test_a_region_is_read_and_nothing_else(hand: ModuleType) -> None:
    page = np.full((400, 600), 235, np.uint8)
    number, other = hand.write("42"), hand.write("901")
    page[20 : 20 + other.shape[0], 20 : 20 + other.shape[1]] = other
    height, width = number.shape
    page[220 : 220 + height, 320 : 320 + width] = number
    region = (300 / 600, 200 / 400, 300 / 600, 200 / 400)
    whole = next(line for line in tenfold.read(page).lines if line.text == "42")
    reading = tenfold.read(page, region=region)
    assert (reading.text, reading.width, reading.height) == ("42", 600, 400)
    assert reading.lines[0].box == pytest.approx(whole.box, abs=6)
    turned = tenfold.read(np.rot90(page), region=(200 / 400, 0, 200 / 400, 300 / 600), rotate="90")
    assert (turned.text, turned.width, turned.height) == ("42", 600, 400)
    assert turned.lines[0].box == pytest.approx(whole.box, abs=6)
    with pytest.raises(UsageError, match="region"):
        Reader(region=(0, 0, 2, 1))


@pytest.mark.usefixtures("fault")
def test_many_are_read_even_if_one_brings_a_fault_to_light(
    hand: ModuleType, reader: Reader, tmp_path: Path
) -> None:
    paths = [tmp_path / name for name in ("a.png", "faulty.png", "b.png")]
    for path in paths:
        Image.fromarray(hand.write("42")).save(path)
    first, second, third = reader.read_many(paths)
    assert isinstance(first, Reading)
    assert isinstance(third, Reading)
    assert isinstance(second, FaultError)
    assert str(second).startswith(f"{paths[1]}: could not be read because of a fault in tenfold")
    with pytest.raises(FaultError, match="IndexError"):
        reader.read(paths[1])


def test_an_interrupt_ends_the_reading_of_many(
    hand: ModuleType, reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Reader, "_trace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        list(reader.read_many([hand.write("42")]))


def test_what_is_no_source_of_pictures_is_that_ones_error(hand: ModuleType, reader: Reader) -> None:
    sources = [None, 3.5, np.array(5), hand.write("42")]
    *errors, last = reader.read_many(sources)
    kinds = [PictureTypeError, PictureTypeError, PictureValueError]
    assert [type(error) for error in errors] == kinds
    assert isinstance(last, Reading)


def test_threads_may_share_a_reader(hand: ModuleType, reader: Reader) -> None:
    texts = [f"{n}{9 - n}3" for n in range(10)]
    with ThreadPoolExecutor(4) as pool:
        read = list(pool.map(lambda text: reader.read(hand.write(text)).text, texts))
    assert read == [reader.read(hand.write(text)).text for text in texts]


def test_read_takes_paths_bytes_arrays_and_pil_images(hand: ModuleType, tmp_path: Path) -> None:
    page = hand.write("936")
    path = tmp_path / "page.png"
    Image.fromarray(page).save(path)
    content = path.read_bytes()
    sources = (path, str(path), content, bytearray(content), page, Image.fromarray(page))
    for source in (*sources, memoryview(content), io.BytesIO(content)):
        assert tenfold.read(source).text == "936"


@given(
    shape=st.tuples(st.integers(8, 90), st.integers(8, 90)),
    levels=st.lists(st.integers(0, 255), min_size=1, max_size=4),
    block=st.integers(1, 12),
    seed=st.integers(0, 99),
)
@settings(max_examples=60, deadline=None)
def test_any_array_gives_a_reading(
    shape: tuple[int, int], levels: list[int], block: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    coarse = rng.choice(levels, size=(shape[0] // block + 1, shape[1] // block + 1))
    page = np.kron(coarse, np.ones((block, block))).astype(np.uint8)[: shape[0], : shape[1]]
    reading = tenfold.read(page, rotate="0")
    assert (reading.width, reading.height) == (shape[1], shape[0])
    for digit in reading.digits:
        assert sum(digit.probabilities) == pytest.approx(1, abs=1e-4)
        x, y, width, height = digit.box
        assert x >= 0 <= y
        assert x + width <= shape[1]
        assert y + height <= shape[0]


SIZES = [(8, 8), (8, 3000), (3000, 8), (8, 40_000), (9, 1), (1, 1600), (1600, 1)]


@pytest.mark.parametrize("size", SIZES)
def test_extreme_shapes_are_read(reader: Reader, size: tuple[int, int]) -> None:
    page = np.full(size, 255, np.uint8)
    page[size[0] // 4 : size[0] // 2, : max(1, size[1] // 3)] = 0
    assert reader.read(page).height == size[0]


def test_a_dense_texture_takes_no_longer_than_it_may(reader: Reader) -> None:
    page = np.random.default_rng(1).integers(0, 2, (200, 300)).astype(np.uint8) * 255
    texture = np.kron(page, np.ones((5, 5), np.uint8))
    soft = np.random.default_rng(2).normal(128, 60, (900, 190)).clip(0, 255).astype(np.uint8)
    clouds = np.asarray(cv2.GaussianBlur(soft, (0, 0), 1.5), np.uint8)
    for page, own in ((texture, reader), (clouds, Reader(layout="line"))):
        started = time.process_time()  # of all threads, whatever else the machine does
        own.read(page)
        assert time.process_time() - started < 10


def test_a_jpeg_with_flipped_bits_reads_or_is_refused(hand: ModuleType, reader: Reader) -> None:
    buffer = io.BytesIO()
    Image.fromarray(hand.photo(hand.write("58"))).save(buffer, "JPEG")
    rng = np.random.default_rng(3)
    outcomes: set[type] = set()
    for _ in range(30):
        content = bytearray(buffer.getvalue())
        for place in rng.integers(0, len(content), 4):
            content[place] ^= 1 << int(rng.integers(8))
        try:
            outcomes.add(type(reader.read(bytes(content))))
        except DataError as error:
            assert "picture" in str(error)  # noqa: PT017 (reading it is as good)
            outcomes.add(DataError)
    assert outcomes == {Reading, DataError}  # each happens


def _labels(folder: str) -> tuple[Path, list[dict[str, str]]]:
    import csv

    if "TENFOLD_DATA" not in os.environ:
        pytest.skip("needs the real pictures: set TENFOLD_DATA")
    root = Path(os.environ["TENFOLD_DATA"]) / folder
    if not root.is_dir():
        pytest.skip(f"no {folder} pictures in TENFOLD_DATA")
    with (root / "labels.csv").open() as file:
        return root, list(csv.DictReader(file))


def _right_by_source(root: Path, rows: list[dict[str, str]]) -> float:
    reader = Reader(layout="digit")
    right: dict[str, list[bool]] = {}
    for row in rows:
        digits = reader.read(root / row["file"]).digits
        correct = bool(digits) and digits[0].digit == int(row["label"])
        right.setdefault(row["file"].split("/")[0], []).append(correct)
    return float(np.mean([np.mean(source) for source in right.values()]))


@pytest.mark.slow
def test_real_single_digits_reach_their_floor() -> None:
    root, rows = _labels("real")
    assert _right_by_source(root, rows[::4]) > 0.97


def test_the_first_real_digit_of_a_source_is_mostly_read() -> None:
    root, rows = _labels("real")
    firsts = {row["file"].split("/")[0]: row for row in reversed(rows)}
    assert _right_by_source(root, list(firsts.values())[::3]) > 0.9


def test_small_cells_with_their_frames_are_read() -> None:
    root, rows = _labels("real")
    assert (
        _right_by_source(root, [row for row in rows if row["file"].startswith("h16/")][::6]) > 0.8
    )


def test_real_numbers_reach_their_floor() -> None:
    root, rows = _labels("numbers")
    reader = Reader()
    rows = [row for row in rows if row["file"].split("/")[0] in {"n10", "n11", "n14", "n22"}]
    right = []
    for row in rows:  # the truths list the digits of each line, without gaps and marks
        lines = reader.read(root / row["file"]).lines
        digits = ["".join(char for char in line.text if char.isdigit()) for line in lines]
        right.append("|".join(digits) == row["truth"])
    assert np.mean(right) > 0.8
