"""Measure the reader on a table of people's own pictures.

The table is a CSV with a column ``file`` and one of ``label`` (pictures of one digit) or ``truth``
(numbers and pages: digits only, ``|`` between lines). Of what was read, the digits alone are
compared. Files lie beside the table. The first folder of each file counts as its source, and the
figure to quote is the mean over sources, so that no large source drowns the others.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import fmean

import numpy as np

from tenfold.errors import DataError, TenfoldError
from tenfold.evaluation.coverage import Risk, risk_at
from tenfold.evaluation.statistics import wilson
from tenfold.model import Model
from tenfold.reader.reader import Layout, Reader
from tenfold.reader.reading import Reading


@dataclass(frozen=True, slots=True)
class Row:
    """A picture of the table: its file, what it shows, and whether that is one digit."""

    file: Path
    truth: str
    source: str
    single: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What was read in a picture: its digits (``|`` between lines), and how much was accepted."""

    row: Row
    text: str
    confidence: float  # of the least sure number; 0 where nothing was read
    accepted: int  # digits that are part of the text
    refused: int  # what could not be read; not what is struck out, nor print left out
    error: str | None = None  # why the picture could not be opened

    @property
    def right(self) -> bool:
        """Whether the whole picture was read without a fault."""
        return self.text == self.row.truth

    @property
    def edits(self) -> int:
        """Digits to insert, delete or change to get from the truth to the text."""
        return edit_distance(self.row.truth.replace("|", ""), self.text.replace("|", ""))


@dataclass(frozen=True, slots=True)
class Source:
    """The figures of one source; see `TableEvaluation`."""

    name: str
    count: int
    accuracy: float
    character_error_rate: float
    coverage: float


@dataclass(frozen=True, slots=True)
class TableEvaluation:
    """How the reader did on a table of pictures.

    Parameters
    ----------
    data : str
        The table.
    count : int
        How many pictures.
    accuracy : float
        Share of pictures read without a fault, 0 to 1. In pictures of one digit the likeliest
        digit counts, even where it was refused as unsure.
    interval : pair of float
        Its 95 % confidence interval (Wilson 1927).
    mean_over_sources : float
        Mean of the sources' accuracies.
    character_error_rate : float
        Digits to insert, delete or change over digits in the truth, all pictures together.
    mean_character_error_rate : float
        The same, mean over sources.
    coverage, covered_accuracy : float
        Share of pictures with something accepted and nothing refused, and the accuracy on these.
    risk : tuple of Risk
        The error among the surest 25, 50, 75, 90 and 100 % of the pictures; a picture is as sure as
        the least sure of its numbers.
    sources : tuple of Source
        By name.
    answers : tuple of Answer
        One a picture, in the table's order.
    """

    data: str
    count: int
    accuracy: float
    interval: tuple[float, float]
    mean_over_sources: float
    character_error_rate: float
    mean_character_error_rate: float
    coverage: float
    covered_accuracy: float
    risk: tuple[Risk, ...]
    sources: tuple[Source, ...]
    answers: tuple[Answer, ...]

    def to_dict(self) -> dict[str, object]:
        """Return all figures by name, ready for JSON; of the answers, the wrong ones."""
        record = asdict(self)
        record["interval"] = list(self.interval)
        del record["answers"]
        record["failures"] = [
            {
                "file": str(answer.row.file),
                "truth": answer.row.truth,
                "read": answer.text,
                "confidence": round(answer.confidence, 4),
                "error": answer.error,
            }
            for answer in self.answers
            if not answer.right
        ]
        return record


def is_picture_table(path: str | Path) -> bool:
    """Whether this is a CSV whose header has a column ``file``."""
    path = Path(path)
    if path.suffix.lower() != ".csv" or not path.is_file():
        return False
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        return "file" in [name.strip() for name in file.readline().split(",")]


def load_table(path: str | Path) -> list[Row]:
    """Load the table; raises DataError naming file and line where it does not hold together."""
    path = Path(path)
    rows = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            single = "label" in (reader.fieldnames or [])
            column = "label" if single else "truth"
            if column not in (reader.fieldnames or []):
                raise DataError(f"{path}: needs a column 'label' or 'truth' beside 'file'.")
            for number, record in enumerate(reader, start=2):
                rows.append(_row(path, number, record.get("file"), record.get(column), single))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read as a table ({error}).") from error
    if not rows:
        raise DataError(f"{path}: no pictures in this table; nothing to measure.")
    return rows


def _row(path: Path, number: int, name: str | None, truth: str | None, single: bool) -> Row:
    allowed = "0123456789" if single else "0123456789|"
    if not name or truth is None or set(truth) - set(allowed) or (single and len(truth) != 1):
        what = "one digit" if single else "digits, with | between lines"
        raise DataError(f"{path}:{number}: needs a file and {what}; got {name!r}, {truth!r}.")
    parts = Path(name).parts
    return Row(path.parent / name, truth, parts[0] if len(parts) > 1 else ".", single)


def evaluate_table(
    path: str | Path,
    model: Model | str | Path | None = None,
    *,
    layout: Layout | None = None,
    min_confidence: float = 0.5,
    track: Callable[[list[Row]], Iterable[Row]] = lambda rows: rows,
) -> TableEvaluation:
    """Read every picture of a table and compare.

    Parameters
    ----------
    path : str or Path
        The table.
    model, layout, min_confidence
        As for `tenfold.reader.reader.Reader`; the layout is ``"digit"`` for tables with labels
        and ``"auto"`` for others unless given.
    track : callable
        Wraps the rows to show progress.

    Raises
    ------
    DataError
        If the table cannot be used. A picture that cannot be opened counts as wrong.
    """
    rows = load_table(path)
    chosen: Layout = layout or ("digit" if rows[0].single else "auto")
    reader = Reader(model, layout=chosen, min_confidence=min_confidence)
    return summarise(str(path), [_answer(reader, row) for row in track(rows)])


def _answer(reader: Reader, row: Row) -> Answer:
    try:
        reading = reader.read(row.file)
    except TenfoldError as error:
        return Answer(row, "", 0.0, 0, 0, str(error))
    accepted = sum(digit.accepted for digit in reading.digits)
    refused = sum(not digit.accepted and not digit.left_out for digit in reading.digits)
    return Answer(row, *_digits(reading, row), accepted, refused)


def _digits(reading: Reading, row: Row) -> tuple[str, float]:
    """Return the digits alone, ``|`` between lines, and how sure the least sure number is."""
    if row.single and not reading.text and len(reading.digits) == 1:
        return str(reading.digits[0].digit), reading.digits[0].confidence
    numbers = [number.confidence for line in reading.lines for number in line.numbers]
    text = "|".join("".join(filter(str.isdigit, line.text)) for line in reading.lines)
    return text, min(numbers, default=0.0)


def summarise(data: str, answers: list[Answer]) -> TableEvaluation:
    """Put the answers' figures together."""
    names = sorted({answer.row.source for answer in answers})
    sources = [_source(n, [a for a in answers if a.row.source == n]) for n in names]
    right = sum(answer.right for answer in answers)
    covered = [answer for answer in answers if _covered(answer)]
    confidence = np.array([answer.confidence for answer in answers])
    return TableEvaluation(
        data=data,
        count=len(answers),
        accuracy=right / len(answers),
        interval=wilson(right, len(answers)),
        mean_over_sources=fmean(source.accuracy for source in sources),
        character_error_rate=_character_error_rate(answers),
        mean_character_error_rate=fmean(source.character_error_rate for source in sources),
        coverage=len(covered) / len(answers),
        covered_accuracy=fmean([a.right for a in covered]) if covered else 0.0,
        risk=risk_at(confidence, np.array([answer.right for answer in answers])),
        sources=tuple(sources),
        answers=tuple(answers),
    )


def _source(name: str, answers: list[Answer]) -> Source:
    return Source(
        name=name,
        count=len(answers),
        accuracy=fmean(answer.right for answer in answers),
        character_error_rate=_character_error_rate(answers),
        coverage=fmean(_covered(answer) for answer in answers),
    )


def _covered(answer: Answer) -> bool:
    return answer.accepted > 0 and not answer.refused


def _character_error_rate(answers: list[Answer]) -> float:
    digits = sum(len(answer.row.truth.replace("|", "")) for answer in answers)
    return sum(answer.edits for answer in answers) / max(digits, 1)


def edit_distance(one: str, other: str) -> int:
    """Count the insertions, deletions and changes between two texts (Levenshtein 1966).

    Examples
    --------
    >>> edit_distance("40718", "4071"), edit_distance("12", "21")
    (1, 2)
    """
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        diagonal, row[0] = row[0], i
        for j, b in enumerate(other, start=1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (a != b))
    return row[-1]
