"""Name fields by the print beside them: left of a box or a line, above it, right of a tick box."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from unicodedata import normalize

if TYPE_CHECKING:
    from tenfold.preprocess.pdf_layout import Box, Word

LONGEST = 40  # characters of a name
_GAP = 1.6  # of two letters' width: a wider space ends a label
_FAR = 3.0  # of the same: so far right of a tick box its label begins at most
_ABOVE = 1.6  # of a line's height: so far above or below its field a label ends
_TOUCH = 0.004  # of the page: cells of a table are no further apart


def slug(words: str) -> str:
    """Return words as a name: small letters and digits, joined by underscores.

    Examples
    --------
    >>> slug("Student ID number:"), slug("Größe (cm) ...."), slug("…")
    ('student_id_number', 'grosse_cm', '')
    """
    text = normalize("NFKD", words.casefold())
    text = "".join(letter for letter in text if not 0x300 <= ord(letter) < 0x370)  # accents
    return re.sub(r"[\W_]+", "_", text).strip("_")[:LONGEST].strip("_")


@dataclass(frozen=True, slots=True)
class Label:
    """The print that says what a field is for; empty where there is none.

    Parameters
    ----------
    name : str
        Beside it, above it, or below; of a table's cell: its row and its column.
    more : str
        What tells it from others of that name: the line's text of a tick box, what is above.
    """

    name: str
    more: str


def labels_of(boxes: Sequence[Box], ticks: Sequence[bool], words: Sequence[Word]) -> list[Label]:
    """Return the labels of a page's fields.

    Parameters
    ----------
    boxes : sequence of tuple
        Left, top, width and height of each as shares of the page.
    ticks : sequence of bool
        Which of them are boxes to tick; their labels may stand on their right.
    words : sequence of Word
        Of the page's text layer.
    """
    said = [
        word for word in words
        if re.search(r"\w", word.text) and not any(_inside(word.box, box) for box in boxes)
    ]  # fmt: skip
    left, above = _touching(boxes, 0), _touching(boxes, 1)
    touched = {*left, *left.values(), *above, *above.values()}
    return [
        _tick_label(box, boxes, said)
        if tick
        else _label(box, _last(box, left), _last(box, above), box in touched, boxes, said)
        for box, tick in zip(boxes, ticks, strict=True)
    ]


def _tick_label(box: Box, boxes: Sequence[Box], words: Sequence[Word]) -> Label:
    beside = slug(_run(words, box, boxes, right=True)) or slug(_run(words, box, boxes))
    line = slug(_run(words, _first(box, boxes), boxes))
    return Label(beside, line[: LONGEST // 2].strip("_") if line != beside else "")


def _label(
    box: Box, first: Box, top: Box, is_cell: bool, boxes: Sequence[Box], words: Sequence[Word]
) -> Label:
    """Return the label of a box; of a table's cell, the first of its row and the top one matter."""
    left, above = slug(_run(words, first, boxes)), slug(_above(words, top))
    if is_cell:
        return Label("_".join(filter(None, (left, above))), "")
    return Label(left or above or slug(_below(words, box)), above)


def _touching(boxes: Sequence[Box], axis: int) -> dict[Box, Box]:
    """Return the cell that each cell of a table touches on its left (axis 0) or above it (1)."""
    found: dict[Box, Box] = {}
    for box in boxes:
        for other in boxes:
            if (
                abs(other[axis] + other[axis + 2] - box[axis]) < _TOUCH
                and abs(other[1 - axis] - box[1 - axis]) < _TOUCH
                and abs(other[3 - axis] - box[3 - axis]) < _TOUCH
            ):
                found[box] = other
                break
    return found


def _last(box: Box, touching: dict[Box, Box]) -> Box:
    """Follow cells that touch to where they end; or in a circle, which thin ones may make."""
    for _ in touching:
        box = touching.get(box, box)
    return box


def _first(box: Box, boxes: Sequence[Box]) -> Box:
    """Return the leftmost field of a line."""
    middle = box[1] + box[3] / 2
    return min(other for other in boxes if other[1] < middle < other[1] + other[3])


def _inside(word: Box, box: Box) -> bool:
    x, y = word[0] + word[2] / 2, word[1] + word[3] / 2
    return box[0] < x < box[0] + box[2] and box[1] < y < box[1] + box[3]


def _run(words: Sequence[Word], box: Box, boxes: Sequence[Box], *, right: bool = False) -> str:
    """Return the words of the line that runs up to a field, or away from it."""
    left, top, width, height = box
    row = [word for word in words if top < word.box[1] + word.box[3] / 2 < top + height]
    row.sort(key=lambda word: word.box[0], reverse=not right)
    between = [
        other for other in boxes
        if other != box and other[1] < top + height / 2 < other[1] + other[3]
    ]  # fmt: skip
    edge, run = left + width if right else left, list[str]()
    for word in row:
        x, _, wide, _ = word.box
        gap = x - edge if right else edge - (x + wide)
        if gap < -wide / 2:
            continue
        if (right and not run and gap > _FAR * _em(word)) or (run and gap > _GAP * _em(word)):
            break
        low, high = sorted((edge, x + wide / 2))
        if any(low <= other[0] + other[2] / 2 <= high for other in between):
            break
        run.append(word.text)
        edge = x + wide if right else x
    return " ".join(run if right else run[::-1])


def _em(word: Word) -> float:
    """Return the width of a word's two letters as a share of the page's width."""
    return 2 * word.box[2] / max(1, len(word.text))


def _above(words: Sequence[Word], box: Box) -> str:
    """Return the line that stands right above a field."""
    return _line(words, box, box[1], lambda word: word[1] + word[3], -1)


def _below(words: Sequence[Word], box: Box) -> str:
    """Return the line that stands right below a field."""
    return _line(words, box, box[1] + box[3], lambda word: word[1], 1)


def _line(
    words: Sequence[Word], box: Box, edge: float, near: Callable[[Box], float], side: int
) -> str:
    left, _, width, _ = box
    close = [
        word for word in words
        if word.box[0] < left + width and word.box[0] + word.box[2] > left
        and -0.8 < side * (near(word.box) - edge) / word.box[3] < _ABOVE
    ]  # fmt: skip
    if not close:
        return ""
    middles = [word.box[1] + word.box[3] / 2 for word in close]
    base = max(middles) if side < 0 else min(middles)
    line = [
        word
        for word, middle in zip(close, middles, strict=True)
        if abs(middle - base) < 0.7 * word.box[3]
    ]
    return " ".join(word.text for word in sorted(line, key=lambda word: word.box[0]))


def unique(labels: Sequence[Label]) -> list[str]:
    """Tell fields apart: by what else is said of those of one name, then by a number.

    Examples
    --------
    >>> unique([Label("total", ""), Label("", ""), Label("yes", "q1"), Label("yes", "q2")])
    ['total', 'field_2', 'q1_yes', 'q2_yes']
    >>> unique([Label("x", ""), Label("x", "")])
    ['x', 'x_2']
    """
    names = [label.name or label.more for label in labels]
    names = [name or f"field_{number}" for number, name in enumerate(names, 1)]
    counts = Counter(names)
    joined = [
        f"{label.more}_{name}" if counts[name] > 1 and label.more not in ("", name) else name
        for name, label in zip(names, labels, strict=True)
    ]
    given: list[str] = []
    for name in joined:
        number, own = 1, name
        while own in given:
            number += 1
            own = f"{name}_{number}"
        given.append(own)
    return given
