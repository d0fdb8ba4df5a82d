"""Try a form on one filled-in sheet, again and again while the form is being drawn.

The sheet is read as a stack is read, in a process of its own: what a hostile file does to it costs
one answer and nothing else.
"""

from __future__ import annotations

from functools import lru_cache
from threading import Lock
from typing import TYPE_CHECKING

import cv2

from tenfold.forms.sheet_results import SheetResult
from tenfold.forms.stack import SECONDS, PageReader, Task, failed, networks
from tenfold.preprocess.document import count_pages
from tenfold.workers import Workers

if TYPE_CHECKING:
    from tenfold.forms.template import Template

Job = tuple["Template", Task, bytes]


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
        self._crew: Workers[Job, tuple[SheetResult, int]] = Workers(
            1, _read, prepare=_prepare, seconds=SECONDS
        )
        self._turn = Lock()  # one sheet after the other

    def start(self) -> None:
        """Have the process open its networks before anybody waits for them."""
        if self._turn.acquire(blocking=False):  # while a sheet is read, it runs already
            try:
                self._crew.start()
            finally:
                self._turn.release()

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
        with self._turn:
            self._crew.submit((template, task, content))
            _, found = self._crew.take()
        return found if isinstance(found, tuple) else (failed(task, found), 0)

    def close(self) -> None:
        """End the process."""
        self._crew.stop()


def _prepare() -> None:
    cv2.setNumThreads(1)
    networks()


def _read(job: Job) -> tuple[SheetResult, int]:
    template, task, content = job
    count = count_pages(content, task.name)
    return _reader(template).read(task, content), count


@lru_cache(maxsize=1)
def _reader(template: Template) -> PageReader:
    """Look for what tells a form's pages once, for the sheets tried on it."""
    return PageReader(template)
