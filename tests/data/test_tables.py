from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray

from tenfold.data.registry import as_they_are
from tenfold.data.tables import read_csv
from tenfold.errors import DataError

Pictures = NDArray[np.uint8]


def _csv(
    images: Pictures,
    labels: Pictures | None,
    place: str = "first",
    header: bool = True,
    delimiter: str = ",",
) -> str:
    pixels = images.reshape(len(images), -1)
    names = [f"pixel{i}" for i in range(pixels.shape[1])]
    rows = [[str(value) for value in row] for row in pixels]
    if labels is not None:
        at = 0 if place == "first" else len(names)
        names.insert(at, "label")
        for row, label in zip(rows, labels, strict=True):
            row.insert(at, str(label))
    lines = [names, *rows] if header else rows
    return "".join(delimiter.join(line) + "\n" for line in lines)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    images=st.integers(9, 20).flatmap(
        lambda side: npst.arrays(np.uint8, st.tuples(st.integers(1, 5), *[st.just(side)] * 2))
    ),
    place=st.sampled_from(["first", "last", "absent"]),
    delimiter=st.sampled_from([",", ";", "\t"]),
    data=st.data(),
)
def test_a_table_with_a_header_comes_back_as_written(
    tmp_path: Path, images: Pictures, place: str, delimiter: str, data: st.DataObject
) -> None:
    images[0, 0, 0] = 255  # a full range; tables of small values are scaled, see test_values
    labels = None
    if place != "absent":
        labels = data.draw(npst.arrays(np.uint8, len(images), elements=st.integers(0, 9)))
    (tmp_path / "t.csv").write_text(_csv(images, labels, place, delimiter=delimiter))
    whole, test = as_they_are([read_csv(tmp_path / "t.csv")], "mine")
    np.testing.assert_array_equal(whole.images, images)
    assert (test, whole.split, whole.name) == (None, "all", "mine")
    if labels is None:
        assert whole.labels is None
    else:
        np.testing.assert_array_equal(whole.targets, labels)


@pytest.mark.parametrize("place", ["first", "last"])
def test_without_a_header_the_label_is_told_by_its_values(
    tmp_path: Path, pictures: Pictures, labels: Pictures, place: str
) -> None:
    (tmp_path / "t.csv").write_text(_csv(pictures, labels, place, header=False))
    whole, _ = as_they_are([read_csv(tmp_path / "t.csv")], "mine")
    np.testing.assert_array_equal(whole.targets, labels)
    np.testing.assert_array_equal(whole.images, pictures)


def test_without_a_header_a_square_number_of_columns_means_no_labels(
    tmp_path: Path, pictures: Pictures
) -> None:
    (tmp_path / "t.csv").write_text(_csv(pictures, None, header=False))
    whole, _ = as_they_are([read_csv(tmp_path / "t.csv")], "mine")
    assert whole.labels is None
    np.testing.assert_array_equal(whole.images, pictures)


def test_what_spreadsheets_add_does_no_harm(
    tmp_path: Path, pictures: Pictures, labels: Pictures
) -> None:
    text = _csv(pictures, labels).replace("label", '"Label"').replace("\n", "\r\n")
    lines = text.split("\r\n")
    lines[1] = ",".join(f'"{field}"' for field in lines[1].split(","))
    lines.insert(3, "")
    (tmp_path / "t.csv").write_bytes(b"\xef\xbb\xbf" + "\r\n".join(lines).encode())
    whole, _ = as_they_are([read_csv(tmp_path / "t.csv")], "mine")
    np.testing.assert_array_equal(whole.targets, labels)
    np.testing.assert_array_equal(whole.images, pictures)


def _edit(line: int, column: int, field: str | None) -> list[str]:
    rows = np.zeros((6, 82), int)
    rows[:, 0] = [1, 2, 3, 4, 5, 6]
    lines = [[str(value) for value in row] for row in rows]
    if field is None:
        lines[line - 1] = lines[line - 1][:column]
    else:
        lines[line - 1][column - 1] = field
    return [",".join(fields) for fields in lines]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (_edit(4, 80, None), r"t\.csv:4: 80 columns, 82 expected"),
        (_edit(6, 0, ""), r"t\.csv:6: column"),
        (_edit(2, 82, "0,0"), r"t\.csv:2: 83 columns, 82 expected"),
        (_edit(3, 7, "ink"), r"t\.csv:3: column 7: 'ink' is not a number"),
        (_edit(3, 7, ""), r"t\.csv:3: column 7: is empty"),
        (_edit(3, 7, "nan"), r"t\.csv:3: column 7: 'nan' is no pixel value"),
        (_edit(3, 7, "1e99"), r"t\.csv:3: column 7: '1e99' is no pixel value"),
        (_edit(3, 7, "256"), r"t\.csv:3: a pixel lies outside 0–255"),
        (_edit(3, 7, "-1"), r"t\.csv:3: a pixel lies outside 0–255"),
        (_edit(5, 1, "10"), r"t\.csv:5: label 10 is not one of the digits"),
        (_edit(5, 1, "1.5"), r"t\.csv:5: label 1\.5 is not one of the digits"),
        (_edit(3, 7, "1_0"), r"t\.csv:1: no table of numbers in lines 1 to 6"),
        (['"' + "1" * 200_000 + '"'], r"t\.csv: a header and no rows"),
        (["1,2,3"], r"t\.csv:1: 3 pixels do not make a square picture"),
        (["label," + ",".join(["a"] * 60), ",".join(["1"] * 61)], r"t\.csv:2: 60 pixels do not"),
        ([",".join(["1"] * 49)], r"t\.csv:1: a picture of 7×7; .*'tenfold read'"),
        (["label,label,pixel", "1,2,3"], "several label columns"),
        (["label,pixel0"], "a header and no rows"),
        ([], "the file is empty"),
        (["", "  "], "the file is empty"),
        (["a" * 99, "\x00" * 99], r"t\.csv:2: column 1"),
        (['"1,2', "3,4"], r"t\.csv:2: 2 columns, 1 expected|t\.csv:1"),
    ],
)
def test_bad_tables_are_refused_with_file_and_line(
    tmp_path: Path, lines: list[str], message: str
) -> None:
    path = tmp_path / "t.csv"
    path.write_text("\n".join(lines))
    with pytest.raises(DataError, match=message) as caught:
        as_they_are([read_csv(path)], "mine")
    assert "\n" not in str(caught.value)


def test_text_that_is_not_utf8_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"label,a\n1,2\n3,\xff4\n")
    with pytest.raises(DataError, match=r"t\.csv:3: byte 3 of the line is not UTF-8"):
        as_they_are([read_csv(tmp_path / "t.csv")], "mine")


def test_a_late_line_is_named_right(tmp_path: Path) -> None:
    lines = ["0," * 81 + "0"] * 5000
    lines[4321] = lines[4321][:-2]
    (tmp_path / "t.csv").write_text("\n".join(lines))
    with pytest.raises(DataError, match=r"t\.csv:4322: 81 columns, 82 expected"):
        as_they_are([read_csv(tmp_path / "t.csv")], "mine")


@given(text=st.text(alphabet='01,;\t"\n\r .eE-nalb\x00é', max_size=200))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_any_text_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "t.csv").write_bytes(text.encode())
    with pytest.raises(DataError) as caught:
        as_they_are([read_csv(tmp_path / "t.csv")], "mine")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("times", "seconds"), [(1, 5), pytest.param(42, 15, marks=pytest.mark.slow)]
)
def test_kaggles_size_takes_seconds(tmp_path: Path, times: int, seconds: float) -> None:
    images = np.random.default_rng(0).integers(0, 256, (1000, 28, 28), np.uint8)
    labels = images[:, 0, 0] % 10
    header, rows = _csv(images, labels).split("\n", 1)
    (tmp_path / "t.csv").write_text(header + "\n" + rows * times)
    start = time.perf_counter()
    whole, _ = as_they_are([read_csv(tmp_path / "t.csv")], "mine")
    assert time.perf_counter() - start < seconds  # 42,000 take about 2 s where nothing else runs
    np.testing.assert_array_equal(whole.images, np.tile(images, (times, 1, 1)))
    np.testing.assert_array_equal(whole.targets, np.tile(labels, times))


def test_a_file_without_lines_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "endless.csv"
    with path.open("wb") as file:
        file.truncate(20_000_000_000)
    with pytest.raises(DataError, match=r"endless\.csv: holds a line of more than 1 MB"):
        as_they_are([read_csv(path)], "endless")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_lines_of_every_system_are_put_together_from_pieces(
    tmp_path: Path, end: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [",".join(map(str, [n % 10, *range(64)])) for n in range(9)]
    path = tmp_path / "a.csv"
    path.write_bytes(end.join(rows).encode())
    for piece in (1, 2, 100, 10_000):
        monkeypatch.setattr("tenfold.data.tables._PIECE", piece)
        data, _ = as_they_are([read_csv(path)], "a")
        assert data.targets.tolist() == list(range(9))
