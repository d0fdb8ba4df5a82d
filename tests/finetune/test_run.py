"""From a folder of pictures to a reader that reads them, or to a sentence why not."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from tests.finetune.conftest import seven, write_pictures

from tenfold.data.splits import Splits
from tenfold.errors import DataError, ModelError, TrainingError
from tenfold.finetune.reference import Sizes
from tenfold.finetune.run import RESULT, FineTuned, fine_tune
from tenfold.finetune.verdict import ForgottenError
from tenfold.model import load_model
from tenfold.modelinfo import ModelInfo
from tenfold.reader.networks import bundled_model
from tenfold.reader.reader import Reader
from tenfold.synthesis.pages.hands import Hand, Stock

Pixels = NDArray[np.uint8]
SMALL = Sizes(replay=512, choose=256, judge=512)


def _mine(folder: Path, large: Splits, mnist: Path, count: int, allow: float = 20) -> FineTuned:
    data = write_pictures(folder / "mine", count, large)
    return fine_tune(data, folder / "reader", allow=allow, sizes=SMALL, data_dir=mnist)


def test_few_samples_teach_a_hand_that_was_misread(
    tmp_path: Path, large: Splits, mnist: Path
) -> None:
    strange = seven(np.random.default_rng(99))
    assert Reader(layout="digit").read(strange).text == "2"
    found = _mine(tmp_path, large, mnist, 24)
    assert found.adapted.how == "prototypes"
    assert 0 < found.adapted.alpha <= 1
    assert found.adapted.own.after >= found.adapted.own.before + 0.2
    assert found.adapted.own.count == 24
    reader = Reader(found.folder, layout="digit")
    glyph = reader.trace(strange).shown
    assert glyph is not None
    taught = load_model(found.model)
    assert taught.predict(glyph[None])[0] == 7
    assert bundled_model().predict(glyph[None])[0] == 2
    record = json.loads((found.folder / RESULT).read_text())
    assert record["alpha"] == found.adapted.alpha
    assert record["reference"]["count"] == found.adapted.reference.count
    assert "fine-tuned on" in taught.info.data


def test_many_samples_teach_all_weights_and_keep_confidence_honest(
    tmp_path: Path, large: Splits, mnist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenfold.finetune.teacher.STEPS", 40)
    found = _mine(tmp_path, large, mnist, 60)
    assert found.adapted.how == "all weights"
    assert found.adapted.own.after > 0.9 > found.adapted.own.before
    info: ModelInfo = load_model(found.model).info
    old = bundled_model().info
    assert info.temperature != old.temperature
    assert 0.3 < info.temperature / old.temperature < 3
    assert info.rejection_threshold is not None
    assert not info.results  # they were another network's


def test_what_forgets_is_refused_and_kept_only_on_request(
    tmp_path: Path, large: Splits, mnist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Without holding back, the whole way is gone: what is left to judge must say no.
    monkeypatch.setattr("tenfold.finetune.choose.held_back", lambda *_: 8)
    monkeypatch.setattr("tenfold.finetune.teacher.RATE", 0.02)
    data = write_pictures(tmp_path / "mine", 24, large)
    told = r"points less than before .*95 % interval.* 0\.24 points: .* Of your samples .* --keep"
    with pytest.raises(ForgottenError, match=told):
        fine_tune(data, tmp_path / "no", sizes=SMALL, data_dir=mnist)
    assert not [*(tmp_path / "no").iterdir()]
    found = fine_tune(data, tmp_path / "kept", keep=True, sizes=SMALL, data_dir=mnist)
    assert found.refused
    assert sorted(each.name for each in found.folder.iterdir()) == [
        "digits-forgetful.onnx", RESULT,
    ]  # fmt: skip
    with pytest.raises(ModelError, match=r"holds no digits\.onnx"):
        Reader(found.folder)
    assert load_model(found.model).info.size == 28


def test_samples_that_teach_nothing_write_nothing(
    tmp_path: Path, large: Splits, mnist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenfold.finetune.choose.best", lambda _: 0)
    with pytest.raises(TrainingError, match="make the reader no better"):
        _mine(tmp_path, large, mnist, 12)
    assert not [*(tmp_path / "reader").iterdir()]


def test_a_change_that_gains_nothing_is_not_written(
    tmp_path: Path, large: Splits, mnist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Samples that are all read already: whatever is learned, they cannot gain.
    monkeypatch.setattr("tenfold.finetune.choose.best", lambda _: 4)
    folder = tmp_path / "mine" / "7"
    folder.mkdir(parents=True)
    for number in range(8):
        pixels = np.full((60, 60), 255, np.uint8)
        cv2.polylines(pixels, [np.array([[15, 12], [45, 12 + number % 3], [28, 50]])], False, 0, 5)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    with pytest.raises(TrainingError, match=r"no better \(it reads 100\.0 % of them"):
        fine_tune(folder.parent, tmp_path / "out", allow=100, sizes=SMALL, data_dir=mnist)
    assert not [*(tmp_path / "out").iterdir()]


def _lines(folder: Path, large: Splits, count: int) -> Path:
    """Write a table of lines of one hand that no network knows; its sevens are strange."""
    digits = large.train
    stock = Stock.of(digits.images, digits.targets, "validation")
    rng = np.random.default_rng(7)
    hand = Hand(rng, stock, "validation")
    folder.mkdir()
    rows = ["file,text"]
    for number in range(count):
        text = "".join(map(str, rng.permutation([7, *rng.integers(0, 10, 2)])))
        Image.fromarray(_line(hand, text, rng)).save(folder / f"{number}.png")
        rows.append(f"{number}.png,{text}")
    table = folder / "lines.csv"
    table.write_text("\n".join(rows) + "\n")
    return table


def _line(hand: Hand, text: str, rng: np.random.Generator) -> Pixels:
    page, x = np.full((84, 400), 235, np.uint8), 14
    for digit in text:
        ink = 235 - seven(rng) if digit == "7" else hand.digit(int(digit), 62.0)
        ink = ink[:, ink.any(0)][ink.any(1)]
        ink = np.asarray(cv2.resize(ink, None, fx=62 / len(ink), fy=62 / len(ink)), np.uint8)
        under = page[11:73, x : x + ink.shape[1]]
        under[:] = np.minimum(under, 235 - np.minimum(ink, 195))
        x += ink.shape[1] + int(rng.integers(4, 10))
    return page[:, : x + 8]


def test_lines_of_one_hand_teach_the_line_recogniser(
    tmp_path: Path, large: Splits, mnist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Few steps, and larger ones: how much these forget differs from machine to machine, and is
    # not what this test asks.
    for name, value in {"STEPS": 10, "BATCH": 6, "RATE": 8e-4, "PAGES": 40}.items():
        monkeypatch.setattr(f"tenfold.finetune.line_recogniser.{name}", value)
    table = _lines(tmp_path / "mine", large, 24)
    sizes = Sizes(replay=120, choose=60, judge=150)
    found = fine_tune(table, tmp_path / "reader", allow=30, sizes=sizes, data_dir=mnist)
    assert found.model.name == "line.onnx"
    assert (found.samples, found.adapted.own.unit, found.adapted.own.count) == (24, "lines", 24)
    assert found.adapted.own.after > found.adapted.own.before + 0.3
    assert found.adapted.reference.unit == "characters"
    assert found.adapted.reference.count > 100
    # Lines that it did not see, read as every command reads.
    others = _lines(tmp_path / "others", large, 52)
    rows = [row.split(",") for row in others.read_text().splitlines()[41:]]
    right = [
        sum(reader.read(others.with_name(name)).text == text for name, text in rows)
        for reader in (Reader(layout="line"), Reader(found.folder, layout="line"))
    ]
    assert right[1] > right[0]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("1.png,12a", r"lines\.csv:2: the text '12a' holds 'a'"),
        ("gone.png,12", r"gone\.png: no such file"),
        ("1.png", r"lines\.csv:2: 1 columns, 2 expected"),
    ],
)
def test_a_table_that_cannot_be_used_is_one_sentence(
    tmp_path: Path, mnist: Path, row: str, message: str
) -> None:
    table = tmp_path / "lines.csv"
    table.write_text(f"file,text\n{row}\n")
    Image.fromarray(np.full((48, 90), 255, np.uint8)).save(tmp_path / "1.png")
    with pytest.raises(DataError, match=message):
        fine_tune(table, tmp_path / "reader", sizes=SMALL, data_dir=mnist)


def test_models_of_another_kind_are_refused(tmp_path: Path, large: Splits, mnist: Path) -> None:
    from tenfold.reader.networks import bundled_content

    line = tmp_path / "line.onnx"
    line.write_bytes(bundled_content("line.onnx"))
    data = write_pictures(tmp_path / "mine", 6, large)
    with pytest.raises(ModelError, match="no network for single digits"):
        fine_tune(data, tmp_path / "reader", source=line, sizes=SMALL, data_dir=mnist)
