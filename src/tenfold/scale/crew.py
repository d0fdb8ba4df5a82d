"""Batches of pictures, read in processes; a picture that ends its process is found by halving.

A batch whose process died is read again in two halves, down to the single picture; that one is
tried once more, for it may be innocent, and then has a row that says what happened. A picture whose
decoding never comes back to Python ends its process by itself, after the time limit.
"""

from __future__ import annotations

import faulthandler
import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from tenfold import decoders
from tenfold.errors import TenfoldError
from tenfold.reader.batch import Row, error_row, rows_of
from tenfold.reader.reader import Reader
from tenfold.scale.batches import Batch
from tenfold.scale.items import Item
from tenfold.scale.table import clean
from tenfold.workers import Died, Workers

SECONDS = 60.0  # that a picture may take
GRACE = 2.0  # seconds more until its process ends
HUNG = 1  # the exit code of a process that ends itself for that


class Crew:
    """Processes that read with one reader.

    Parameters
    ----------
    reader : Reader
        Each process opens its own copy.
    count : int
        How many processes.
    seconds : float
        That a picture, or a page of a document, may take.

    Examples
    --------
    >>> with Crew(Reader(), 2) as crew:  # doctest: +SKIP
    ...     for batch, rows in crew.read(batches):
    ...         print(batch.first, [row["text"] for own in rows for row in own])
    """

    def __init__(self, reader: Reader, count: int, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._workers: Workers[Batch, list[list[Row]]] = Workers(
            count, _read, prepare=_prepare, arguments=(reader, seconds)
        )

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the processes."""
        self._workers.stop()

    def read(self, batches: Iterable[Batch]) -> Iterator[tuple[Batch, list[list[Row]]]]:
        """Yield batches, or parts of them, as they are ready, with the rows of each picture."""
        waiting, more = iter(batches), True
        while more or self._workers.running:
            while more and self._workers.hungry:
                batch = next(waiting, None)
                more = batch is not None
                if batch is not None:
                    self._workers.submit(batch)
            if not self._workers.running:
                return
            batch, outcome = self._workers.take()
            if isinstance(outcome, list):
                yield batch, outcome
            elif not isinstance(outcome, Died):
                raise outcome
            elif len(batch.items) > 1:
                for half in batch.halves():
                    self._workers.submit(half)
            elif not batch.tried:
                self._workers.submit(replace(batch, tried=1))
            else:
                (item,) = batch.items
                yield batch, [[clean(error_row(item.id, None, self._why(item.id, outcome)))]]

    def _why(self, name: str, died: Died) -> str:
        if died.code == HUNG:
            return f"{name}: takes longer than {self._seconds:g} seconds."
        return f"{name}: reading it brought a process down ({died})."


_reader: Reader | None = None
_seconds = SECONDS
_nowhere: BinaryIO | None = None


def _prepare(reader: Reader, seconds: float) -> None:
    """Make a process ready."""
    import cv2

    from tenfold.reader.networks import use_threads

    global _reader, _seconds, _nowhere
    _reader, _seconds = reader, seconds
    _nowhere = Path(os.devnull).open("wb")  # noqa: SIM115 (open as long as the process lives)
    cv2.setNumThreads(1)  # every core has a process
    use_threads(1)


def _read(batch: Batch) -> list[list[Row]]:
    with decoders.caught() as said:
        try:
            return [_rows(item, said) for item in batch.items]
        finally:
            faulthandler.cancel_dump_traceback_later()


def _rows(item: Item, said: decoders.Said) -> list[Row]:
    """Return the rows of one picture; the process ends if that hangs."""
    if _reader is None:
        raise TenfoldError("the process is not ready.")
    said()  # of the picture before
    try:
        _watch()
        source = item.source()
        rows = []
        for row in rows_of(_reader, item.id, source, _seconds):
            _watch()
            if said():
                row["notes"].append(decoders.DAMAGED)
            rows.append(clean(row))
    except TenfoldError as error:
        return [clean(error_row(item.id, None, str(error)))]
    return rows


def _watch() -> None:
    # Opening a page and reading it may take the limit each, and that ends it as a rule.
    nowhere = _nowhere or sys.stderr
    faulthandler.dump_traceback_later(2 * _seconds + GRACE, exit=True, file=nowhere)
