from __future__ import annotations

import base64
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tenfold.data.folder import load_listing
from tenfold.data.listing import list_folder
from tenfold.errors import DataError, TenfoldError
from tenfold.server.bodies import Lesson, check
from tenfold.server.lessons import Collection
from tenfold.server.problems import ProblemError


def _record(digit: object = 7, level: int = 200) -> dict[str, Any]:
    glyph = np.zeros((28, 28), np.uint8)
    glyph[4:24, 12:16] = level
    return {"digit": digit, "glyph": base64.b64encode(glyph.tobytes()).decode()}


def _lesson(digit: int = 7, level: int = 200) -> Lesson:
    return check(Lesson, _record(digit, level))


def test_what_is_taught_is_a_data_set(tmp_path: Path) -> None:
    collection = Collection(tmp_path / "taught")
    added = [collection.add(_lesson(digit, 100 + digit)) for digit in (7, 1, 7)]
    assert [count for _, count in added] == [1, 2, 3]
    assert collection.count() == len({name for name, _ in added}) == 3
    data, test = load_listing(list_folder(tmp_path / "taught"), "taught")
    assert test is None
    assert data.targets.tolist() == [1, 7, 7]
    assert sorted(data.images.max(axis=(1, 2)).tolist()) == [101, 107, 107]
    assert Collection(tmp_path / "taught").count() == 3  # after a new start


def test_a_lesson_can_be_taken_back_and_leaves_nothing(tmp_path: Path) -> None:
    collection = Collection(tmp_path)
    name, _ = collection.add(_lesson())
    assert collection.remove(name) == (True, 0)
    assert collection.remove(name) == (False, 0)
    assert (collection.count(), list(tmp_path.iterdir())) == (0, [])


def test_it_counts_what_is_on_the_disk(tmp_path: Path) -> None:
    one, other = Collection(tmp_path), Collection(tmp_path)
    name, _ = one.add(_lesson(7))
    assert other.add(_lesson(1))[1] == 2
    (tmp_path / "7" / f"{name}.png").unlink()
    assert one.count() == other.count() == 1


def test_two_servers_on_one_folder_lose_nothing(tmp_path: Path) -> None:
    both = Collection(tmp_path), Collection(tmp_path)

    def teach(number: int) -> str:
        for _ in range(40):
            assert both[number].remove(both[number].add(_lesson())[0])[0]
        return both[number].add(_lesson())[0]

    with ThreadPoolExecutor(2) as pool:
        kept = set(pool.map(teach, range(2)))
    assert {path.stem for path in (tmp_path / "7").iterdir()} == kept


def test_a_folder_that_cannot_be_made_says_which_option_to_change(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(TenfoldError, match=r"file/taught: no folder .*--collect\.$"):
        Collection(tmp_path / "file" / "taught")


def test_a_folder_in_whose_place_a_file_lies_is_the_server_s_trouble(tmp_path: Path) -> None:
    collection = Collection(tmp_path / "taught")
    (tmp_path / "taught" / "7").write_text("")
    with pytest.raises(
        ProblemError, match=r"not saved: .* cannot be written .*--collect"
    ) as caught:
        collection.add(_lesson(7))
    assert caught.value.status == 503
    assert str(tmp_path) not in caught.value.detail
    assert collection.count() == 0
    assert collection.add(_lesson(1))[1] == 1


def test_a_full_disk_is_told(tmp_path: Path) -> None:
    mount = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(tmp_path)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("needs the right to mount a file system")
    try:
        collection = Collection(tmp_path)
        with pytest.raises(ProblemError, match="No space left") as caught:
            [collection.add(_lesson()) for _ in range(20)]
        assert caught.value.status == 507
        assert collection.count() == sum(1 for _ in tmp_path.rglob("*")) - 1  # but for the "7"
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)  # noqa: S607


def test_a_full_collection_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenfold.server.lessons.MOST", 2)
    collection = Collection(tmp_path)
    for _ in range(2):
        collection.add(_lesson())
    with pytest.raises(ProblemError, match="takes no more than 2") as caught:
        collection.add(_lesson())
    assert (caught.value.status, collection.count()) == (507, 2)


def test_names_are_no_paths(tmp_path: Path) -> None:
    outside = tmp_path / "outside.png"
    outside.write_bytes(b"x")
    collection = Collection(tmp_path / "taught")
    assert collection.remove("../../outside") == (False, 0)
    assert outside.exists()


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({}, "digit: it is missing"),
        (_record(10), "digit: "),
        (_record(True), "digit: "),
        (_record("7"), "digit: "),
        ({"digit": 7}, "glyph: it is missing"),
        ({"digit": 7, "glyph": "eA=="}, "glyph: 1 bytes; a glyph is 28×28"),
        ({"digit": 7, "glyph": "?"}, "glyph: this is no base64"),
        (_record() | {"label": 7}, "label: there is no such field; there are digit, glyph"),
    ],
)
def test_what_is_no_lesson_is_refused(record: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        check(Lesson, record)
