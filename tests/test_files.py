from __future__ import annotations

import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tenfold.errors import TenfoldError
from tenfold.files import make_folder, write_whole


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
