"""What a person gets back: the text, its lines and numbers, each digit and mark, what was left out.

Within a line, the accepted digits and the marks in the text stand in the order of the line's text.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

from tenfold.names import page_name

Box = tuple[int, int, int, int]  # x, y, width, height in pixels of the upright picture
Ink = Literal["handwritten", "printed"]
InkChoice = Literal["auto", "all", "handwritten", "printed"]
Refusal = Literal["not a digit", "unsure", "struck out", "printed", "handwritten", "not expected"]
# Read, but not meant to be part of the text.
LEFT_OUT = ("struck out", "printed", "handwritten", "not expected")


@dataclass(frozen=True, slots=True)
class Digit:
    """One digit, or what was refused as one.

    Parameters
    ----------
    digit : int
        The likeliest digit, also where it was refused.
    confidence : float
        Calibrated probability of that digit, 0 to 1.
    probabilities : tuple of float
        Of the ten digits, in order; they sum to 1.
    digitness : float
        How much it looks like any digit at all, 0 to 1.
    box : tuple of int
        ``(x, y, width, height)`` in pixels of the upright picture.
    line : int or None
        Number of its line, from 0; None where nothing of its line was accepted.
    refused : str or None
        Why it is not part of the text: ``"not a digit"``, ``"unsure"``, ``"struck out"``,
        ``"printed"`` where print was to be left out, ``"not expected"`` beside the number that was
        expected; None where it is part of it.
    ink : str
        ``"handwritten"`` or ``"printed"``.
    """

    digit: int
    confidence: float
    probabilities: tuple[float, ...]
    digitness: float
    box: Box
    line: int | None
    refused: Refusal | None = None
    ink: Ink = "handwritten"

    @property
    def accepted(self) -> bool:
        """Whether the digit is part of the text."""
        return self.refused is None

    @property
    def left_out(self) -> bool:
        """Whether it was read, but is struck out or print that was to be left out."""
        return self.refused in LEFT_OUT

    @property
    def alternatives(self) -> tuple[tuple[int, float], ...]:
        """The next likeliest digits with at least 1 %, likeliest first."""
        ranked = sorted(enumerate(self.probabilities), key=lambda pair: -pair[1])
        return tuple((digit, p) for digit, p in ranked if digit != self.digit and p >= 0.01)

    def to_dict(self) -> dict[str, Any]:
        """Return what ``--json`` prints of it."""
        return {
            "digit": self.digit,
            "confidence": round(self.confidence, 4),
            "alternatives": [
                {"digit": digit, "probability": round(p, 4)} for digit, p in self.alternatives
            ],
            "box": list(self.box),
            "line": self.line,
            "ink": self.ink,
            "accepted": self.accepted,
            "reason": self.refused,
        }


@dataclass(frozen=True, slots=True)
class Mark:
    """What stands between digits: a point, a comma, a minus, a slash, a colon.

    Parameters
    ----------
    text : str
        The mark as a character.
    confidence : float
        Probability that it is this mark, 0 to 1.
    box : tuple of int
        ``(x, y, width, height)`` in pixels of the upright picture.
    line : int or None
        Number of its line, from 0; None where nothing of its line was accepted.
    in_text : bool
        Whether it is part of the text; one that is not sure enough is left out.
    """

    text: str
    confidence: float
    box: Box
    line: int | None
    in_text: bool

    def to_dict(self) -> dict[str, Any]:
        """Return what ``--json`` prints of it."""
        return {
            "text": self.text,
            "confidence": round(self.confidence, 4),
            "box": list(self.box),
            "line": self.line,
            "in_text": self.in_text,
        }


@dataclass(frozen=True, slots=True)
class Number:
    """One number: digits, and the marks between them, with no wide gap.

    Parameters
    ----------
    text : str
        Such as ``"12.50"``, ``"-4"`` or ``"12/05/2023"``.
    box : tuple of int
        ``(x, y, width, height)`` in pixels of the upright picture.
    confidence : float
        Probability that the whole text is right, 0 to 1.
    """

    text: str
    box: Box
    confidence: float

    def to_dict(self) -> dict[str, Any]:
        """Return what ``--json`` prints of it."""
        return {
            "text": self.text,
            "box": list(self.box),
            "confidence": round(self.confidence, 4),
        }


@dataclass(frozen=True, slots=True)
class Line:
    """One line of writing, its numbers from left to right; the text joins theirs by one space."""

    text: str
    box: Box
    numbers: tuple[Number, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return what ``--json`` prints of it."""
        return {
            "text": self.text,
            "box": list(self.box),
            "numbers": [number.to_dict() for number in self.numbers],
        }


@dataclass(frozen=True, slots=True)
class Expected:
    """The number that was expected, and how sure it is.

    Parameters
    ----------
    words : str
        What was expected, such as ``"8 digits"``.
    value : str or None
        As `tenfold.reader.expect.Expect.value` has it; None where nothing fits surely enough.
    candidates : tuple of (str, float)
        The likeliest values that fit with their probabilities, the value first. That nothing fits
        has the rest.
    """

    words: str
    value: str | None
    candidates: tuple[tuple[str, float], ...]

    def to_dict(self) -> dict[str, Any]:
        """Return what ``--json`` prints of it."""
        return {
            "words": self.words,
            "value": self.value,
            "candidates": [
                {"value": value, "probability": round(chance, 4)}
                for value, chance in self.candidates
            ],
        }


@dataclass(frozen=True, slots=True, repr=False)
class Reading:
    """What was read in one picture.

    Parameters
    ----------
    file : str
        What a person calls the picture.
    lines : tuple of Line
        From top to bottom; lines without an accepted digit are left out.
    digits : tuple of Digit
        Line by line from left to right, refused ones included.
    marks : tuple of Mark
        Line by line from left to right, those left out included.
    width, height : int
        Of the upright picture, in pixels.
    rotation : int
        By how many degrees clockwise the picture was turned to read it: 0, 90, 180 or 270.
    notes : tuple of str
        What a person should know, such as that only the first frame was read.
    seconds : float
        How long it took, opening the picture included unless that was done before.
    page : int or None
        Its number in a file of pages, a PDF or a TIFF, from 1; None where the file is the picture.
    expected : Expected or None
        The number that was expected; None where nothing particular was.

    Examples
    --------
    >>> box = (0, 0, 9, 9)
    >>> line = Line("4.2 7", box, (Number("4.2", box, 0.97), Number("7", box, 0.99)))
    >>> reading = Reading("a.png", (line,), (), (), 28, 28, 0, (), 0.01)
    >>> reading.text
    '4.2 7'
    """

    file: str
    lines: tuple[Line, ...]
    digits: tuple[Digit, ...]
    marks: tuple[Mark, ...]
    width: int
    height: int
    rotation: int
    notes: tuple[str, ...]
    seconds: float
    page: int | None = None
    expected: Expected | None = None

    def __repr__(self) -> str:
        accepted = sum(digit.accepted for digit in self.digits)
        refused = len(self.digits) - accepted
        return (
            f"<Reading {self.label}: {self.text!r}, {accepted} digits, {refused} refused, "
            f"{self.width}×{self.height}, {self.seconds:.2f} s>"
        )

    def _repr_html_(self) -> str:
        """Show where each digit was found and how it was read, for notebooks."""
        from tenfold.reader.boxes import as_html

        return as_html(self)

    @property
    def label(self) -> str:
        """What a person calls the picture, its page included: ``"scan.pdf#2"``."""
        return page_name(self.file, self.page)

    @property
    def text(self) -> str:
        """The numbers, lines joined by a newline; empty where nothing was read."""
        return "\n".join(line.text for line in self.lines)

    def digits_by_number(self, line: int) -> tuple[tuple[Digit, ...], ...]:
        """Return the accepted digits of each number of a line."""
        digits = iter([each for each in self.digits if each.line == line and each.accepted])
        counts = [sum(map(str.isdigit, number.text)) for number in self.lines[line].numbers]
        return tuple(tuple(islice(digits, count)) for count in counts)

    def to_dict(self) -> dict[str, Any]:
        """Return the object that ``tenfold read --json`` prints."""
        expected = {} if self.expected is None else {"expected": self.expected.to_dict()}
        return {
            "file": self.file,
            "page": self.page,
            "text": self.text,
            **expected,
            "lines": [line.to_dict() for line in self.lines],
            "digits": [digit.to_dict() for digit in self.digits],
            "marks": [mark.to_dict() for mark in self.marks],
            "width": self.width,
            "height": self.height,
            "rotation": self.rotation,
            "notes": list(self.notes),
            "seconds": round(self.seconds, 4),
        }
