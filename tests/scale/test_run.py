"""Real processes, really killed: each picture has its row once."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from tests.scale.deadly import Deadly

from tenfold.errors import DataError, UsageError
from tenfold.reader.reader import Reader
from tenfold.scale import Progress, read_all

PATIENCE = 300  # seconds, on a machine with much else to do


def _rows(out: Path) -> list[dict[str, Any]]:
    """What all parts hold; programs that read a folder take them in this order."""
    if out.suffix == ".parquet":
        from pyarrow import parquet

        rows: list[dict[str, Any]] = parquet.read_table(out).to_pylist()
        return rows
    return [
        json.loads(line)
        for path in sorted(out.glob("part-*"))
        for line in path.read_text(encoding="utf-8").splitlines()
    ]


def _timeless(rows: Iterable[Any]) -> list[dict[str, Any]]:
    return [{**row, "seconds": None} for row in rows]


@pytest.mark.parametrize("form", ["parquet", "jsonl"])
def test_rows_are_what_a_loop_reads_in_the_order_of_the_pictures(
    make_pictures: Callable[..., list[str]], make_tar: Callable[..., str],
    make_tiff: Callable[..., bytes], hand: Any, tmp_path: Path, form: str,
) -> None:  # fmt: skip
    pages = make_tiff(hand.write("42", height=30), hand.write("7", height=30))
    paths = make_pictures(tmp_path / "in", 5, broken=b"no picture", pages=pages)
    shard = make_tar(tmp_path / "a.tar", 7, late=b"broken too")
    out = tmp_path / f"out.{form}"
    seen: list[Progress] = []
    progress = read_all([*paths, shard], out, part_size=3, workers=2, report=seen.append)
    assert progress.whole
    assert (progress.pictures, progress.rows, progress.errors) == (15, 16, 2)
    assert progress.share == 1
    rows = _rows(out)
    reader = Reader()
    expected = reader.read_batch((path, Path(path)) for path in paths)
    assert _timeless(rows[:8]) == _timeless(expected)
    assert [(row["page"], row["text"]) for row in rows if "pages" in row["id"]] == [
        (1, "42"),
        (2, "7"),
    ]
    assert rows[8]["text"] == rows[0]["text"]  # the same picture, in the shard
    assert [row["id"] for row in rows[8:]] == [
        *(f"{shard}/{n:05}.png" for n in range(7)),
        f"{shard}/late.png",
    ]
    assert [row["id"] for row in rows if row["error"]] == [paths[-2], f"{shard}/late.png"]
    assert not list(out.glob(".tenfold-*"))
    assert not (out / "_lock").exists()


def test_a_picture_that_kills_costs_its_row_alone(
    make_tar: Callable[..., str], tmp_path: Path
) -> None:
    shard = make_tar(tmp_path / "a.tar", 18, deadly=b"x", slow=b"x", zdeadly=b"x")
    out = tmp_path / "out.jsonl"
    progress = read_all([shard], out, reader=Deadly(), workers=2, seconds=1.5)
    rows = {Path(row["id"]).stem: row for row in _rows(out)}
    assert len(rows) == progress.rows == 21
    bad = {name: row["error"] for name, row in rows.items() if row["error"]}
    killed = "reading it brought a process down (exit code 9)."
    assert bad == {
        "deadly": f"{shard}/deadly.png: {killed}",
        "slow": f"{shard}/slow.png: takes longer than 1.5 seconds.",
        "zdeadly": f"{shard}/zdeadly.png: {killed}",
    }


def test_a_picture_that_never_comes_back_costs_its_row_alone(
    make_pictures: Callable[..., list[str]], tmp_path: Path
) -> None:
    paths = make_pictures(tmp_path / "in", 2, hangs=b"x")
    out = tmp_path / "out.jsonl"
    read_all(paths, out, reader=Deadly(), workers=2, seconds=1, part_size=1)
    errors = {row["id"]: row["error"] for row in _rows(out)}
    assert errors == {
        paths[0]: None,
        paths[1]: None,
        paths[2]: f"{paths[2]}: takes longer than 1 seconds.",
    }


def _start(pictures: list[str], out: Path, workers: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tenfold", "read", *pictures, "--out", str(out), "--resume"]
    return subprocess.Popen(
        [*command, "--part-size", "2", "--workers", str(workers)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def _lines(out: Path) -> int:
    try:
        return (out / "_manifest.jsonl").read_bytes().count(b"\n")
    except FileNotFoundError:
        return 0


def _all_gone(group: int) -> bool:
    """Whether the processes of a killed run have ended too; they have nothing to read any more."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def _kill_and_resume(
    times: int, make_pictures: Callable[..., list[str]], make_tar: Callable[..., str], base: Path
) -> None:
    """Kill a reading so often, at moments drawn by lot, and compare what it comes to."""
    count = 16 * times
    paths = make_pictures(base / "in", count, broken=b"no picture")
    shard = make_tar(base / "b.tar", count)
    out, draw = base / "out.jsonl", random.Random()  # noqa: S311
    for number in range(times):
        before = _lines(out)
        process = _start([str(base / "in"), shard], out, workers=1 + number % 2)
        # The first time before anything is there, or soon after.
        wanted = 0 if number == 0 else before + draw.randint(3, 6)
        deadline = time.monotonic() + PATIENCE
        while _lines(out) < wanted and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.002)
        time.sleep(draw.uniform(0, 1 if number == 0 else 0.05))
        process.kill()
        process.communicate()
        assert process.returncode == -signal.SIGKILL, "it was done before it was killed"
        assert _all_gone(process.pid)
    assert _lines(out) > times  # it got on
    process = _start([str(base / "in"), shard], out, workers=2)
    said, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1, said  # for the broken one
    assert f"{2 * count + 1} pictures, {2 * count + 1} rows, 1 error".encode() in said
    expected = [*paths, *(f"{shard}/{n:05}.png" for n in range(count))]
    assert [row["id"] for row in _rows(out)] == expected
    assert not list(out.glob(".tenfold-*"))
    texts = Counter(row["text"] for row in _rows(out))
    again = base / "again.jsonl"
    read_all([*paths, shard], again, workers=1)
    assert texts == Counter(row["text"] for row in _rows(again))


def test_killed_twice_and_resumed_each_picture_has_its_row_once(
    make_pictures: Callable[..., list[str]], make_tar: Callable[..., str], tmp_path: Path
) -> None:
    _kill_and_resume(2, make_pictures, make_tar, tmp_path)


@pytest.mark.slow
def test_killed_twenty_times_and_resumed_each_picture_has_its_row_once(
    make_pictures: Callable[..., list[str]], make_tar: Callable[..., str], tmp_path: Path
) -> None:
    _kill_and_resume(20, make_pictures, make_tar, tmp_path)


def test_who_goes_on_asks_for_the_same_and_reads_the_same(
    make_pictures: Callable[..., list[str]], make_tar: Callable[..., str], tmp_path: Path
) -> None:
    paths = make_pictures(tmp_path / "in", 6)
    shard = make_tar(tmp_path / "b.tar", 4)
    out = tmp_path / "out.jsonl"
    reading = {"part_size": 2, "workers": 1}
    stopped = read_all([*paths, shard], out, stop=lambda: True, **reading)  # type: ignore[arg-type]
    assert not stopped.whole
    assert stopped.pictures < 10
    with pytest.raises(UsageError, match=r"already exists\. Go on with --resume"):
        read_all(paths, out)
    with pytest.raises(UsageError, match="begun with another layout"):
        read_all(paths, out, reader=Reader(layout="line"), part_size=2, resume=True)
    manifest = out / "_manifest.jsonl"
    with manifest.open("ab") as file:
        file.write(b'{"unit": 0, "pa')  # a line that a kill cut off
    (tmp_path / "in" / "more.png").write_bytes(b"came later")
    with pytest.raises(UsageError, match="was begun with other pictures"):
        read_all(paths, out, resume=True, **reading)  # type: ignore[arg-type]
    # Of paths that come from an iterator nobody can say whether they are the same.
    whole = read_all(iter(()), out, resume=True, **reading)  # type: ignore[arg-type]
    assert (whole.pictures, whole.errors, whole.whole) == (10, 0, True)
    assert [row["id"] for row in _rows(out)][:6] == paths
    assert all(json.loads(line) for line in manifest.read_text().splitlines())


def test_a_shard_that_changed_meanwhile_is_not_gone_on_with(
    make_tar: Callable[..., str], tmp_path: Path
) -> None:
    shard, out = make_tar(tmp_path / "b.tar", 40), tmp_path / "out.jsonl"
    read_all([shard], out, part_size=2, workers=1, stop=lambda: True)
    make_tar(tmp_path / "b.tar", 41)
    with pytest.raises(DataError, match="has changed since the reading began"):
        read_all([shard], out, part_size=2, workers=1, resume=True)


def test_a_damaged_manifest_or_plan_is_told_in_a_sentence(
    make_pictures: Callable[..., list[str]], tmp_path: Path
) -> None:
    paths, out = make_pictures(tmp_path / "in", 4), tmp_path / "out.jsonl"
    read_all(paths, out, part_size=2, workers=1)
    manifest, plan = out / "_manifest.jsonl", out / "_plan.jsonl"
    whole, planned = manifest.read_text(), plan.read_text()
    head, first, second = whole.splitlines()
    none, ninth = (json.dumps({**json.loads(first), "unit": unit}) for unit in (None, 9))
    ways = {  # the number of the line that is told, by what the manifest holds
        f"x{whole}": 1,
        "": 1,
        head[:40]: 1,
        "[]\n": 1,
        f"{first}\n{second}\n": 1,
        f"{head}\nx{first}\n{second}\n": 2,
        f"{head}\n{first}\n{second[:-9]}\n": 3,
        head + '\n{"unit": 0}\n': 2,
        f"{head}\n{none}\n": 2,
        f"{head}\n{first}\n{ninth}\n": 3,
    }
    for content, number in ways.items():
        manifest.write_text(content)
        words = rf"{manifest}: is damaged in line {number}, .* begin anew under another name\."
        with pytest.raises(DataError, match=words):
            read_all(paths, out, part_size=2, workers=1, resume=True)
        assert manifest.read_text() == content
    manifest.write_text(whole)
    for content in (f"x{planned}", '{"shards": "a.tar"}\n'):
        plan.write_text(content)
        with pytest.raises(DataError, match=f"{plan}: is damaged in line 1"):
            read_all(paths, out, part_size=2, workers=1, resume=True)


@pytest.mark.parametrize("seconds", [0, float("nan")])
def test_what_is_no_time_limit_is_refused(tmp_path: Path, seconds: float) -> None:
    with pytest.raises(UsageError, match="give a number larger than 0"):
        read_all([], tmp_path / "out.jsonl", seconds=seconds)


def test_what_is_no_output_is_left_alone(tmp_path: Path) -> None:
    folder = tmp_path / "mine.parquet"
    folder.mkdir()
    (folder / "thesis.txt").write_text("years of work")
    file = tmp_path / "mine.jsonl"
    file.write_text("{}\n")
    for path in (folder, file):
        for resume in (False, True):
            with pytest.raises(UsageError, match="is not an output of tenfold's"):
                read_all([], path, resume=resume)
    with pytest.raises(UsageError, match=r"end the name of the output in \.parquet or \.jsonl"):
        read_all([], tmp_path / "out.csv")
    assert [path.name for path in folder.iterdir()] == ["thesis.txt"]
    assert file.read_text() == "{}\n"
