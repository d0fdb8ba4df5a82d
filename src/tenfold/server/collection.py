"""What people teach: glyphs with their right label, a data set for ``tenfold train --data``."""

from __future__ import annotations

import re
import uuid
from pathlib import Path

import numpy as np
from PIL import Image

from tenfold.errors import DataError
from tenfold.files import make_folder
from tenfold.pictures import save_png
from tenfold.preprocess.normalize import FIELD
from tenfold.server.bodies import Lesson

MOST = 100_000  # pictures, so that nobody fills the disk
DIGITS = tuple("0123456789")


class Collection:
    """A folder of labelled glyphs, ``DIR/7/3f….png``: 28×28, white ink on black.

    Parameters
    ----------
    folder : Path
        Made if it is not there.

    Raises
    ------
    TenfoldError
        If it cannot be made or written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = make_folder(folder)
        self.count = sum(1 for digit in DIGITS for _ in (folder / digit).glob("*.png"))

    def add(self, lesson: Lesson) -> str:
        """Save one glyph and return the name it can be taken back by.

        Raises
        ------
        DataError
            If the folder is full.
        """
        if self.count >= MOST:
            raise DataError(f"The collection holds {MOST} pictures already; start another one.")
        name = uuid.uuid4().hex
        glyph = np.frombuffer(lesson.glyph, np.uint8).reshape(FIELD, FIELD)
        save_png(
            Image.fromarray(glyph), make_folder(self.folder / str(lesson.digit)) / f"{name}.png"
        )
        self.count += 1
        return name

    def remove(self, name: str) -> bool:
        """Take one glyph back; False if there is none of that name."""
        if not re.fullmatch("[0-9a-f]{32}", name):
            return False
        for digit in DIGITS:
            path = self.folder / digit / f"{name}.png"
            if path.is_file():
                path.unlink()
                self.count -= 1
                if not any(path.parent.iterdir()):
                    path.parent.rmdir()  # a data set has no empty classes
                return True
        return False
