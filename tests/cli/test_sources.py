from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest

from tenfold.cli.sources import Source, find
from tenfold.errors import DataError, PageError


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("col/a b.png", "col/a/b.png", "col/a-b.PNG", "col/notes.txt", "col/x[1].jpg"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()
    Path("col/dir.png").mkdir()
    return tmp_path


def _names(*arguments: str) -> list[str]:
    return [
        str(each) if isinstance(each, PageError) else each.name for each in find(arguments).sources
    ]


def test_a_folder_is_the_pictures_in_it_and_below() -> None:
    found = ["col/a b.png", "col/a-b.PNG", "col/a/b.png", "col/x[1].jpg"]
    assert _names("col") == found
    assert _names("col/**/*.*") == ["col/a b.png", "col/a-b.PNG", "col/a/b.png", "col/notes.txt",
                                    "col/x[1].jpg"]  # fmt: skip
    assert _names("col/x[1].jpg", "-") == ["col/x[1].jpg", "standard input"]


@pytest.mark.skipif(sys.platform == "win32", reason="links as on Linux")
def test_what_is_no_picture_in_a_folder_is_named() -> None:
    for name in ("col/a/scan.PDF", "col/IMG_1.HEIC", "col/.hidden", "col/bare"):
        Path(name).touch()
    Path("col/link").symlink_to("..")
    found = find(["col", "col/notes.txt"])
    assert found.others == ["col/.hidden", "col/bare", "col/link", "col/notes.txt"]
    names = [each.name for each in found.sources if isinstance(each, Source)]
    assert names == ["col/IMG_1.HEIC", "col/a b.png", "col/a-b.PNG", "col/a/b.png",
                     "col/a/scan.PDF", "col/x[1].jpg", "col/notes.txt"]  # fmt: skip


def test_an_argument_that_leads_nowhere_keeps_its_name() -> None:
    (error,) = find(["void/*"]).sources
    assert isinstance(error, PageError)
    assert (error.file, error.page) == ("void/*", None)


def test_what_leads_to_no_picture_costs_itself_alone() -> None:
    Path("empty").mkdir()
    first, second, third, fourth, last = _names("", "void/*", "empty", "n" * 5000, "col/a/b.png")
    assert first.startswith("'': an empty name")
    assert second == "void/*: no file matches this pattern."
    assert third.startswith("empty: no pictures in this folder")
    assert fourth.endswith("n: could not be opened (File name too long). "
                           "Check the disk and who may use the folder.")  # fmt: skip
    assert last == "col/a/b.png"


def test_a_folder_that_cannot_be_listed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    inner = os.scandir

    def scandir(path: str) -> object:  # root may list any folder, so permission proves nothing
        if str(path).endswith("col/a"):
            raise PermissionError(13, "Permission denied", path)
        return inner(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert _names("col") == ["col/a: cannot be listed (Permission denied).", "col/a b.png",
                             "col/a-b.PNG", "col/x[1].jpg"]  # fmt: skip


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("col/a b.png", "col/a b.png"),
        ("./col/a.png", "col/a.png"),
        ("../col/a.png", "_/col/a.png"),
        ("/abs/a.png", "abs/a.png"),
    ],
)
def test_drawings_lie_in_the_folders_of_the_pictures(path: str, place: str) -> None:
    assert Source(Path(path), path).place.as_posix() == place


def test_standard_input_has_a_place_too() -> None:
    assert Source(None, "standard input").place.as_posix() == "standard-input"


def test_a_closed_standard_input_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(DataError, match="standard input: is closed"):
        Source(None, "standard input").content()


def test_standard_input_ends_somewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenfold.preprocess.encoded.MAX_BYTES", 1000)
    for size, refused in ((1000, False), (1001, True)):
        stream = io.TextIOWrapper(io.BytesIO(bytes(size)))
        monkeypatch.setattr(sys, "stdin", stream)
        if refused:
            with pytest.raises(DataError, match="standard input: is larger than"):
                Source(None, "standard input").content()
        else:
            assert len(bytes(Source(None, "standard input").content())) == size
