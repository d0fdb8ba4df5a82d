from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

import tenfold
from tenfold.data.registry import known_sources, load_dataset, load_splits
from tenfold.errors import DataError, UsageError

Pictures = NDArray[np.uint8]
Writer = Callable[[Path, Pictures, Pictures], Path]
IdxWriter = Callable[[Path, Pictures], Path]


@pytest.fixture(params=["csv", "npz", "idx", "pngs"])
def source(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    pictures: Pictures,
    labels: Pictures,
    write_pngs: Writer,
    write_idx: IdxWriter,
) -> Path:
    """The same forty pictures, twice over, in each of the formats a path may have."""
    images, targets = np.concatenate([pictures] * 2), np.concatenate([labels] * 2)
    if request.param == "csv":
        table = np.column_stack([targets, images.reshape(len(images), -1)])
        np.savetxt(tmp_path / "mine.CSV", table, fmt="%d", delimiter=",")
        return tmp_path / "mine.CSV"
    if request.param == "npz":
        np.savez(tmp_path / "mine.npz", images=images, labels=targets)
        return tmp_path / "mine.npz"
    if request.param == "idx":
        write_idx(tmp_path / "mine-images-idx3-ubyte.gz", images)
        write_idx(tmp_path / "mine-labels-idx1-ubyte.gz", targets)
        return tmp_path
    return write_pngs(tmp_path / "mine", images, targets)


def test_every_format_gives_the_same_pictures_and_a_held_out_fifth(
    source: Path, pictures: Pictures
) -> None:
    whole = load_dataset(source, "all")
    splits = load_splits(str(source))
    assert (len(whole), whole.size, whole.name) == (80, 9, str(source))
    assert sorted(image.tobytes() for image in whole.images) == sorted(
        image.tobytes() for image in [*pictures, *pictures]
    )
    assert whole.counts().tolist() == [8] * 10
    assert (len(splits.train), len(splits.test), splits.own_test) == (64, 16, False)
    np.testing.assert_array_equal(load_dataset(source).images, splits.train.images)
    np.testing.assert_array_equal(load_dataset(source, "test").images, splits.test.images)


def test_names_load_and_all_keeps_the_order() -> None:
    assert len(tenfold.load_dataset("digits")) == 1597
    assert len(load_dataset("digits", "test")) == 200
    whole = load_dataset("digits", "all")
    assert (len(whole), whole.split, whole.targets[:5].tolist()) == (1797, "all", [0, 1, 2, 3, 4])


def test_without_labels_only_the_whole_loads(tmp_path: Path, pictures: Pictures) -> None:
    np.savez(tmp_path / "bare.npz", images=pictures)
    assert load_dataset(tmp_path / "bare.npz", "all").labels is None
    for split in ("train", "test"):
        with pytest.raises(DataError, match=r"bare\.npz: there are no labels, .* use the whole"):
            load_dataset(tmp_path / "bare.npz", cast("Any", split))


@pytest.mark.parametrize("name", ["mnits", "", "x" * 5000, "no/such/folder"])
def test_an_unknown_name_lists_the_known_ones(name: str, tmp_path: Path) -> None:
    with pytest.raises((UsageError, DataError)) as caught:
        load_dataset(name)
    assert "\n" not in str(caught.value)
    if name == "mnits":
        assert "digits, mnist" in str(caught.value)
        assert caught.value.exit_code == 2


def test_an_unknown_split_lists_the_known_ones() -> None:
    with pytest.raises(UsageError, match=r"Unknown split 'dev'\. Choose train, test or all"):
        load_dataset("digits", cast("Any", "dev"))


def test_paths_that_hold_no_data_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="neither IDX files nor folders named 0 to 9"):
        load_dataset(tmp_path)
    (tmp_path / "notes.txt").touch()
    with pytest.raises(DataError, match=r"notes\.txt: not a kind of file .* an \.npz"):
        load_dataset(tmp_path / "notes.txt")


def test_a_path_object_is_never_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="'digits' is neither a known data set"):
        load_dataset(Path("digits"))


def test_known_sources_say_what_is_at_hand(
    tmp_path: Path, pictures: Pictures, write_idx: IdxWriter, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("TENFOLD_DATA", raising=False)
    digits, mnist = known_sources()
    assert (digits.name, digits.place, digits.pictures) == ("digits", "built in", 1797)
    assert (mnist.name, mnist.place, mnist.pictures) == ("mnist", None, 70_000)
    for part in ("train", "t10k"):
        write_idx(tmp_path / f"{part}-images-idx3-ubyte", pictures)
        write_idx(tmp_path / f"{part}-labels-idx1-ubyte", pictures[:, 0, 0])  # all paper
    assert known_sources(tmp_path)[1].place == str(tmp_path)
    assert known_sources(tmp_path)[1].pictures == 80
    assert len(load_dataset("mnist", "test", data_dir=tmp_path)) == 40
