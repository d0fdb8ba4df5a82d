from __future__ import annotations

import csv
import gzip
import os
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import tenfold
from tenfold.data.splits import Splits
from tenfold.errors import DataError, UsageError
from tenfold.reader.networks import bundled_model
from tenfold.samples.framing import are_framed
from tenfold.samples.load import load, load_splits

Pixels = NDArray[np.uint8]
Photos = list[tuple[Pixels, int]]
Writer = Callable[[Path], Path]


def _right(data: tenfold.Dataset) -> float:
    """How many of a set's pictures the bundled classifier reads as they are labelled."""
    return float((bundled_model().predict(data.images) == data.targets).mean())


def test_pictures_of_any_size_are_framed_as_the_reader_frames_them(
    tmp_path: Path, write_photos: Writer
) -> None:
    folder = write_photos(tmp_path / "mine")
    loaded = load(folder)
    assert (loaded.train.images.shape, loaded.test) == ((60, 28, 28), None)
    assert loaded.train.counts().tolist() == [6] * 10
    assert _right(loaded.train) > 0.9
    assert loaded.train.ids is not None
    assert loaded.train.ids[:2].tolist() == ["0/00.jpg", "0/01.png"]
    assert loaded.assumed.startswith(f"{folder}: 60 images of ")
    assert loaded.assumed.endswith("framed as the reader frames them, 28×28")
    splits = load_splits(folder)
    assert (len(splits.train), len(splits.test), splits.own_test) == (48, 12, False)
    with pytest.raises(DataError, match="data sets hold square pictures"):
        load(folder, as_is=True)


def test_tables_of_files_and_labels(tmp_path: Path, photos: Photos) -> None:
    for row, (pixels, _) in enumerate(photos):
        Image.fromarray(pixels).save(tmp_path / f"{row}.png")
    words = ["zero", "1", " 2 ", "3.0", "Four", "digit_5", "six", "7", "8", "9"]
    rows = [[f"{row}.png", words[label]] for row, (_, label) in enumerate(photos)]
    whole = load(tmp_path).train  # loose pictures, before there is a table
    assert (len(whole), whole.labels) == (60, None)
    with (tmp_path / "t.tsv").open("w", newline="") as file:
        csv.writer(file, delimiter="\t").writerows([["filename", "label"], *rows])
    with gzip.open(tmp_path / "t.csv.gz", "wt", newline="") as packed:
        parts = [[*row, "test" if k % 3 == 0 else "train"] for k, row in enumerate(rows)]
        csv.writer(packed).writerows([["file", "class", "split"], *parts])
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    content = [{"bytes": (tmp_path / name).read_bytes(), "path": name} for name, _ in rows]
    numbers = [label for _, label in photos]
    pq.write_table(pa.table({"image": content, "label": numbers}), tmp_path / "hub.parquet")
    for name in ("t.tsv", "hub.parquet"):
        loaded = load(tmp_path / name).train
        assert loaded.targets.tolist() == numbers
        assert _right(loaded) > 0.9
    packed_parts = load(tmp_path / "t.csv.gz")
    assert packed_parts.test is not None
    assert (len(packed_parts.train), len(packed_parts.test)) == (40, 20)


def test_a_table_names_the_row_that_is_wrong(tmp_path: Path, photos: Photos) -> None:
    Image.fromarray(photos[0][0]).save(tmp_path / "a.png")
    os.mkfifo(tmp_path / "pipe.png")
    for text, message in [
        ("file,label\na.png,7\na.png,ten\n", r"t\.csv:3: label 'ten' is not one of the digits"),
        ("file,label\n,7\n", r"t\.csv:2: names no file"),
        (
            "file,label\nb.png,7\nc.png,8\n",
            r"b\.png: .*no such file.*\. Another picture cannot be used: .*c\.png\.$",
        ),
        ("file,label\npipe.png,7\n", r"pipe\.png: .*is a pipe, not a file"),
        ("file,label,split\na.png,7,train\na.png,7,\n", "say train or test in every row"),
    ]:
        (tmp_path / "t.csv").write_text(text)
        with pytest.raises(DataError, match=message):
            load(tmp_path / "t.csv")


def test_small_pictures_of_one_size_stay_as_they_are(tmp_path: Path, large: Splits) -> None:
    def write(images: Pixels, name: str) -> Path:
        for row, image in enumerate(images):
            folder = tmp_path / name / str(large.train.targets[row])
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(255 - image).save(folder / f"{row:03}.png")
        return tmp_path / name

    framed = load(write(large.train.images[:40], "framed"))
    assert framed.assumed.endswith("28×28, kept as they are: framed as MNIST's")
    shifted = write(np.roll(large.train.images[:40], 4, axis=(1, 2)), "shifted")
    loaded = load(shifted)
    assert "framed as the reader" in loaded.assumed
    assert are_framed(loaded.train.images)  # in the middle again
    assert not are_framed(load(shifted, as_is=True).train.images)
    assert load(shifted, as_is=True).assumed.endswith("28×28, kept as they are")
    tiny = load(write(large.train.images[:40, 4:24, 4:24], "tiny"))
    assert tiny.train.size == 20
    assert load(tmp_path / "tiny", as_is=False).train.size == 28


def test_layouts_of_kaggle_and_torchvision(tmp_path: Path, few: Splits) -> None:
    def idx(path: Path, array: Pixels) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(
            struct.pack(f">{1 + array.ndim}I", 0x800 + array.ndim, *array.shape) + array.tobytes()
        )

    raw = tmp_path / "data" / "MNIST" / "raw"
    kaggle = tmp_path / "kaggle"
    for prefix, part in (("train", few.train), ("t10k", few.test)):
        for kind, array in (("images-idx3", part.images), ("labels-idx1", part.targets)):
            idx(raw / f"{prefix}-{kind}-ubyte", array)
            # Kaggle's archive unpacks to folders that are named like the files in them.
            name = f"{prefix}-{kind}-ubyte"
            idx(kaggle / name / name, array)
    for folder in (tmp_path / "data", raw.parent, raw, kaggle):
        loaded = load(folder)
        assert loaded.test is not None
        np.testing.assert_array_equal(loaded.train.images, few.train.images)
        np.testing.assert_array_equal(loaded.test.targets, few.test.targets)


def test_an_archive_with_training_and_testing_folders(tmp_path: Path, write_photos: Writer) -> None:
    inner = tmp_path / "mnist_png" / "mnist_png"
    write_photos(inner / "training")
    shutil.copytree(inner / "training" / "3", inner / "testing" / "3")
    shutil.copytree(inner / "training" / "4", inner / "testing" / "four")
    loaded = load(tmp_path)
    assert loaded.test is not None
    assert (len(loaded.train), loaded.test.counts().tolist()) == (
        60,
        [0, 0, 0, 6, 6, 0, 0, 0, 0, 0],
    )


@pytest.mark.parametrize("shape", ["n,h,w", "n,h,w,1", "n,1,h,w", "n,h*w"])
@pytest.mark.parametrize("kind", ["uint8", "share", "float255", "int"])
@pytest.mark.parametrize("labels", ["integers", "strings", "one-hot", "column"])
def test_arrays_of_any_shape_and_range(few: Splits, shape: str, kind: str, labels: str) -> None:
    images, targets = few.train.images[:50], few.train.targets[:50]
    shaped = {
        "n,h,w": images,
        "n,h,w,1": images[..., None],
        "n,1,h,w": images[:, None],
        "n,h*w": images.reshape(50, 64),
    }[shape]
    ranges: dict[str, NDArray[Any]] = {
        "uint8": shaped,
        "share": shaped / 255,
        "float255": shaped.astype(float),
        "int": shaped.astype(np.int64),
    }
    y: NDArray[Any] = {
        "integers": targets,
        "strings": targets.astype(str),
        "one-hot": np.eye(10)[targets],
        "column": targets[:, None],
    }[labels]
    loaded = load((ranges[kind], y))
    np.testing.assert_array_equal(loaded.train.images, images)
    np.testing.assert_array_equal(loaded.train.targets, targets)
    assert loaded.assumed == "your arrays: 50 images of 8×8, kept as they are"


def test_arrays_in_two_parts_on_bright_paper(few: Splits) -> None:
    train, test = few.train.images, few.test.images
    for data in (
        (255 - train, few.train.targets, 255 - test, few.test.targets),
        ((255 - train, few.train.targets), (255 - test, few.test.targets)),
    ):
        loaded = load(data)
        assert loaded.test is not None
        assert loaded.assumed.endswith("on bright paper: inverted")
        np.testing.assert_array_equal(loaded.train.images, train)
        np.testing.assert_array_equal(loaded.test.images, test)


def test_frames_of_pandas(few: Splits) -> None:
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(few.train.images.reshape(300, 64)).add_prefix("pixel")
    series = pd.Series(few.train.targets, name="label")
    whole = frame.assign(label=series.astype(str))
    whole.insert(0, "ImageId", np.arange(300) + 1)
    for data in ((frame, series), (frame, series.to_frame()), whole):
        loaded = load(data).train
        np.testing.assert_array_equal(loaded.images, few.train.images)
        np.testing.assert_array_equal(loaded.targets, few.train.targets)
    assert loaded.ids is not None
    assert (loaded.ids[1], loaded.id_name) == ("2", "ImageId")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (3, r"data is a int\. Give \(X, y\)"),
        ((np.zeros((3, 8, 8)),), r"data is a tuple of 1\. Give"),
        ((np.zeros((3, 8, 8)), [1, 2]), "y: 3 pictures, but 2 labels"),
        ((np.zeros((3, 8, 8)), np.eye(10)[[1, 2, 3]] * 2), r"y\[0\]: is not one-hot"),
        ((np.zeros((3, 8, 8)), np.zeros((3, 4))), r"y: shape \(3, 4\); .* one label per picture"),
        ((np.zeros((3, 8, 8)), [0, 1, 11]), r"y\[2\]: label 11 is not one of the digits"),
        ((np.zeros((3, 63)), [0, 1, 2]), r"X: shape \(3, 63\); grey pictures have the shape"),
        (
            ([np.zeros((20, 14)), np.zeros((20, 14)), np.zeros((30, 22))], [0, 1, 2]),
            r"X: pictures of 2 sizes, such as 14×20 and 22×30\. Give them as files in folders",
        ),
        (([np.zeros((20, 14)), np.zeros((20, 15))], [0, 1]), "X: pictures of 2 sizes, such as"),
        ((np.zeros((3, 8, 8, 3)), [0, 1, 2]), "X: .*pictures in colour. Make them grey first"),
        ((["a.png", "b.png"], [0, 1]), "X: .* values.*For files, give a folder of folders 0 to 9"),
        ((np.zeros((3, 8, 8)), [1, 9, 10]), r"y\[2\]: label 10 .*Does 10 stand for 0\?"),
        ((np.full((3, 8, 8), np.nan), [0, 1, 2]), r"X\[0\]: a pixel is NaN"),
        (
            (np.zeros((3, 80, 60)), [0, 1, 2]),
            r"X\[0\]: there is no ink .*\. 2 other pictures cannot be used: X\[1\], X\[2\]\.$",
        ),
    ],
)
def test_what_is_no_data_is_refused_in_one_line(data: object, message: str) -> None:
    with pytest.raises((DataError, UsageError), match=message) as caught:
        load(data)
    assert "\n" not in str(caught.value)


def _frames() -> list[Any]:
    return [pytest.param(name, id=name) for name in ("pandas", "polars")]


@pytest.mark.parametrize("kind", _frames())
def test_frames_of_pixels(few: Splits, kind: str) -> None:
    library = pytest.importorskip(kind)
    pixels = few.train.images.reshape(300, 64)
    columns: dict[str, Any] = {"id": [f"n{k}" for k in range(300)], "label": few.train.targets}
    frame = library.DataFrame(columns | {f"pixel{k}": pixels[:, k] for k in range(64)})
    loaded = load(frame).train
    np.testing.assert_array_equal(loaded.images, few.train.images)
    np.testing.assert_array_equal(loaded.targets, few.train.targets)
    assert loaded.ids is not None
    assert loaded.ids[:2].tolist() == ["n0", "n1"]
    series = library.Series("label", few.train.targets) if kind == "polars" else frame["label"]
    alone = load((library.DataFrame({f"p{k}": pixels[:, k] for k in range(64)}), series)).train
    np.testing.assert_array_equal(alone.targets, few.train.targets)


@pytest.mark.parametrize("kind", _frames())
def test_frames_of_files(
    tmp_path: Path, photos: Photos, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = pytest.importorskip(kind)
    monkeypatch.chdir(tmp_path)
    for row, (pixels, _) in enumerate(photos):
        Image.fromarray(pixels).save(f"{row}.png")
    names, labels = [f"{row}.png" for row in range(60)], [label for _, label in photos]
    loaded = load(library.DataFrame({"file": names, "label": labels})).train
    assert loaded.targets.tolist() == labels
    assert _right(loaded) > 0.9
    assert loaded.ids is not None
    assert loaded.ids[:2].tolist() == ["0.png", "1.png"]
    splits = ["test" if row % 3 == 0 else "train" for row in range(60)]
    parts = load(library.DataFrame({"path": names, "digit": labels, "split": splits}))
    assert parts.test is not None
    assert (len(parts.train), len(parts.test)) == (40, 20)
    for columns, message in [
        ({"file": ["0.png", None], "label": [1, 2]}, "your frame: row 1: names no file"),
        ({"file": ["0.png"], "label": ["ten"]}, "your frame: row 0: label 'ten' is not"),
        ({"picture": ["0.png"], "number": [1]}, "your frame: names picture files, but its first"),
        ({"file": ["0.png"], "truth": ["12"]}, "your frame: a table of numbers"),
    ]:
        with pytest.raises(DataError, match=message):
            load(library.DataFrame(columns))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("t.csv", "picture;number\nmine/0/a.jpg;0\n"),
        ("t.csv", "picture,label\n'mine/0/a.JPG',0\n"),
        ("t.tsv", "mine/0/a.png\t0\nmine/0/b.png\t0\n"),
        ("t.csv.gz", "label,photo\n3,a.heic\n"),
    ],
)
def test_a_table_of_files_under_other_names_is_told_the_right_ones(
    tmp_path: Path, name: str, text: str
) -> None:
    content = text.encode()
    (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
    with pytest.raises(DataError, match=r"names picture files.*Call the columns 'file' \(or file"):
        load(tmp_path / name)


@pytest.mark.parametrize("column", ["truth", "text"])
def test_a_table_of_numbers_is_no_data_set_of_digits(tmp_path: Path, column: str) -> None:
    (tmp_path / "t.csv").write_text(f"file,{column}\na.png,1234\n")
    with pytest.raises(
        DataError, match=r"table of numbers .*'tenfold evaluate' and 'tenfold fine-"
    ):
        load(tmp_path / "t.csv")


def test_a_table_without_labels_is_told_which_column_they_go_into(tmp_path: Path) -> None:
    Image.fromarray(np.eye(12, dtype=np.uint8) * 255).save(tmp_path / "a.png")
    (tmp_path / "t.csv").write_text("file,number\na.png,1\n")
    with pytest.raises(DataError, match=r"no labels.*in a table, a column 'label'"):
        load_splits(tmp_path / "t.csv")


@pytest.mark.parametrize(
    ("blank", "words"),
    [
        ([0], "there is no ink in it. Remove it, or give another picture."),
        ([0, 1], "picture. Another picture cannot be used: {1}."),
        ([0, 1, 2, 3, 4], "picture. 4 other pictures cannot be used: {1}, {2}, {3}, {4}."),
        (
            [0, 1, 2, 3, 4, 5, 6],
            "picture. 6 other pictures cannot be used: {1}, {2}, {3}, {4} and 2 more.",
        ),
    ],
)
def test_up_to_five_pictures_that_cannot_be_used_are_named(
    tmp_path: Path, photos: Photos, blank: list[int], words: str
) -> None:
    (tmp_path / "3").mkdir()
    for row, (pixels, _) in enumerate(photos[:8]):
        image = np.full_like(pixels, 255) if row in blank else pixels
        Image.fromarray(image).save(tmp_path / "3" / f"{row}.png")
    names = [f"{tmp_path}/3/{row}.png" for row in range(8)]
    with pytest.raises(DataError) as caught:
        load(tmp_path)
    assert str(caught.value).startswith(f"{names[0]}: there is no ink in it.")
    assert str(caught.value).endswith(words.format(*names))


def _table(few: Splits, header: bool = True, index: bool = False, comma: bool = False) -> str:
    lines = []
    names = ["label", *(f"pixel{k}" for k in range(64))]
    if header:
        lines.append([""] * index + names + [""] * comma)
    for row, (image, label) in enumerate(zip(few.test.images, few.test.targets, strict=True)):
        fields = [str(label), *map(str, image.ravel())]
        lines.append([str(row)] * index + fields + [""] * comma)
    return "\n".join(",".join(line) for line in lines) + "\n"


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("index", [False, True])
@pytest.mark.parametrize("comma", [False, True])
@pytest.mark.parametrize("header", [False, True])
def test_tables_as_people_export_them(
    tmp_path: Path, few: Splits, packed: bool, index: bool, comma: bool, header: bool
) -> None:
    path = tmp_path / ("t.csv.gz" if packed else "t.csv")
    text = _table(few, header, index, comma).encode()
    path.write_bytes(gzip.compress(text) if packed else text)
    loaded = load(path).train
    np.testing.assert_array_equal(loaded.images, few.test.images)
    np.testing.assert_array_equal(loaded.targets, few.test.targets)
    assert (loaded.ids is not None) == index


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize("header", [False, True])
def test_labels_of_tables_may_be_words(
    tmp_path: Path, few: Splits, last: bool, header: bool
) -> None:
    words = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
    names = [*(f"p{k}" for k in range(64))]
    lines = [[*names, "label"] if last else ["label", *names]] if header else []
    for image, label in zip(few.test.images, few.test.targets, strict=True):
        pixels = [str(value) for value in image.ravel()]
        lines.append([*pixels, words[label]] if last else [words[label], *pixels])
    (tmp_path / "t.csv").write_text("\n".join(",".join(line) for line in lines))
    loaded = load(tmp_path / "t.csv").train
    np.testing.assert_array_equal(loaded.targets, few.test.targets)
    np.testing.assert_array_equal(loaded.images, few.test.images)


def test_parquet_tables_of_pixels(tmp_path: Path, few: Splits) -> None:
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    columns = {f"pixel{k}": few.test.images.reshape(60, 64)[:, k] for k in range(64)}
    labels = few.test.targets
    pq.write_table(pa.table({"label": labels, **columns}), tmp_path / "columns.parquet")
    rows = [row.tolist() for row in few.test.images.reshape(60, 64)]
    pq.write_table(pa.table({"pixels": rows, "label": labels}), tmp_path / "lists.parquet")
    for name in ("columns.parquet", "lists.parquet"):
        loaded = load(tmp_path / name).train
        np.testing.assert_array_equal(loaded.images, few.test.images)
        np.testing.assert_array_equal(loaded.targets, labels)
    (tmp_path / "bad.parquet").write_bytes(b"PAR1")
    with pytest.raises(DataError, match=r"bad\.parquet: cannot be read as Parquet"):
        load(tmp_path / "bad.parquet")
