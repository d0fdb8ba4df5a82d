"""Lines to learn from: a table of pictures and the text that each shows."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from tenfold.errors import DataError
from tenfold.files import open_file
from tenfold.preprocess.document import first_page
from tenfold.preprocess.image import WORKING_SIDE
from tenfold.reader.ctc import Network, frames_of, spell
from tenfold.reader.lines import Part, cut, whole
from tenfold.reader.networks import bundled_finder
from tenfold.reader.pipeline import grey_of, look
from tenfold.reader.settings import SETTINGS
from tenfold.signature import CHARS, DIGITS
from tenfold.synthesis.pages.strips import LONGEST

Pixels = NDArray[np.uint8]

COLUMNS = ("text", "truth", "value")  # what the column of the text may be called
LARGER, LEANING = 0.12, 0.12  # spreads of how much larger a line is shown, and how it leans
FADED = 0.3  # of the grey levels may be lost


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A picture of one line and what it says.

    Parameters
    ----------
    name : str
    text : str
        Without spaces, of `tenfold.signature.CHARS`.
    grey : uint8 array, shape (h, w)
    part : Part
        Where the line lies in it.
    """

    name: str
    text: str
    grey: Pixels
    part: Part

    def strip(self, rng: Generator | None = None) -> Pixels:
        """Cut the line out as the reader does, or, with random numbers, a little otherwise."""
        if rng is None:
            return cut(self.grey, self.part, 1.0)[0]
        factor = float(np.exp(rng.normal(0, LARGER)))
        strip = cut(self.grey, self.part, factor, float(rng.normal(0, LEANING)))[0]
        paper = float(np.median(strip))
        kept = 1 - FADED * rng.random()
        return np.asarray(paper + (strip - paper) * kept, np.uint8)


def is_line_table(path: Path) -> bool:
    """Whether this is a table with columns ``file`` and ``text`` (or ``truth``, ``value``)."""
    if path.suffix.lower() not in (".csv", ".tsv") or not path.is_file():
        return False
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        names = _names(file.readline(100_000))
    return "file" in names and any(name in names for name in COLUMNS) and "label" not in names


def _names(header: str) -> list[str]:
    delimiter = "\t" if "\t" in header else ","
    return [name.strip().strip('"').lower() for name in header.split(delimiter)]


def load_lines(path: Path, tell: Callable[[int, int], None] = lambda *_: None) -> list[Line]:
    """Load the lines of a table; their files lie beside it.

    Parameters
    ----------
    path : Path
        CSV or TSV; one line per picture.
    tell : callable
        Told how many of how many pictures are opened.

    Raises
    ------
    DataError
        Naming file and row, where a picture cannot be opened or a text holds other characters.
    """
    try:
        with io.TextIOWrapper(open_file(path), encoding="utf-8-sig", newline="") as file:
            head = file.readline()
            delimiter = "\t" if "\t" in head else ","
            names = _names(head)
            rows = list(csv.reader(file, delimiter=delimiter))
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read as a table ({error}).") from error
    column = next(names.index(name) for name in COLUMNS if name in names)
    found = []
    for number, row in enumerate(rows, 2):
        if not any(field.strip() for field in row):
            continue
        if len(row) != len(names):
            raise DataError(f"{path}:{number}: {len(row)} columns, {len(names)} expected.")
        text = "".join(row[column].split())
        if strange := sorted(set(text) - set(CHARS)):
            raise DataError(
                f"{path}:{number}: the text {row[column]!r} holds {strange[0]!r}; lines hold "
                f"digits and {' '.join(CHARS[10:])}, one line per picture. Mend or drop the row."
            )
        name = row[names.index("file")]
        found.append(open_line(path.parent / name, text))
        tell(number - 1, len(rows))
    if not found:
        raise DataError(f"{path}: a header and no rows. Give a table of file and text.")
    return found


def open_line(path: Path, text: str) -> Line:
    """Open a picture of one line and find where it lies; raises DataError if it cannot be."""
    grey = grey_of(first_page(path, side=WORKING_SIDE).pixels)
    seen = look(grey, bundled_finder(), SETTINGS)
    part = replace(whole(seen.found, grey), start=0.0, end=float(grey.shape[1]))
    return Line(str(path), text, grey, part)


def fits(line: Line) -> bool:
    """Whether a line's strip has room for its text and is no longer than those learned from."""
    width = line.strip().shape[1]
    repeats = sum(a == b for a, b in zip(line.text, line.text[1:], strict=False))
    return bool(width <= LONGEST and len(line.text) + repeats < width // 2)


def with_signs(lines: list[Line], network: Network) -> list[Line]:
    """Add signs to texts that hold digits alone, where the reader sees them between these.

    A table of digits alone has left the signs out; who learned from it as it stands would learn
    to pass them over. If any text of the table holds a sign, all stay as they are.
    """
    if any(char not in DIGITS for line in lines for char in line.text):
        return lines
    return [
        replace(line, text=merged(spell(frames_of([line.strip()], network)).text, line.text))
        for line in lines
    ]


def merged(read: str, digits: str) -> str:
    """Return these digits with the signs of what was read at their places.

    Examples
    --------
    >>> merged("12.5=", "129"), merged("1,234.00-", "71234000")
    ('12.9=', '71,234.000-')
    """
    plain = "".join(char for char in read if char in DIGITS)
    after: dict[int, str] = {}
    count = 0
    for char in read:
        if char in DIGITS:
            count += 1
        else:
            after[count] = after.get(count, "") + char
    moved: dict[int, str] = {}
    steps = SequenceMatcher(None, plain, digits, autojunk=False).get_opcodes()
    for at, signs in after.items():
        place = len(digits) if at == len(plain) else 0
        for _, a0, a1, b0, b1 in steps:
            if a0 < at <= a1 and at != len(plain):
                place = min(b0 + at - a0, b1)
        moved[place] = moved.get(place, "") + signs
    return moved.get(0, "") + "".join(
        char + moved.get(number, "") for number, char in enumerate(digits, 1)
    )
