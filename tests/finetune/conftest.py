"""What tests of fine-tuning share: digits that stand in for MNIST, and a hand that is strange."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from tenfold.data.splits import Splits

HELD_OUT = 200


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache of composed pictures, empty when the session begins."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def mnist(large: Splits, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with MNIST's four files that holds 660 of scikit-learn's digits."""
    folder = tmp_path / "mnist"
    folder.mkdir()
    for stem, part in (("train", large.train), ("t10k", large.test)):
        shape = struct.pack(">IIII", 2051, len(part), 28, 28)
        images = folder / f"{stem}-images-idx3-ubyte.gz"
        images.write_bytes(gzip.compress(shape + part.images.tobytes()))
        labels = folder / f"{stem}-labels-idx1-ubyte.gz"
        head = struct.pack(">II", 2049, len(part))
        labels.write_bytes(gzip.compress(head + part.targets.tobytes()))
    monkeypatch.setattr("tenfold.synthesis.pages.hands.HELD_OUT", HELD_OUT)
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
    monkeypatch.setenv("TENFOLD_DATA", str(folder))
    return folder


def seven(rng: np.random.Generator) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Draw a seven that the bundled reader takes for a two: a bow on a long foot."""
    picture = np.full((90, 70), 235, np.uint8)

    def at(x: int, y: int) -> tuple[int, int]:
        return (x + int(rng.integers(-2, 3)), y + int(rng.integers(-2, 3)))

    path = [at(15, 22), at(32, 14), at(50, 20), at(46, 40), at(28, 62), at(22, 76), at(50, 74)]
    cv2.polylines(picture, [np.array(path, np.int32)], False, 40, 5, cv2.LINE_AA)
    return picture


def write_pictures(folder: Path, count: int, digits: Splits) -> Path:
    """Write a folder of labels: strange sevens, and three other digits as they are."""
    rng = np.random.default_rng(0)
    others = [digits.train.images[digits.train.targets == digit] for digit in range(10)]
    for number in range(count):
        label = "7" if number % 2 else str((0, 1, 4)[number // 2 % 3])
        path = folder / label
        path.mkdir(parents=True, exist_ok=True)
        picture = seven(rng)
        if label != "7":
            glyph = others[int(label)][number % len(others[int(label)])]
            picture = 255 - cv2.resize(glyph, (64, 72), interpolation=cv2.INTER_CUBIC)
        Image.fromarray(picture).save(path / f"{number}.png")
    return folder
