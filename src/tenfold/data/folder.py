"""Pictures in folders named after their digit, as many data sets and people keep them.

``0/ … 9/`` with pictures in them, or ``train/`` and ``test/`` with such folders in each. Any
format that Pillow reads; colours become grey. Pictures on bright paper are inverted: if the median
of all border pixels of the whole set is bright, so is its paper.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps, UnidentifiedImageError

from tenfold.data.dataset import DIGITS, Dataset
from tenfold.data.pixels import check_size
from tenfold.decoders import damage_told
from tenfold.errors import DataError
from tenfold.files import only_files, open_file

_LEFT_BY_SYSTEMS = frozenset({"thumbs.db", "desktop.ini"})
_BRIGHT = 127.5
_SIXTEEN_BITS = frozenset({"I;16", "I;16B", "I;16L", "I;16N"})


@dataclass
class _Part:
    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    first: Path


def is_picture_folder(folder: Path) -> bool:
    """Tell whether a folder holds folders named after digits, or parts that do."""
    return any((base / digit).is_dir() for base in _bases(folder) for digit in DIGITS)


def load_picture_folder(folder: Path, name: str) -> tuple[Dataset, Dataset | None]:
    """Load a folder of label-named folders of pictures.

    Returns
    -------
    tuple of Dataset and (Dataset or None)
        The training set and the test set; None where the folder has no ``train`` and ``test``.

    Raises
    ------
    DataError
        If a class folder is empty or no digit, a picture cannot be decoded, is not square, 8 to 64
        pixels wide, or has another size than the first one.
    """
    bases = _bases(folder)
    parts = [_load_part(base) for base in bases]
    sizes = [part.images.shape[1] for part in parts]
    if len(set(sizes)) > 1:
        raise DataError(
            f"{parts[1].first}: {sizes[1]}×{sizes[1]}, but {parts[0].first} is "
            f"{sizes[0]}×{sizes[0]}; all pictures of a set must be of one size."
        )
    if _is_bright([part.images for part in parts]):
        for part in parts:
            np.subtract(255, part.images, out=part.images)
    splits = [base.name for base in bases] if len(bases) == 2 else ["all"]
    sets = [
        Dataset(part.images, part.labels, name, split)
        for part, split in zip(parts, splits, strict=True)
    ]
    return sets[0], sets[1] if len(sets) == 2 else None


def _bases(folder: Path) -> list[Path]:
    # With a single one of the two there is no test set of its own: that one is the whole set.
    parts = [folder / part for part in ("train", "test") if (folder / part).is_dir()]
    return parts or [folder]


def _class_files(base: Path) -> list[tuple[int, list[Path]]]:
    classes = []
    for entry in sorted(base.iterdir()):
        if not entry.is_dir() or entry.name.startswith("."):
            continue
        if entry.name not in DIGITS:
            raise DataError(
                f"{entry}: class folders are named 0 to 9, and this one is not. "
                "Rename it or move it out."
            )
        files = only_files(sorted(path for path in entry.iterdir() if _is_meant(path)))
        if not files:
            raise DataError(f"{entry}: this class folder is empty. Fill it or remove it.")
        classes.append((DIGITS.index(entry.name), files))
    if not classes:
        raise DataError(f"{base}: no folders named 0 to 9 in it.")
    return classes


def _is_meant(path: Path) -> bool:
    return not path.name.startswith(".") and path.name.lower() not in _LEFT_BY_SYSTEMS


def _load_part(base: Path) -> _Part:
    images: list[NDArray[np.uint8]] = []
    labels: list[int] = []
    classes = _class_files(base)
    first = classes[0][1][0]
    for label, files in classes:
        for path in files:
            with damage_told(str(path)):
                image = read_picture(path)
            if images and image.shape != images[0].shape:
                raise DataError(
                    f"{path}: {image.shape[1]}×{image.shape[0]}, but {first} is "
                    f"{images[0].shape[1]}×{images[0].shape[0]}; all pictures of a set must be of "
                    "one size."
                )
            images.append(image)
        labels += [label] * len(files)
    return _Part(np.stack(images), np.array(labels, np.uint8), first)


def read_picture(path: Path) -> NDArray[np.uint8]:
    """Read one small square picture as grey: uint8, shape (size, size), polarity as it is.

    Raises
    ------
    DataError
        If it does not decode or its size is not one that data sets take.
    """
    try:
        with warnings.catch_warnings():
            # The size is checked before anything is decoded, and what cannot be decoded is refused.
            warnings.simplefilter("ignore")
            with open_file(path) as file, Image.open(file) as opened:
                check_size(*opened.size, str(path))
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


def _is_bright(parts: list[NDArray[np.uint8]]) -> bool:
    borders = [
        edge.ravel()
        for images in parts
        for edge in (images[:, 0], images[:, -1], images[:, 1:-1, 0], images[:, 1:-1, -1])
    ]
    return float(np.median(np.concatenate(borders))) > _BRIGHT
