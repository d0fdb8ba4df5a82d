"""What people decided, as labelled data: digits in folders, and lines with their text.

``train/0`` to ``train/9`` hold digits in MNIST's frame, from combs, where it is known which cell
holds which; ``tenfold train`` takes the folder. ``lines.csv`` names a snippet and its text a line
(``truth`` is its digits alone); ``tenfold evaluate`` takes it. Files are named by number: names of
scans may name people.
"""

from __future__ import annotations

import csv
import io
import json
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tenfold.errors import DataError, TenfoldError
from tenfold.files import make_folder, write_whole
from tenfold.forms.database import Row
from tenfold.forms.results import Results
from tenfold.preprocess.binarize import Ink, find_ink
from tenfold.preprocess.image import open_picture
from tenfold.preprocess.segment import Piece, find_pieces, glyph_of, merge
from tenfold.sheets import save_png
from tenfold.signature import CHARS, DIGITS

Pixels = NDArray[np.uint8]

THIN = 0.12  # of a cell's side: what is thinner may be a line of the form

DECIDED = """
SELECT field.id, field.name, decision.value, picture.content, picture.cells
FROM decision JOIN field ON field.decision = decision.id
JOIN page ON page.id = field.page
JOIN picture ON picture.page = page.id AND picture.field = field.id
LEFT JOIN decision AS stated ON stated.id = page.decision
WHERE decision.action = 'value' AND stated.action IS NOT 'left out'
ORDER BY field.id
"""


@dataclass(frozen=True, slots=True)
class Labelled:
    """What was written.

    Parameters
    ----------
    folder : Path
    lines, digits : int
    """

    folder: Path
    lines: int
    digits: int


def write_labelled(results: Results, folder: str | Path) -> Labelled:
    """Write decisions whose snippets were kept as a labelled data set.

    Parameters
    ----------
    results : Results
    folder : str or Path
        A new or an empty one; it is there whole or not at all.

    Raises
    ------
    DataError
        If nobody has decided anything, or no snippets were kept.
    TenfoldError
        If the folder holds something, or cannot be written.

    Examples
    --------
    >>> with Results.open("results") as results:  # doctest: +SKIP
    ...     write_labelled(results, "labelled").digits
    1240
    """
    folder = Path(folder)
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise TenfoldError(f"{folder}: already exists. Give a new folder, or an empty one.")
    make_folder(folder.parent)
    part = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".tenfold-"))
    try:
        written = _write(results, part)
        part.chmod(0o755)
        part.replace(folder)
    except OSError as error:
        raise TenfoldError(
            f"{folder}: cannot be written ({error.strerror or error}). Choose another folder."
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return Labelled(folder, *written)


def _write(results: Results, folder: Path) -> tuple[int, int]:
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["file", "text", "truth"])
    (folder / "lines").mkdir()
    lines = digits = 0
    for row, text, truth in _lines(results):
        name = f"{row['id']:06d}"
        write_whole(folder / "lines" / f"{name}.png", row["content"])
        writer.writerow([f"lines/{name}.png", text, truth])
        lines += 1
        for place, (digit, glyph) in enumerate(_glyphs(row["content"], truth, row["cells"]), 1):
            digits += 1
            (folder / "train" / digit).mkdir(parents=True, exist_ok=True)
            save_png(Image.fromarray(glyph), folder / "train" / digit / f"{name}-{place}.png")
    if not lines:
        raise DataError(
            f"{results.folder}: holds no decisions with their snippets. Review first, with images "
            "kept ('doubtful' or 'all') when the scans are read."
        )
    write_whole(folder / "lines.csv", table.getvalue())
    return lines, digits


def decided_digits(results: Results) -> Iterator[tuple[str, Pixels]]:
    """Yield each digit of a comb that people decided, and its glyph in MNIST's frame."""
    for row, _, truth in _lines(results):
        yield from _glyphs(row["content"], truth, row["cells"])


def _lines(results: Results) -> Iterator[tuple[Row, str, str]]:
    """Yield each number that people decided: its row, its text, and its digits alone."""
    numbers = {field.name for field in results.fields if field.kind == "number"}
    for row in results.database.each(DECIDED):
        text = row["value"]
        truth = "".join(letter for letter in text if letter in DIGITS)
        if row["name"] in numbers and truth and not set(text) - set(CHARS):
            yield row, text, truth  # words that a person wrote are no line that can be read


def _glyphs(snippet: bytes, digits: str, cells: str) -> Iterator[tuple[str, Pixels]]:
    """Yield each digit of a comb and its glyph, where there are as many cells as digits."""
    boxes = json.loads(cells)
    if len(boxes) != len(digits):
        return
    picture = open_picture(snippet)
    ink = find_ink(picture.pixels)
    for digit, box in zip(digits, boxes, strict=True):
        x, y, width, height = (round(side / picture.scale) for side in box)
        rows, columns = slice(y, y + height), slice(x, x + width)
        inside = Ink(ink.level[rows, columns], ink.mask[rows, columns], ink.light_on_dark)
        pieces = [
            piece
            for piece in find_pieces(np.ascontiguousarray(inside.mask))
            if not _is_rule(piece, width, height)
        ]
        if pieces:
            yield digit, glyph_of(inside, merge(pieces))


def _is_rule(piece: Piece, width: int, height: int) -> bool:
    """Whether a piece is a line of the form: thin, and from one edge of its cell to the other."""
    upright = piece.y == 0 and piece.bottom == height and piece.width < THIN * width
    level = piece.x == 0 and piece.right == width and piece.height < THIN * height
    return upright or level
