"""What a model is measured on: a labelled data set of single digits, or a table of images.

A table is a CSV with a column ``file`` and one of ``label`` (images of one digit) or ``truth``
(numbers and pages: digits only, ``|`` between lines). Files are named from the table's folder, or
in full; the first folder of each, from there or from where all of them lie, is its source.

A 28×28 model was trained on digits framed as MNIST's were; sets of another size, such as USPS's
16×16, are framed the same way before it sees them. Other models take only their own size.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tenfold.data.dataset import Dataset, Split
from tenfold.errors import DataError
from tenfold.files import open_file
from tenfold.model import Model
from tenfold.preprocess.normalize import FIELD, frame_glyph
from tenfold.reader.scaled import refit
from tenfold.samples.load import load_dataset, load_parts, load_splits

_HEADER = 100_000  # characters in which a table's header ends


@dataclass(frozen=True, slots=True)
class ImageRow:
    """An image of a table: its file, what it shows, its source, and whether that is one digit."""

    file: Path
    truth: str
    source: str
    single: bool


@dataclass(frozen=True, slots=True)
class ImageTable:
    """A table of images and what they show; see `load_table`."""

    name: str
    rows: tuple[ImageRow, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def fingerprint(self) -> str:
        """SHA-256 over truths and files: equal only for the same images in order."""
        digest = hashlib.sha256()
        for row in self.rows:
            digest.update(f"{row.source} {row.truth}\n".encode())
            digest.update(row.file.read_bytes() if row.file.is_file() else b"")
        return digest.hexdigest()


TestSet = Dataset | ImageTable


def open_test_set(
    model: Model,
    source: str | Path,
    split: Split | None = None,
    data_dir: Path | None = None,
    as_is: bool | None = None,
) -> TestSet:
    """Load a table of images, or of a data set the part that `choose_split` chooses."""
    if is_image_table(source):
        return load_table(source)
    return choose_split(model, source, split, data_dir, as_is)


def is_image_table(path: str | Path) -> bool:
    """Whether this is a CSV whose header has a column ``file``."""
    path = Path(path)
    if path.suffix.lower() != ".csv" or not path.is_file():
        return False
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        return "file" in [name.strip() for name in file.readline(_HEADER).split(",")]


def load_table(path: str | Path) -> ImageTable:
    """Load a table; raises DataError naming file and line where it does not hold together."""
    path = Path(path)
    rows = []
    try:
        with io.TextIOWrapper(open_file(path), encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            single = "label" in (reader.fieldnames or [])
            column = "label" if single else "truth"
            if column not in (reader.fieldnames or []):
                raise DataError(f"{path}: needs a column 'label' or 'truth' beside 'file'.")
            for number, record in enumerate(reader, start=2):
                rows.append(_row(path, number, record.get("file"), record.get(column), single))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path}: cannot be read as a table ({error}).") from error
    if not rows:
        raise DataError(f"{path}: no images in this table; nothing to measure.")
    return ImageTable(str(path), tuple(_with_sources(path.parent, rows)))


def _with_sources(folder: Path, rows: list[ImageRow]) -> list[ImageRow]:
    """Name each image's source: its first folder, from the table's or where all images lie."""
    files = [os.path.normpath(row.file) for row in rows]
    inside = [Path(os.path.relpath(file, folder)) for file in files]
    if any(".." in path.parts for path in inside):
        common = os.path.commonpath([Path(file).absolute().parent for file in files])
        inside = [Path(os.path.relpath(file, common)) for file in files]
    return [
        replace(row, source=path.parts[0] if len(path.parts) > 1 else ".")
        for row, path in zip(rows, inside, strict=True)
    ]


def _row(path: Path, number: int, name: str | None, truth: str | None, single: bool) -> ImageRow:
    allowed = "0123456789" if single else "0123456789|"
    if not name or truth is None or set(truth) - set(allowed) or (single and len(truth) != 1):
        what = "one digit" if single else "digits, with | between lines"
        raise DataError(f"{path}:{number}: needs a file and {what}; got {name!r}, {truth!r}.")
    return ImageRow(path.parent / name, truth, ".", single)


def check(model: Model, data: TestSet) -> None:
    """Raise what makes a test set useless for a model, before long work is lost on it.

    Raises
    ------
    DataError
        If it is empty, unlabelled, or of other classes.
    ModelError
        If the model takes images of another size.
    """
    if isinstance(data, ImageTable):
        return
    labels = data.targets
    if not len(labels):
        raise DataError(f"{data.name}: no pictures in its {data.split} set; nothing to measure.")
    if data.classes != model.info.classes:
        raise DataError(
            f"{data.name} has the classes {', '.join(data.classes)}, but {model.path} knows "
            f"{', '.join(model.info.classes)}."
        )
    model.predict(framed(data.take(np.arange(1)), model).images)


def framed(data: Dataset, model: Model) -> Dataset:
    """Return the data set in the model's size where it can be framed, else as it is.

    Examples
    --------
    >>> small = Dataset(np.full((1, 16, 16), 255, np.uint8), None, "small", "all")
    >>> from types import SimpleNamespace
    >>> framed(small, SimpleNamespace(info=SimpleNamespace(size=28))).images.shape
    (1, 28, 28)
    """
    if data.size == model.info.size or model.info.size != FIELD:
        return data
    return _in_field(data)


def in_size(data: Dataset, size: int) -> Dataset:
    """Return images framed to a model's size, as 'tenfold read --model' shows them to it.

    For models of MNIST's size that is `framed`'s to do.
    """
    if size in (data.size, FIELD) or not len(data):
        return data
    glyphs = data if data.size == FIELD else _in_field(data)
    return replace(data, images=np.stack([refit(glyph, size) for glyph in glyphs.images]))


def _in_field(data: Dataset) -> Dataset:
    """Frame images as MNIST's are."""
    glyphs = [frame_glyph(image, (image > 0).astype(np.uint8)) for image in data.images]
    return replace(data, images=np.stack(glyphs) if glyphs else np.zeros((0, 28, 28), np.uint8))


def choose_split(
    model: Model,
    source: str | Path,
    split: Split | None,
    data_dir: Path | None,
    as_is: bool | None = None,
) -> Dataset:
    """Load the part of a source that says most about a model without having taught it.

    That is the source's own test set; without one, the part held out if the model learned from
    this very source or was calibrated on it, else all of it.
    """
    if split is not None:
        return load_dataset(source, split, data_dir=data_dir, as_is=as_is)
    whole, test = load_parts(source, data_dir, as_is=as_is)
    if test is not None:
        return test
    if whole.labels is not None and len(whole) > len(whole.classes):
        try:
            splits = load_splits(source, data_dir, as_is=as_is)
        except DataError:  # too small to split, so no model was trained on a part of it
            return whole
        if _knows(model, splits.train):
            return splits.test
    return whole


def has_learned(
    model: Model,
    source: str | Path,
    split: Split | None,
    data_dir: Path | None,
    as_is: bool | None = None,
) -> bool:
    """Whether a part that was asked for holds pictures that the model learned from."""
    if split not in ("train", "all") or is_image_table(source):
        return False
    try:
        train = load_splits(source, data_dir, as_is=as_is).train
    except DataError:  # too small to split, so no model was trained on a part of it
        return False
    return _knows(model, train)


def _knows(model: Model, train: Dataset) -> bool:
    """Whether weights or temperature come from this training set."""
    info = model.info
    return train.fingerprint() in (info.data_fingerprint, info.calibration_fingerprint)
