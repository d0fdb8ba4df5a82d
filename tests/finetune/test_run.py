"""From a folder of pictures to a reader that reads them, or to a sentence why not."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image
from tests.finetune.conftest import seven, write_pictures

from tenfold.data.splits import Splits
from tenfold.errors import DataError, ModelError, TrainingError
from tenfold.finetune.reference import Sizes
from tenfold.finetune.run import RESULT, FineTuned, fine_tune
from tenfold.finetune.verdict import ForgottenError
from tenfold.model import load_model
from tenfold.modelinfo import ModelInfo
from tenfold.reader.networks import bundled_line, bundled_model
from tenfold.reader.reader import Reader
from tenfold.synthesis.pages.hands import Stock
from tenfold.synthesis.pages.strips import StripMaker

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
    tmp_path: Path, large: Splits, mnist: Path
) -> None:
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
    data = write_pictures(tmp_path / "mine", 60, large)
    with pytest.raises(ForgottenError, match=r"points less than before .* --allow, .* --keep"):
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


def _lines(folder: Path, mnist: Path, count: int, header: str = "file,text") -> Path:
    """Write a table of composed lines."""
    from tenfold.data.mnist import load_mnist

    train = load_mnist(mnist).train
    images, labels = train.images, train.targets
    maker = StripMaker(Stock.of(images, labels, "train"), "train", 5)
    folder.mkdir()
    rows = [header]
    while len(rows) <= count:
        strip = maker.strip()
        if not 2 <= len(strip.text) <= 8 or strip.pixels.shape[1] > 260:
            continue
        large = cv2.resize(strip.pixels, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
        Image.fromarray(large).save(folder / f"{len(rows)}.png")
        rows.append(f'{len(rows)}.png,"{strip.text}"')
    table = folder / "lines.csv"
    table.write_text("\n".join(rows) + "\n")
    return table


def test_lines_teach_the_line_recogniser(
    tmp_path: Path, mnist: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tenfold.finetune.lines.STEPS", 6)
    monkeypatch.setattr("tenfold.finetune.choose.best", lambda scores: len(scores) - 1)
    table = _lines(tmp_path / "mine", mnist, 8)
    found = fine_tune(table, tmp_path / "reader", allow=50, sizes=SMALL, data_dir=mnist)
    assert found.model.name == "line.onnx"
    assert found.adapted.own.unit == "lines"
    assert found.adapted.own.count == 8
    assert found.adapted.reference.unit == "characters"
    reader = Reader(found.folder, layout="line")
    assert reader.networks.line is not None
    assert reader.networks.line.info != bundled_line().info
    assert len(reader.networks.line.info.string_calibration) == 4
    assert reader.read(tmp_path / "mine" / "1.png").digits is not None
    alone = Reader(found.model)  # the file by itself is taken too
    assert alone.networks.line is not None


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
