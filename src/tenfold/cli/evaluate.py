"""tenfold evaluate: measure a model file on labelled images."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from tenfold import decoders
from tenfold.cli.console import AsIs, DataDir, Force, Json, Quiet, err, note, print_json, say
from tenfold.cli.show_evaluation import show
from tenfold.errors import TenfoldError, UsageError
from tenfold.evaluation.format import percent
from tenfold.names import shown

if TYPE_CHECKING:
    from tenfold.evaluation.evaluate import Section
    from tenfold.evaluation.evaluation import Evaluation
    from tenfold.evaluation.test_sets import TestSet
    from tenfold.model import Model
    from tenfold.reader.networks import LineRecogniser

EXAMPLE = "Example: tenfold evaluate runs/mine/model.onnx --data mnist --report report.html"
BUNDLED = "bundled"


@dataclass(frozen=True, slots=True)
class Opened:
    """A model by the name it was given: itself, its file's content, and where results go."""

    name: str
    model: Model
    content: bytes
    folder: Path
    line: LineRecogniser | None = None


def open_named(name: str) -> Opened:
    """Open a model file, a folder of them, or those that come with tenfold by ``bundled``."""
    from tenfold.model import open_model, read_content
    from tenfold.reader.networks import FILES, bundled_content
    from tenfold.reader.options import line_of

    if name == BUNDLED:
        return Opened(name, open_model(bundled_content(), name), bundled_content(), Path())
    line, path = line_of(name), Path(name)
    if path.is_dir() or line is not None:  # else it is a classifier's file
        own = path / FILES["classifier"]
        content = read_content(own) if own.is_file() else bundled_content()
        folder = path if path.is_dir() else path.parent
        return Opened(name, open_model(content, name), content, folder, line)
    content = read_content(name)
    return Opened(name, open_model(content, name), content, path.parent)


def evaluate(
    model: Annotated[
        str,
        typer.Argument(
            help="A model file, a folder that 'tenfold fine-tune' wrote, or 'bundled' for what "
            "comes with tenfold."
        ),
    ],
    data: Annotated[
        list[str],
        typer.Option(
            help="digits, mnist, a path, or a table of images: file,label or file,truth. "
            "Several times: all in one table, the first in full."
        ),
    ],
    report: Annotated[
        Path | None, typer.Option(help="Write everything measured as one HTML page.")
    ] = None,
    against: Annotated[
        str | None, typer.Option(help="Another model file to compare with, image by image.")
    ] = None,
    non_digits: Annotated[
        Path | None,
        typer.Option(help="Your own non-digits: a folder of images, or an .npz."),
    ] = None,
    not_digits: Annotated[Path | None, typer.Option(hidden=True)] = None,
    brief: Annotated[
        bool, typer.Option("--quick", help="Leave out what takes long: bad and moved images.")
    ] = False,
    split: Annotated[
        Literal["train", "test", "all"] | None,
        typer.Option(help="Which part; by default its test set, or all of what is new to it."),
    ] = None,
    mistakes: Annotated[
        Path | None,
        typer.Option(help="Where to save the sheet of mistakes; by default beside the model."),
    ] = None,
    layout: Annotated[
        Literal["auto", "digit", "line", "page"] | None,
        typer.Option(
            help="For tables: as for 'tenfold read'; digit if there are labels, else auto."
        ),
    ] = None,
    min_confidence: Annotated[
        float | None,
        typer.Option(
            min=0, max=1, help="For tables: refuse digits less probable than this; default 0.5."
        ),
    ] = None,
    data_dir: DataDir = None,
    as_is: AsIs = None,
    force: Force = False,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Measure a model file on labelled images.

    Accuracy with its 95 % interval, loss, precision and recall per class, the confusion matrix, and
    the worst mistakes as a sheet. With --report or --json, everything else too: calibration,
    robustness, non-digits, occlusion maps, cost. A table of people's own images is read as 'tenfold
    read' does: exact match and character error rate, per source and over sources.
    """
    from tenfold.evaluation.evaluate import evaluate as measure
    from tenfold.evaluation.evaluate import steps
    from tenfold.evaluation.test_sets import check, has_learned, open_test_set
    from tenfold.evaluation.transcription import AS_IT_COMES, HowToRead
    from tenfold.files import check_target

    if not_digits is not None:
        note("--not-digits is called --non-digits now; the old name goes with the next release.")
        non_digits = non_digits or not_digits
    for target in (mistakes, report):
        if target is not None:
            check_target(target, force=force)
    opened = open_named(model)
    other = None if against is None else open_named(against).model
    with ExitStack() as stack:
        stack.enter_context(decoders.caught())
        place = (split, data_dir, as_is)
        sets = [open_test_set(opened.model, source, *place) for source in data]
        learned = [has_learned(opened.model, source, *place) for source in data]
        _tell_assumed(data, sets, data_dir, as_is, hidden=quiet or json)
        _check_used(
            sets, split=split, as_is=as_is, layout=layout, min_confidence=min_confidence,
            non_digits=non_digits, quick=brief,
        )  # fmt: skip
        for each in sets:
            check(opened.model, each)
        everything = report is not None or json or non_digits is not None
        wanted = [_sections(sets[0], everything, brief), *(_sections(each) for each in sets[1:])]
        history = None if opened.name == BUNDLED else opened.folder
        least = AS_IT_COMES.min_confidence if min_confidence is None else min_confidence
        reading = HowToRead(layout, least, opened.line)
        total = steps(sets[0], wanted[0], other) + sum(map(steps, sets[1:], wanted[1:]))
        tell = stack.enter_context(_progress(total, hidden=quiet or json))
        found = measure(
            opened.model, sets[0], sections=wanted[0], content=opened.content,
            learned_from=learned[0], other=other, non_digits=non_digits, history=history,
            reading=reading, tell=tell,
        )  # fmt: skip
        others = [
            measure(
                opened.model, each, sections=own, learned_from=known, reading=reading, tell=tell
            )
            for each, own, known in zip(sets[1:], wanted[1:], learned[1:], strict=True)
        ]
    if report is not None:
        from tenfold.evaluation.report.html_page import write_report

        write_report(report, opened.model, sets[0], found, others, _command(), force=force)
    sheet = mistakes or opened.folder / "mistakes.png"
    failure = _keep(opened, sets[0], found, history, sheet, force=force)
    saved = sheet if failure is None else None
    if json:
        _print_json(opened.name, found, others, saved, report)
    elif quiet:
        text = found.transcription
        say(percent(found.accuracy if text is None else text.mean_over_sources))
    else:
        show(opened.name, found, others, saved, report)
    if failure is not None:
        note(f"Not kept beside the model: {failure}")


def _check_used(sets: Sequence[TestSet], **given: object) -> None:
    """Refuse an option that none of the test sets takes."""
    from tenfold.evaluation.test_sets import ImageTable

    tables = [isinstance(each, ImageTable) for each in sets]
    for name, value in given.items():
        takers = tables[:1] if name in ("non_digits", "quick") else tables
        for_tables = name in ("layout", "min_confidence")
        if value is not None and value is not False and for_tables not in takers:
            here, there = ["data sets", "tables of images"][:: 1 if for_tables else -1]
            flag = f"--{name.replace('_', '-')}"
            raise UsageError(f"{flag} is for {there} and does nothing for {here}: leave it out.")


def _sections(data: TestSet, everything: bool = False, brief: bool = False) -> list[Section]:
    """Return what is measured beside the accuracy."""
    from tenfold.evaluation.evaluate import SECTIONS
    from tenfold.evaluation.test_sets import ImageTable

    if isinstance(data, ImageTable):
        return []
    own = SECTIONS if everything else SECTIONS[:1]
    return [each for each in own if not (brief and each == "robustness")]


def _tell_assumed(
    data: Sequence[str],
    sets: Sequence[TestSet],
    data_dir: Path | None,
    as_is: bool | None,
    *,
    hidden: bool,
) -> None:
    """Say what was assumed of data sets; tables of images are read as they are."""
    from tenfold.data.dataset import Dataset
    from tenfold.samples.load import load

    for source, each in zip(data, sets, strict=True):
        if hidden or not isinstance(each, Dataset):
            continue
        if words := load(source, data_dir, as_is=as_is).assumed:
            note(f"{words}.")


def _keep(
    opened: Opened,
    data: TestSet,
    found: Evaluation,
    history: Path | None,
    sheet: Path,
    *,
    force: bool,
) -> str | None:
    """Save the mistakes and the record for next time; a folder that is read only costs no more."""
    from tenfold.data.dataset import Dataset
    from tenfold.evaluation.history import digest, remember
    from tenfold.evaluation.plots import mistakes_sheet
    from tenfold.evaluation.test_sets import framed
    from tenfold.sheets import save_drawing

    try:
        used = framed(data, opened.model) if isinstance(data, Dataset) else data
        if history is not None:
            remember(history, data, found, digest(opened.content))
        save_drawing(mistakes_sheet(used, found), sheet, force=force)
    except TenfoldError as error:
        return str(error)
    return None


def _print_json(
    model: str,
    found: Evaluation,
    others: Sequence[Evaluation],
    sheet: Path | None,
    report: Path | None,
) -> None:
    from tenfold.evaluation.encode import encode
    from tenfold.evaluation.evaluation import summary

    record = encode(found) | {"model": shown(model), "mistakes_picture": sheet and shown(sheet)}
    if report is not None:
        record["report"] = shown(report)
    if others:
        record["test_sets"] = [summary(each) for each in (found, *others)]
    print_json(record)


@contextmanager
def _progress(total: int, hidden: bool) -> Iterator[Callable[[str], None]]:
    """Show a bar of so many steps on standard error; yields what tells of each step."""
    columns = (TextColumn("{task.description:<26}"), BarColumn(bar_width=24), TaskProgressColumn())
    hidden = hidden or not err.is_terminal
    progress = Progress(*columns, TimeRemainingColumn(), console=err, disable=hidden)
    with progress:
        task = progress.add_task("accuracy", total=total)

        def tell(name: str) -> None:
            progress.update(task, advance=1, description=name)

        yield tell


def _command() -> str:
    """Return what was typed."""
    return shlex.join(["tenfold", *sys.argv[1:]])
