"""Images for the page and the sheet of mistakes: PNGs in the page itself, heat drawn over them."""

from __future__ import annotations

import base64
import io

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tenfold.evaluation.test_sets import ImageTable, TestSet
from tenfold.preprocess.document import first_page

Pixels = NDArray[np.uint8]

TILE = 160  # pixels of a table's image, brought into a square
ENLARGED = 4  # times, for heat that is smoother than pixels
FOR, AGAINST = (255, 140, 40), (60, 140, 255)  # what speaks for an answer, and against it
STRONGEST = 0.9  # opacity of the greatest heat
DIMMED = 0.6  # of the picture's light, so that heat stands out
GAP = 1 / 14  # of a picture's width, between those of a strip
FAINTEST = 2.0  # nats: pictures in which nothing matters more are not heated up to full


def data_uri(image: Pixels) -> str:
    """Return a picture, grey ``(h, w)`` or RGB ``(h, w, 3)``, as a PNG that needs no file.

    Examples
    --------
    >>> data_uri(np.zeros((8, 8), np.uint8))[:22]
    'data:image/png;base64,'
    """
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def thumbnail(data: TestSet, index: int) -> Pixels:
    """Return an image of a test set to look at: a digit as it is, a table's in a grey square."""
    if not isinstance(data, ImageTable):
        digit: Pixels = data.images[index]
        return digit
    image = Image.fromarray(first_page(data.rows[index].file).pixels).convert("L")
    image.thumbnail((TILE, TILE))
    tile = Image.new("L", (TILE, TILE), 128)
    tile.paste(image, ((TILE - image.width) // 2, (TILE - image.height) // 2))
    return np.asarray(tile)


def strip(images: Pixels) -> str:
    """Lay pictures side by side as one PNG, a little grey between."""
    size = images.shape[1]
    line = np.full((size, max(1, round(GAP * size))), 128, np.uint8)
    parts = [part for image in images for part in (image, line)][:-1]
    return data_uri(np.hstack(parts))


def heated(image: Pixels, heat: NDArray[np.float64]) -> str:
    """Draw an `occlusion_map` over its picture.

    Parameters
    ----------
    image : uint8 array, shape (size, size)
    heat : float array, shape (size, size)
        Positive in orange, negative in blue.
    """
    size = image.shape[0] * ENLARGED
    large = np.asarray(cv2.resize(image, (size, size), interpolation=cv2.INTER_NEAREST))
    smooth = np.asarray(cv2.resize(heat, (size, size), interpolation=cv2.INTER_CUBIC))
    share = (smooth / max(float(np.abs(smooth).max()), FAINTEST)).clip(-1, 1)[..., None]
    colour = np.where(share > 0, np.array(FOR, float), np.array(AGAINST, float))
    weight = STRONGEST * np.abs(share)
    grey = DIMMED * large[..., None]
    return data_uri(np.asarray(np.rint(grey * (1 - weight) + colour * weight), np.uint8))
