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
from pathlib import Path
from typing import Any, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, TiffImagePlugin, UnidentifiedImageError, WebPImagePlugin

from tenfold.errors import DataError
from tenfold.files import read_file

# Pillow loads these only on demand, and then knows no list of allowed formats.
_ON_DEMAND = (TiffImagePlugin, WebPImagePlugin)
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "DIB", "TIFF", "WEBP", "PPM")
SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".gif", ".bmp", ".dib", ".tif", ".tiff", ".webp"),
    *(".ppm", ".pgm", ".pbm"),
)
MAX_PIXELS = 52_000_000  # a phone's "50 megapixels" are 8192 × 6144
MAX_BYTES = 400_000_000
MIN_SIDE = 8
WORKING_SIDE = 1600
# A JPEG is decoded straight to a half, a quarter or an eighth, but not below this long side.
DRAFT_SIDE = 1400
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
Source: TypeAlias = str | Path | bytes | NDArray[np.generic] | Image.Image


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as the reader works on it.

    Parameters
    ----------
    pixels : uint8 array, shape (h, w) or (h, w, 3)
        Upright; grey or RGB; the longest side at most 1600.
    scale : float
        Pixels of the upright original per pixel here, at least 1.
    width, height : int
        Of the upright original, in pixels.
    name : str
        What a person calls it: its path, or ``"picture"``.
    notes : tuple of str
        What a person should know, such as that only the first frame was read.
    """

    pixels: Pixels
    scale: float
    width: int
    height: int
    name: str
    notes: tuple[str, ...] = ()


def open_picture(source: Source, name: str | None = None) -> Picture:
    """Open a picture from a path, encoded bytes, an array or a PIL image.

    Arrays may be bool, integers, or floats from 0 to 1 or 0 to 255, of shape ``(h, w)``,
    ``(h, w, 1)``, ``(h, w, 3)`` (RGB) or ``(h, w, 4)`` (RGBA).

    Raises
    ------
    DataError
        If it is missing, no picture, damaged, smaller than 8 or larger than 50 megapixels.

    Examples
    --------
    >>> import numpy as np
    >>> open_picture(np.zeros((28, 28), np.uint8)).pixels.shape
    (28, 28)
    """
    name = name_of(source, name)
    if isinstance(source, np.ndarray):
        _check_size(name, *(source.shape[1::-1] if source.ndim > 1 else (0, 0)))
        return _finish(_from_array(source, name), name, (source.shape[1], source.shape[0]), ())
    if isinstance(source, Image.Image):
        with _decoding(name):
            return _from_pillow(source, name)
    if not isinstance(source, bytes | str | PathLike):
        raise DataError(
            f"{name}: a {type(source).__name__} is no picture. "
            "Give a path, bytes, an array or a PIL image."
        )
    content = source if isinstance(source, bytes) else read_file(Path(source), MAX_BYTES, name)
    if not content:
        raise DataError(f"{name}: the file is empty. Save the picture again.")
    with _decoding(name), Image.open(io.BytesIO(content), formats=FORMATS) as image:
        return _from_pillow(image, name)


@contextmanager
def _decoding(name: str) -> Iterator[None]:
    """Say of whatever a decoder raises what is wrong with the picture."""
    try:
        yield
    except DataError:
        raise
    except UnidentifiedImageError:
        raise DataError(
            f"{name}: not a picture that can be opened. Use JPEG, PNG, GIF, BMP, TIFF or WebP."
        ) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise DataError(f"{name}: {_too_large()}") from None
    except MemoryError:
        raise DataError(f"{name}: not enough memory to open it. Use a smaller copy.") from None
    except Exception as error:  # Pillow's decoders raise nearly anything on damaged files
        raise DataError(f"{name}: the picture is damaged ({error}). Save it again.") from error


def name_of(source: Source, name: str | None = None) -> str:
    """Return what a person calls a picture: the name given, its path, or ``"picture"``."""
    if isinstance(source, Image.Image):
        return name or str(getattr(source, "filename", "")) or "picture"
    return name or (str(source) if isinstance(source, str | PathLike) else "picture")


def _too_large() -> str:
    return f"larger than {MAX_PIXELS // 1_000_000 - 2} megapixels. Use a smaller copy."


def _check_size(name: str, width: int, height: int) -> None:
    if max(width, height) < MIN_SIDE or min(width, height) < 1:
        raise DataError(
            f"{name}: {width}×{height} pixels are too few to read. Use a picture of at least "
            f"{MIN_SIDE}×{MIN_SIDE}."
        )
    if width * height > MAX_PIXELS:
        raise DataError(f"{name}: {width}×{height} is {_too_large()}")


def _from_pillow(image: Image.Image, name: str) -> Picture:
    _check_size(name, *image.size)
    width, height = image.size
    notes = ("only the first frame was read",) if getattr(image, "is_animated", False) else ()
    drafted = None
    if max(width, height) > WORKING_SIDE:
        drafted = image.draft(None, (DRAFT_SIDE * width // max(width, height), 1))
    # Loaded first: as it loads a TIFF, Pillow turns it upright itself, and only then says so.
    image.load()
    if drafted is None:
        width, height = image.size
    orientation = _orientation(image)
    if orientation in ROTATED:
        width, height = height, width
    pixels = _shrink(_to_array(image))
    for step in UPRIGHT.get(orientation, ()):
        pixels = np.asarray(step(pixels))
    return _finish(np.ascontiguousarray(pixels), name, (width, height), notes)


def _orientation(image: Image.Image) -> int:
    try:
        value = image.getexif().get(0x0112, 1)
    except Exception:  # a broken EXIF block must not cost the picture
        return 1
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _to_array(image: Image.Image) -> Pixels:
    """Decode to uint8 grey or RGB, reduced on the way where it is large."""
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        levels = np.asarray(image)
        if not np.isfinite(levels).all():
            raise ValueError("not all of its values are numbers")
        return _to_8_bits(levels)
    has_alpha = image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info
    if image.mode in ("1", "L", "LA", "La") and not has_alpha:
        image = image.convert("L")
    elif has_alpha:
        image = image.convert("RGBA")
    elif image.mode != "CMYK":
        image = image.convert("RGB")
    factor = max(image.size) // WORKING_SIDE
    if factor > 1:
        image = image.reduce(factor)
    if image.mode == "CMYK":
        image = image.convert("RGB")
    pixels = np.asarray(image)
    return _over_paper(pixels) if has_alpha else pixels


def _from_array(array: NDArray[np.generic], name: str) -> Pixels:
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)):
        raise DataError(
            f"{name}: an array of shape {array.shape} is no picture. "
            "Give (h, w), (h, w, 3) or (h, w, 4)."
        )
    if array.dtype == np.bool_:
        array = array.astype(np.uint8) * np.uint8(255)
    if array.dtype != np.uint8:
        if not np.issubdtype(array.dtype, np.number) or np.iscomplexobj(array):
            raise DataError(f"{name}: an array of {array.dtype} is no picture. Give uint8.")
        if not np.isfinite(array).all():
            raise DataError(f"{name}: the array holds NaN or infinity. Replace them.")
        array = _to_8_bits(array)
    pixels: Pixels = np.ascontiguousarray(array)
    return _over_paper(pixels) if pixels.ndim == 3 and pixels.shape[2] == 4 else pixels


def _to_8_bits(array: NDArray[np.generic]) -> Pixels:
    """Bring deeper grey levels to 0–255; what matters to the reader is contrast alone."""
    values = array.astype(np.float32)
    low, high = float(values.min()), float(values.max())
    if low >= 0 and high <= 255 and (high > 1 or not np.issubdtype(array.dtype, np.floating)):
        low, high = 0.0, 255.0
    elif low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    return np.asarray((values - low) * (255 / max(high - low, 1e-9)) + 0.5).astype(np.uint8)


def _over_paper(rgba: Pixels) -> Pixels:
    """Lay a transparent drawing over white paper, or over black where white would swallow it."""
    alpha = rgba[:, :, 3:].astype(np.uint16)
    if alpha.min() == 255:
        return np.ascontiguousarray(rgba[:, :, :3])
    ink = rgba[:, :, :3] * alpha
    white = ((ink + 255 * (255 - alpha)) // 255).astype(np.uint8)
    black = (ink // 255).astype(np.uint8)
    contrast_white, contrast_black = (float(side.std(axis=(0, 1)).max()) for side in (white, black))
    return white if contrast_white >= 0.25 * contrast_black else black


def _finish(pixels: Pixels, name: str, size: tuple[int, int], notes: tuple[str, ...]) -> Picture:
    pixels = _shrink(pixels)
    if pixels.ndim == 3 and _is_grey(pixels):
        pixels = np.ascontiguousarray(pixels[:, :, 0])
    scale = max(size) / max(pixels.shape[:2])
    return Picture(pixels, scale, size[0], size[1], name, notes)


def _shrink(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    shrink = max(width, height) / WORKING_SIDE
    if shrink <= 1:
        return pixels
    target = (max(1, round(width / shrink)), max(1, round(height / shrink)))
    return np.asarray(cv2.resize(pixels, target, interpolation=cv2.INTER_AREA), np.uint8)


def _is_grey(pixels: Pixels) -> bool:
    probe = pixels[:: max(1, len(pixels) // 64)]
    if not (probe == probe[:, :, :1]).all():
        return False
    return bool((pixels == pixels[:, :, :1]).all())


def turn(picture: Picture, degrees: int) -> Picture:
    """Turn a picture clockwise."""
    if not degrees:
        return picture
    width, height = picture.width, picture.height
    if degrees % 180:
        width, height = height, width
    pixels = np.ascontiguousarray(np.rot90(picture.pixels, -degrees // 90))
    return replace(picture, pixels=pixels, width=width, height=height)
