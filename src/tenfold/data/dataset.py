"""Labelled pictures in memory: the one shape in which data travels through tenfold."""

from __future__ import annotations

import hashlib
import html
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from tenfold.errors import DataError

if TYPE_CHECKING:
    from PIL import Image

DIGITS = tuple("0123456789")
MIN_SIZE, MAX_SIZE = 8, 64
SHOWN = 20  # images in a notebook

Split = Literal["train", "test", "all"]


@dataclass(frozen=True, slots=True, repr=False)
class Dataset:
    """Square grey images and their labels.

    Parameters
    ----------
    images : uint8 array, shape (n, size, size)
        White ink on black: 0 is paper, 255 is full ink.
    labels : uint8 array, shape (n,), or None
        Index into ``classes`` of each picture; None where the source carries no labels.
    name : str
        What a person calls it: ``"mnist"``, or the path it came from.
    split : str
        Which part of the source this is: ``"train"``, ``"validation"``, ``"test"`` or ``"all"``.
    classes : tuple of str
        What the labels mean, in order; the ten digits unless said otherwise.
    ids : str array, shape (n,), or None
        What the source calls each picture: its file, or the value of a column of ids.
    id_name : str
        What the source calls that column.

    Raises
    ------
    DataError
        If the shapes or types do not fit together or the pictures are not square, 8 to 64 wide.

    Examples
    --------
    >>> import numpy as np
    >>> Dataset(np.zeros((2, 8, 8), np.uint8), np.array([3, 7], np.uint8), "mine", "all").counts()
    array([0, 0, 0, 1, 0, 0, 0, 1, 0, 0])
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8] | None
    name: str
    split: str
    classes: tuple[str, ...] = DIGITS
    ids: NDArray[np.str_] | None = None
    id_name: str = "id"

    def __post_init__(self) -> None:
        shape = self.images.shape
        if self.images.dtype != np.uint8 or len(shape) != 3 or shape[1] != shape[2]:
            raise DataError(
                f"{self.name}: expected uint8 pictures of shape (n, size, size), "
                f"got {self.images.dtype} {shape}."
            )
        if not MIN_SIZE <= shape[1] <= MAX_SIZE:
            raise DataError(
                f"{self.name}: pictures are {shape[1]}×{shape[2]}; data sets hold square pictures "
                f"from {MIN_SIZE} to {MAX_SIZE} pixels wide. For pictures of any size, "
                "use 'tenfold read'."
            )
        if self.labels is None:
            return
        if self.labels.dtype != np.uint8 or self.labels.shape != shape[:1]:
            raise DataError(
                f"{self.name}: {shape[0]} pictures need as many uint8 labels, "
                f"got {self.labels.dtype} {self.labels.shape}."
            )
        if len(self.labels) and int(self.labels.max()) >= len(self.classes):
            row = int(np.argmax(self.labels >= len(self.classes)))
            raise DataError(
                f"{self.name}: label {self.labels[row]} at row {row} is beyond the "
                f"{len(self.classes)} classes ({self.classes[0]}–{self.classes[-1]})."
            )

    def __repr__(self) -> str:
        kinds = f"{len(self.classes)} classes" if self.labels is not None else "no labels"
        return (
            f"<Dataset {self.name}, {self.split}: "
            f"{len(self):,} images of {self.size}×{self.size}, {kinds}>"
        )

    def _repr_html_(self) -> str:
        """Show the first images, for notebooks."""
        from tenfold.sheets import html_image

        words = html.escape(repr(self))
        return f"<p>{words}</p>" + (
            html_image(self.show(), "the first images") if len(self) else ""
        )

    def show(self, count: int = SHOWN) -> Image.Image:
        """Return the first images on a sheet, each with its label.

        A notebook shows it where it is a cell's last line; ``data.show(50).save("sheet.png")``
        saves it. For others than the first, `take` them before.

        Parameters
        ----------
        count : int
            How many.

        Examples
        --------
        >>> import numpy as np
        >>> mine = Dataset(np.zeros((2, 8, 8), np.uint8), None, "mine", "all")
        >>> mine.show().size
        (218, 128)
        """
        from tenfold.sheets import sheet

        labels = None if self.labels is None else self.labels[:count]
        names = None if labels is None else [self.classes[label] for label in labels]
        return sheet(self.images[:count], names)

    def __len__(self) -> int:
        return len(self.images)

    @property
    def size(self) -> int:
        """Width and height of every picture, in pixels."""
        return int(self.images.shape[1])

    @property
    def targets(self) -> NDArray[np.uint8]:
        """The labels, shape (n,); raises DataError where the source has none."""
        if self.labels is None:
            raise DataError(f"{self.name} has no labels; training and evaluation need them.")
        return self.labels

    def counts(self) -> NDArray[np.int64]:
        """Pictures per class, shape (len(classes),)."""
        return np.bincount(self.targets, minlength=len(self.classes))

    def fingerprint(self) -> str:
        """SHA-256 over shape, pictures and labels: equal only for the same data in order."""
        digest = hashlib.sha256(str(self.images.shape).encode())
        digest.update(np.ascontiguousarray(self.images).data)
        if self.labels is not None:
            digest.update(np.ascontiguousarray(self.labels).data)
        return digest.hexdigest()

    def take(self, rows: NDArray[np.int64], split: str | None = None) -> Dataset:
        """Return the pictures at these row numbers, in that order."""
        labels = None if self.labels is None else self.labels[rows]
        ids = None if self.ids is None else self.ids[rows]
        split = split or self.split
        return replace(self, images=self.images[rows], labels=labels, ids=ids, split=split)
