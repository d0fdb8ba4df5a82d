from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tenfold.data.mnist import find_mnist, load_idx_folder, load_mnist
from tenfold.errors import DataError

Pictures = NDArray[np.uint8]
IdxWriter = Callable[[Path, Pictures], Path]

PUBLISHED = {  # MD5 of the four files as published, unpacked, without their headers
    "train images": "6510e85a72c3e9475c492d559d3770d2",
    "train labels": "e86ee40d66677c011a9abda399ec8c4d",
    "test images": "240610fa99e73bfa49df8e7fc24d3206",
    "test labels": "073c3904dfbd3e141ff8aa01cfde6b15",
}


@pytest.fixture
def mnist_folder(
    tmp_path: Path, write_idx: IdxWriter, pictures: Pictures, labels: Pictures
) -> Path:
    """A folder with the names of MNIST's files, one of them unpacked, and few pictures."""
    folder = tmp_path / "data" / "mnist"
    folder.mkdir(parents=True)
    write_idx(folder / "train-images-idx3-ubyte.gz", pictures[:30])
    write_idx(folder / "train-labels-idx1-ubyte", labels[:30])
    write_idx(folder / "t10k-images-idx3-ubyte.gz", pictures[30:])
    write_idx(folder / "t10k-labels-idx1-ubyte.gz", labels[30:])
    return folder


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A per-user cache of this test's own, and no TENFOLD_DATA."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("TENFOLD_DATA", raising=False)
    return tmp_path


@pytest.mark.skipif("TENFOLD_DATA" not in os.environ, reason="TENFOLD_DATA is not set")
def test_the_real_mnist_is_whole() -> None:
    splits = load_mnist()
    assert (len(splits.train), len(splits.test), splits.train.size) == (60_000, 10_000, 28)
    assert splits.train.counts().tolist() == [
        5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949,
    ]  # fmt: skip
    arrays = {
        "train images": splits.train.images,
        "train labels": splits.train.targets,
        "test images": splits.test.images,
        "test labels": splits.test.targets,
    }
    digests = {
        name: hashlib.md5(array.tobytes(), usedforsecurity=False).hexdigest()
        for name, array in arrays.items()
    }
    assert digests == PUBLISHED


def test_mnist_is_found_in_the_folder_or_below_it(mnist_folder: Path, own_cache: Path) -> None:
    assert find_mnist(mnist_folder) == mnist_folder
    assert find_mnist(mnist_folder.parent) == mnist_folder
    assert find_mnist() is None


def test_the_folder_named_goes_before_the_environment_before_the_cache(
    mnist_folder: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    copies = [tmp_path / name for name in ("named", "environment")]
    for copy in copies:
        copy.mkdir()
        for path in mnist_folder.iterdir():
            (copy / path.name).write_bytes(path.read_bytes())
    monkeypatch.setenv("TENFOLD_DATA", str(copies[1]))
    assert find_mnist(copies[0]) == copies[0]
    assert find_mnist() == copies[1]
    monkeypatch.setenv("TENFOLD_DATA", str(tmp_path / "elsewhere"))
    assert find_mnist() is None


def test_a_data_folder_that_is_none_is_refused(own_cache: Path) -> None:
    with pytest.raises(DataError, match="absent: no such folder"):
        find_mnist(own_cache / "absent")


def test_both_parts_load(mnist_folder: Path, pictures: Pictures, labels: Pictures) -> None:
    (mnist_folder / "emnist-train-images-idx3-ubyte").touch()  # another set lies beside it
    splits = load_mnist(mnist_folder)
    assert (len(splits.train), len(splits.test), splits.own_test) == (30, 10, True)
    np.testing.assert_array_equal(splits.all.images, pictures)
    np.testing.assert_array_equal(splits.all.targets, labels)


def test_offline_it_says_what_to_fetch_and_where_to_put_it(own_cache: Path) -> None:
    closed = "http://127.0.0.1:9/"  # nothing listens on the discard port
    with pytest.raises(DataError) as caught:
        load_mnist(mirrors=[closed, closed])
    message = str(caught.value)
    for part in (
        "train-images-idx3-ubyte.gz",
        "train-labels-idx1-ubyte.gz",
        "t10k-images-idx3-ubyte.gz",
        "t10k-labels-idx1-ubyte.gz",
        str(own_cache),
        "TENFOLD_DATA",
    ):
        assert part in message
    assert "\n" not in message
    assert not [path for path in own_cache.rglob("*") if path.is_file()]


def test_any_prefix_is_taken_and_test_marks_the_test_part(
    tmp_path: Path, write_idx: IdxWriter, pictures: Pictures, labels: Pictures
) -> None:
    for prefix in ("emnist-digits-train", "emnist-digits-test"):
        write_idx(tmp_path / f"{prefix}-images-idx3-ubyte", pictures)
        write_idx(tmp_path / f"{prefix}-labels-idx1-ubyte", labels)
    (tmp_path / "README").touch()
    train, test = load_idx_folder(tmp_path, "mine")
    assert test is not None
    assert (train.split, test.split, train.name, len(test)) == ("train", "test", "mine", 40)


def test_a_single_part_is_the_whole_and_may_lack_labels(
    tmp_path: Path, write_idx: IdxWriter, pictures: Pictures, labels: Pictures
) -> None:
    write_idx(tmp_path / "mine-images.idx3-ubyte", pictures)
    whole, test = load_idx_folder(tmp_path, "mine")
    assert (whole.labels, whole.split, test) == (None, "all", None)
    write_idx(tmp_path / "mine-labels.idx1-ubyte", labels)
    assert load_idx_folder(tmp_path, "mine")[0].targets.tolist() == labels.tolist()


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["a-images-idx3-ubyte", "b-images-idx3-ubyte"], r"several training sets \(a and b\)"),
        (["train-images-idx3-ubyte", "t10k-images-idx3-ubyte"], "has no file of labels beside it"),
        (["train-labels-idx1-ubyte"], "has no file of pictures beside it"),
    ],
)
def test_folders_that_do_not_add_up_are_refused(
    tmp_path: Path, write_idx: IdxWriter, pictures: Pictures, names: list[str], message: str
) -> None:
    for name in names:
        write_idx(tmp_path / name, pictures)
    with pytest.raises(DataError, match=message):
        load_idx_folder(tmp_path, "mine")
