from __future__ import annotations

import io
import os
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tenfold.data.npz import read_npz
from tenfold.data.registry import as_they_are, load_parts
from tenfold.errors import DataError, TenfoldWarning

Pictures = NDArray[np.uint8]


@pytest.mark.parametrize(
    ("images_key", "labels_key"), [("images", "labels"), ("x", "y"), ("X", "y"), ("data", "target")]
)
@pytest.mark.parametrize("shape", [(40, 9, 9), (40, 81), (40, 9, 9, 1), (40, 1, 9, 9)])
def test_one_part_under_any_usual_name_and_shape(
    tmp_path: Path,
    pictures: Pictures,
    labels: Pictures,
    images_key: str,
    labels_key: str,
    shape: tuple[int, ...],
) -> None:
    arrays: dict[str, Any] = {images_key: pictures.reshape(shape), labels_key: labels}
    np.savez(tmp_path / "a.npz", **arrays)
    whole, test = as_they_are(read_npz(tmp_path / "a.npz"), "mine")
    assert (test, whole.split, whole.name) == (None, "all", "mine")
    np.testing.assert_array_equal(whole.images, pictures)
    np.testing.assert_array_equal(whole.targets, labels)


def test_kerass_layout_has_a_test_part(
    tmp_path: Path, pictures: Pictures, labels: Pictures
) -> None:
    np.savez_compressed(
        tmp_path / "mnist.npz",
        x_train=pictures[:30],
        y_train=labels[:30],
        x_test=pictures[30:],
        y_test=labels[30:],
    )
    train, test = as_they_are(read_npz(tmp_path / "mnist.npz"), "mine")
    assert test is not None
    assert (len(train), train.split, len(test), test.split) == (30, "train", 10, "test")
    np.testing.assert_array_equal(test.targets, labels[30:])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floats_from_0_to_1_are_scaled(tmp_path: Path, pictures: Pictures, dtype: Any) -> None:
    np.savez(tmp_path / "a.npz", images=(pictures / 255).astype(dtype))
    whole, _ = as_they_are(read_npz(tmp_path / "a.npz"), "mine")
    assert whole.labels is None
    np.testing.assert_array_equal(whole.images, pictures)


@pytest.mark.parametrize("kind", [np.int64, np.float64, np.str_])
def test_labels_of_any_type_are_read(
    tmp_path: Path, pictures: Pictures, labels: Pictures, kind: Any
) -> None:
    np.savez(tmp_path / "a.npz", images=pictures, labels=labels.astype(kind)[:, None])
    np.testing.assert_array_equal(
        as_they_are(read_npz(tmp_path / "a.npz"), "mine")[0].targets, labels
    )


@pytest.mark.parametrize("key", ["ids", "id", "names", "Names"])
@pytest.mark.parametrize("kind", [np.str_, np.bytes_])
def test_names_of_ones_own_stay(tmp_path: Path, pictures: Pictures, key: str, kind: Any) -> None:
    own = [f"scan-{row}" for row in range(40)]
    arrays: dict[str, Any] = {"images": pictures, key: np.array(own, kind)}
    np.savez(tmp_path / "a.npz", **arrays)
    whole, _ = as_they_are(read_npz(tmp_path / "a.npz"), "mine")
    assert whole.ids is not None
    assert (whole.ids.tolist(), whole.id_name) == (own, "name" if key[1] == "a" else "id")


def test_names_that_would_be_unpickled_are_left_out(tmp_path: Path, pictures: Pictures) -> None:
    names = np.array([f"scan-{row}" for row in range(40)], dtype=object)
    np.savez(tmp_path / "a.npz", images=pictures, names=names)
    with pytest.warns(TenfoldWarning, match=r"'names' holds Python objects.*names\.astype\(str\)"):
        whole, _ = as_they_are(read_npz(tmp_path / "a.npz"), "mine")
    assert whole.ids is None


class _Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("an archive was unpickled",))


GOOD = np.zeros((3, 9, 9), np.uint8)
NAN = np.where(np.arange(243).reshape(3, 9, 9) == 100, np.nan, 0.0)
THREE = np.arange(3, dtype=np.uint8)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"images": NAN, "labels": THREE}, r"a\.npz: images\[1\]: a pixel is NaN"),
        ({"images": GOOD - 1.0}, r"images\[0\]: a pixel lies outside 0–255"),
        ({"images": GOOD + 300.0}, "outside 0–255"),
        ({"images": GOOD, "labels": THREE[:2]}, "labels: 3 pictures, but 2 labels"),
        ({"images": GOOD, "labels": THREE + 8}, r"labels\[2\]: label 10 is not one of the digits"),
        ({"images": GOOD, "labels": np.eye(3)}, r"shape \(3, 3\); .* one label per picture"),
        (
            {"images": GOOD, "labels": np.array(["a", "b", "c"])},
            "label 'a' is not one of",
        ),
        ({"images": GOOD[:0]}, "images: holds no pictures"),
        ({"images": GOOD[0]}, r"images: a picture of|images: shape \(9, 9\)"),
        ({"images": np.zeros((3, 80))}, r"images: shape \(3, 80\); grey pictures"),
        (
            {"images": np.zeros((3, 9, 9, 3))},
            r"images: shape \(3, 9, 9, 3\): pictures in colour\. Make them grey first, such as by "
            r"X\[\.\.\., :3\]\.mean\(axis=3\)\.",
        ),
        ({"images": np.zeros((3, 4, 9, 9))}, r"in colour.* by X\[:, :3\]\.mean\(axis=1\)\."),
        ({"images": np.zeros((3, 9, 9, 5))}, "grey pictures have the shape"),
        ({"images": GOOD, "ids": THREE[:2]}, r"a\.npz: ids: 3 pictures, but 2 of these"),
        ({"images": np.zeros((3, 65, 65))}, "65×65.*'tenfold read'"),
        ({"images": np.zeros((3, 9, 8))}, "a picture of 8×9"),
        ({"images": np.array(["ink"])}, "pictures are arrays of numbers"),
        ({"images": GOOD.astype(complex)}, "pictures are arrays of numbers"),
        ({"pixels": GOOD}, r"a\.npz: holds pixels; expected images and labels, x and y"),
        ({"images": np.array([_Bomb()], dtype=object)}, "array 'images' cannot be read"),
        ({"x_train": GOOD, "x_test": GOOD, "y_train": THREE, "y_test": THREE + 9}, r"y_test\[1\]"),
    ],
)
def test_bad_arrays_are_refused_by_name(
    tmp_path: Path, arrays: dict[str, Any], message: str
) -> None:
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(DataError, match=message) as caught:
        as_they_are(read_npz(tmp_path / "a.npz"), "mine")
    assert "\n" not in str(caught.value)


def _zip(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


def _npy_header(shape: str) -> bytes:
    header = f"{{'descr': '|u1', 'fortran_order': False, 'shape': {shape}, }}"
    return b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header.encode()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not an NPZ archive"),
        (b"\x93NUMPY", "not an NPZ archive"),
        (_zip("notes.txt", b"hello"), "a zip file without NumPy arrays"),
        (_zip("images.npy", b"hello"), "array 'images' cannot be read"),
        (_zip("images.npy", b""), "array 'images' cannot be read"),
        (_zip("images.npy", _npy_header("(3, 9, 9)")), "array 'images' cannot be read"),
        (_zip("images.npy", _npy_header("(1000000000, 64, 64)")), "array 'images'"),
    ],
)
def test_files_that_are_no_archives_are_refused(
    tmp_path: Path, content: bytes, message: str
) -> None:
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(DataError, match=message):
        as_they_are(read_npz(tmp_path / "a.npz"), "mine")


def test_every_truncation_and_many_damages_are_refused_or_harmless(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "a.npz", images=GOOD + 7, labels=THREE)
    whole = (tmp_path / "a.npz").read_bytes()
    path = tmp_path / "damaged.npz"
    refused = 0
    for place in range(len(whole)):
        path.write_bytes(whole[:place])
        with pytest.raises(DataError):
            as_they_are(read_npz(path), "mine")
        flipped = bytearray(whole)
        flipped[place] ^= 0xFF
        path.write_bytes(flipped)
        try:
            dataset, _ = as_they_are(read_npz(path), "mine")
        except DataError as error:
            assert "\n" not in str(error)  # noqa: PT017 — both outcomes are right
            refused += 1
        else:
            np.testing.assert_array_equal(dataset.images, GOOD + 7)
    assert refused > len(whole) / 2  # zip's time stamps and flags are harmless, and little else


def test_an_array_that_would_unpack_to_gigabytes_is_not_unpacked(
    tmp_path: Path,
) -> None:
    path = tmp_path / "bomb.npz"
    piece = bytes(23_000_000)
    with (
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("Images.npy", "w", force_zip64=True) as member,
    ):
        member.write(_npy_header("(2875000, 20, 20)"))
        for _ in range(50):
            member.write(piece)
    assert path.stat().st_size < 10_000_000
    tracemalloc.start()
    with pytest.raises(DataError, match=r"array 'Images' unpacked is 1\.2 GB; 1 GB is the most"):
        as_they_are(read_npz(path), "bomb")
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()


@pytest.mark.parametrize("suffix", ["npz", "csv"])
def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"pipe.{suffix}"
    os.mkfifo(path)
    with pytest.raises(DataError, match="is a pipe, not a file"):
        load_parts(path)
