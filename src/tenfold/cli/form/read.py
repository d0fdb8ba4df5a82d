"""tenfold form read: a stack of scans into a folder of results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from tenfold.cli.console import Json, Quiet, complain, err, note, print_json, say
from tenfold.cli.show_reading import show_left_out
from tenfold.cli.sources import Found, Source, find
from tenfold.cores import cores

if TYPE_CHECKING:
    from tenfold.forms.results import Results
    from tenfold.forms.sheet_results import SheetResult
    from tenfold.forms.stack import Progress

EXAMPLE = "Example: tenfold form read form.toml scans/ --out results/"


def read(
    template: Annotated[Path, typer.Argument(help="The form: form.toml.")],
    scans: Annotated[
        list[str], typer.Argument(help="PDFs, TIFFs of many pages, photos, folders of them.")
    ],
    out: Annotated[Path, typer.Option(help="Folder for the results.")],
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes that read; all cores by default.")
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(help="A model file, or a folder that 'tenfold fine-tune' wrote."),
    ] = None,
    keep_images: Annotated[
        Literal["no", "doubtful", "all"],
        typer.Option(help="Which pictures of people's sheets stay in the results."),
    ] = "doubtful",
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Read a stack of filled-in forms: each page aligned, each field read and checked.

    Stopped at any time and started again, it goes on where it was. A page that
    cannot be read is a row that says why. Then tenfold form review shows what is
    doubtful, and tenfold form export writes the table.
    """
    from tenfold.forms.results import Results
    from tenfold.forms.stack import read_stack
    from tenfold.forms.template import load

    form = load(template)
    paths, right = _paths(find(scans))
    failed = 0

    with Results.create(out, form, keep_images=keep_images) as results:
        with _bar() as move:

            def report(progress: Progress, sheet: SheetResult | None) -> None:
                nonlocal failed
                move(progress)
                if sheet is None:
                    return
                if json:
                    print_json(_record(sheet))
                if sheet.status != "read":
                    failed += sheet.status == "failed"
                    note(f"{sheet.source}, page {sheet.page}: {sheet.reason}")

            progress = read_stack(
                form, paths, results, workers=workers or cores(), report=report,
                model=None if model is None else str(model),
            )  # fmt: skip
        if not json and not quiet:
            _summary(results, progress, out)
    if failed or not right:
        raise typer.Exit(1)


def _paths(found: Found) -> tuple[list[Path], bool]:
    """Return the files, and whether all arguments led to some."""
    paths, right = [], True
    for source in found.sources:
        if isinstance(source, Source) and source.path is not None:
            paths.append(source.path)
            continue
        alone = "-: a stack is read from files. Save it, and give the file."
        complain(alone if isinstance(source, Source) else str(source))
        right = False
    show_left_out(found.others)
    return paths, right


def _record(sheet: SheetResult) -> dict[str, object]:
    """Return one page as --json prints it."""
    return {
        "file": sheet.source, "page": sheet.page, "template_page": sheet.template_page,
        "status": sheet.status, "reason": sheet.reason,
        "fields": {
            one.field: {"value": one.value, "probability": one.probability,
                        "runner_up": one.runner_up, "status": one.status, "reason": one.reason}
            for one in sheet.fields
        },
    }  # fmt: skip


def _summary(results: Results, progress: Progress, out: Path) -> None:
    """Say what was read and what to do next."""
    counts: Counter[str] = Counter()
    sheets = 0
    for sheet in results.sheets():
        sheets += 1
        counts.update(entry.status for entry in sheet.entries.values())
    fields = sum(counts.values())
    say(f"{progress.done} of {progress.pages} pages, {sheets} sheets, {fields} fields:")
    for status in ("ok", "blank", "decided", "doubtful", "contradiction", "not aligned"):
        if counts[status]:
            say(f"  {counts[status]:6} {status} ({counts[status] / max(1, fields):.1%})")
    say(f"Next: tenfold form review {out}, then tenfold form export {out} --csv")


@contextmanager
def _bar() -> Iterator[Callable[[Progress], None]]:
    """Show a bar with pages per second and time left, where somebody looks; yield what moves it."""
    from rich import progress as parts

    bar = parts.Progress(
        parts.TextColumn("reading"), parts.BarColumn(bar_width=24), parts.MofNCompleteColumn(),
        parts.TextColumn("{task.fields[rate]}"), parts.TimeRemainingColumn(compact=True),
        console=err, disable=not err.is_terminal,
    )  # fmt: skip
    task = bar.add_task("reading", total=None, rate="")

    def move(progress: Progress) -> None:
        rate = f"{progress.rate:.1f} pages/s" if progress.fresh else ""
        bar.update(task, completed=progress.done, total=progress.pages, rate=rate)

    with bar:
        yield move
