"""The door to all data: from a name or a path to pictures and labels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tenfold.data.arrays import Stack
from tenfold.data.dataset import Dataset, Split
from tenfold.data.digits import COUNT, load_digits
from tenfold.data.file_table import is_text_table, list_table
from tenfold.data.folder import load_listing
from tenfold.data.listing import Listing, is_picture_folder, list_folder, list_loose
from tenfold.data.mnist import (
    count_mnist,
    find_mnist,
    is_idx_folder,
    load_idx_folder,
    load_mnist,
)
from tenfold.data.npz import read_npz
from tenfold.data.parquet import read_parquet
from tenfold.data.splits import Parts, Splits, hold_out, parts_of, whole_of
from tenfold.data.tables import read_csv
from tenfold.errors import DataError, UsageError

NAMES = ("digits", "mnist")
PATHS = (
    "a folder of folders 0 to 9 with pictures, a folder of IDX files, a table (.csv, .tsv, "
    ".parquet) or an .npz"
)


@dataclass(frozen=True)
class Source:
    """A data set known by name, and whether it is at hand.

    Parameters
    ----------
    name, description : str
        What to call it, and what it is.
    place : str or None
        Where it was found on this machine; None where it would have to be downloaded.
    pictures : int
        How many pictures it holds.
    """

    name: str
    description: str
    place: str | None
    pictures: int


def load_splits(source: str | Path, data_dir: Path | None = None) -> Splits:
    """Load the training and the test set of a data set.

    Sources with a test set of their own keep it. From the others a stratified fifth is held out,
    always the same one, and ``own_test`` is False.

    Parameters
    ----------
    source : str or Path
        ``"digits"``, ``"mnist"``, or the path of a folder of IDX files, a folder of label-named
        folders of pictures, a CSV or an NPZ. A name goes before a path; for a folder that is
        called ``digits``, give ``./digits``.
    data_dir : Path, optional
        Where MNIST is looked for first; then in ``TENFOLD_DATA`` and the per-user cache.

    Raises
    ------
    UsageError
        If the name is unknown and no such path exists.
    DataError
        If the data is damaged or has no labels.

    Examples
    --------
    >>> load_splits("digits").test.counts()
    array([18, 21, 19, 22, 22, 19, 22, 20, 17, 20])
    """
    return split_parts(*load_parts(source, data_dir), source)


def split_parts(train: Dataset, test: Dataset | None, source: object) -> Splits:
    """Return parts as they come, or hold a test set out; raises DataError without labels."""
    if train.labels is None or (test is not None and test.labels is None):
        raise DataError(
            f"{source}: there are no labels, and without them there is no training or test set. "
            "Add labels (in a table, a column 'label'), or use the whole set ('all')."
        )
    return hold_out(train) if test is None else Splits(train, test, own_test=True)


def load_dataset(
    source: str | Path, split: Split = "train", *, data_dir: Path | None = None
) -> Dataset:
    """Load one part of a data set.

    Parameters
    ----------
    source : str or Path
        A name or a path, as for `load_splits`.
    split : {"train", "test", "all"}
        Which part; ``"all"`` gives every picture in the order of the source and needs no labels.
    data_dir : Path, optional
        Where MNIST is looked for first.

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
        split, lambda: load_parts(source, data_dir), lambda: load_splits(source, data_dir)
    )


def part_of(split: Split, whole: Callable[[], Parts], splits: Callable[[], Splits]) -> Dataset:
    """Return one part of a source, whichever way it is loaded; see `load_dataset`."""
    if split == "all":
        return whole_of(*whole())
    if split not in ("train", "test"):
        raise UsageError(f"Unknown split '{split}'. Choose train, test or all.")
    chosen = splits()
    return chosen.train if split == "train" else chosen.test


def known_sources(data_dir: Path | None = None) -> list[Source]:
    """List the data sets known by name and where they are on this machine."""
    folder = find_mnist(data_dir)
    return [
        Source("digits", "scikit-learn's digits, 8×8; test set: the last 200", "built in", COUNT),
        Source(
            "mnist",
            "MNIST, 28×28; test set: its own 10,000",
            None if folder is None else str(folder),
            70_000 if folder is None else count_mnist(folder),
        ),
    ]


def load_parts(source: str | Path, data_dir: Path | None = None) -> Parts:
    """Load a source as it stands: its training and test set, or the whole of it and None.

    Nothing is held out, so this also opens data without labels and sets too small to split.
    Pictures are taken as they are; `tenfold.samples` frames those of other sizes.

    Raises
    ------
    UsageError, DataError
        As `load_splits`, except for missing labels.
    """
    found = open_source(source, data_dir)
    return found if isinstance(found, tuple) else as_they_are(found, str(source))


def as_they_are(found: list[Stack] | list[Listing], name: str) -> Parts:
    """Make data sets of pictures that are of a size which these hold."""
    listed = [part for part in found if isinstance(part, Listing)]
    if listed:
        return load_listing(listed, name)
    return parts_of([part.dataset(name) for part in found if isinstance(part, Stack)])


def open_source(
    source: str | Path, data_dir: Path | None = None
) -> Parts | list[Stack] | list[Listing]:
    """Open a source as far as its pictures can be of any size.

    Returns
    -------
    tuple of Dataset and (Dataset or None)
        What is known by name, and IDX files.
    list of Stack, or of Listing
        Arrays and tables of pixels, or picture files that were not opened yet: one part, or two.

    Raises
    ------
    UsageError, DataError
        As `load_parts`.
    """
    if not isinstance(source, str | Path) or not str(source):
        raise UsageError(
            f"a data set is given by name (digits, mnist) or path, not as {source!r:.80}."
        )
    try:
        if source in NAMES:
            splits = load_digits() if source == "digits" else load_mnist(data_dir)
            return splits.train, splits.test
        return _open_path(Path(source), str(source))
    except OSError as error:  # a name too long, a folder or a disk that cannot be read
        raise DataError(f"{source}: cannot be read ({error.strerror or error}).") from error


def _open_path(path: Path, name: str) -> Parts | list[Stack] | list[Listing]:
    if path.is_dir():
        return _open_folder(path, name)
    if not path.exists():
        raise UsageError(
            f"'{name}' is neither a known data set (digits, mnist) nor a path that exists. "
            f"A path may be {PATHS}."
        )
    suffix = path.suffix.lower()
    if suffix == ".npz":
        return read_npz(path)
    if is_text_table(path) or suffix == ".parquet":
        listed = list_table(path)
        if listed is not None:
            return listed
        return [read_parquet(path) if suffix == ".parquet" else read_csv(path)]
    raise DataError(f"{path}: not a kind of file that holds a data set. Give {PATHS}.")


def _open_folder(folder: Path, name: str) -> Parts | list[Listing]:
    if is_idx_folder(folder):
        return load_idx_folder(folder, name)
    if is_picture_folder(folder):
        return list_folder(folder)
    loose = list_loose(folder)
    if loose is not None:
        return [loose]
    raise DataError(
        f"{folder}: neither IDX files nor folders named 0 to 9 in it. For loose pictures, use "
        "'tenfold read'."
    )
