from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest

from tenfold.data.dataset import Dataset
from tenfold.data.registry import load_splits
from tenfold.data.splits import Splits
from tenfold.errors import DataError
from tenfold.evaluation.evaluate import evaluate
from tenfold.evaluation.test_sets import (
    ImageTable,
    choose_split,
    framed,
    has_learned,
    is_image_table,
    load_table,
    open_test_set,
)
from tenfold.model import Model, open_model
from tenfold.training.export import with_info
from tenfold.training.result import Run


def test_other_sizes_are_framed_for_a_28_model(linear_file: Callable[..., bytes]) -> None:
    model = open_model(linear_file(np.zeros((784, 10))), "blank")
    images = np.zeros((2, 16, 16), np.uint8)
    images[:, 0:16, 5:8] = 255
    labels = np.array([1, 1], np.uint8)
    own = framed(Dataset(images, labels, "bars", "all"), model)
    assert own.images.shape == (2, 28, 28)
    assert np.flatnonzero(own.images[0].any(axis=1)).tolist() == list(range(4, 24))
    assert own.labels is labels
    assert len(framed(Dataset(images[:0], labels[:0], "none", "all"), model)) == 0


def test_what_fits_or_cannot_be_framed_is_left_alone(model: Model, few: Splits) -> None:
    assert framed(few.test, model) is few.test
    large = Dataset(np.zeros((1, 28, 28), np.uint8), None, "large", "all")
    assert framed(large, model) is large


# Which part of a source is measured


def test_a_source_with_a_test_part_is_measured_on_it(model: Model) -> None:
    chosen = choose_split(model, "digits", None, None)
    assert chosen.fingerprint() == load_splits("digits").test.fingerprint()
    assert evaluate(model, "digits").count == 200


@pytest.mark.parametrize(("split", "count"), [("train", 1597), ("test", 200), ("all", 1797)])
def test_a_part_asked_for_is_taken(model: Model, split: Any, count: int) -> None:
    evaluation = evaluate(model, "digits", split=split)
    assert (evaluation.split, evaluation.count) == (split, count)


@pytest.fixture
def untested(few: Splits, tmp_path: Path) -> Path:
    """A source without a test set of its own."""
    path = tmp_path / "mine.npz"
    np.savez(path, images=few.train.images, labels=few.train.targets)
    return path


def test_data_that_is_new_to_the_model_is_measured_whole(model: Model, untested: Path) -> None:
    assert choose_split(model, untested, None, None).split == "all"
    assert evaluate(model, untested).count == 300


def test_of_data_it_learned_from_only_what_was_held_out(
    run: Run, model: Model, untested: Path
) -> None:
    splits = load_splits(untested)
    info = replace(model.info, data_fingerprint=splits.train.fingerprint())
    pupil = open_model(with_info(run.model.read_bytes(), info), "pupil", threads=1)
    chosen = choose_split(pupil, untested, None, None)
    assert chosen.fingerprint() == splits.test.fingerprint()
    assert evaluate(pupil, untested).count == 60
    assert evaluate(pupil, untested, split="all").count == 300


def test_a_set_too_small_to_split_is_measured_whole(
    model: Model, few: Splits, tmp_path: Path
) -> None:
    path = tmp_path / "one.npz"
    np.savez(path, images=few.test.images[:3], labels=few.test.targets[:3])
    assert evaluate(model, path).count == 3


def test_a_part_that_the_model_learned_from_is_known(
    run: Run, few: Splits, model: Model, untested: Path, write_npz: Callable[[Path], Path]
) -> None:
    source = write_npz(untested.parent / "few.npz")
    for split, learned in (("train", True), ("all", True), ("test", False), (None, False)):
        assert has_learned(model, source, cast("Any", split), None) == learned
        assert not has_learned(model, untested, cast("Any", split), None)
    tiny = untested.parent / "tiny.npz"
    np.savez(tiny, images=few.test.images[:3], labels=few.test.targets[:3])
    assert not has_learned(model, tiny, "all", None)


# Tables of images


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("file,label\n", "no images"),
        ("file,what\na.png,7\n", "column 'label' or 'truth'"),
        ("file,label\na.png,7\nb.png,77\n", r"labels\.csv:3: needs a file and one digit"),
        ("file,truth\na.png,1a\n", r"labels\.csv:2: needs a file and digits"),
        ("file,label\n,7\n", r"labels\.csv:2"),
    ],
)
def test_what_is_no_table_is_told(tmp_path: Path, content: str, message: str) -> None:
    table = tmp_path / "labels.csv"
    table.write_text(content)
    with pytest.raises(DataError, match=message):
        load_table(table)


def test_kaggle_tables_are_no_tables_of_images(tmp_path: Path) -> None:
    table = tmp_path / "train.csv"
    table.write_text("label,pixel0\n1,0\n")
    assert not is_image_table(table)
    assert not is_image_table(tmp_path / "missing.csv")


def test_a_table_is_known_by_its_header_and_its_images(model: Model, tmp_path: Path) -> None:
    table = tmp_path / "labels.csv"
    table.write_text("file,truth\nmine/a.png,12|3\nb.png,4\n")
    (tmp_path / "b.png").write_bytes(b"one")
    assert is_image_table(table)
    found = open_test_set(model, table)
    assert isinstance(found, ImageTable)
    assert [(row.truth, row.source, row.single) for row in found.rows] == [
        ("12|3", "mine", False),
        ("4", ".", False),
    ]
    before = found.fingerprint()
    assert load_table(table).fingerprint() == before
    (tmp_path / "b.png").write_bytes(b"other")
    assert load_table(table).fingerprint() != before
    with pytest.raises(DataError, match=r"none\.csv: no such file"):
        load_table(tmp_path / "none.csv")


@pytest.mark.parametrize(
    ("names", "sources"),
    [
        (["{}/a/1.png", "{}/b/2.png"], ["a", "b"]),
        (["a/1.png", "{}/b/2.png"], ["a", "b"]),
        (["{}/a/1.png", "{}/a/2.png"], ["a", "a"]),
        (["./a/1.png", "./b/c/2.png", "3.png"], ["a", "b", "."]),
        (["../other/a/1.png", "../other/b/2.png"], ["a", "b"]),
        (["../other/1.png", "../other/2.png"], [".", "."]),
    ],
)
def test_sources_are_folders_however_files_are_named(
    tmp_path: Path, names: list[str], sources: list[str]
) -> None:
    table = tmp_path / "tables" / "labels.csv"
    table.parent.mkdir()
    rows = [f"{name.format(table.parent)},1" for name in names]
    table.write_text("\n".join(["file,label", *rows]))
    assert [row.source for row in load_table(table).rows] == sources
