"""Small pictures, quickly read, and shards of them."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

if TYPE_CHECKING:
    from tenfold.data.splits import Splits

Pictures = dict[str, bytes]


@pytest.fixture(scope="session")
def glyphs(few: Splits) -> list[bytes]:
    """Sixty digits of 28×28 pixels, as PNG."""
    grown = (np.pad(cv2.resize(image, (20, 20)), 4) for image in few.train.images[:60])
    return [cv2.imencode(".png", image)[1].tobytes() for image in grown]


@pytest.fixture
def make_pictures(glyphs: list[bytes]) -> Callable[..., list[str]]:
    """Write pictures into a folder: so many good ones, and others by name."""

    def make(folder: Path, count: int, **others: bytes) -> list[str]:
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(count):
            (folder / f"{number:03}.png").write_bytes(glyphs[number % len(glyphs)])
        for name, content in others.items():
            (folder / f"{name}.png").write_bytes(content)
        return sorted(map(str, folder.iterdir()))

    return make


@pytest.fixture
def make_tar(glyphs: list[bytes]) -> Callable[..., str]:
    """Write a shard as WebDataset has them: pictures, a label beside each."""

    def make(path: Path, count: int, first: int = 0, **others: bytes) -> str:
        members = {
            f"{number:05}{suffix}": glyphs[number % len(glyphs)] if suffix == ".png" else b"7"
            for number in range(first, first + count)
            for suffix in (".png", ".cls")
        }
        members |= {f"{name}.png": content for name, content in others.items()}
        packed = path.name.endswith("gz")
        with tarfile.open(path, "w:gz") if packed else tarfile.open(path, "w") as tar:
            for name, content in members.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
        return str(path)

    return make
