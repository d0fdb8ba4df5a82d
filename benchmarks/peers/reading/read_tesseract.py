"""Read with Tesseract (the system's program), digits only, in the best page mode for each task."""

from __future__ import annotations

import sys

import pytesseract
from common_read import read_all
from PIL import Image, ImageOps

# The best of the modes tried on a few pictures of each source: 6, 7, 8, 10, 13; 3, 4, 6, 7, 11.
MODE = 8 if sys.argv[1] == "digit" else 7  # one word, one line
OPTIONS = f"--psm {MODE} -c tessedit_char_whitelist=0123456789"


def read(file: str) -> str:
    """Read the upright picture."""
    with Image.open(file) as image:
        upright = ImageOps.exif_transpose(image).convert("RGB")
    return str(pytesseract.image_to_string(upright, config=OPTIONS))


pytesseract.get_tesseract_version()
read_all(read)
