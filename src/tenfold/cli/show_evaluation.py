"""How an evaluation is printed in a terminal: its figures, tables and sentences."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich import box
from rich.markup import escape
from rich.table import Table

from tenfold.cli.console import note, out
from tenfold.evaluation.format import between, percent
from tenfold.names import shown

if TYPE_CHECKING:
    from tenfold.evaluation.evaluation import Evaluation
    from tenfold.evaluation.transcription import Transcription


def show(
    model: str,
    found: Evaluation,
    others: Sequence[Evaluation],
    sheet: Path | None,
    report: Path | None,
) -> None:
    """Print an evaluation, those of other test sets, and where pictures and report lie."""
    from tenfold.evaluation.report.sentences import answer

    name = escape(f"{shown(model)} on {shown(found.data)}")
    if found.transcription is not None:
        out.print(f"\n{name}: {found.note}")
        _show_text(found, found.transcription)
    else:
        loss = f"loss {found.loss:.4f} (cross-entropy)"
        out.print(f"\n{name} ({found.split} split): {loss}, {accuracy_line(found)}\n")
        out.print(confusion_table(found))
    for sentence in answer(found)[1:]:
        out.print(sentence, markup=False)
    if found.calibration is not None:
        out.print(f"Calibration error {percent(found.calibration.of_file.error)}.")
    if others:
        out.print(_test_sets_table([found, *others]))
    if found.corruptions is not None:
        mean = percent(found.corruptions.mean_corruption_accuracy, 1)
        kinds = len(found.corruptions.accuracies)
        out.print(f"Under corruption: accuracy {mean}, mean over {kinds} kinds in five severities.")
    if found.out_of_distribution:
        told = ", ".join(f"{each.kind} {each.auroc:.4f}" for each in found.out_of_distribution)
        out.print(f"Out-of-distribution detection (AUROC): {told}.", markup=False)
    if sheet is not None:
        out.print(f"\nMisclassified, most confident first: [bold]{escape(shown(sheet))}[/]")
    if report is not None:
        out.print(f"Report: [bold]{escape(shown(report))}[/]")


def _show_text(found: Evaluation, text: Transcription) -> None:
    """Print what only a table of images has: exact match and CER, by source and by confidence."""
    right = found.count - len(found.mistakes)
    out.print(
        f"[bold]exact match {percent(text.mean_over_sources)}[/] (mean over sources)"
        f" · {percent(found.accuracy)} of all ({right:,} of {found.count:,}; "
        f"95 % interval {between(found.interval)})\n"
        f"character error rate {percent(text.mean_character_error_rate)} (mean over sources)"
        f" · {percent(text.character_error_rate)} of all characters\n"
        f"nothing refused in {percent(text.accepted)}, of which "
        f"{percent(text.accepted_accuracy)} exact match\n"
    )
    sources = _table("By source", ("images", "exact match", "CER", "nothing refused"), "source")
    for each in text.sources:
        shares = (each.accuracy, each.character_error_rate, each.accepted)
        sources.add_row(
            escape(shown(each.name)), f"{each.count:,}", *(percent(x, 1) for x in shares)
        )
    out.print(sources)
    columns = ("images", "wrong", "error", "confidence ≥")
    risks = _table(
        "An image is as confident as its least confident number", columns, "most confident"
    )
    for risk in found.risk:
        cells = (percent(risk.error), percent(risk.threshold))
        risks.add_row(percent(risk.coverage, 0), f"{risk.count:,}", f"{risk.wrong:,}", *cells)
    out.print(risks)
    for transcript in text.transcripts:
        if transcript.error is not None:
            note(transcript.error)  # it begins with the file


def _test_sets_table(found: Sequence[Evaluation]) -> Table:
    from tenfold.evaluation.evaluation import summary

    # Broken in two, so that a row fits into 80 columns.
    long = ("mean over\nsources", "calibration\nerror")
    table = _table("On all test sets", ("images", "accuracy", "95 % interval", *long), "test set")
    for each in found:
        row = summary(each)
        shares = (row["mean_over_sources"], row["calibration_error"])
        table.add_row(
            f"{escape(shown(each.data))} [dim]{each.split}[/]",
            f"{each.count:,}",
            percent(each.accuracy),
            between(each.interval),
            *(percent(share) if isinstance(share, float) else "–" for share in shares),
        )
    return table


def _table(title: str, columns: Sequence[str], first: str) -> Table:
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.collapse_padding = True
    table.add_column(first, overflow="fold")
    for name in columns:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def accuracy_line(evaluation: Evaluation) -> str:
    """Say accuracy and interval in one line."""
    right = evaluation.count - len(evaluation.mistakes)
    return (
        f"[bold]accuracy {percent(evaluation.accuracy)}[/]  ({right:,} of {evaluation.count:,}; "
        f"95 % interval {between(evaluation.interval)})"
    )


def confusion_table(evaluation: Evaluation) -> Table:
    """Lay out the confusion matrix, with recall and precision at the margins."""
    title = "Confusion matrix: true label (rows), predicted label (columns)"
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    table.collapse_padding = True  # so that five digits a cell fit into 80 columns
    table.add_column("", justify="right", style="bold", no_wrap=True)
    classes = evaluation.digits.classes
    for each in classes:
        table.add_column(each.name, justify="right", no_wrap=True)
    table.add_column("recall", justify="right", no_wrap=True)
    rows = evaluation.digits.confusion.tolist()
    for i, (each, row) in enumerate(zip(classes, rows, strict=True)):
        cells = [_cell(count, on_diagonal=i == j) for j, count in enumerate(row)]
        table.add_row(each.name, *cells, percent(each.recall, 1) if each.support else "–")
    table.add_section()
    table.add_row("precision", *(f"{100 * each.precision:.0f}" for each in classes), "%")
    return table


def _cell(count: int, on_diagonal: bool) -> str:
    if on_diagonal:
        return f"[green]{count}[/]"
    return f"[bold red]{count}[/]" if count else "[dim]·[/]"
