"""Try a form on one filled-in sheet, again and again while the form is being drawn.

The sheet is read as a stack is read, in a process of its own: what a hostile file does to it costs
one answer and nothing else.
"""

from __future__ import annotations

from concurrent.futures import Future
from functools import lru_cache
from multiprocessing import get_context
from typing import TYPE_CHECKING

import cv2

from tenfold.forms.readings import SheetResult
from tenfold.forms.stack import SECONDS, PageReader, Task, networks, outcome
from tenfold.preprocess.document import count_pages

if TYPE_CHECKING:
    from pebble import ProcessPool

    from tenfold.forms.template import Template


class Trial:
    """A process that reads sheets; it starts with `start` or the first, and ends with `close`.

    Examples
    --------
    >>> trial = Trial()
    >>> trial.read(form, Path("sheet.jpg").read_bytes(), "sheet.jpg")[0].status  # doctest: +SKIP
    'read'
    >>> trial.close()
    """

    def __init__(self) -> None:
        self._pool: ProcessPool | None = None

    def start(self) -> None:
        """Have the process open its networks before anybody waits for them."""
        if self._pool is None:
            self._started().schedule(networks)

    def read(
        self, template: Template, content: bytes, name: str, page: int = 1
    ) -> tuple[SheetResult, int]:
        """Read one page of a file.

        Parameters
        ----------
        template : Template
        content : bytes
            A PDF, a TIFF or a picture.
        name : str
            What to call it.
        page : int
            From 1.

        Returns
        -------
        (SheetResult, int)
            What it shows, or why it cannot be read, and how many pages the file has.
        """
        task = Task("", name, "", page)
        future: Future[tuple[SheetResult, int]] = self._started().schedule(
            _read, args=(template, task, content), timeout=SECONDS
        )
        found = outcome(task, future)
        return (found, 0) if isinstance(found, SheetResult) else found

    def _started(self) -> ProcessPool:
        from pebble import ProcessPool

        if self._pool is None:
            # The networks' threads do not outlive a fork.
            self._pool = ProcessPool(1, context=get_context("spawn"))
        return self._pool

    def close(self) -> None:
        """End the process."""
        if self._pool is not None:
            self._pool.stop()  # type: ignore[no-untyped-call]
            self._pool.join()
            self._pool = None


def _read(template: Template, task: Task, content: bytes) -> tuple[SheetResult, int]:
    cv2.setNumThreads(1)
    count = count_pages(content, task.name)
    return _reader(template).read(task, content), count


@lru_cache(maxsize=1)
def _reader(template: Template) -> PageReader:
    """Look for what tells a form's pages once, for the sheets tried on it."""
    return PageReader(template)
