from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tenfold.data.folder import load_listing, read_picture
from tenfold.data.listing import is_picture_folder, list_folder
from tenfold.errors import DataError, TenfoldWarning

Pictures = NDArray[np.uint8]
Writer = Callable[[Path, Pictures, Pictures], Path]


def _sorted_by_label(pictures: Pictures, labels: Pictures) -> Pictures:
    return pictures[np.argsort(labels, kind="stable")]


def test_pictures_come_back_as_written(
    tmp_path: Path, write_pngs: Writer, pictures: Pictures, labels: Pictures
) -> None:
    folder = write_pngs(tmp_path / "mine", pictures, labels)
    (folder / "3" / "Thumbs.db").touch()
    (folder / "3" / ".DS_Store").touch()
    (folder / "README.txt").write_text("not a class")
    whole, test = load_listing(list_folder(folder), "mine")
    assert (test, whole.split, whole.name) == (None, "all", "mine")
    np.testing.assert_array_equal(whole.images, _sorted_by_label(pictures, labels))
    np.testing.assert_array_equal(whole.targets, np.sort(labels))


def test_pictures_on_bright_paper_are_inverted(
    tmp_path: Path, write_pngs: Writer, pictures: Pictures, labels: Pictures
) -> None:
    whole, _ = load_listing(list_folder(write_pngs(tmp_path, 255 - pictures, labels)), "mine")
    np.testing.assert_array_equal(whole.images, _sorted_by_label(pictures, labels))


def test_train_and_test_are_parts_of_their_own(
    tmp_path: Path, write_pngs: Writer, pictures: Pictures, labels: Pictures
) -> None:
    write_pngs(tmp_path / "train", 255 - pictures[:30], labels[:30])
    write_pngs(tmp_path / "test", 255 - pictures[30:], labels[30:])
    assert is_picture_folder(tmp_path)
    train, test = load_listing(list_folder(tmp_path), "mine")
    assert test is not None
    assert (len(train), train.split, len(test), test.split) == (30, "train", 10, "test")
    np.testing.assert_array_equal(test.images, pictures[30:])


def test_a_training_part_alone_is_the_whole(
    tmp_path: Path, write_pngs: Writer, pictures: Pictures, labels: Pictures
) -> None:
    write_pngs(tmp_path / "train", pictures, labels)
    whole, test = load_listing(list_folder(tmp_path), "mine")
    assert (whole.split, len(whole), test) == ("all", 40, None)


def test_colours_and_deep_greys_become_grey(tmp_path: Path) -> None:
    ramp = np.linspace(0, 255, 81).astype(np.uint8).reshape(9, 9)
    grey = Image.fromarray(ramp)
    for mode, suffix in (("RGB", "png"), ("RGB", "bmp"), ("LA", "png"), ("L", "tiff")):
        grey.convert(mode).save(tmp_path / f"{mode}.{suffix}")
        np.testing.assert_array_equal(read_picture(tmp_path / f"{mode}.{suffix}"), ramp)
    Image.fromarray(ramp.astype(np.uint16) * 257).save(tmp_path / "deep.png")
    np.testing.assert_array_equal(read_picture(tmp_path / "deep.png"), ramp)


@pytest.mark.parametrize(("ink", "paper"), [(0, 255), (255, 0)])
def test_ink_on_a_transparent_ground_does_not_vanish(tmp_path: Path, ink: int, paper: int) -> None:
    pixels = np.full((9, 9, 4), ink, np.uint8)
    pixels[..., 3] = 0
    pixels[2:7, 4, 3] = 255
    Image.fromarray(pixels).save(tmp_path / "clear.png")
    grey = read_picture(tmp_path / "clear.png")
    assert (grey[2:7, 4] == ink).all()
    assert (grey[:, :4] == paper).all()


@pytest.mark.parametrize("suffix", ["png", "jpg", "gif", "bmp", "tiff", "webp", "pgm"])
def test_damaged_pictures_are_refused_or_read(tmp_path: Path, suffix: str) -> None:
    random = np.random.default_rng(1)
    image = Image.fromarray(random.integers(0, 256, (9, 9), np.uint8))
    image.save(tmp_path / f"whole.{suffix}")
    whole = (tmp_path / f"whole.{suffix}").read_bytes()
    path = tmp_path / f"damaged.{suffix}"
    refused = 0
    for place in range(0, len(whole), max(1, len(whole) // 60)):
        flipped = bytearray(whole)
        flipped[place] ^= int(random.integers(1, 256))
        for content in (whole[:place], bytes(flipped)):
            path.write_bytes(content)
            try:
                read_picture(path)
            except DataError as error:
                refused += 1
                assert str(error).startswith(f"{path}: ")  # noqa: PT017 — both outcomes are right
    assert refused


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: (f / "5" / "004.png").write_text("no"), r"5/004\.png: not a picture that can"),
        (lambda f: (f / "10").mkdir(), "10: class .* 0 to 9, .*If 10 stands for 0, call"),
        (lambda f: [p.unlink() for p in (f / "7").iterdir()], "7: this class folder is empty"),
        (lambda f: Image.new("L", (10, 10)).save(f / "5" / "z.png"), r"5/z\.png: 10×10, but .*9×9"),
        (lambda f: Image.new("L", (9, 10)).save(f / "5" / "z.png"), r"z\.png: a picture of 9×10"),
        (lambda f: Image.new("L", (65, 65)).save(f / "5" / "z.png"), "65×65.*'tenfold read'"),
        (lambda f: Image.new("F", (9, 9)).save(f / "5" / "z.tiff"), "pixels of type F"),
        (lambda f: (f / "test").mkdir(), "test: no folders named 0 to 9"),
        (lambda f: (f / "5" / "inner").mkdir(), "inner: is a folder, not a file"),
    ],
)
def test_bad_folders_are_refused_with_the_file(
    tmp_path: Path,
    write_pngs: Writer,
    pictures: Pictures,
    labels: Pictures,
    change: Callable[[Path], object],
    message: str,
) -> None:
    folder = write_pngs(tmp_path, pictures, labels)
    change(folder)
    with pytest.raises(DataError, match=message):
        load_listing(list_folder(folder), "mine")


def test_parts_of_different_sizes_are_refused(tmp_path: Path, write_pngs: Writer) -> None:
    one = np.zeros(1, np.uint8)
    write_pngs(tmp_path / "train", np.zeros((1, 9, 9), np.uint8), one)
    write_pngs(tmp_path / "test", np.zeros((1, 8, 8), np.uint8), one)
    with pytest.raises(DataError, match=r"test/0/000\.png: 8×8, but .*train/0/000\.png is 9×9"):
        load_listing(list_folder(tmp_path), "mine")


def test_a_picture_that_claims_to_be_enormous_is_not_decoded(tmp_path: Path) -> None:
    # 40,000 × 40,000 pixels announced by a file of a few bytes.
    (tmp_path / "bomb.pgm").write_bytes(b"P5 40000 40000 255\n")
    with pytest.raises(DataError, match="tenfold read"):
        read_picture(tmp_path / "bomb.pgm")


def test_a_pipe_among_the_pictures_is_named_and_left_out(
    tmp_path: Path, write_pngs: Writer, pictures: Pictures, labels: Pictures
) -> None:
    write_pngs(tmp_path, pictures, labels)
    os.mkfifo(tmp_path / "3" / "pipe.png")
    (tmp_path / "4" / "nothing.png").symlink_to("/dev/null")
    with pytest.warns(TenfoldWarning) as told:
        whole, _ = load_listing(list_folder(tmp_path), "mine")
    assert [str(each.message) for each in told] == [
        f"{tmp_path}/3/pipe.png: is a pipe, not a file, and was left out.",
        f"{tmp_path}/4/nothing.png: is a device, not a file, and was left out.",
    ]
    np.testing.assert_array_equal(whole.images, _sorted_by_label(pictures, labels))
