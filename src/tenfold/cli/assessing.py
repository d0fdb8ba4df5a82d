"""The half of tenfold evaluate that measures a model on single digits."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich import box
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from tenfold.cli.console import accuracy_line, confusion_table, err, out, print_json
from tenfold.cli.readings import read_table
from tenfold.errors import TenfoldError
from tenfold.evaluation import words
from tenfold.files import check_target

if TYPE_CHECKING:
    from tenfold.data.dataset import Split
    from tenfold.evaluation.assess import Depth
    from tenfold.evaluation.assessment import Assessment
    from tenfold.evaluation.cross import Row
    from tenfold.model import Model
    from tenfold.reader.reader import Layout

BUNDLED = "bundled"


@dataclass(frozen=True, slots=True)
class Opened:
    """A model by the name it was given: itself, its file's content, and where results go."""

    name: str
    model: Model
    content: bytes
    folder: Path


@dataclass(frozen=True, slots=True)
class Wishes:
    """What was asked for on the command line, beside model and data."""

    report: Path | None
    against: str | None
    not_digits: Path | None
    quick: bool
    sheet: Path
    layout: Layout | None
    min_confidence: float
    json: bool
    quiet: bool

    @property
    def depth(self) -> Depth:
        """How much is measured: all that is shown."""
        if self.report is None and not self.json and self.not_digits is None:
            return "plain"
        return "quick" if self.quick else "full"


def open_named(name: str) -> Opened:
    """Open a model file, or the one that comes with tenfold by the name ``bundled``."""
    from tenfold.model import open_model, read_content
    from tenfold.reader.networks import bundled_content

    if name == BUNDLED:
        content, folder = bundled_content(), Path()
    else:
        content, folder = read_content(name), Path(name).parent
    return Opened(name, open_model(content, name), content, folder)


def evaluate_data(
    opened: Opened,
    sources: Sequence[str],
    tables: Sequence[Path],
    split: Split | None,
    data_dir: Path | None,
    wishes: Wishes,
) -> None:
    """Measure on the first source in full and on the others in short, and show it as wished."""
    from tenfold.evaluation.assess import assess, steps
    from tenfold.evaluation.cross import check_row, row_of_data, row_of_table
    from tenfold.evaluation.evaluate import choose_split, has_learned
    from tenfold.evaluation.readings import load_table

    if wishes.report is not None:
        check_target(wishes.report)
    model = opened.model
    other = None if wishes.against is None else open_named(wishes.against).model
    sets = [choose_split(model, source, split, data_dir) for source in sources]
    learned = [has_learned(model, source, split, data_dir) for source in sources]
    for each in sets:
        check_row(model, each)
    for table in tables:
        load_table(table)
    kept = None if opened.name == BUNDLED else opened.folder
    several = len(sets) + len(tables) > 1
    with _progress(steps(wishes.depth), hidden=wishes.quiet or wishes.json) as tell:
        found = assess(
            model,
            sets[0],
            opened.content,
            depth=wishes.depth,
            learned=learned[0],
            other=other,
            not_digits=wishes.not_digits,
            folder=kept,
            tell=tell,
        )
    pairs = zip(sets, learned, strict=True) if several else ()
    cross = [row_of_data(model, *pair) for pair in pairs]
    how, hidden = (wishes.layout, wishes.min_confidence), wishes.quiet or wishes.json
    cross += [row_of_table(read_table(model, table, *how, hidden=hidden)) for table in tables]
    if wishes.report is not None:
        from tenfold.evaluation.report.page import write_report

        write_report(wishes.report, model, found, cross, _command())
    failure = _keep(opened, found, kept, wishes.sheet)
    _show(opened, found, cross, wishes, sheet=failure is None)
    if failure is not None:
        err.print(f"Not kept beside the model: {failure}", markup=False)


def _keep(opened: Opened, found: Assessment, folder: Path | None, sheet: Path) -> str | None:
    """Save the mistakes and the record for next time; a folder that is read only costs no more."""
    from tenfold.evaluation.plots import mistakes_sheet
    from tenfold.evaluation.records import digest, remember
    from tenfold.pictures import save_png

    try:
        save_png(mistakes_sheet(found.data, found.evaluation), sheet)
        if folder is not None:
            remember(folder, found.data, found.to_dict(), digest(opened.content))
    except TenfoldError as error:
        return str(error)
    return None


def _show(
    opened: Opened, found: Assessment, cross: list[Row], wishes: Wishes, *, sheet: bool
) -> None:
    evaluation = found.evaluation
    if wishes.json:
        saved = str(wishes.sheet) if sheet else None
        paths = {"model": opened.name, "mistakes_picture": saved}
        report = {} if wishes.report is None else {"report": str(wishes.report)}
        rows = {"cross": [row.to_dict() for row in cross]} if cross else {}
        print_json(found.to_dict() | paths | report | rows)
        return
    if wishes.quiet:
        typer.echo(words.percent(evaluation.accuracy))
        return
    out.print(
        f"\n{escape(f'{opened.name} on {evaluation.data}')} ({evaluation.split} part): "
        f"loss {evaluation.loss:.4f} (cross-entropy), {accuracy_line(evaluation)}\n"
    )
    out.print(confusion_table(evaluation))
    for sentence in words.answer(found)[1:]:
        out.print(sentence, markup=False)
    honest = found.before if found.fitted_here else found.after
    out.print(f"Calibration error {words.percent(honest.error)}.")
    if cross:
        out.print(_cross_table(cross))
    if wishes.depth != "plain":
        _show_more(found)
    if sheet:
        out.print(f"\nMistakes, the surest first: [bold]{escape(str(wishes.sheet))}[/]")
    if wishes.report is not None:
        out.print(f"Report: [bold]{escape(str(wishes.report))}[/]")


def _show_more(found: Assessment) -> None:
    if found.corruptions is not None:
        out.print(
            f"Under corruption: {words.percent(found.corruptions.mean, 1)} right on average over "
            f"{len(found.corruptions.accuracies)} kinds in five severities."
        )
    told = ", ".join(f"{each.kind} {each.auroc:.4f}" for each in found.refusals)
    out.print(f"Told from digits (AUROC): {told}.", markup=False)


def _cross_table(rows: list[Row]) -> Table:
    table = Table(title="On all data", title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.collapse_padding = True
    table.add_column("data", overflow="fold")
    for name in ("pictures", "right", "95 % interval"):
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("mean over sources", "calibration error"):
        table.add_column(name, justify="right")
    for row in rows:
        shares = (row.mean_over_sources, row.calibration_error)
        table.add_row(
            f"{escape(row.data)} [dim]{row.part}[/]",
            f"{row.count:,}",
            words.percent(row.accuracy),
            words.between(row.interval),
            *("–" if share is None else words.percent(share) for share in shares),
        )
    return table


@contextmanager
def _progress(total: int, hidden: bool) -> Iterator[Callable[[str], None]]:
    """Show a bar of so many steps on standard error; yields what tells of each step."""
    columns = (TextColumn("{task.description:<26}"), BarColumn(bar_width=24), TaskProgressColumn())
    hidden = hidden or not err.is_terminal
    progress = Progress(*columns, TimeRemainingColumn(), console=err, disable=hidden)
    with progress:
        task = progress.add_task("clean pictures", total=total)

        def tell(name: str) -> None:
            progress.update(task, advance=1, description=name)

        yield tell


def _command() -> str:
    """Return what was typed."""
    return shlex.join(["tenfold", *sys.argv[1:]])
