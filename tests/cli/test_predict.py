from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from tenfold.cli import app
from tenfold.data.splits import Splits
from tenfold.errors import TenfoldError
from tenfold.evaluation.test_sets import in_size
from tenfold.model import Model
from tenfold.training.result import Run

Predict = Callable[..., tuple[str, str]]


@pytest.fixture
def predict(tmp_path: Path, run: Run) -> Predict:
    """Run the command on a file of that folder; returns what it printed."""

    def go(data: str, out: str, *more: str) -> tuple[str, str]:
        place = [str(run.model), "--data", str(tmp_path / data), "--out", str(tmp_path / out)]
        done = CliRunner().invoke(app, ["predict", *place, *more])
        if isinstance(done.exception, TenfoldError):
            raise done.exception
        assert done.exit_code == 0, done.output
        return done.stdout, done.stderr

    return go


def _rows(path: Path, delimiter: str = ",") -> list[list[str]]:
    with path.open(newline="") as file:
        return list(csv.reader(file, delimiter=delimiter))


def test_kaggles_test_table_becomes_a_submission(
    tmp_path: Path, few: Splits, model: Model, predict: Predict
) -> None:
    rows = few.test.images.reshape(60, 64)
    names = ",".join(f"pixel{k}" for k in range(64))
    np.savetxt(tmp_path / "test.csv", rows, "%d", ",", header=names, comments="")
    out, err = predict("test.csv", "submission.csv")
    assert out == f"{tmp_path}/submission.csv\n"
    assert "60 predictions, columns ImageId and Label" in err
    written = _rows(tmp_path / "submission.csv")
    assert written[0] == ["ImageId", "Label"]
    answers = model.predict(few.test.images)
    assert written[1:] == [[str(k + 1), str(a)] for k, a in enumerate(answers)]
    with pytest.raises(TenfoldError, match=r"submission\.csv"):
        predict("test.csv", "submission.csv")
    predict("test.csv", "submission.csv", "--force", "--quiet")


def test_ids_of_ones_own_are_kept_and_probabilities_added(
    tmp_path: Path, few: Splits, model: Model, predict: Predict
) -> None:
    lines = ["id," + ",".join(f"p{k}" for k in range(64))]
    lines += [
        f"scan-{row:03}," + ",".join(map(str, image.ravel()))
        for row, image in enumerate(few.test.images)
    ]
    (tmp_path / "own.csv").write_text("\n".join(lines))
    predict("own.csv", "own.tsv", "--probabilities")
    written = _rows(tmp_path / "own.tsv", "\t")
    assert written[0] == ["id", "label", *(f"p_{k}" for k in range(10))]
    assert [row[0] for row in written[1:]] == [f"scan-{k:03}" for k in range(60)]
    shares = np.array([[float(value) for value in row[2:]] for row in written[1:]])
    np.testing.assert_allclose(shares, model.predict_proba(few.test.images), atol=1e-6)


def test_parquet_and_npz_in_and_out(
    tmp_path: Path, few: Splits, model: Model, predict: Predict
) -> None:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    columns: dict[str, Any] = {f"p{k}": few.test.images.reshape(60, 64)[:, k] for k in range(64)}
    pq.write_table(pa.table({"id": np.arange(60) + 500, **columns}), tmp_path / "in.parquet")
    np.savez(tmp_path / "in.npz", images=few.test.images, ids=np.arange(60) + 500)
    answers = model.predict(few.test.images).astype(str)
    for given in ("in.parquet", "in.npz"):
        predict(given, "out.parquet", "--force")
        table = pq.read_table(tmp_path / "out.parquet").to_pydict()
        assert table == {"id": list(range(500, 560)), "label": answers.tolist()}
        out, _ = predict(given, "out.npz", "--force", "--probabilities", "--json")
        assert json.loads(out)["count"] == 60
        with np.load(tmp_path / "out.npz") as arrays:
            assert arrays["ids"].tolist() == list(range(500, 560))
            assert arrays["labels"].tolist() == answers.tolist()
            assert arrays["probabilities"].shape == (60, 10)


@pytest.mark.parametrize("key", ["id", "ids", "names"])
def test_ids_of_an_npz_are_kept(tmp_path: Path, few: Splits, predict: Predict, key: str) -> None:
    own = [f"scan-{k:02}" for k in range(60)]
    arrays: dict[str, Any] = {"images": few.test.images, key: np.array(own)}
    np.savez(tmp_path / "in.npz", **arrays)
    predict("in.npz", "out.csv")
    assert [row[0] for row in _rows(tmp_path / "out.csv")] == [key.rstrip("s"), *own]


def test_a_small_model_takes_images_of_other_sizes_as_the_reader_shows_them(
    tmp_path: Path, few: Splits, model: Model, predict: Predict
) -> None:
    large = np.stack([cv2.resize(image, (28, 28)) for image in few.test.images])
    np.savez(tmp_path / "large.npz", images=large)
    _, err = predict("large.npz", "large.csv")
    assert "The model takes 8×8, so each image was framed to that size." in err
    found = np.array([int(row[1]) for row in _rows(tmp_path / "large.csv")[1:]])
    own = model.predict(few.test.images)
    assert (found == own).mean() > 0.7
    for row, image in enumerate(few.test.images):
        folder = tmp_path / "photos" / str(few.test.targets[row])
        folder.mkdir(parents=True, exist_ok=True)
        ink = cv2.resize(np.pad(image, 2), (70, 60), interpolation=cv2.INTER_CUBIC)
        Image.fromarray(230 - np.asarray(ink, np.uint8) // 4 * 3).save(folder / f"{row}.png")
    predict("photos", "photos.csv")
    labels = [(row[0], row[1]) for row in _rows(tmp_path / "photos.csv")[1:]]
    assert len(labels) == 60
    assert np.mean([name.partition("/")[0] == label for name, label in labels]) > 0.5
    np.savez(tmp_path / "own.npz", images=few.test.images)
    _, err = predict("own.npz", "own.csv")
    assert "was framed" not in err
    assert [int(row[1]) for row in _rows(tmp_path / "own.csv")[1:]] == own.tolist()


@pytest.mark.parametrize("size", [9, 16, 28, 40])
def test_images_are_framed_to_any_size(few: Splits, size: int) -> None:
    grown = np.stack([cv2.resize(image, (size, size)) for image in few.test.images])
    data = replace(few.test, images=grown)
    assert in_size(data, size) is data
    assert in_size(data, 28) is data  # which predictions frame
    for other in (8, 32):
        framed = in_size(data, other)
        assert framed.size == other
        assert framed.images.any(axis=(1, 2)).all()


def test_what_cannot_be_done_is_said_before_any_work(
    tmp_path: Path, few: Splits, predict: Predict
) -> None:
    np.savez(tmp_path / "in.npz", images=np.zeros((3, 9, 9), np.uint8) + 1)
    for data, out, message in [
        ("in.npz", "out.xlsx", r"written as \.csv, \.tsv, \.parquet, \.npz"),
        ("in.npz", "in.npz", "already exists|in.npz"),
        ("none.npz", "out.csv", "neither a known data set"),
    ]:
        with pytest.raises(TenfoldError, match=message):
            predict(data, out)
    assert not (tmp_path / "out.csv").exists()
