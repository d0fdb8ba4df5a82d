"""Read a stack of scans: pages go to workers, what each shows into the results as it comes.

Whatever happens to one page, a broken file, a page that brings a worker down or takes too long, is
that page's row. Stopped anywhere and started again, it goes on where it was.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from tenfold.errors import DataError, PageError, TenfoldError, faults_of
from tenfold.files import digest_of
from tenfold.forms.align import NotAligned, align
from tenfold.forms.assign import settle_unique
from tenfold.forms.fields import Networks, read_page
from tenfold.forms.references import References
from tenfold.forms.rulings import written_on
from tenfold.forms.sheet_results import KeepImages, SheetResult, keeps
from tenfold.forms.template import Template, load
from tenfold.forms.verdict import judge
from tenfold.model import open_model
from tenfold.names import shown
from tenfold.preprocess.document import count_pages, pages
from tenfold.reader.networks import DIGITS, FINDER, LINE, Finder, LineRecogniser
from tenfold.reader.options import contents, networks_version
from tenfold.reader.pipeline import grey_of
from tenfold.workers import Died, Workers

if TYPE_CHECKING:
    from tenfold.forms.results import Results

Pixels = NDArray[np.uint8]

SECONDS = 60.0  # that one page may take
KEPT_SIDE = 1400  # pixels: the longer side of a page's picture as it is kept


@dataclass(frozen=True, slots=True)
class Task:
    """One page to read: its file, how the file is called, its digest, and the page's number."""

    path: str
    name: str
    digest: str
    page: int


@dataclass(slots=True)
class Progress:
    """How far a stack is: pages in all, read, and how many of these in this run."""

    pages: int
    done: int
    fresh: int = 0
    started: float = 0.0

    @property
    def rate(self) -> float:
        """Pages per second in this run."""
        return self.fresh / max(1e-9, time.monotonic() - self.started)


class PageReader:
    """Reads pages of one template; a worker has one of its own.

    Parameters
    ----------
    template : Template
    threads : int
        Of the networks.
    keep : {"no", "doubtful", "all"}
        Which pictures will be kept: no others are encoded.
    model : str, optional
        A model file, or a folder of them, instead of the networks that come with tenfold.
    """

    def __init__(
        self, template: Template, threads: int = 1, keep: KeepImages = "all",
        model: str | None = None,
    ) -> None:  # fmt: skip
        self.template, self.keep = template, keep
        self.references = References.load(template)
        self.networks = networks(threads, model)
        self.filled = {
            name for page in self.references.pages for name in written_on(page.image, page.fields)
        }
        self.model = networks_version(model)

    def read(self, task: Task, content: bytes | None = None) -> SheetResult:
        """Read one page of a file, or of its content; what is wrong with it is in the result."""
        blank = SheetResult(
            task.name, task.page, None, "failed", digest=task.digest, model=self.model
        )
        only = [range(task.page, task.page + 1)]
        source = task.path if content is None else content
        try:
            page = next(iter(pages(source, task.name, only=only, side=None)))
            if isinstance(page, PageError):
                return replace(blank, reason=str(page))
            with faults_of(task.name):
                return self.read_image(grey_of(page.picture.pixels), blank)
        except TenfoldError as error:
            return replace(blank, reason=str(error))

    def read_image(self, grey: Pixels, blank: SheetResult) -> SheetResult:
        """Read a page, uint8 ``(h, w)``; ``blank`` says where it comes from."""
        aligned = align(grey, self.references)
        if isinstance(aligned, NotAligned):
            return replace(
                blank, status="not aligned", reason=aligned.reason, image=self._stored(grey)
            )
        fields = self.template.on(aligned.page)
        reference = self.references.pages[aligned.page - 1].image
        seen = read_page(aligned.image, reference, fields, self.networks)
        cut = {one.field.name: one.snippet for one in seen}
        results = [
            replace(one, snippet=_png(cut[one.field]))
            if keeps(self.keep, blank.source, blank.page, one) else one
            for one in judge(seen, self.filled)
        ]  # fmt: skip
        return replace(
            blank, template_page=aligned.page, status="read", fields=tuple(results),
            image=self._stored(aligned.image),
        )  # fmt: skip

    def _stored(self, grey: Pixels) -> bytes:
        return b"" if self.keep == "no" else _stored(grey)


@cache
def networks(threads: int = 1, model: str | None = None) -> Networks:
    """Return the networks that read fields; a process opens them once."""
    own = contents(model)
    return Networks(
        Finder(own[FINDER], f"tenfold's own {FINDER}", threads),
        LineRecogniser(own[LINE], f"{model or 'tenfold'}: {LINE}", threads),
        open_model(own[DIGITS], f"{model or 'tenfold'}: {DIGITS}", threads=threads),
    )


def _png(snippet: Pixels) -> bytes:
    return cv2.imencode(".png", snippet)[1].tobytes()


def _stored(grey: Pixels) -> bytes:
    """Encode a page as it is kept for people to look at."""
    scale = min(1.0, KEPT_SIDE / max(grey.shape))
    size = (max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale)))
    small = cv2.resize(grey, size, interpolation=cv2.INTER_AREA) if scale < 1 else grey
    return cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, 70])[1].tobytes()


def read_stack(
    template: Template, sources: Sequence[Path], results: Results, *, workers: int = 2,
    report: Callable[[Progress, SheetResult | None], None] = lambda *_: None,
    model: str | None = None,
) -> Progress:  # fmt: skip
    """Read all pages of a stack that are not read yet.

    Parameters
    ----------
    template : Template
    sources : sequence of Path
        Files: PDFs, TIFFs of many pages, pictures.
    results : Results
        Open; gets every page, in the order in which they are ready.
    workers : int
        Processes that read.
    report : callable
        Called after each page.
    model : str, optional
        As of `PageReader`.

    Returns
    -------
    Progress

    Raises
    ------
    TenfoldError
        If the results cannot be written; what was read before is kept.
    """
    tasks, failed = _tasks(sources)
    done, digests = results.done(networks_version(model)), results.digests()
    waiting = deque(
        task for task in tasks
        if (task.name, task.page) not in done or digests.get(task.name) != task.digest
    )  # fmt: skip
    progress = Progress(len(tasks), len(tasks) - len(waiting), started=time.monotonic())
    for sheet in failed:
        results.add(sheet)
    report(progress, None)
    for sheet in _readings(template, waiting, workers, results.keep_images, model):
        results.add(sheet)
        progress.done += 1
        progress.fresh += 1
        report(progress, sheet)
    settle_unique(results)
    return progress


def read_pages(template: Template, sources: Iterable[Path]) -> Iterator[SheetResult]:
    """Read pages one after the other in this process; see `Template.read`."""
    tasks, failed = _tasks(list(sources))
    yield from failed
    reader = PageReader(template)
    yield from map(reader.read, tasks)


def _tasks(sources: Sequence[Path]) -> tuple[list[Task], list[SheetResult]]:
    """Return each page of each file, and a row for each file that cannot be opened."""
    tasks: list[Task] = []
    failed: list[SheetResult] = []
    for path in sources:
        name = shown(str(path))
        try:
            with faults_of(name, "opened"):
                digest = digest_of(path, name)
                tasks += [
                    Task(str(path), name, digest, page + 1)
                    for page in range(count_pages(path, name))
                ]
        except TenfoldError as error:
            failed.append(SheetResult(name, 0, None, "failed", str(error)))
    return tasks, failed


def _readings(
    template: Template, waiting: deque[Task], workers: int, keep: KeepImages, model: str | None
) -> Iterator[SheetResult]:
    """Read pages in processes; one that dies or hangs costs its page alone."""
    count = max(1, min(workers, len(waiting)))
    with Workers(
        count, _read, prepare=_start, arguments=(str(template.path), keep, model), seconds=SECONDS
    ) as crew:
        while waiting or crew.running:
            while waiting and crew.hungry:
                crew.submit(waiting.popleft())
            task, outcome = crew.take()
            yield outcome if isinstance(outcome, SheetResult) else failed(task, outcome, model)


def failed(task: Task, error: Exception, model: str | None = None) -> SheetResult:
    """Return the row of a page that took too long, did harm, or could not be read."""
    if isinstance(error, TimeoutError):
        reason = f"{task.name}: takes longer than {SECONDS:.0f} seconds."
    elif isinstance(error, Died):
        reason = f"{task.name}: reading it brought a process down ({error})."
    elif isinstance(error, TenfoldError):
        reason = str(error)
    else:
        raise error
    return SheetResult(
        task.name,
        task.page,
        None,
        "failed",
        reason,
        digest=task.digest,
        model=networks_version(model),
    )


_reader: PageReader | None = None


def _start(path: str, keep: KeepImages, model: str | None) -> None:
    """Make a worker ready."""
    global _reader
    cv2.setNumThreads(1)
    _reader = PageReader(load(path), keep=keep, model=model)


def _read(task: Task) -> SheetResult:
    if _reader is None:
        raise DataError(f"{task.name}: the worker did not start.")
    return _reader.read(task)
