"""Read with RapidOCR (PP-OCR on ONNX Runtime): detection, direction and recognition."""

from __future__ import annotations

from common_read import by_lines, read_all
from rapidocr import RapidOCR

engine = RapidOCR()


def read(file: str) -> str:
    """Join the words found to lines."""
    found = engine(file)
    if found.txts is None:
        return ""
    boxes = [[(float(x), float(y)) for x, y in box] for box in found.boxes]
    return by_lines(
        [
            (min(x for x, _ in box), min(y for _, y in box), max(y for _, y in box), text)
            for box, text in zip(boxes, found.txts, strict=True)
        ]
    )


read_all(read)
