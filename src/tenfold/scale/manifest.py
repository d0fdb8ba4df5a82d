"""What lies beside the parts of an output: the plan, and the manifest of what is done.

``_manifest.jsonl`` begins with what was asked for and has a line for each part that is done; a part
counts from that line on. ``_plan.jsonl`` holds the units of work, listed once, so that whoever goes
on reads the same pictures though others have come into the folder since.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenfold.errors import DataError, UsageError
from tenfold.files import open_file, whole_file
from tenfold.names import shown
from tenfold.scale.items import is_shard, warn_of_shared_ids

INPUTS = "inputs"  # of the manifest's head: what was given, where that is known
MOST_NAMED = 3  # of them, in a message


@dataclass(frozen=True, slots=True)
class Unit:
    """A piece of the plan: some pictures by their paths, or one shard.

    Parameters
    ----------
    number : int
    pictures : tuple of str
    shard : str or None
    size, time : int
        Of the shard: bytes, and when it was changed last, in nanoseconds.
    """

    number: int
    pictures: tuple[str, ...] = ()
    shard: str | None = None
    size: int = 0
    time: int = 0

    @property
    def weight(self) -> int:
        """How much work it is, roughly, in pictures."""
        return len(self.pictures) or 1 + self.size // 50_000


@dataclass(frozen=True, slots=True)
class Done:
    """A part that is done: of which unit and which of it, what it holds, whether it is the last."""

    unit: int
    part: int
    pictures: int
    rows: int
    errors: int
    last: bool


def check_shard(unit: Unit) -> None:
    """Raise DataError if a shard is another one than when the plan was made."""
    if unit.shard is None:
        return
    if _stamp(unit.shard) != (unit.size, unit.time):
        raise DataError(
            f"{shown(unit.shard)}: has changed since the reading began, so it cannot go on. "
            "Begin anew under another name."
        )


def _stamp(path: str) -> tuple[int, int]:
    try:
        found = Path(path).stat()
    except OSError:  # whoever opens it says what is wrong
        return 0, 0
    return found.st_size, found.st_mtime_ns


def line(record: dict[str, Any]) -> bytes:
    """Return a record as it is written."""
    return json.dumps(record).encode() + b"\n"  # in ASCII: a path may be no UTF-8


def write_plan(path: Path, paths: Iterable[str], size: int) -> None:
    """Write the plan of these pictures and shards, so many pictures a unit at most.

    The first Parquet file whose rows share an id is warned of.
    """
    with whole_file(path) as file:
        pictures: list[str] = []
        warned = False

        def flush() -> None:
            if pictures:
                file.write(line({"pictures": pictures}))
                pictures.clear()

        for each in paths:
            if is_shard(each):
                flush()
                warned = warned or warn_of_shared_ids(each)
                length, time = _stamp(each)
                file.write(line({"shard": each, "size": length, "time": time}))
            else:
                pictures.append(each)
                if len(pictures) == size:
                    flush()
        flush()


def read_plan(path: Path) -> Iterator[Unit]:
    """Yield the units of a plan; raises DataError if it is damaged."""
    with open_file(path) as file:
        for number, record in _records(path, file):
            try:
                pictures = tuple(record.pop("pictures", ()))
                yield Unit(number - 1, pictures, **record)
            except TypeError as error:
                raise damaged(path, number) from error


def read_manifest(path: Path, asked: dict[str, Any]) -> list[Done]:
    """Return the parts that are done; the rest of a line that was cut off by a kill goes.

    Raises
    ------
    UsageError
        If something else was asked for when the output was begun.
    DataError
        If it is damaged.
    """
    content = path.read_bytes()
    whole = content.rfind(b"\n") + 1
    records = _records(path, content[:whole].splitlines())
    _, before = next(records, (1, {}))
    if not {"schema", "format"} <= before.keys():
        raise damaged(path, 1)
    _check_same(path, before, asked)
    done = [_done(path, number, record) for number, record in records]
    if whole < len(content):
        os.truncate(path, whole)
    return done


def _records(path: Path, lines: Iterable[bytes]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the number of each line, from 1, and what it holds."""
    for number, each in enumerate(lines, 1):
        try:
            record = json.loads(each)
        except ValueError as error:
            raise damaged(path, number) from error
        if not isinstance(record, dict):
            raise damaged(path, number)
        yield number, record


def damaged(path: Path, number: int) -> DataError:
    """Return what to raise where a line is none that was written here."""
    return DataError(
        f"{path}: is damaged in line {number}, so the reading cannot go on. Put back a copy of the "
        "file, or begin anew under another name."
    )


def _done(path: Path, number: int, record: dict[str, Any]) -> Done:
    if not all(isinstance(value, int) and value >= 0 for value in record.values()):
        raise damaged(path, number)
    try:
        return Done(**record)
    except TypeError as error:
        raise damaged(path, number) from error


def _check_same(path: Path, before: dict[str, Any], asked: dict[str, Any]) -> None:
    """Raise UsageError unless the same is asked for as before."""
    asked = json.loads(json.dumps(asked))
    for name in sorted((before.keys() | asked.keys()) - {INPUTS}):
        if before.get(name) != asked.get(name):
            raise UsageError(
                f"{path.parent}: was begun with another {name.replace('_', ' ')} "
                f"({before.get(name)!r}, now {asked.get(name)!r}). Ask for the same, or choose "
                "another name."
            )
    given, now = before.get(INPUTS), asked.get(INPUTS)
    if given is None or now is None:  # begun by an earlier tenfold, or paths that Python makes
        return
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        raise damaged(path, 1)
    if _normal(given) != _normal(now):
        raise UsageError(
            f"{path.parent}: was begun with other pictures ({_named(given, now)}; now "
            f"{_named(now, given)}). Give the same, or choose another name."
        )


def _normal(given: Sequence[str]) -> list[str]:
    """Return what was given in one order, and a folder with or without a slash as the same."""
    return sorted(map(os.path.normpath, given))


def _named(given: Sequence[str], others: Sequence[str]) -> str:
    """Name what was given in short, first what the others lack."""
    known = set(_normal(others))
    names = sorted(given, key=lambda each: os.path.normpath(each) in known)
    more = len(names) - MOST_NAMED
    rest = f" and {more:,} more" if more > 0 else ""
    return (", ".join(map(shown, names[:MOST_NAMED])) or "none") + rest
