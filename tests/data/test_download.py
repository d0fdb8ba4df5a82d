from __future__ import annotations

import hashlib
import http.server
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tenfold.data.download import Fetch, fetch
from tenfold.errors import DataError, TenfoldError

CONTENT = b"forty bytes of data, give or take a few."
GOOD = Fetch("data.bin", "md5:" + hashlib.md5(CONTENT, usedforsecurity=False).hexdigest())


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Leave the test's output alone."""


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[str]:
    """A server on this machine with a good, a damaged and no third folder."""
    for folder, content in (("good", CONTENT), ("damaged", CONTENT[:-1])):
        (tmp_path / "served" / folder).mkdir(parents=True)
        (tmp_path / "served" / folder / GOOD.name).write_bytes(content)
    handler = partial(_Quiet, directory=str(tmp_path / "served"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_file_comes_whole_and_quietly(
    mirror: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    fetch([GOOD], tmp_path / "new" / "folder", [f"{mirror}/good/"])
    assert (tmp_path / "new" / "folder" / GOOD.name).read_bytes() == CONTENT
    assert capfd.readouterr() == ("", "")  # no terminal, no progress


def test_mirrors_are_tried_in_turn(mirror: str, tmp_path: Path) -> None:
    fetch([GOOD], tmp_path, [f"{mirror}/missing/", f"{mirror}/damaged/", f"{mirror}/good/"])
    assert (tmp_path / GOOD.name).read_bytes() == CONTENT


def test_a_file_already_there_is_not_fetched_again(tmp_path: Path) -> None:
    (tmp_path / GOOD.name).write_bytes(CONTENT)
    fetch([GOOD], tmp_path, ["http://127.0.0.1:9/"])
    assert (tmp_path / GOOD.name).read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("folder", "reason"), [("damaged", "wrong checksum"), ("missing", "HTTPError: 404")]
)
def test_what_goes_wrong_is_said_and_nothing_is_left(
    mirror: str, tmp_path: Path, folder: str, reason: str
) -> None:
    with pytest.raises(DataError, match=rf"data\.bin cannot be downloaded \(.*{reason}"):
        fetch([GOOD], tmp_path / "into", [f"{mirror}/{folder}/"])
    assert not list((tmp_path / "into").iterdir())


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(TenfoldError, match=r"file/folder: no folder to write to"):
        fetch([GOOD], tmp_path / "file" / "folder", [])
