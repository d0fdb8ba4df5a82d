"""What is kept of a template's reference images to find their pages in scans.

Of each page: points with descriptors (ORB, Rublee et al. 2011; SIFT, Lowe 2004), the places of its
corner marks, and *patches*: small squares of its print, spread over the page and outside its
fields, by which a scan is laid on it exactly and checked for the print being really there.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, PngImagePlugin

from tenfold.errors import DataError
from tenfold.files import MARK, read_file
from tenfold.forms.corner_marks import Marks, find_marks
from tenfold.forms.pyramid import Floats, Grey, Pyramid

if TYPE_CHECKING:
    from tenfold.forms.template import Field, Template

DPI = 200  # of reference images, about
MM = 25.4  # millimetres of an inch
PAPERS = {"A4": (210.0, 297.0), "A5": (148.0, 210.0), "A6": (105.0, 148.0),
          "Letter": (215.9, 279.4), "Legal": (215.9, 355.6)}  # fmt: skip
LONG_SIDE = 1000  # pixels on which features are looked for; patches are at least so large
PATCH = 12  # half a patch's side, in pixels of the reduced reference
MOST_PATCHES = 140
FEWEST_PATCHES = 12
ALIKE = 0.8  # a patch that correlates so well with another place of its page proves nothing
_NARROWEST = 48  # pixels across, below which nothing is looked for
_SAME = 0.015  # difference of sides' ratios up to which a picture is taken for a size of paper
_MAX_BYTES = 100_000_000


@dataclass(frozen=True, slots=True)
class Features:
    """Points of a picture in its own pixels, and their descriptors.

    Parameters
    ----------
    points : float32 array, shape (n, 2)
    descriptors : array, shape (n, k)
        uint8 for ORB, float32 for SIFT.
    """

    points: NDArray[np.float32]
    descriptors: NDArray[np.generic]


@dataclass(frozen=True, slots=True)
class Reference:
    """One page of a template as scans are compared with it.

    Parameters
    ----------
    image : uint8 array, shape (h, w)
    small : uint8 array
        The same reduced, on which the patches lie.
    scale : float
        Pixels of ``small`` per pixel of ``image``.
    patches : int array, shape (n, 2)
        Middles of the patches in ``small``, x and y.
    telling : bool array, shape (n,)
        Which patches look like no other place of the page.
    orb, sift : Features
    marks : Marks or None
    fields : tuple of Field
        Of this page.
    """

    image: Grey
    small: Grey
    scale: float
    patches: NDArray[np.intp]
    telling: NDArray[np.bool_]
    orb: Features
    sift: Features
    marks: Marks | None
    fields: tuple[Field, ...]

    def box(self, field: Field) -> Floats:
        """Return a field's left, top, right and bottom in pixels of ``image``."""
        left, top, width, height = field.box
        rows, columns = self.image.shape
        shares = np.array([left, top, left + width, top + height])
        return np.asarray(shares * [columns, rows, columns, rows], np.float64)


@dataclass(frozen=True, slots=True)
class References:
    """The pages of a template, ready to be found in scans.

    Parameters
    ----------
    pages : tuple of Reference
        Page 1 first.
    """

    pages: tuple[Reference, ...]

    @classmethod
    def load(cls, template: Template) -> References:
        """Open the reference images of a template and look for what tells its pages.

        Raises
        ------
        DataError
            If an image is missing or damaged, or holds too little print to be found again.
        """
        pages = []
        for number, page in enumerate(template.pages, 1):
            try:
                pages.append(
                    _reference(open_reference(page.image), template.on(number), page.marks)
                )
            except _TooLittlePrintError:
                raise DataError(
                    f"{page.image}: page {number} has too little print to be found on a scan. "
                    "Print it with corner marks: tenfold form print."
                ) from None
        return cls(tuple(pages))

    @classmethod
    def of(cls, images: Sequence[Grey], fields: Sequence[Sequence[Field]] = ()) -> References:
        """Make references from images, for instance `load_page`'s, and the fields of each.

        Raises
        ------
        DataError
            If an image holds too little print to be found again.
        """
        on = [*fields, *[()] * (len(images) - len(fields))]
        return cls(tuple(_reference(image, at, None) for image, at in zip(images, on, strict=True)))


class _TooLittlePrintError(DataError):
    pass


def open_reference(path: Path) -> Grey:
    """Open a reference image.

    Raises
    ------
    DataError
        If it is missing, damaged or no picture.
    """
    content = read_file(path, _MAX_BYTES)
    try:
        with Image.open(io.BytesIO(content), formats=("PNG", "JPEG", "TIFF")) as image:
            return np.array(image.convert("L"), np.uint8)
    except Exception as error:  # Pillow's decoders raise nearly anything on damaged files
        raise DataError(f"{path}: not a picture that can be opened ({error}).") from error


def png_of(image: Grey) -> bytes:
    """Return a reference image as a PNG file that carries tenfold's mark."""
    out = io.BytesIO()
    words = PngImagePlugin.PngInfo()
    words.add_text("Software", MARK)
    Image.fromarray(image).save(out, "PNG", pnginfo=words, dpi=(DPI, DPI), optimize=True)
    return out.getvalue()


def _reference(image: Grey, fields: Sequence[Field], marked: bool | None) -> Reference:
    height, width = image.shape
    scale = min(1.0, max(0.5, LONG_SIDE / max(height, width)))
    size = round(width * scale), round(height * scale)
    small = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
    picture = Pyramid(image)
    marks = find_marks(picture) if marked is not False else None
    patches = _patches(small, fields)
    if len(patches) < FEWEST_PATCHES and marks is None:
        raise _TooLittlePrintError("The reference image holds too little print to be found again.")
    return Reference(
        image, small, scale, patches, _telling(small, patches), orb_of(picture), sift_of(picture),
        marks, tuple(fields),
    )  # fmt: skip


def _patches(small: Grey, fields: Sequence[Field]) -> NDArray[np.intp]:
    """Choose corners of print, spread over the page, outside the fields where people write."""
    height, width = small.shape
    free = np.zeros_like(small)
    free[PATCH + 1 : -PATCH - 1, PATCH + 1 : -PATCH - 1] = 255
    for field in fields:
        left, top, wide, high = field.box
        inside = 3  # the frame itself may be a patch's middle
        x, y = round(left * width) + inside, round(top * height) + inside
        right, bottom = round((left + wide) * width), round((top + high) * height)
        free[max(0, y) : bottom - inside + 1, max(0, x) : right - inside + 1] = 0
    soft = cv2.GaussianBlur(small, (0, 0), 1.0)
    apart = max(height, width) / 45
    found: Any = cv2.goodFeaturesToTrack(soft, MOST_PATCHES, 0.01, apart, mask=free, blockSize=9)
    if found is None:
        return np.zeros((0, 2), np.intp)
    return np.asarray(np.rint(found.reshape(-1, 2)), np.intp)


def _telling(small: Grey, patches: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Say which patches look like no other place of their page; seen at half the size."""
    half = cv2.resize(small, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    reach, near = PATCH // 2, 4
    half = cv2.copyMakeBorder(half, reach, reach, reach, reach, cv2.BORDER_REPLICATE)
    alone = np.zeros(len(patches), np.bool_)
    for i, (x, y) in enumerate(patches // 2):
        patch = half[y : y + 2 * reach + 1, x : x + 2 * reach + 1]
        alike = cv2.matchTemplate(half, patch, cv2.TM_CCOEFF_NORMED)
        alike[max(0, y - near) : y + near + 1, max(0, x - near) : x + near + 1] = 0
        alone[i] = float(alike.max()) < ALIKE
    return alone


@cache
def _orb() -> cv2.ORB:
    return cv2.ORB.create(1500, 1.2, 8, fastThreshold=12)


@cache
def _sift() -> cv2.SIFT:
    return cv2.SIFT.create(1500)


def orb_of(picture: Pyramid) -> Features:
    """Find ORB features on a picture reduced to a long side of 1000 pixels; quick."""
    return _features(picture, _orb())


def sift_of(picture: Pyramid) -> Features:
    """Find SIFT features likewise; ten times slower, and surer."""
    return _features(picture, _sift())


def _features(picture: Pyramid, finder: cv2.Feature2D) -> Features:
    small, matrix = picture.reduced(LONG_SIDE)
    keys: Sequence[cv2.KeyPoint] = ()
    descriptors: Any = None
    if min(small.shape) >= _NARROWEST:  # a pyramid over less would have no top
        keys, descriptors = finder.detectAndCompute(small, None)
    if descriptors is None:
        return Features(np.zeros((0, 2), np.float32), np.zeros((0, finder.descriptorSize())))
    points = np.array([[key.pt for key in keys]], np.float64)
    points = cv2.perspectiveTransform(points, np.linalg.inv(matrix))[0]
    return Features(points.astype(np.float32), np.asarray(descriptors))


def paper_of(image: Grey) -> tuple[float, float]:
    """Return the width and height, in millimetres, of the paper that a whole page was printed on.

    Examples
    --------
    >>> paper_of(np.zeros((2339, 1654), np.uint8)), paper_of(np.zeros((400, 800), np.uint8))
    ((210.0, 297.0), (101.6, 50.8))
    """
    height, width = image.shape
    near = (width / DPI * MM, height / DPI * MM)
    for short, long in PAPERS.values():
        for size in ((short, long), (long, short)):
            ratio = (width / height) / (size[0] / size[1])
            if abs(ratio - 1) < _SAME and abs(near[0] / size[0] - 1) < 0.15:
                return size
    return near
