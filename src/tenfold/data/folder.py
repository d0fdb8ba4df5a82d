"""Pictures in folders named after their digit, as many data sets and people keep them.

``0/ … 9/`` with pictures in them, or ``train/`` and ``test/`` with such folders in each. Any
format that Pillow reads; colours become grey. Pictures on bright paper are inverted: if the median
of all border pixels of the whole set is bright, so is its paper.
"""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from tenfold.data.dataset import Dataset
from tenfold.data.listing import Listing
from tenfold.data.pixels import check_size
from tenfold.data.splits import Parts, parts_of
from tenfold.decoders import damage_told
from tenfold.errors import DataError
from tenfold.files import open_file

_BRIGHT = 127.5
_SIXTEEN_BITS = frozenset({"I;16", "I;16B", "I;16L", "I;16N"})


@dataclass
class _Part:
    images: NDArray[np.uint8]
    first: str


def load_listing(listed: list[Listing], name: str) -> Parts:
    """Load picture files as they are.

    Raises
    ------
    DataError
        If a picture cannot be decoded, is not square, 8 to 64 pixels wide, or has another size
        than the first one.
    """
    parts = [_load_part(part) for part in listed]
    sizes = [part.images.shape[1] for part in parts]
    if len(set(sizes)) > 1:
        raise DataError(
            f"{parts[1].first}: {sizes[1]}×{sizes[1]}, but {parts[0].first} is "
            f"{sizes[0]}×{sizes[0]}; all pictures of a set must be of one size."
        )
    if is_bright([part.images for part in parts]):
        for part in parts:
            np.subtract(255, part.images, out=part.images)
    return parts_of(
        [
            Dataset(
                part.images, each.labels, name, each.split, ids=np.array(each.ids), id_name="file"
            )
            for part, each in zip(parts, listed, strict=True)
        ]
    )


def _load_part(listed: Listing) -> _Part:
    images: list[NDArray[np.uint8]] = []
    first = listed.names[0]
    for source, name in zip(listed.sources, listed.names, strict=True):
        with damage_told(name):
            image = read_picture(source, name)
        if images and image.shape != images[0].shape:
            raise DataError(
                f"{name}: {image.shape[1]}×{image.shape[0]}, but {first} is "
                f"{images[0].shape[1]}×{images[0].shape[0]}; all pictures of a set must be of "
                "one size."
            )
        images.append(image)
    return _Part(np.stack(images), first)


def read_picture(source: Path | bytes, name: str | None = None) -> NDArray[np.uint8]:
    """Read one small square picture as grey: uint8, shape (size, size), polarity as it is.

    Parameters
    ----------
    source : Path or bytes
        A file, or its content.
    name : str, optional
        What to call it in messages.

    Raises
    ------
    DataError
        If it does not decode or its size is not one that data sets take.
    """
    path = name or ("picture" if isinstance(source, bytes) else str(source))
    try:
        with warnings.catch_warnings():
            # The size is checked before anything is decoded, and what cannot be decoded is refused.
            warnings.simplefilter("ignore")
            opening = io.BytesIO(source) if isinstance(source, bytes) else open_file(source)
            with opening as file, Image.open(file) as opened:
                check_size(*opened.size, path)
                return _grey(ImageOps.exif_transpose(opened))
    except DataError:
        raise
    except UnidentifiedImageError as error:
        raise DataError(f"{path}: not a picture that can be decoded. Mend or remove it.") from error
    except Image.DecompressionBombError as error:
        raise DataError(f"{path}: far too large; use 'tenfold read' for photos.") from error
    except Exception as error:
        # On damaged files Pillow's decoders raise whatever their arithmetic comes to.
        raise DataError(f"{path}: cannot be decoded ({error}). Mend or remove it.") from error


def _grey(image: Image.Image) -> NDArray[np.uint8]:
    if image.mode in _SIXTEEN_BITS:
        return (np.asarray(image).astype(np.uint16) >> 8).astype(np.uint8)
    if image.mode in {"I", "F"}:
        raise ValueError(f"pixels of type {image.mode} have no known range; save it as 8-bit grey")
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        grey, alpha = np.asarray(rgba.convert("L"), np.float32), np.asarray(rgba)[..., 3] / 255
        # Ink on a transparent ground: the ground must not take the colour of the ink.
        ink = float((grey * alpha).sum() / max(alpha.sum(), 1e-9))
        paper = 255 if ink < _BRIGHT else 0
        return np.rint(grey * alpha + paper * (1 - alpha)).astype(np.uint8)
    return np.array(image.convert("L"))


def is_bright(parts: list[NDArray[np.uint8]]) -> bool:
    """Say whether the paper of a set, ``(n, h, w)`` each part, is bright: most of its borders."""
    borders = [
        edge.ravel()
        for images in parts
        for edge in (images[:, 0], images[:, -1], images[:, 1:-1, 0], images[:, 1:-1, -1])
    ]
    return float(np.median(np.concatenate(borders))) > _BRIGHT
