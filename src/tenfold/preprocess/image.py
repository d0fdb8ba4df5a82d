"""Open any picture safely.

People hand over phone photos, scans, screenshots, drawings with transparent paper, and sometimes
something that is no picture at all. Everything comes out upright, in 8 bits, grey or RGB, and no
larger than the reader needs; everything that cannot be used ends in a DataError naming the file.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from os import PathLike
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin, UnidentifiedImageError, WebPImagePlugin

from tenfold.errors import DataError, PictureValueError
from tenfold.files import read_limited
from tenfold.names import page_name
from tenfold.preprocess import heic
from tenfold.preprocess.arrays import check_shape, from_array, is_grey, over_paper, to_8_bits
from tenfold.preprocess.encoded import MAX_BYTES, Encoded, open_encoded

# Pillow loads these only on demand, and then knows no list of allowed formats.
_ON_DEMAND = (TiffImagePlugin, WebPImagePlugin)
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "DIB", "TIFF", "WEBP", "PPM")
SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".bmp", ".dib", ".tif", ".tiff", ".webp"),
    *(".ppm", ".pgm", ".pbm", *heic.SUFFIXES),
)
MAX_PIXELS = 52_000_000  # a phone's "50 megapixels" are 8192 × 6144
MIN_SIDE = 8
WORKING_SIDE = 1600
# A JPEG is decoded straight to a half, a quarter or an eighth, but not below this share of it.
DRAFT_SHARE = 7 / 8
ROTATED = (5, 6, 7, 8)  # EXIF orientations that swap width and height
# What undoes each EXIF orientation; one step after the other.
UPRIGHT: dict[int, tuple[Callable[[Any], Any], ...]] = {
    2: (np.fliplr,),
    3: (np.flipud, np.fliplr),
    4: (np.flipud,),
    5: (cv2.transpose,),
    6: (partial(cv2.rotate, rotateCode=cv2.ROTATE_90_CLOCKWISE),),
    7: (cv2.transpose, np.flipud, np.fliplr),
    8: (partial(cv2.rotate, rotateCode=cv2.ROTATE_90_COUNTERCLOCKWISE),),
}

Pixels: TypeAlias = NDArray[np.uint8]
Source: TypeAlias = str | PathLike[str] | Encoded | NDArray[np.generic] | Image.Image


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as the reader works on it.

    Parameters
    ----------
    pixels : uint8 array, shape (h, w) or (h, w, 3)
        Upright; grey or RGB; the longest side at most 1600, unless another side was asked for.
    scale : float
        Pixels of the upright original per pixel here, at least 1.
    width, height : int
        Of the upright original, in pixels.
    name : str
        What a person calls its file: its path, or ``"picture"``.
    notes : tuple of str
        What a person should know, such as that only the first frame was read.
    page : int or None
        Its number in a file of pages, from 1; None where the file is the picture.
    left, top : int
        Where ``pixels`` begins in the upright original, in its pixels; 0 unless it is a region.
    """

    pixels: Pixels
    scale: float
    width: int
    height: int
    name: str
    notes: tuple[str, ...] = ()
    page: int | None = None
    left: int = 0
    top: int = 0

    @property
    def label(self) -> str:
        """What a person calls the picture, its page included."""
        return page_name(self.name, self.page)


def open_picture(
    source: Source, name: str | None = None, *, side: int | None = WORKING_SIDE
) -> Picture:
    """Open a picture from a path, an encoded file, an array or a PIL image.

    Encoded files come as bytes, bytearray, memoryview, or an object open for reading bytes, which
    is read from where it stands. Arrays may be bool, integers, or floats from 0 to 1 or 0 to 255,
    of shape ``(h, w)``, ``(h, w, 1)``, ``(h, w, 3)`` (RGB) or ``(h, w, 4)`` (RGBA); other levels
    are stretched to that. Lists are refused: `numpy.array` makes arrays of them. ``side`` is what
    the longer side is reduced to where it is longer, in pixels; None keeps all. Of files of several
    pages `tenfold.preprocess.document` opens each.

    Raises
    ------
    DataError
        If it is missing, no picture, damaged, smaller than 8 or larger than 50 megapixels. For what
        is no picture in Python it is a TypeError or a ValueError, too.

    Examples
    --------
    >>> import numpy as np
    >>> open_picture(np.zeros((28, 28), np.uint8)).pixels.shape
    (28, 28)
    """
    name = name_of(source, name)
    if isinstance(source, np.ndarray):
        array = np.asarray(source)
        check_shape(array, name)
        size = (array.shape[1], array.shape[0])
        _check_size(name, *size, PictureValueError)
        return _finish(from_array(array, name), name, size, (), side)
    if isinstance(source, Image.Image):
        return _from_open(source, name, side)
    with open_encoded(source, name) as file:
        try:
            content = read_limited(file, MAX_BYTES, name)
        except OSError as error:
            raise DataError(f"{name}: cannot be read ({error.strerror or error}).") from error
    if not content:
        raise DataError(f"{name}: the file is empty. Save the picture again.")
    with decoding(name):
        if heic.is_heic(content):
            return _from_heic(content, name, side)
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            return _from_pillow(image, name, side, draft=True)


def _from_heic(content: bytes, name: str, side: int | None) -> Picture:
    file = heic.open_heic(content, name)
    _check_size(name, *file.size)
    picture = _from_pillow(file.to_pillow(), name, side)
    several = len(file) > 1
    return replace(picture, notes=("only the main picture was read",)) if several else picture


def _from_open(image: Image.Image, name: str, side: int | None) -> Picture:
    """Take an image that somebody else opened and goes on using."""
    try:
        with decoding(name):
            return _from_pillow(image, name, side)
    except DataError as error:
        if isinstance(error.__cause__, ValueError) and "closed" in str(error.__cause__):
            raise PictureValueError(
                f"{name}: the image is closed. Read it before it is closed."
            ) from error
        raise PictureValueError(str(error)) from error


def open_frame(image: Image.Image, name: str, *, side: int | None = WORKING_SIDE) -> Picture:
    """Take the frame of an open file at which it stands, such as a page of a TIFF.

    Raises
    ------
    DataError
        As of `open_picture`.
    """
    with decoding(name):
        return replace(_from_pillow(image, name, side), notes=())


@contextmanager
def decoding(name: str) -> Iterator[None]:
    """Say of whatever a decoder raises what is wrong with the picture."""
    try:
        yield
    except DataError:
        raise
    except UnidentifiedImageError:
        raise DataError(
            f"{name}: not a picture that can be opened. "
            "Use JPEG, PNG, TIFF, PDF, HEIC, GIF, BMP or WebP."
        ) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise DataError(f"{name}: {_too_large()}") from None
    except MemoryError:
        raise DataError(f"{name}: not enough memory to open it. Use a smaller copy.") from None
    except Exception as error:  # Pillow's decoders raise nearly anything on damaged files
        raise DataError(f"{name}: the picture is damaged ({error}). Save it again.") from error


def name_of(source: Source, name: str | None = None) -> str:
    """Return what a person calls a picture: the name given, its path, or ``"picture"``."""
    if name or isinstance(source, str | PathLike):
        return name or str(source)
    own = getattr(source, "filename" if isinstance(source, Image.Image) else "name", None)
    return own if isinstance(own, str) and own else "picture"


def _too_large() -> str:
    return f"larger than {MAX_PIXELS // 1_000_000 - 2} megapixels. Use a smaller copy."


def _check_size(name: str, width: int, height: int, kind: type[DataError] = DataError) -> None:
    if max(width, height) < MIN_SIDE or min(width, height) < 1:
        raise kind(
            f"{name}: {width}×{height} pixels are too few to read. Use a picture of at least "
            f"{MIN_SIDE}×{MIN_SIDE}."
        )
    if width * height > MAX_PIXELS:
        raise kind(f"{name}: {width}×{height} is {_too_large()}")


def _from_pillow(
    image: Image.Image, name: str, side: int | None, *, draft: bool = False
) -> Picture:
    """Decode; ``draft`` lets a large JPEG be decoded smaller, which changes the image itself."""
    _check_size(name, *image.size)
    width, height = image.size
    notes = ("only the first frame was read",) if getattr(image, "is_animated", False) else ()
    drafted = None
    if draft and side is not None and max(width, height) > side:
        drafted = image.draft(None, (int(DRAFT_SHARE * side * width / max(width, height)), 1))
    # Loaded first: as it loads a TIFF, Pillow turns it upright itself, and only then says so.
    image.load()
    if drafted is None:
        width, height = image.size
    orientation = _orientation(image)
    if orientation in ROTATED:
        width, height = height, width
    pixels = shrink(_to_array(image, side), side)
    for step in UPRIGHT.get(orientation, ()):
        pixels = np.asarray(step(pixels))
    return _finish(np.ascontiguousarray(pixels), name, (width, height), notes, side)


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(0x0112, 1)
    except Exception:  # a broken EXIF block must not cost the picture
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _to_array(image: Image.Image, side: int | None) -> Pixels:
    """Decode to uint8 grey or RGB, reduced on the way where it is large."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        levels = np.asarray(image)
        if not np.isfinite(levels).all():
            raise ValueError("not all of its values are numbers")
        return to_8_bits(levels)
    has_alpha = image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info
    if image.mode in ("1", "L", "LA", "La") and not has_alpha:
        image = image.convert("L")
    elif has_alpha:
        image = image.convert("RGBA")
    elif image.mode != "CMYK":
        image = image.convert("RGB")
    factor = max(image.size) // side if side else 1
    if factor > 1:
        image = image.reduce(factor)
    if image.mode == "CMYK":
        image = image.convert("RGB")
    pixels = np.asarray(image)
    return over_paper(pixels) if has_alpha else pixels


def _finish(
    pixels: Pixels, name: str, size: tuple[int, int], notes: tuple[str, ...], side: int | None
) -> Picture:
    pixels = shrink(pixels, side)
    if pixels.ndim == 3 and is_grey(pixels):
        pixels = np.ascontiguousarray(pixels[:, :, 0])
    scale = max(size) / max(pixels.shape[:2])
    return Picture(pixels, scale, size[0], size[1], name, notes)


def shrink(pixels: Pixels, side: int | None) -> Pixels:
    """Reduce pixels whose longer side is longer than this; None leaves all as they are."""
    height, width = pixels.shape[:2]
    shrink = max(width, height) / side if side else 1
    if shrink <= 1:
        return pixels
    target = (max(1, round(width / shrink)), max(1, round(height / shrink)))
    return np.asarray(cv2.resize(pixels, target, interpolation=cv2.INTER_AREA), np.uint8)
