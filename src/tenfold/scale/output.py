"""The folder of an output: its parts, each written whole, and the manifest of what is done.

Programs that read a folder of Parquet leave out names that begin with ``_``, as the manifest's and
the plan's do.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from itertools import chain, islice
from pathlib import Path
from typing import Any, BinaryIO

from tenfold.errors import TenfoldError, UsageError
from tenfold.files import make_folder, whole_file
from tenfold.locks import locked
from tenfold.reader.batch import Row
from tenfold.scale.manifest import Done, Unit, line, read_manifest, read_plan, write_plan
from tenfold.scale.table import FORMATS, Format, write_rows

MANIFEST, PLAN, LOCK = "_manifest.jsonl", "_plan.jsonl", "_lock"
PART_SIZE = 1000  # pictures of a part, at most
SCHEMA = 1


class Output:
    """An output, open and locked; see `Output.open`.

    Attributes
    ----------
    folder : Path
    form : str
        ``"parquet"`` or ``"jsonl"``.
    part_size : int
    done : dict
        `Done` by unit and part.
    """

    def __init__(self, folder: Path, asked: dict[str, Any], done: Iterable[Done]) -> None:
        self.folder = folder
        self.form: Format = asked["format"]
        self.part_size: int = asked["part_size"]
        self.done: dict[tuple[int, int], Done] = {}
        self._counts: dict[int, int] = {}  # of parts that a unit has, by unit
        self._lasts: dict[int, int] = {}
        for each in done:
            self._note(each)
        self._held = ExitStack()
        self._manifest: BinaryIO | None = None

    @classmethod
    def open(
        cls, folder: Path, asked: dict[str, Any], paths: Iterable[str], *, resume: bool
    ) -> Output:
        """Begin an output, or go on with one.

        Parameters
        ----------
        folder : Path
            Its suffix says of which format the parts are.
        asked : dict
            What was asked for, as JSON takes it; who goes on must ask for the same.
        paths : iterable of str
            Pictures and shards; not looked at when going on. The first is taken before anything is
            written, for what is wrong with them to be told by then.
        resume : bool
            Whether to go on with what lies there.

        Raises
        ------
        UsageError
            If something lies there and ``resume`` is False, something else was asked for, or
            another run is going on in it.
        DataError
            If what lies there is damaged.
        TenfoldError
            If it cannot be written.
        """
        asked = {"schema": SCHEMA, "format": format_of(folder), **asked}
        manifest = folder / MANIFEST
        if os.path.lexists(folder):
            _check(folder, resume)
        if not manifest.is_file():
            paths = iter(paths)  # the first makes an iterator look at what it comes from
            paths = chain(list(islice(paths, 1)), paths)
        make_folder(folder)
        held = ExitStack()
        held.enter_context(locked(folder, LOCK))
        try:
            _sweep(folder)
            if not manifest.is_file():
                write_plan(folder / PLAN, paths, int(asked["part_size"]))
                with whole_file(manifest) as file:
                    file.write(line(asked))
            output = cls(folder, asked, read_manifest(manifest, asked))
            output._held = held
            output._manifest = held.enter_context(manifest.open("ab"))
        except BaseException:
            held.close()
            raise
        return output

    def __enter__(self) -> Output:
        return self

    def __exit__(self, *_: object) -> None:
        self._held.close()

    def units(self) -> Iterator[Unit]:
        """Yield the units of the plan; raises DataError if it is damaged."""
        return read_plan(self.folder / PLAN)

    def is_done(self, unit: int) -> bool:
        """Whether all parts of a unit are there."""
        return unit in self._lasts and self._counts[unit] == self._lasts[unit] + 1

    def _note(self, done: Done) -> None:
        if (done.unit, done.part) not in self.done:
            self._counts[done.unit] = self._counts.get(done.unit, 0) + 1
        if done.last:
            self._lasts[done.unit] = done.part
        self.done[done.unit, done.part] = done

    def path_of(self, unit: int, part: int) -> Path:
        """Return where a part lies."""
        return self.folder / f"part-{unit:06}-{part:06}.{self.form}"

    def add(self, unit: int, part: int, pictures: int, rows: Sequence[Row], *, last: bool) -> Done:
        """Write a part, and only then its line in the manifest.

        Raises
        ------
        TenfoldError
            If it cannot be written.
        """
        with whole_file(self.path_of(unit, part)) as file:
            write_rows(file, self.form, rows)
        errors = sum(row["error"] is not None for row in rows)
        done = Done(unit, part, pictures, len(rows), errors, last)
        if self._manifest is None:
            raise ValueError("the output is not open")
        try:
            self._manifest.write(line(asdict(done)))
            self._manifest.flush()
            os.fsync(self._manifest.fileno())
        except OSError as error:
            raise TenfoldError(
                f"{self.folder}: cannot be written ({error.strerror or error}). Free some space, "
                "then go on with --resume."
            ) from error
        self._note(done)
        return done


def format_of(folder: Path) -> Format:
    """Return what format an output has, by its name; raises UsageError if it has none."""
    for form in FORMATS:
        if folder.suffix.lower() == f".{form}":
            return form
    raise UsageError(f"{folder}: end the name of the output in .parquet or .jsonl.")


def _check(folder: Path, resume: bool) -> None:
    """Raise UsageError unless what lies here is an empty folder, or an output to go on with."""
    names = [] if not folder.is_dir() else list(islice(folder.iterdir(), 3))
    if folder.is_dir() and not names:
        return
    # Stopped at the very start, an output is little.
    begun = all(path.name in (LOCK, PLAN) or _is_left_over(path) for path in names)
    if not folder.is_dir() or not (begun or (folder / MANIFEST).is_file()):
        raise UsageError(f"{folder}: is not an output of tenfold's. Choose another name.")
    if not resume:
        raise UsageError(f"{folder}: already exists. Go on with --resume, or choose another name.")


def _is_left_over(path: Path) -> bool:
    return path.name.startswith(".tenfold-")


def _sweep(folder: Path) -> None:
    """Remove what a killed run had not written whole."""
    for path in folder.iterdir():
        if _is_left_over(path):
            path.unlink(missing_ok=True)
