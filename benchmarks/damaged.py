"""Damaged files, in the formats that people have.

A file follows from its number alone: a small picture in one of the formats, of which bytes are
flipped, dropped, added, repeated or cut off. Needs nothing but NumPy, OpenCV and Pillow.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image

Rng = np.random.Generator

FONT = cv2.FONT_HERSHEY_SIMPLEX
INK = 30

# Format, mode and options of each kind of file that gets damaged.
FILES: tuple[tuple[str, str, dict[str, object]], ...] = (
    ("PNG", "L", {}),
    ("PNG", "RGBA", {}),
    ("PNG", "P", {"transparency": 0}),
    ("JPEG", "RGB", {"quality": 80}),
    ("JPEG", "L", {"progressive": True}),
    ("JPEG", "CMYK", {}),
    ("TIFF", "RGB", {"compression": "tiff_lzw"}),
    ("TIFF", "1", {"compression": "group4"}),
    ("TIFF", "I;16", {}),
    ("GIF", "P", {}),
    ("WEBP", "RGB", {"quality": 70}),
    ("WEBP", "RGBA", {"lossless": True}),
    ("BMP", "RGB", {}),
    ("BMP", "1", {}),
)
TIMES = (1, 1, 2, 8, 40)  # how often one file is damaged
# Share of each kind of damage.
DAMAGES = {
    "flip": 0.3, "set": 0.15, "drop": 0.12, "add": 0.12, "repeat": 0.06, "extreme": 0.15,
    "cut": 0.1,
}  # fmt: skip


def damaged_file(number: int) -> tuple[str, bytes]:
    """Return damaged file ``number``: its suffix, and its bytes."""
    rng = np.random.default_rng([5, number])
    kind, mode, options = FILES[number % len(FILES)]
    content = _encoded(kind, mode, options, rng)
    return f".{kind.lower()}", damaged_often(content, rng)


def damaged_often(content: bytes, rng: Rng, times: Sequence[int] = TIMES) -> bytes:
    """Return bytes to which one or more things were done, as often as one of these numbers."""
    damaged = bytearray(content)
    for _ in range(int(rng.choice(times))):
        damaged = damage(damaged, rng)
    return bytes(damaged)


def _encoded(kind: str, mode: str, options: dict[str, object], rng: Rng) -> bytes:
    """Save a small number in a format, as a camera would: with a word on how it lies."""
    page = np.full((int(rng.integers(20, 90)), int(rng.integers(30, 160))), 240, np.uint8)
    cv2.putText(page, "407", (4, len(page) - 5), FONT, len(page) / 45, INK, 2, cv2.LINE_AA)
    image = Image.fromarray(page)
    image = Image.fromarray(page.astype(np.uint16) * 257) if mode == "I;16" else image.convert(mode)
    exif = Image.Exif()
    exif[0x0112] = int(rng.integers(1, 9))
    buffer = io.BytesIO()
    extra = {"exif": exif} if kind in ("JPEG", "WEBP", "PNG") else {}
    image.save(buffer, kind, **options, **extra)
    return buffer.getvalue()


def damage(content: bytearray, rng: Rng) -> bytearray:
    """Do one thing to the bytes; half of the time near the head, where a file says what it is."""
    reach = min(len(content), 64) if rng.random() < 0.5 else len(content)
    at = int(rng.integers(max(1, reach)))
    length = int(rng.integers(1, 16))
    some = rng.integers(0, 256, length, np.uint8).tobytes()
    what = rng.choice(list(DAMAGES), p=list(DAMAGES.values()))
    if what == "flip" and at < len(content):
        content[at] ^= 1 << int(rng.integers(8))
    elif what == "set":
        content[at : at + length] = some[: max(0, len(content) - at)]
    elif what == "drop":
        del content[at : at + length]
    elif what == "add":
        content[at:at] = some
    elif what == "repeat":
        content[at:at] = content[at : at + 20 * length]
    elif what == "extreme":
        content[at : at + 4] = bytes([int(rng.choice([0x00, 0x7F, 0x80, 0xFF]))]) * 4
    elif what == "cut":
        del content[int(rng.integers(len(content) + 1)) :]
    return content
