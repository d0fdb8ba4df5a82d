"""The tables of people's own pictures, and how a reading is scored against them.

Only digits count: spaces and separators are dropped, lines are joined by ``|``. A picture is right
when the digits of all its lines are (exact match). The character error rate is the one of
`tenfold.evaluation.metrics.text`, as in `tenfold evaluate`: over all characters, and the mean over
sources of that. Sources are the first folders of the files; a mean over sources counts each alike.
"""

from __future__ import annotations

import csv
import random
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tenfold.evaluation.metrics.text import by_source, character_error_rate
from tenfold.evaluation.test_sets import ImageRow, load_table

CORRECTIONS = Path(__file__).with_name("corrections.csv")
SEED = 4  # of the pictures chosen where not all are wanted


@dataclass(frozen=True)
class Task:
    """A table of pictures, and the layout it is read with."""

    name: str
    folder: str
    layout: str


TASKS = (
    Task("real", "real", "digit"),
    Task("numbers", "numbers", "auto"),
    Task("car_a, auto", "car_a", "auto"),
    Task("car_a, line", "car_a", "line"),
    Task("cases", "cases", "auto"),
)
PARTS = tuple(dict.fromkeys(task.folder for task in TASKS))


@dataclass(frozen=True)
class Picture:
    """A picture of a table, and what it truly shows where its label is plainly wrong."""

    row: ImageRow
    file: str
    source: str
    kind: str
    seen: str

    @property
    def label(self) -> str:
        """What the table says that it shows."""
        return self.row.truth


@dataclass(frozen=True)
class Answer:
    """What somebody read in a picture."""

    text: str
    seconds: float
    confidence: float | None = None  # None where the reader does not say how sure it is
    error: str = ""


def corrections(folder: str) -> dict[str, tuple[str, str]]:
    """Return the labels of a folder that are plainly wrong: (label, what is seen) by file."""
    with CORRECTIONS.open(encoding="utf-8", newline="") as table:
        rows = [row for row in csv.DictReader(table) if row["folder"] == folder]
    return {row["file"]: (row["label"], row["seen"]) for row in rows}


def load_pictures(data: Path, folder: str, limit: int | None = None) -> list[Picture]:
    """Return a table's pictures, at most so many of each source; which ones is always the same."""
    wrong, pictures, path = corrections(folder), [], data / folder / "labels.csv"
    with path.open(encoding="utf-8-sig", newline="") as table:
        kinds = [record.get("kind") or "" for record in csv.DictReader(table)]
    for row, kind in zip(load_table(path).rows, kinds, strict=True):
        file = row.file.relative_to(path.parent).as_posix()
        label, seen = wrong.get(file, (row.truth, row.truth))
        if label != row.truth:
            raise SystemExit(f"{CORRECTIONS}: {folder}/{file} is labelled {row.truth} by now.")
        source = folder if row.source == "." else row.source
        named = kind or (source if folder == "cases" else "")
        pictures.append(Picture(row, file, source, named, seen))
    return pictures if limit is None else _some(pictures, limit)


def _some(pictures: Sequence[Picture], limit: int) -> list[Picture]:
    chosen: set[str] = set()
    for source in dict.fromkeys(picture.source for picture in pictures):
        own = [picture.file for picture in pictures if picture.source == source]
        chosen |= set(random.Random(f"{SEED} {source}").sample(own, min(limit, len(own))))  # noqa: S311
    return [picture for picture in pictures if picture.file in chosen]


def figures(pictures: Sequence[Picture], answers: Sequence[Answer]) -> dict[str, Any]:
    """Put a task's figures together: against the labels as they are, and as corrected."""
    labelled = score(pictures, answers, lambda picture: picture.label)
    corrected = score(pictures, answers, lambda picture: picture.seen)
    return {
        "pictures": len(pictures),
        "corrections": sum(picture.label != picture.seen for picture in pictures),
        "median_seconds": statistics.median(answer.seconds for answer in answers),
        "exceptions": sum(bool(answer.error) for answer in answers),
        "labelled": labelled,
        "corrected": corrected,
    }


def score(
    pictures: Sequence[Picture], answers: Sequence[Answer], truth: Callable[[Picture], str]
) -> dict[str, Any]:
    """Return how many pictures are right and how many characters wrong, also by source and kind."""
    truths, texts = [truth(picture) for picture in pictures], [answer.text for answer in answers]
    right = [is_right(answer, true) for answer, true in zip(answers, truths, strict=True)]
    sources = [picture.source for picture in pictures]
    wrong_by_source = by_source(character_error_rate, sources, truths, texts)
    return {
        "right": statistics.fmean(right),
        "right_by_source": mean_over_sources(right, sources),
        "character_error_rate": character_error_rate(truths, texts),
        "mean_character_error_rate": statistics.fmean(wrong_by_source.values()),
        "surest_half_wrong": _surest_half_wrong(answers, right),
        "by_source": {name: statistics.fmean(each) for name, each in grouped(right, sources)},
        "by_kind": right_by_kind(pictures, right),
    }


def is_right(answer: Answer, truth: str) -> bool:
    """Whether the digits of all lines are the truth's; an exception is never right."""
    return not answer.error and answer.text == truth


def grouped(values: Iterable[Any], names: Iterable[str]) -> list[tuple[str, list[Any]]]:
    """Return names, in the order in which they first come, each with its values."""
    groups: dict[str, list[Any]] = {}
    for value, name in zip(values, names, strict=True):
        groups.setdefault(name, []).append(value)
    return list(groups.items())


def mean_over_sources(right: Sequence[bool], sources: Sequence[str]) -> float:
    """Return the share that is right, every source counting alike."""
    return statistics.fmean(statistics.fmean(own) for _, own in grouped(right, sources))


def right_by_kind(pictures: Sequence[Picture], right: Sequence[bool]) -> dict[str, Any]:
    """Return the share that is right of each kind that has a name, of all and over sources."""
    pairs = zip(right, (picture.source for picture in pictures), strict=True)
    return {
        kind: {
            "pictures": len(own),
            "right": statistics.fmean(ok for ok, _ in own),
            "right_by_source": mean_over_sources(*zip(*own, strict=True)),
        }
        for kind, own in grouped(pairs, [picture.kind for picture in pictures])
        if kind
    }


def _surest_half_wrong(answers: Sequence[Answer], right: Sequence[bool]) -> float | None:
    """Return the share wrong among the half of the pictures that the reader is surest of."""
    sure = [answer.confidence for answer in answers if answer.confidence is not None]
    if len(sure) < max(2, len(answers)):
        return None
    order = sorted(range(len(answers)), key=lambda index: -sure[index])
    return 1 - statistics.fmean(right[index] for index in order[: len(order) // 2])
