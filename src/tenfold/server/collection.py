"""What people teach: glyphs with their right label, a data set for ``tenfold train --data``."""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tenfold.errors import DataError
from tenfold.files import make_folder
from tenfold.pictures import save_png
from tenfold.preprocess.normalize import FIELD
from tenfold.server.bodies import decode_base64

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

    def add(self, record: dict[str, Any]) -> str:
        """Save one glyph and return the name it can be taken back by.

        Raises
        ------
        DataError
            If the record is no glyph with a digit, or the folder is full.
        """
        digit = record.get("digit")
        if not isinstance(digit, int) or isinstance(digit, bool) or not 0 <= digit <= 9:
            raise DataError("digit: give the right digit, a whole number from 0 to 9.")
        pixels = decode_base64(record.get("glyph"), "glyph")
        if len(pixels) != FIELD * FIELD:
            raise DataError(f"glyph: {len(pixels)} bytes; a glyph is {FIELD}×{FIELD} bytes of ink.")
        if self.count >= MOST:
            raise DataError(f"The collection holds {MOST} pictures already; start another one.")
        name = uuid.uuid4().hex
        glyph = np.frombuffer(pixels, np.uint8).reshape(FIELD, FIELD)
        save_png(Image.fromarray(glyph), make_folder(self.folder / str(digit)) / f"{name}.png")
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
