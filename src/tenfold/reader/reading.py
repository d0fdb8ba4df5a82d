"""What a person gets back: the text, its lines, each digit, and what was refused and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Box = tuple[int, int, int, int]  # x, y, width, height in pixels of the upright picture
Refusal = Literal["not a digit", "unsure"]


@dataclass(frozen=True, slots=True)
class Digit:
    """One digit, or one mark that was refused.

    Parameters
    ----------
    digit : int
        The likeliest digit, also where it was refused.
    confidence : float
        Calibrated probability of that digit, 0 to 1.
    probabilities : tuple of float
        Of the ten digits, in order; they sum to 1.
    digitness : float
        How much the mark looks like any digit at all, 0 to 1.
    box : tuple of int
        ``(x, y, width, height)`` in pixels of the upright picture.
    line : int or None
        Number of its line, from 0; None where nothing of its line was accepted.
    refused : str or None
        Why it is not part of the text: ``"not a digit"``, ``"unsure"``; None where it is.
    """

    digit: int
    confidence: float
    probabilities: tuple[float, ...]
    digitness: float
    box: Box
    line: int | None
    refused: Refusal | None = None

    @property
    def accepted(self) -> bool:
        """Whether the digit is part of the text."""
        return self.refused is None

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
            "accepted": self.accepted,
            "reason": self.refused,
        }


@dataclass(frozen=True, slots=True)
class Line:
    """One line of writing, its accepted digits from left to right."""

    text: str
    box: Box

    def to_dict(self) -> dict[str, Any]:
        """Return what ``--json`` prints of it."""
        return {"text": self.text, "box": list(self.box)}


@dataclass(frozen=True, slots=True)
class Reading:
    """What was read in one picture.

    Parameters
    ----------
    file : str
        What a person calls the picture.
    lines : tuple of Line
        From top to bottom; lines without an accepted digit are left out.
    digits : tuple of Digit
        Line by line from left to right, refused marks included.
    width, height : int
        Of the upright picture, in pixels.
    rotation : int
        By how many degrees clockwise the picture was turned to read it: 0, 90, 180 or 270.
    notes : tuple of str
        What a person should know, such as that only the first frame was read.
    seconds : float
        How long it took, opening the picture included.

    Examples
    --------
    >>> reading = Reading("a.png", (Line("42", (0, 0, 9, 9)),), (), 28, 28, 0, (), 0.01)
    >>> reading.text
    '42'
    """

    file: str
    lines: tuple[Line, ...]
    digits: tuple[Digit, ...]
    width: int
    height: int
    rotation: int
    notes: tuple[str, ...]
    seconds: float

    @property
    def text(self) -> str:
        """The accepted digits, lines joined by a newline; empty where nothing was read."""
        return "\n".join(line.text for line in self.lines)

    def to_dict(self) -> dict[str, Any]:
        """Return the object that ``tenfold read --json`` prints."""
        return {
            "file": self.file,
            "text": self.text,
            "lines": [line.to_dict() for line in self.lines],
            "digits": [digit.to_dict() for digit in self.digits],
            "width": self.width,
            "height": self.height,
            "rotation": self.rotation,
            "notes": list(self.notes),
            "seconds": round(self.seconds, 4),
        }
