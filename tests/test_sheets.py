from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from tenfold.errors import TenfoldError
from tenfold.files import MARK, is_ours
from tenfold.sheets import save_drawing, save_png, sheet, terminal_blocks, terminal_row

INK = 255


def _ring(size: int) -> NDArray[np.uint8]:
    image = np.zeros((size, size), np.uint8)
    image[1:-1, 1:-1] = INK
    image[3:-3, 3:-3] = 0
    return image


def test_every_shade_has_its_block() -> None:
    image = np.array([[0, 51, 52, 103, 154, 205, 255]], np.uint8)
    assert terminal_blocks(image) == "    ░░▒▒▓▓████"


def test_blocks_are_two_columns_a_pixel_and_end_without_spaces() -> None:
    lines = terminal_blocks(_ring(8)).split("\n")
    full, hollow = "  " + "█" * 12, "  ████    ████"
    assert lines == ["", full, full, hollow, hollow, full, full, ""]


def test_half_blocks_pair_rows() -> None:
    image = np.array([[0, INK, 0, INK], [0, 0, INK, INK], [0, INK, 0, INK]], np.uint8)
    assert terminal_row(image[None, :, :]) == " ▀▄█\n ▀ ▀"


def test_a_row_breaks_into_lines_of_equal_length() -> None:
    images = np.stack([_ring(8)] * 10)
    captions = [str(i) for i in range(10)]
    text = terminal_row(images, captions, width=80)
    heads = [line.split() for line in text.split("\n") if line.strip().startswith(("0", "5"))]
    assert heads == [list("01234"), list("56789")]
    assert max(len(line) for line in text.split("\n")) <= 80
    assert len(terminal_row(images, captions, width=1).split("\n")) == 10 * 6 - 1


@pytest.mark.parametrize(("size", "columns"), [(8, 8), (16, 16), (28, 14), (64, 16)])
def test_large_pictures_are_reduced_to_fit(size: int, columns: int) -> None:
    text = terminal_row(np.full((1, size, size), INK, np.uint8))
    assert text.split("\n") == ["█" * columns] * (columns // 2)


def test_no_pictures_draw_nothing() -> None:
    assert terminal_row(np.zeros((0, 8, 8), np.uint8)) == ""


@pytest.mark.parametrize("size", [8, 16, 28, 64])
def test_a_sheet_shows_every_pixel_enlarged_evenly(size: int) -> None:
    image = np.random.default_rng(size).integers(0, 256, (1, size, size), np.uint8)
    page = np.asarray(sheet(image).convert("L"))
    factor = round(84 / size)
    tile = page[24 : 24 + size * factor, 24 : 24 + size * factor]
    np.testing.assert_array_equal(tile, image[0].repeat(factor, 0).repeat(factor, 1))


def test_captions_take_their_colours_and_make_room_for_long_words() -> None:
    images = np.zeros((4, 8, 8), np.uint8)
    short = sheet(images, ["1"] * 4, columns=2)
    long = sheet(images, ["9 → 4 · 87 % or something"] * 4, columns=2, colours=["#cf222e"] * 4)
    assert long.width > short.width
    assert long.height == short.height
    assert _has(long, (0xCF, 0x22, 0x2E))
    assert not _has(short, (0xCF, 0x22, 0x2E))


def _has(page: Image.Image, colour: tuple[int, int, int]) -> bool:
    return bool((np.asarray(page) == colour).all(axis=2).any())


def test_the_arrow_is_drawn_and_unknown_letters_become_plain() -> None:
    images = np.zeros((1, 8, 8), np.uint8)
    with_arrow = np.asarray(sheet(images, ["9 → 4"]))
    assert not np.array_equal(with_arrow, np.asarray(sheet(images, ["9 ? 4"])))
    for fancy, plain in (("Größe 8×8", "Grosse 8x8"), ("数 – é", "? - e")):
        assert sheet(images, [fancy]).tobytes() == sheet(images, [plain]).tobytes()


def test_a_title_takes_room_above_and_fits() -> None:
    images = np.zeros((1, 8, 8), np.uint8)
    plain, titled = sheet(images), sheet(images, title="a title longer than the one picture")
    assert titled.height > plain.height
    assert titled.width > plain.width
    assert (np.asarray(titled)[:, -20:] == 255).all()


def test_an_empty_sheet_is_still_a_picture() -> None:
    assert sheet(np.zeros((0, 8, 8), np.uint8), [], title="none").height > 0


def test_a_saved_sheet_opens_again(tmp_path: Path) -> None:
    page = sheet(np.stack([_ring(8)] * 3), ["0"] * 3)
    path = save_png(page, tmp_path / "a.png")
    with Image.open(path) as opened:
        assert opened.format == "PNG"
        assert opened.tobytes() == page.tobytes()
    with pytest.raises(TenfoldError, match="cannot be written"):
        save_png(page, tmp_path / "missing" / "a.png")


def test_a_drawing_is_marked_and_a_picture_is_not(tmp_path: Path) -> None:
    page = sheet(np.stack([_ring(8)] * 3), ["0"] * 3)
    drawing, picture = save_drawing(page, tmp_path / "a.png"), save_png(page, tmp_path / "b.png")
    assert (is_ours(drawing), is_ours(picture)) == (True, False)
    with Image.open(drawing) as opened:
        assert opened.info["Software"] == MARK
        assert opened.tobytes() == page.tobytes()
    with pytest.raises(TenfoldError, match="already exists"):
        save_drawing(page, picture)
    assert is_ours(save_drawing(page, picture, force=True))
