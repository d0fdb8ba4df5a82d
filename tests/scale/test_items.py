from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from tenfold.errors import DataError, TenfoldWarning
from tenfold.scale import read_all
from tenfold.scale.items import Item, pictures_in, warn_of_shared_ids


def _read(items: list[Item]) -> dict[str, bytes | str]:
    found: dict[str, bytes | str] = {}
    for item in items:
        source = item.source() if item.error is None else item.error
        assert item.id not in found
        found[item.id] = source.read_bytes() if isinstance(source, Path) else source
    return found


@pytest.mark.parametrize("name", ["a.tar", "a.tar.gz"])
def test_a_tar_shard_gives_its_pictures_and_not_their_labels(
    make_tar: Callable[..., str], glyphs: list[bytes], tmp_path: Path, name: str
) -> None:
    shard = make_tar(tmp_path / name, 5, **{"._00001": b"left by macOS"})
    found = _read(list(pictures_in(shard)))
    assert found == {f"{shard}/{n:05}.png": glyphs[n] for n in range(5)}
    # Of a plain tar file nothing is held in memory.
    assert all((item.content is None) == (name == "a.tar") for item in pictures_in(shard))


@pytest.mark.parametrize("name", ["a.tar", "a.tar.gz"])
def test_a_damaged_shard_gives_what_can_be_read_and_says_so_last(
    make_tar: Callable[..., str], tmp_path: Path, name: str
) -> None:
    path = Path(make_tar(tmp_path / name, 40))
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    *good, last = pictures_in(str(path))
    assert 1 < len(good) < 40
    assert last.id == str(path)
    errors = [last.error]
    for item in good:  # the picture in which a plain tar file ends
        try:
            item.source()
        except DataError as error:
            errors.append(str(error))
    assert any("Copy" in (error or "") for error in errors)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "holds no pictures"),
        (b"no tar file" * 99, "not a tar file, or damaged"),
        (None, "no such"),
    ],
)
def test_a_shard_without_pictures_has_a_row_that_says_so(
    tmp_path: Path, content: bytes | None, words: str
) -> None:
    path = tmp_path / "a.tar"
    if content is not None:
        path.write_bytes(content or bytes(10240))  # as tar ends a file
    (item,) = pictures_in(str(path))
    assert words in (item.error or "")
    with pytest.raises(DataError, match=r"a\.tar: "):
        item.source()


def _table(path: Path, **columns: Any) -> str:
    parquet.write_table(pa.table(columns), path)
    return str(path)


def test_a_table_gives_its_column_of_images(glyphs: list[bytes], tmp_path: Path) -> None:
    shard = _table(tmp_path / "a.parquet", id=["x", "y"], scan=glyphs[:2], label=[3, 4])
    assert _read(list(pictures_in(shard))) == {"x": glyphs[0], "y": glyphs[1]}


def test_a_table_of_hugging_faces_is_numbered(glyphs: list[bytes], tmp_path: Path) -> None:
    images = [{"bytes": glyphs[0], "path": None}, {"bytes": None, "path": "b.png"}]
    shard = _table(tmp_path / "a.parquet", image=images, thumbnail=glyphs[2:4])
    found = _read(list(pictures_in(shard)))
    assert found[f"{shard}#1"] == glyphs[0]
    assert found[f"{shard}#2"] == f"{shard}#2: its row holds no picture."


def test_which_column_holds_images_may_have_to_be_said(glyphs: list[bytes], tmp_path: Path) -> None:
    shard = _table(tmp_path / "a.parquet", one=glyphs[:2], two=glyphs[2:4])
    (item,) = pictures_in(shard)
    assert item.error == (
        f"{shard}: name the column of images with --column. Columns of bytes: one, two."
    )
    assert list(_read(list(pictures_in(shard, "two"))).values()) == glyphs[2:4]
    (item,) = pictures_in(shard, "three")
    assert "has no column 'three' of images" in (item.error or "")
    (item,) = pictures_in(_table(tmp_path / "b.parquet", label=[1, 2]))
    assert "No column holds bytes." in (item.error or "")


def test_a_damaged_table_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1 and no more")
    (item,) = pictures_in(str(path))
    assert "not a Parquet file, or damaged" in (item.error or "")


def test_ids_that_rows_share_are_warned_of_once(glyphs: list[bytes], tmp_path: Path) -> None:
    same = [
        _table(tmp_path / f"{name}.parquet", name=["a", None, "b", None, "b"], image=glyphs[:5])
        for name in "xy"
    ]
    with pytest.warns(TenfoldWarning) as told:
        read_all(same, tmp_path / "out.jsonl", workers=1)
    (warning,) = [str(each.message) for each in told]
    assert warning.startswith(
        f"{same[0]}: several rows have the same id in the column 'name', the first is 'b'."
    )
    for name, columns in {"ids": {"id": [1, 2]}, "none": {}}.items():
        assert not warn_of_shared_ids(
            _table(tmp_path / f"{name}.parquet", image=glyphs[:2], **columns)
        )
    damaged = tmp_path / "damaged.parquet"
    damaged.write_bytes(b"PAR1 and no more")
    assert not warn_of_shared_ids(str(damaged))
