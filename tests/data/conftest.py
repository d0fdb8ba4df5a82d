"""Files of every kind that tenfold reads, made on the spot."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

Pictures = NDArray[np.uint8]
IdxWriter = Callable[[Path, Pictures], Path]


@pytest.fixture
def pictures() -> Pictures:
    """Forty random pictures of 9×9 on black paper."""
    images = np.random.default_rng(0).integers(0, 256, (40, 9, 9), np.uint8)
    images[:, [0, -1]] = 0
    images[:, :, [0, -1]] = 0
    return images


@pytest.fixture
def labels() -> Pictures:
    """Four of each digit."""
    return (np.arange(40) % 10).astype(np.uint8)


def _write_idx(path: Path, array: Pictures) -> Path:
    data = struct.pack(f">{1 + array.ndim}I", 0x800 + array.ndim, *array.shape) + array.tobytes()
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


@pytest.fixture
def write_idx() -> IdxWriter:
    """Write an array as IDX, gzipped if the name ends in .gz."""
    return _write_idx


@pytest.fixture
def write_pngs() -> Callable[[Path, Pictures, Pictures], Path]:
    """Write pictures into folders named after their labels."""

    def write(folder: Path, images: Pictures, labels: Pictures) -> Path:
        for row, (image, label) in enumerate(zip(images, labels, strict=True)):
            (folder / str(label)).mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(folder / str(label) / f"{row:03}.png")
        return folder

    return write
