"""Read with Tesseract (the system's program), digits only, in the best page mode for each task."""

from __future__ import annotations

import sys

import pytesseract
from common_read import read_all
from PIL import Image, ImageOps

MODE = 10 if sys.argv[1] == "digit" else 6  # one character, one block of text
OPTIONS = f"--psm {MODE} -c tessedit_char_whitelist=0123456789"


def read(file: str) -> str:
    """Read the upright picture."""
    with Image.open(file) as image:
        upright = ImageOps.exif_transpose(image).convert("RGB")
    return str(pytesseract.image_to_string(upright, config=OPTIONS))


pytesseract.get_tesseract_version()
read_all(read)
