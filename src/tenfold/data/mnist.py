"""MNIST: 60,000 training and 10,000 test pictures of 28×28 (LeCun et al. 1998).

Looked for in the folder that was named, then in ``TENFOLD_DATA``, then in the per-user cache;
downloaded into the cache if it is nowhere. Also any other set in a folder of IDX files.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from tenfold.data.dataset import Dataset
from tenfold.data.download import Fetch, fetch
from tenfold.data.idx import count_images, read_images, read_pair
from tenfold.data.splits import Splits
from tenfold.errors import DataError

ENVIRONMENT = "TENFOLD_DATA"
MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
# MD5 of the files as published: it guards against broken downloads, not against forgers.
FILES = {
    "train-images-idx3-ubyte.gz": "md5:f68b3c2dcbeaaa9fbdd348bbdeb94873",
    "train-labels-idx1-ubyte.gz": "md5:d53e105ee54ea40749a09fcbcd1e9432",
    "t10k-images-idx3-ubyte.gz": "md5:9fb629c4189551a2d022fa330f9573f3",
    "t10k-labels-idx1-ubyte.gz": "md5:ec29112dd5afa0611ce80d1b7f02629c",
}
_IDX_NAME = re.compile(r"(?P<prefix>.*)[-.](?P<kind>images|labels)[-.]idx[13]-ubyte(\.gz)?")
_TEST_PREFIX = re.compile(r"(.*[-_.])?(t10k|test)")

Part = dict[str, Path]  # "images" and "labels" → file


def load_mnist(data_dir: Path | None = None, mirrors: Sequence[str] = MIRRORS) -> Splits:
    """Load MNIST from this machine, or download it once.

    Parameters
    ----------
    data_dir : Path, optional
        Where to look first: a folder with the four files, or with a folder ``mnist`` of them.
    mirrors : sequence of str
        Addresses to download from, tried in turn.

    Raises
    ------
    DataError
        If a file is damaged, or MNIST is nowhere and cannot be downloaded; the message then says
        which four files to fetch and where to put them.
    """
    folder = find_mnist(data_dir)
    if folder is None:
        folder = cache_folder()
        fetch([Fetch(name, known_hash) for name, known_hash in FILES.items()], folder, mirrors)
    # By their names: other sets may lie in the same folder.
    train, train_labels, test, test_labels = (_present(folder, name) for name in FILES)
    return Splits(
        Dataset(*read_pair(train, train_labels), "mnist", "train"),
        Dataset(*read_pair(test, test_labels), "mnist", "test"),
        own_test=True,
    )


def cache_folder() -> Path:
    """Return where downloads of MNIST are kept for this user."""
    import pooch

    return Path(pooch.os_cache("tenfold")) / "mnist"


def find_mnist(data_dir: Path | None = None) -> Path | None:
    """Return the first folder that holds all four files of MNIST, or None.

    Raises
    ------
    DataError
        If ``data_dir`` is given and is no folder.
    """
    if data_dir is not None and not data_dir.is_dir():
        raise DataError(f"{data_dir}: no such folder. Name the one that holds the data sets.")
    named = [data_dir] if data_dir is not None else []
    if os.environ.get(ENVIRONMENT):
        named.append(Path(os.environ[ENVIRONMENT]))
    for folder in [*(place for base in named for place in (base, base / "mnist")), cache_folder()]:
        if all(_present(folder, name).exists() for name in FILES):
            return folder
    return None


def _present(folder: Path, name: str) -> Path:
    plain = folder / name.removesuffix(".gz")
    return plain if plain.exists() else folder / name


def is_idx_folder(folder: Path) -> bool:
    """Tell whether a folder holds pictures as IDX files."""
    return _idx_folder(folder) is not None


def _idx_folder(folder: Path) -> Path | None:
    """Return the folder that holds IDX files: this one, or ``MNIST/raw`` as torchvision has it."""
    for place in (folder, folder / "raw", folder / "MNIST" / "raw"):
        if place.is_dir() and any(match["kind"] == "images" for match, _ in _idx_files(place)):
            return place
    return None


def _idx_files(folder: Path) -> Iterator[tuple[re.Match[str], Path]]:
    """Yield what is called as IDX files are; a folder of such a name holds the file (Kaggle)."""
    # Plain files sort before their gzipped copies, and the first of the two is taken.
    for path in sorted(folder.iterdir()):
        if match := _IDX_NAME.fullmatch(path.name):
            inside = [path / path.name, *sorted(path.glob("*-ubyte*"))] if path.is_dir() else [path]
            yield match, next((file for file in inside if file.is_file()), path)


def count_mnist(folder: Path) -> int:
    """Return how many pictures MNIST's files in a folder announce, without reading them."""
    return sum(count_images(_present(folder, name)) for name in FILES if "images" in name)


def load_idx_folder(folder: Path, name: str) -> tuple[Dataset, Dataset | None]:
    """Load a folder of IDX files, plain or gzipped.

    Files are called ``PREFIX-images-idx3-ubyte[.gz]`` and ``PREFIX-labels-idx1-ubyte[.gz]``; the
    prefix ``t10k`` or ``test`` marks the test set. A folder with one part may lack its labels.

    Returns
    -------
    tuple of Dataset and (Dataset or None)
        The training set and the test set; None where the folder has only one part.

    Raises
    ------
    DataError
        If a file is damaged, missing or there are several sets in the folder.
    """
    folder = _idx_folder(folder) or folder
    train, test = _parts(folder)
    if not train or not test:
        return _load_part(folder, train or test, name, "all"), None
    return _load_part(folder, train, name, "train"), _load_part(folder, test, name, "test")


def _parts(folder: Path) -> tuple[Part, Part]:
    train: Part = {}
    test: Part = {}
    prefixes: dict[bool, str] = {}
    for match, path in _idx_files(folder):
        is_test = _TEST_PREFIX.fullmatch(match["prefix"]) is not None
        if prefixes.setdefault(is_test, match["prefix"]) != match["prefix"]:
            raise DataError(
                f"{folder}: several {'test' if is_test else 'training'} sets "
                f"({prefixes[is_test]} and {match['prefix']}). Put each set in a folder of its own."
            )
        (test if is_test else train).setdefault(match["kind"], path)
    return train, test


def _load_part(folder: Path, part: Part, name: str, split: str) -> Dataset:
    if "images" not in part:
        raise DataError(
            f"{folder}: {part['labels'].name} has no file of pictures beside it. Fetch that too."
        )
    if "labels" in part:
        return Dataset(*read_pair(part["images"], part["labels"]), name, split)
    if split != "all":
        raise DataError(
            f"{folder}: {part['images'].name} has no file of labels beside it. Fetch that too."
        )
    return Dataset(read_images(part["images"]), None, name, split)
