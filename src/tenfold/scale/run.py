"""Read all pictures of folders and shards into one output, on this machine or on Ray's.

What is read comes in batches, in any order; a part is written when all of its pictures are there.
Memory holds the batches under way and the parts that are open, however many pictures there are.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tenfold.cores import cores
from tenfold.errors import UsageError
from tenfold.reader.batch import Row, check_seconds
from tenfold.reader.reader import Reader
from tenfold.scale.batches import Batch, batches
from tenfold.scale.crew import SECONDS, Crew
from tenfold.scale.manifest import INPUTS, Done, damaged
from tenfold.scale.output import MANIFEST, PART_SIZE, Output


@dataclass(slots=True)
class Progress:
    """How far the reading is.

    Parameters
    ----------
    pictures, rows, errors : int
        Written in all, in earlier runs too.
    fresh : int
        Pictures read in this run.
    share : float
        Of the work, 0 to 1; an estimate where shards do not say how many pictures they hold.
    begun : float
        The share when this run began.
    started : float
    whole : bool
        Whether everything has been read.
    """

    pictures: int = 0
    rows: int = 0
    errors: int = 0
    fresh: int = 0
    share: float = 0.0
    begun: float = 0.0
    started: float = 0.0
    whole: bool = False

    @property
    def rate(self) -> float:
        """Pictures per second in this run."""
        return self.fresh / max(1e-9, time.monotonic() - self.started)

    @property
    def seconds_left(self) -> float | None:
        """How long it will take yet; None where nothing can be said."""
        gained = self.share - self.begun
        if gained <= 0:
            return None
        return (time.monotonic() - self.started) * (1 - self.share) / gained


def read_all(
    paths: Iterable[str | Path],
    out: str | Path,
    *,
    reader: Reader | None = None,
    inputs: Sequence[str] | None = None,
    workers: int | None = None,
    resume: bool = False,
    seconds: float = SECONDS,
    part_size: int = PART_SIZE,
    column: str | None = None,
    address: str | None = None,
    report: Callable[[Progress], None] = lambda _: None,
    stop: Callable[[], bool] = lambda: False,
) -> Progress:
    """Read pictures and shards into a folder of parts; what cannot be read has a row that says so.

    Parameters
    ----------
    paths : iterable of str or Path
        Pictures, documents, tar shards (``.tar``, ``.tar.gz``, …), Parquet (``.parquet``).
    out : str or Path
        A folder that ends in ``.parquet`` or ``.jsonl``, for the parts.
    reader : Reader, optional
        By default one without options.
    inputs : sequence of str, optional
        What led to the paths, such as folders; by default the paths, if they are a list or tuple.
        Who goes on gives the same.
    workers : int, optional
        Processes that read; by default as many as there are cores (on Ray, of the cluster).
    resume : bool
        Go on with what lies in ``out``, and with the paths that were found when it was begun.
    seconds : float
        That a picture, or a page of a document, may take.
    part_size : int
        Pictures of one part, at most.
    column : str, optional
        The column of images in Parquet.
    address : str, optional
        Of a Ray cluster, such as ``"auto"``; None reads on this machine alone.
    report : callable
        Called with the progress after each batch.
    stop : callable
        Asked after each batch whether to stop.

    Raises
    ------
    UsageError
        If an option cannot be, or ``out`` is not what it should be; see `Output.open`.
    DataError
        If what lies in ``out`` is damaged.
    TenfoldError
        If the output cannot be written, or no cluster answers; what was read before is kept.

    Examples
    --------
    >>> from tenfold.scale import read_all
    >>> read_all(["shards/000.tar"], "results.parquet").errors  # doctest: +SKIP
    0
    """
    check_seconds(seconds)
    if part_size < 1:
        raise UsageError(f"part_size is {part_size}; give a number larger than zero.")
    if inputs is None and isinstance(paths, list | tuple):
        inputs = [os.fspath(path) for path in paths]
    given = None if inputs is None else list(inputs)
    reader = Reader() if reader is None else reader
    asked = {"part_size": part_size, "column": column, INPUTS: given} | _reading(reader)
    if address is not None:  # before anything is written
        from tenfold.scale.on_ray import connect, read_output

        connect(address)
    with Output.open(
        Path(out), asked, (os.fspath(path) for path in paths), resume=resume
    ) as output:
        if address is None:
            answers = _here(output, reader, workers or cores(), seconds, column)
        else:
            answers = read_output(output, reader, workers, seconds, column)
        return _collect(output, answers, report, stop)


def _reading(reader: Reader) -> dict[str, Any]:
    """Return what decides what is read, for the manifest."""
    return {
        "layout": reader.layout,
        "min_confidence": reader.min_confidence,
        "rotate": reader.rotate,
        "ink": reader.ink,
        "region": None if reader.region is None else list(reader.region),
        "expect": None if reader.expect is None else reader.expect.words,
        "networks": reader.networks.version,
    }


def _here(
    output: Output, reader: Reader, count: int, seconds: float, column: str | None
) -> Iterator[tuple[Batch, list[list[Row]]]]:
    with Crew(reader, count, seconds) as crew:
        yield from crew.read(batches(output, column))


@dataclass(slots=True)
class _Part:
    """A part that is being read: the rows of each place, and how many places there are."""

    rows: dict[int, list[Row]] = field(default_factory=dict)
    count: int | None = None
    last: bool = False


def _collect(
    output: Output,
    answers: Iterator[tuple[Batch, list[list[Row]]]],
    report: Callable[[Progress], None],
    stop: Callable[[], bool],
) -> Progress:
    meter = _Meter(output)
    parts: dict[tuple[int, int], _Part] = {}
    report(meter.progress)
    for batch, rows in answers:
        part = parts.setdefault((batch.unit, batch.part), _Part())
        places = range(batch.first, batch.first + len(rows))
        meter.read(batch.unit, sum(place not in part.rows for place in places))
        part.rows |= dict(zip(places, rows, strict=True))
        if batch.count is not None:
            part.count, part.last = batch.count, batch.last
        if len(part.rows) == part.count:
            del parts[batch.unit, batch.part]
            ordered = [row for place in sorted(part.rows) for row in part.rows[place]]
            meter.written(output.add(batch.unit, batch.part, part.count, ordered, last=part.last))
        report(meter.progress)
        if stop():
            break
    else:
        meter.progress.whole = not parts
    return meter.progress


class _Meter:
    """Keeps count; the work of a unit is known as a weight, see `Unit.weight`."""

    def __init__(self, output: Output) -> None:
        self._weights = [unit.weight for unit in output.units()]
        for line, done in enumerate(output.done.values(), 2):
            if done.unit >= len(self._weights):
                raise damaged(output.folder / MANIFEST, line)
        self._total = max(1, sum(self._weights))
        self._seen: dict[int, int] = {}
        self._gone = 0.0
        self.progress = Progress(started=time.monotonic())
        for done in output.done.values():
            self._add(done.unit, done.pictures, done.last)
            self.written(done)
        self.progress.begun = self.progress.share

    def read(self, unit: int, pictures: int) -> None:
        """Count pictures that were read."""
        self.progress.fresh += pictures
        self._add(unit, pictures, last=False)

    def _add(self, unit: int, pictures: int, last: bool) -> None:
        most = self._weights[unit]
        before = self._seen.get(unit, 0)
        now = most if last else min(most, before + pictures)
        self._seen[unit] = now
        self._gone += now - before
        self.progress.share = min(1.0, self._gone / self._total)

    def written(self, done: Done) -> None:
        """Count a part that was written."""
        self._add(done.unit, 0, done.last)
        self.progress.pictures += done.pictures
        self.progress.rows += done.rows
        self.progress.errors += done.errors
