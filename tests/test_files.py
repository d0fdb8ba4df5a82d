from __future__ import annotations

import io
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tenfold.errors import DataError, TenfoldError
from tenfold.files import (
    MARK,
    check_target,
    is_ours,
    kind_of,
    make_folder,
    open_file,
    read_file,
    read_limited,
    write_output,
    write_whole,
)
from tenfold.training.result import Run


def test_text_and_bytes_are_written_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    assert write_whole(path, "Größe") == path
    assert path.read_bytes() == "Größe".encode()
    write_whole(str(path), b"\x00\x01")
    assert path.read_bytes() == b"\x00\x01"
    assert list(tmp_path.iterdir()) == [path]


def test_others_may_read_what_was_written(tmp_path: Path) -> None:
    assert write_whole(tmp_path / "a", "x").stat().st_mode & 0o777 == 0o644


@contextmanager
def _ten_thousand_bytes() -> Iterator[None]:
    """Let files grow to 10,000 bytes and no further, as on a disk about to be full.

    For the shortest time only: pytest's own output may go to a file.
    """
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


def test_where_space_runs_out_the_old_file_stays(tmp_path: Path) -> None:
    path = tmp_path / "model"
    write_whole(path, b"old")
    refused = pytest.raises(TenfoldError, match=r"model: cannot be written \(File too large\)")
    with refused, _ten_thousand_bytes():
        write_whole(path, bytes(20_000))
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(TenfoldError, match=r"cannot be written \(No such file or directory\)"):
        write_whole(tmp_path / "missing" / "a", "x")


def test_a_folder_in_the_way_is_told_and_nothing_is_left(tmp_path: Path) -> None:
    (tmp_path / "a" / "inner").mkdir(parents=True)
    with pytest.raises(TenfoldError, match="a: is a folder"):
        write_whole(tmp_path / "a", "x")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_killed_at_any_moment_the_file_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "a"
    contents = [bytes([65 + i]) * 300_000 for i in range(2)]
    script = (
        "import sys\nfrom tenfold.files import write_whole\n"
        "while True:\n"
        "    for letter in b'AB': write_whole(sys.argv[1], bytes([letter]) * 300_000)\n"
    )
    for delay in (0.0, 0.011, 0.023, 0.037):
        with subprocess.Popen([sys.executable, "-c", script, str(path)]) as process:
            while not path.exists():
                time.sleep(0.005)
            time.sleep(delay)
            process.kill()
        assert path.read_bytes() in contents
        path.unlink()


def test_folders_are_made_with_their_parents(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    assert make_folder(folder) == folder
    assert make_folder(str(folder)) == folder
    assert not list(folder.iterdir())


def test_a_file_in_the_way_of_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    with pytest.raises(TenfoldError, match="a/b: no folder to write to"):
        make_folder(tmp_path / "a" / "b")


def _special(kind: str, folder: Path) -> Path:
    """Something that is no file."""
    path = folder / "special"
    if kind == "a pipe":
        os.mkfifo(path)
    elif kind == "a socket":
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
    elif kind == "a device":
        path.symlink_to("/dev/zero")
    else:
        path.mkdir()
    return path


KINDS = ["a pipe", "a socket", "a device", "a folder"]


@pytest.mark.parametrize("kind", KINDS)
def test_only_files_are_opened_and_replaced(kind: str, tmp_path: Path) -> None:
    path = _special(kind, tmp_path)
    with pytest.raises(DataError, match=f"special: is {kind}, not a file"):
        open_file(path)
    with pytest.raises(TenfoldError, match=f"special: is {kind}"):
        check_target(path)
    with pytest.raises(TenfoldError, match=f"special: is {kind}"):
        write_whole(path, "x")
    assert kind_of(path) == kind


def test_a_link_to_a_file_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"content")
    (tmp_path / "b").symlink_to("a")
    assert read_file(tmp_path / "b", 10) == b"content"


def test_what_cannot_be_opened_is_named_as_it_was_called(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"^the picture: no such file"):
        open_file(tmp_path / "gone", "the picture")
    with pytest.raises(DataError, match="cannot be read"):
        open_file("a\0b")
    with pytest.raises(DataError, match=r"n: cannot be read \(File name too long\)"):
        open_file("n" * 300)


def test_more_than_the_most_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(bytes(2_000_001))
    assert len(read_file(path, 2_000_001)) == 2_000_001
    with pytest.raises(DataError, match="large: is larger than 2 MB, the most that is read"):
        read_file(path, 2_000_000)
    with pytest.raises(DataError, match="a stream: is larger than 2 MB"):
        read_limited(io.BytesIO(bytes(2_000_001)), 2_000_000, "a stream")


def test_only_what_tenfold_wrote_is_overwritten(tmp_path: Path, run: Run) -> None:
    path = tmp_path / "page.html"
    write_output(path, f"<meta content='{MARK}'>")
    write_output(path, f"<meta content='{MARK}'> again")  # over its own
    for content in (b"mine", b"", bytes(10_000) + MARK.encode()):
        path.write_bytes(content)
        with pytest.raises(
            TenfoldError, match=r"page\.html: already exists and is not known to be tenfold"
        ):
            write_output(path, MARK)
        with pytest.raises(TenfoldError, match="already exists"):
            check_target(path)
        assert path.read_bytes() == content
    check_target(path, force=True)
    write_output(path, "by force", force=True)
    assert path.read_text() == "by force"
    assert is_ours(run.model)
    assert is_ours(run.folder / "samples.png")
    assert is_ours(run.folder / "learning-curve.png")


def test_a_name_too_long_is_told(tmp_path: Path) -> None:
    with pytest.raises(TenfoldError, match=r"cannot be written \(File name too long\)"):
        write_output(tmp_path / ("n" * 300), "x")
    assert not list(tmp_path.iterdir())
    path = tmp_path / ("n" * 255)  # as long as may be: the neighbour's name is no longer
    assert write_output(path, "x").read_text() == "x"
