"""Show the pictures that were read wrongly: contact sheets, and a table to sort and search."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from picture_tables import Answer, Picture, Task, is_right
from tenfold.errors import TenfoldError
from tenfold.files import make_folder, write_whole
from tenfold.preprocess.image import open_picture
from tenfold.sheets import save_png

COLUMNS, ROWS = 6, 12  # of one sheet
WIDTH, HEIGHT, LINE = 260, 150, 15  # pixels of a picture's place, and of a line below it
CHARACTERS = 36  # that fit into a line
HEADER = ("task", "file", "label", "seen", "read", "confidence", "exception")

Failure = tuple[Picture, Answer]


def failures(pictures: Sequence[Picture], answers: Sequence[Answer]) -> list[Failure]:
    """Return what was read wrongly, going by what is seen; the surest first."""
    pairs = zip(pictures, answers, strict=True)
    wrong = [(picture, answer) for picture, answer in pairs if not is_right(answer, picture.seen)]
    return sorted(wrong, key=lambda pair: -(pair[1].confidence or 0.0))


def write_failures(folder: Path, found: dict[Task, list[Failure]]) -> None:
    """Write failures.csv and sheets of every task into a folder."""
    make_folder(folder)
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(HEADER)
    for task, wrong in found.items():
        for picture, answer in wrong:
            sure = "" if answer.confidence is None else f"{answer.confidence:.4f}"
            said = (picture.label, picture.seen, answer.text, sure, answer.error)
            writer.writerow((task.name, picture.file, *said))
        for number, first in enumerate(range(0, len(wrong), COLUMNS * ROWS), start=1):
            name = f"{task.name.replace(', ', '-')}-{number}.png"
            save_png(contact_sheet(wrong[first : first + COLUMNS * ROWS]), folder / name)
    write_whole(folder / "failures.csv", table.getvalue())


def contact_sheet(wrong: Sequence[Failure]) -> Image.Image:
    """Lay pictures out with file, truth and reading below each."""
    font = ImageFont.load_default(12)
    pitch = HEIGHT + 3 * LINE + 10
    sheet = Image.new("RGB", (COLUMNS * WIDTH, math.ceil(len(wrong) / COLUMNS) * pitch), "white")
    draw = ImageDraw.Draw(sheet)
    for index, (picture, answer) in enumerate(wrong):
        x, y = index % COLUMNS * WIDTH, index // COLUMNS * pitch
        sheet.paste(_thumbnail(picture.row.file), (x, y))
        sure = "" if answer.confidence is None else f"  ({answer.confidence:.2f})"
        words = (
            (picture.file[-CHARACTERS:], "gray"),
            (_short(picture.seen), "black"),
            (_short(answer.error or answer.text) + sure, "firebrick"),
        )
        for line, (word, colour) in enumerate(words):
            draw.text((x + 2, y + HEIGHT + 2 + line * LINE), word, colour, font)
    return sheet


def _thumbnail(path: Path) -> Image.Image:
    try:
        image = Image.fromarray(open_picture(path).pixels).convert("RGB")
    except TenfoldError:
        image = Image.new("RGB", (WIDTH, HEIGHT), "lightgray")
    scale = min((WIDTH - 6) / image.width, HEIGHT / image.height, 4.0)  # small ones are enlarged
    size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
    return image.resize(size, Image.Resampling.BICUBIC)


def _short(text: str) -> str:
    text = text or "nothing"
    return text if len(text) <= CHARACTERS else f"{text[: CHARACTERS - 1]}…"
