"""Read with EasyOCR restricted to digits."""

from __future__ import annotations

import easyocr
from common_read import by_lines, read_all

engine = easyocr.Reader(["en"], gpu=False, verbose=False)


def read(file: str) -> str:
    """Join the words found to lines."""
    found = engine.readtext(file, allowlist="0123456789")
    return by_lines(
        [
            (min(x for x, _ in box), min(y for _, y in box), max(y for _, y in box), text)
            for box, text, _ in found
        ]
    )


read_all(read)
