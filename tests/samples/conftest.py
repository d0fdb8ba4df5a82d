"""Pictures of digits as people bring them: of all sizes, on paper of all colours."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tenfold.data.splits import Splits

Pixels = NDArray[np.uint8]


def _photo(digit: Pixels, rng: np.random.Generator) -> Pixels:
    """Write a digit of 8×8, somewhere on paper of some size, dark on bright or the reverse."""
    height = int(rng.integers(40, 90))
    large = cv2.resize(digit, (height, height), interpolation=cv2.INTER_CUBIC).astype(np.float32)
    ink = np.clip((large - 90) / 80, 0, 1)
    page = np.zeros((height + int(rng.integers(20, 60)), height + int(rng.integers(20, 60))))
    top, left = (int(rng.integers(8, side - height - 7)) for side in page.shape)
    page[top : top + height, left : left + height] = ink
    paper, pen = (225, 60) if rng.random() < 0.7 else (30, 220)
    noise = rng.normal(0, 2, page.shape)
    return np.clip(paper + (pen - paper) * page + noise, 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def photos(few: Splits) -> list[tuple[Pixels, int]]:
    """Sixty of scikit-learn's digits as photographs, and what they show; six of each."""
    rng = np.random.default_rng(0)
    rows = np.concatenate([np.flatnonzero(few.train.targets == k)[:6] for k in range(10)])
    return [(_photo(few.train.images[row], rng), int(few.train.targets[row])) for row in rows]


@pytest.fixture(scope="session")
def write_photos(photos: list[tuple[Pixels, int]]) -> Callable[[Path], Path]:
    """Write them into folders named after their digit, as JPEG, PNG, and colour."""

    def write(folder: Path) -> Path:
        for row, (pixels, label) in enumerate(photos):
            (folder / str(label)).mkdir(parents=True, exist_ok=True)
            image = Image.fromarray(pixels)
            if row % 3 == 0:
                image.save(folder / str(label) / f"{row:02}.jpg", quality=90)
            else:
                image.convert("RGB" if row % 3 == 1 else "L").save(
                    folder / str(label) / f"{row:02}.png"
                )
        return folder

    return write
