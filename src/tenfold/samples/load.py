"""The door to people's own data: any labelled pictures in, a data set out.

Named sets, IDX files and tables of pixels come as `tenfold.data` loads them. Picture files are
framed as the reader frames them, so that a model reads later what it has learned; so are arrays of
a shape that no data set holds. What was assumed on the way is said in one line.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from tenfold.data.arrays import Stack, is_frame, stacks_of
from tenfold.data.dataset import MAX_SIZE, MIN_SIZE, Dataset, Split
from tenfold.data.file_table import FRAME, list_frame
from tenfold.data.folder import is_bright
from tenfold.data.listing import Listing
from tenfold.data.registry import NAMES, as_they_are, open_source, part_of, split_parts
from tenfold.data.splits import Splits, parts_of
from tenfold.decoders import damage_told
from tenfold.errors import DataError
from tenfold.files import open_file
from tenfold.preprocess.normalize import FIELD
from tenfold.samples.framing import are_framed, frame_picture
from tenfold.samples.reviewed import is_results, reviewed

Pixels = NDArray[np.uint8]
Data: TypeAlias = object  # a name, a path, Splits, or what `stacks_of` takes
Tell = Callable[[str], None]
PROBLEMS = 5  # pictures that are named where several cannot be used


@dataclass(frozen=True, slots=True)
class Loaded:
    """A source as a data set.

    Parameters
    ----------
    train : Dataset
        Its training set, or all of it.
    test : Dataset or None
        The test set that it comes with.
    assumed : str
        What was assumed, in one line; empty where there was nothing to.
    """

    train: Dataset
    test: Dataset | None
    assumed: str


def load(source: Data, data_dir: Path | None = None, *, as_is: bool | None = None) -> Loaded:
    """Load any labelled pictures.

    Parameters
    ----------
    source : str, Path, Splits, tuple or frame
        A name, a path (see ``docs/data.md``), parts already loaded, or arrays in Python.
    data_dir : Path, optional
        Where MNIST is looked for first.
    as_is : bool, optional
        True keeps pictures as they are: square, all of one size. False frames all as the reader
        does. By default files are framed, but for those of one small size that need it not.

    Raises
    ------
    UsageError, DataError
        As `tenfold.data.registry.load_parts`; of pictures that cannot be used, five are named.

    Examples
    --------
    >>> photos = np.full((4, 60, 40), 255, np.uint8)
    >>> photos[:, 10:50, 18:23] = 0
    >>> loaded = load((photos, [1, 1, 1, 1]))
    >>> loaded.train.size, loaded.assumed
    (28, 'your arrays: 4 images of 40×60, framed as the reader frames them, 28×28')
    """
    if isinstance(source, Splits):
        return Loaded(source.train, source.test, "")
    listed = list_frame(source) if is_frame(source) else None
    if listed is not None:
        return _from_files(listed, FRAME, as_is)
    if not isinstance(source, str | Path):
        return _from_stacks(stacks_of(source), "your arrays", as_is)
    if source not in NAMES and is_results(Path(source)):
        pictures = reviewed(Path(source))
        words = f"{source}: {len(pictures):,} digits of combs that people decided"
        return Loaded(pictures, None, words)
    found = open_source(source, data_dir)
    if isinstance(found, tuple):
        return Loaded(*found, "")
    stacks = [part for part in found if isinstance(part, Stack)]
    if stacks:
        return _from_stacks(stacks, str(source), as_is)
    return _from_files([part for part in found if isinstance(part, Listing)], str(source), as_is)


def load_parts(
    source: Data, data_dir: Path | None = None, *, as_is: bool | None = None
) -> tuple[Dataset, Dataset | None]:
    """Load a source's training and test set, or the whole of it and None; see `load`."""
    loaded = load(source, data_dir, as_is=as_is)
    return loaded.train, loaded.test


def load_splits(
    source: Data,
    data_dir: Path | None = None,
    *,
    as_is: bool | None = None,
    tell: Tell | None = None,
) -> Splits:
    """Load the training and the test set of any labelled pictures.

    Sources with a test set of their own keep it; from the others a stratified fifth is held out.

    Parameters
    ----------
    source, data_dir, as_is
        As for `load`.
    tell : callable, optional
        Told what was assumed, if anything.

    Raises
    ------
    UsageError, DataError
        As `load`, and without labels.
    """
    if isinstance(source, Splits):
        return source
    loaded = load(source, data_dir, as_is=as_is)
    if tell is not None and loaded.assumed:
        tell(f"{loaded.assumed}.")
    return split_parts(loaded.train, loaded.test, loaded.train.name)


def load_dataset(
    source: Data,
    split: Split = "train",
    *,
    data_dir: Path | None = None,
    as_is: bool | None = None,
) -> Dataset:
    """Load one part of a data set.

    Parameters
    ----------
    source : str, Path, tuple or frame
        ``"digits"``, ``"mnist"``, a path or arrays, as for `load`.
    split : {"train", "test", "all"}
        Which part; ``"all"`` gives every picture in the order of the source and needs no labels.
    data_dir : Path, optional
        Where MNIST is looked for first.
    as_is : bool, optional
        True keeps pictures as they are, False frames all as the reader does.

    Raises
    ------
    UsageError
        If the name or the split is unknown.
    DataError
        If the data is damaged, or has no labels and a part was asked for.

    Examples
    --------
    >>> load_dataset("digits", "train").images.shape
    (1597, 8, 8)
    """
    return part_of(
        split,
        lambda: load_parts(source, data_dir, as_is=as_is),
        lambda: load_splits(source, data_dir, as_is=as_is),
    )


def _from_stacks(stacks: list[Stack], name: str, as_is: bool | None) -> Loaded:
    """Make data sets of arrays; those of other shapes than data sets hold are framed."""
    count = sum(len(part.images) for part in stacks)
    sizes = sorted({part.images.shape[2:0:-1] for part in stacks})
    square = len(sizes) == 1 and sizes[0][0] == sizes[0][1] and MIN_SIZE <= sizes[0][0] <= MAX_SIZE
    said = f"{name}: {count:,} images of {_span(sizes)}"
    if as_is or (square and as_is is None):
        train, test = as_they_are(stacks, name)
        # Digits lie on paper, and paper is what most of the border shows.
        if not as_is and is_bright([part.images for part in stacks]):
            train, test = _inverted(train), None if test is None else _inverted(test)
            return Loaded(train, test, f"{said}, on bright paper: inverted")
        return Loaded(train, test, f"{said}, kept as they are")
    sets = []
    for part in stacks:
        pictures = ((image, f"{part.where}[{row}]") for row, image in enumerate(part.images))
        sets.append(part.dataset(name, _all_framed(pictures)))
    words = f"{said}, framed as the reader frames them, {FIELD}×{FIELD}"
    return Loaded(*parts_of(sets), words)


def _inverted(data: Dataset) -> Dataset:
    return replace(data, images=255 - data.images)


def _from_files(listed: list[Listing], name: str, as_is: bool | None) -> Loaded:
    """Make data sets of picture files."""
    sizes = [_size(source) for part in listed for source in part.sources]
    said = f"{name}: {len(sizes):,} images of {_span(sorted(set(sizes) - {(0, 0)}))}"
    small = len(set(sizes)) == 1 and sizes[0][0] == sizes[0][1] <= FIELD
    if as_is or (as_is is None and small and sizes[0][0] >= MIN_SIZE):
        train, test = as_they_are(listed, name)
        if as_is or train.size < FIELD:
            return Loaded(train, test, f"{said}, kept as they are")
        if are_framed(train.images):
            return Loaded(train, test, f"{said}, kept as they are: framed as MNIST's")
    stamps = tuple(_stamp(source) for part in listed for source in part.sources)
    framed = _framed_files(tuple(listed_key(part) for part in listed), stamps)
    sets = [
        Dataset(images, part.labels, name, part.split, ids=np.array(part.ids), id_name="file")
        for part, images in zip(listed, framed, strict=True)
    ]
    words = f"{said}, framed as the reader frames them, {FIELD}×{FIELD}"
    return Loaded(*parts_of(sets), words)


Key: TypeAlias = tuple[tuple[Path | bytes, ...], tuple[str, ...]]


def listed_key(part: Listing) -> Key:
    """Return what tells the pictures of a part from others."""
    return part.sources, part.names


@lru_cache(maxsize=4)
def _framed_files(parts: tuple[Key, ...], _stamps: tuple[object, ...]) -> list[Pixels]:
    """Frame picture files; remembered, for evaluating opens a source more than once."""
    return [_all_framed(zip(sources, names, strict=True)) for sources, names in parts]


def _all_framed(pictures: Iterator[tuple[Path | bytes | Pixels, str]]) -> Pixels:
    """Frame pictures, each with its name; raises DataError that names those that cannot be."""
    framed: list[Pixels] = []
    failed: list[tuple[str, DataError]] = []
    for source, name in pictures:
        try:
            with damage_told(name):
                framed.append(frame_picture(source, name))
        except DataError as error:
            failed.append((name, error))
    if failed:
        (_, first), *others = failed
        raise DataError(f"{first}{_also([name for name, _ in others])}") from first
    return np.stack(framed)


def _also(names: list[str]) -> str:
    """Say which other pictures cannot be used, as many as are named."""
    if not names:
        return ""
    told, rest = names[: PROBLEMS - 1], len(names) - (PROBLEMS - 1)
    words = ", ".join(told) + (f" and {rest:,} more" if rest > 0 else "")
    what = "Another picture" if len(names) == 1 else f"{len(names):,} other pictures"
    return f" {what} cannot be used: {words}."


def _size(source: Path | bytes) -> tuple[int, int]:
    """Return a picture's width and height without decoding it; 0, 0 where that cannot be told."""
    try:
        opening = io.BytesIO(source) if isinstance(source, bytes) else open_file(source)
        with opening as file, Image.open(file) as image:
            return image.size
    except Exception:  # whoever opens it says what is wrong with it
        return 0, 0


def _stamp(source: Path | bytes) -> object:
    try:
        return len(source) if isinstance(source, bytes) else source.stat().st_mtime_ns
    except OSError:
        return None


def _span(sizes: list[tuple[int, int]]) -> str:
    """Write sizes, smallest and largest."""
    if not sizes:
        return "no size"
    by_area = sorted(sizes, key=lambda size: size[0] * size[1])
    first, last = (f"{width}×{height}" for width, height in (by_area[0], by_area[-1]))
    return first if first == last else f"{first} to {last}"
