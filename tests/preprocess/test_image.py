from __future__ import annotations

import contextlib
import io
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tenfold.errors import DataError
from tenfold.preprocess.image import WORKING_SIDE, Source, open_picture

FORMATS = ["JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "HEIF"]


def _encode(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    if kind == "HEIF":  # without telling Pillow of it, for tenfold does not either
        pillow_heif.from_pillow(image).save(buffer, quality=90, **options)
    else:
        image.save(buffer, kind, **options)
    return buffer.getvalue()


def _corner(mode: str = "L") -> Image.Image:
    """40×24, white with a black upper left corner."""
    pixels = np.full((24, 40), 255, np.uint8)
    pixels[:8, :12] = 0
    return Image.fromarray(pixels).convert(mode)


@pytest.mark.parametrize("kind", FORMATS)
def test_every_format_opens_from_bytes_and_from_a_file(kind: str, tmp_path: Path) -> None:
    content = _encode(_corner("RGB"), kind)
    path = tmp_path / f"corner.{kind.lower()}"
    path.write_bytes(content)
    for picture in (open_picture(content), open_picture(path), open_picture(str(path))):
        assert (picture.width, picture.height, picture.scale) == (40, 24, 1.0)
        assert int(picture.pixels[2, 2].max()) < 60
        assert int(picture.pixels[20, 30].min()) > 200
    assert open_picture(path).name == str(path)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I", "F", "I;16"])
def test_every_mode_becomes_8_bits(mode: str) -> None:
    if mode == "I;16":
        image = Image.fromarray((np.asarray(_corner()).astype(np.uint16)) * 257)
    else:
        image = _corner(mode)
    picture = open_picture(image)
    assert picture.pixels.dtype == np.uint8
    assert picture.pixels[2, 2].max() < 10
    assert picture.pixels[20, 30].min() > 245


def test_cmyk_jpeg_and_16_bit_png_open() -> None:
    assert open_picture(_encode(_corner("CMYK"), "JPEG")).pixels[20, 30].min() > 240
    deep = Image.fromarray(np.asarray(_corner()).astype(np.uint16) * 16)  # 12 bits used
    assert open_picture(_encode(deep, "PNG")).pixels[20, 30].min() > 245


def _turned(upright: np.ndarray, orientation: int) -> Image.Image:
    """The picture as a camera stores it that leaves turning it upright to the reader."""
    stored = {
        1: upright, 2: upright[:, ::-1], 3: upright[::-1, ::-1], 4: upright[::-1],
        5: upright.T, 6: np.rot90(upright), 7: upright[::-1, ::-1].T, 8: np.rot90(upright, -1),
    }[orientation]  # fmt: skip
    return Image.fromarray(np.ascontiguousarray(stored))


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("PNG", {}),
        ("JPEG", {"quality": 100}),
        ("HEIF", {}),
        ("WEBP", {"lossless": True}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
    ],
)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation_is_undone_once(
    orientation: int, kind: str, options: dict[str, object], tmp_path: Path
) -> None:
    upright = np.asarray(_corner())
    exif = Image.Exif()
    exif[0x0112] = orientation
    content = _encode(_turned(upright, orientation), kind, exif=exif.tobytes(), **options)
    path = tmp_path / "turned"
    path.write_bytes(content)
    # Opened from memory: Pillow 13 itself garbles an uncompressed TIFF on its side that it maps.
    with contextlib.ExitStack() as stack:
        opened: list[Image.Image] = []
        if kind != "HEIF":
            opened = [stack.enter_context(Image.open(io.BytesIO(content))) for _ in range(2)]
            opened[1].load()
        sources: list[Source] = [content, path, *opened]
        for picture in map(open_picture, sources):
            assert (picture.width, picture.height) == (40, 24)
            difference = picture.pixels.astype(int) - upright
            assert abs(difference).max() <= {"JPEG": 8, "HEIF": 90}.get(kind, 0)
            assert abs(difference).mean() < 2


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", [3, 6, 7])
def test_large_turned_pictures_are_upright_too(orientation: int, kind: str) -> None:
    upright = np.asarray(_corner()).repeat(100, axis=0).repeat(100, axis=1)
    exif = Image.Exif()
    exif[0x0112] = orientation
    turned = _turned(upright, orientation)
    picture = open_picture(_encode(turned, kind, exif=exif.tobytes()))
    assert (picture.width, picture.height) == (4000, 2400)
    assert picture.pixels.shape == (960, 1600)
    assert picture.pixels[20:300, 20:460].max() < 20
    assert picture.pixels[340:].min() > 235
    assert picture.pixels[:, 500:].min() > 235


@pytest.mark.parametrize("shade", [0, 255])
def test_ink_on_transparent_paper_stays_visible(shade: int) -> None:
    drawing = np.zeros((30, 30, 4), np.uint8)
    drawing[10:20, 14:16] = (shade, shade, shade, 255)
    pixels = open_picture(drawing).pixels
    assert abs(int(pixels[15, 15].max()) - int(pixels[2, 2].max())) > 200


@pytest.mark.parametrize(
    "array",
    [
        np.eye(9, dtype=bool),
        np.eye(9),
        np.eye(9) * 255,
        np.eye(9, dtype=np.int64) * 255,
        np.eye(9, dtype=np.uint8)[:, :, None] * 255,
        np.repeat(np.eye(9, dtype=np.uint16)[:, :, None] * 65535, 3, axis=2),
    ],
)
def test_arrays_of_every_type_open(array: np.ndarray) -> None:
    pixels = open_picture(array).pixels
    np.testing.assert_array_equal(pixels, np.eye(9, dtype=np.uint8) * 255)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((0, 9), np.uint8), "too few"),
        (np.zeros((7, 7), np.uint8), "too few"),
        (np.zeros(9, np.uint8), r"shape \(9,\) is no picture"),
        (np.array(5, np.uint8), r"shape \(\) is no picture"),
        (np.zeros((1, 9, 9, 3), np.uint8), "no picture"),
        (np.zeros((7300, 7300), bool), "megapixels"),
        (np.full((9, 9), None), "no picture"),
        (np.full((9, 9), 1e300), "no grey levels"),
        (np.full((9, 9), -(2**40)), "no grey levels"),
        (np.full((9, 9), np.inf), "NaN or infinity"),
        (np.zeros((9, 9), "datetime64[s]"), "no picture"),
        (np.zeros((9, 9), [("r", np.uint8)]), "no picture"),
        (np.zeros((9, 9, 2), np.uint8), "no picture"),
        (np.full((9, 9), np.nan), "NaN"),
        (np.zeros((9, 9), np.complex64), "no picture"),
        (np.full((9, 9), "x"), "no picture"),
    ],
)
def test_arrays_that_are_no_pictures_are_refused(array: np.ndarray, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        open_picture(array)
    assert isinstance(caught.value, ValueError | TypeError)


def test_levels_of_any_range_show_the_same_picture() -> None:
    picture = np.eye(9)
    for low, high in [(0, 1), (-1, 1), (0, 255), (0, 65535), (-3.5, 1e6), (0, 1.01), (10, 4e9)]:
        pixels = open_picture((picture * (high - low) + low).astype(np.float64)).pixels
        np.testing.assert_allclose(pixels, picture * 255, atol=1)


def test_encoded_pictures_may_lie_in_anything_that_holds_bytes(tmp_path: Path) -> None:
    content = _encode(_corner(), "PNG")
    path = tmp_path / "corner.png"
    path.write_bytes(content)
    expected = open_picture(content).pixels
    sources: list[Source] = [bytearray(content), memoryview(content), io.BytesIO(content)]
    sources.append(memoryview(b"a" + content)[1:])
    for picture in map(open_picture, sources):
        assert np.array_equal(picture.pixels, expected)
        assert picture.name == "picture"
    with path.open("rb") as file:
        assert open_picture(file).name == str(path)
    with path.open("rb", buffering=0) as raw:
        assert open_picture(raw, "mine").name == "mine"


def test_open_files_that_give_no_picture_are_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "some.png"
    path.write_bytes(_encode(_corner(), "PNG"))
    file = path.open("rb")
    file.read()
    with pytest.raises(ValueError, match=r"some\.png: .* read to its end already.* seek\(0\)"):
        open_picture(file)
    file.close()
    with pytest.raises(ValueError, match=r"some\.png: cannot be read \(.*closed"):
        open_picture(file)
    with path.open("ab") as writing, pytest.raises(ValueError, match="cannot be read"):
        open_picture(writing)
    for text in (io.StringIO("text"), path.open(encoding="latin-1")):
        with pytest.raises(TypeError, match=r"gives no bytes. Open it with mode 'rb'"):
            open_picture(text)  # type: ignore[arg-type]
        text.close()


@pytest.mark.parametrize(
    "source",
    [None, 3.5, [[0] * 9] * 9, {}, object(), np.uint8(3), np.zeros((9, 9)).data],
    ids=lambda source: type(source).__name__,
)
def test_what_is_of_no_type_for_pictures_is_refused(source: object) -> None:
    with pytest.raises(TypeError, match=r"picture: a .* is no picture\. Give a path"):
        open_picture(source)  # type: ignore[arg-type]


def test_open_images_are_left_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "large.jpg"
    Image.new("L", (4000, 3000), 255).save(path)
    with Image.open(path) as image:
        assert open_picture(image).width == 4000
        assert image.size == (4000, 3000)
        assert np.asarray(image).shape == (3000, 4000)


def test_closed_and_cut_images_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "corner.png"
    path.write_bytes(_encode(_corner(), "PNG"))
    image = Image.open(path)
    image.close()
    with pytest.raises(ValueError, match=r"corner\.png: the image is closed"):
        open_picture(image)
    loaded = Image.open(path)
    loaded.load()
    loaded.close()
    with pytest.raises(ValueError, match=r"the image is closed"):
        open_picture(loaded)
    path.write_bytes(path.read_bytes()[:60])
    with Image.open(path) as cut, pytest.raises(ValueError, match=r"corner\.png: .*damaged"):
        open_picture(cut)


def test_large_pictures_are_reduced_and_keep_their_scale() -> None:
    large = Image.new("L", (4000, 3000), 255)
    for content in (_encode(large, "JPEG"), _encode(large, "PNG")):
        picture = open_picture(content)
        assert (picture.width, picture.height) == (4000, 3000)
        assert max(picture.pixels.shape) <= WORKING_SIDE
        assert picture.scale == pytest.approx(4000 / picture.pixels.shape[1])


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_decompression_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    Image.new("1", (20_000, 20_000)).save(path)
    with pytest.raises(DataError, match=r"bomb\.png.*megapixels"):
        open_picture(path)


def test_of_several_photos_in_a_heic_file_the_main_one_is_read() -> None:
    file = pillow_heif.from_pillow(Image.new("L", (40, 24)))
    file.add_from_pillow(_corner())
    buffer = io.BytesIO()
    file.save(buffer, quality=90, primary_index=1)
    picture = open_picture(buffer.getvalue())
    assert picture.notes == ("only the main picture was read",)
    assert picture.pixels[20, 30].min() > 200


def test_a_heic_file_of_too_many_pixels_is_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tenfold.preprocess.image.MAX_PIXELS", 900)
    with pytest.raises(DataError, match="40×24 is larger than"):
        open_picture(_encode(_corner(), "HEIF"))


def test_animations_are_read_at_their_first_frame_and_say_so(tmp_path: Path) -> None:
    path = tmp_path / "moving.gif"
    _corner().save(path, save_all=True, append_images=[Image.new("L", (40, 24))])
    picture = open_picture(path)
    assert picture.notes == ("only the first frame was read",)
    assert picture.pixels[20, 30].min() > 245


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("text.png", b"not a picture at all", "not a picture"),
        ("empty.png", b"", "empty"),
        ("cut.png", _encode(_corner(), "PNG")[:60], "damaged|not a picture"),
        (
            "nan.tif",
            _encode(Image.fromarray(np.full((9, 9), np.nan, np.float32)), "TIFF"),
            "number",
        ),
        ("drawing.svg", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a picture"),
    ],
)
def test_files_that_are_no_pictures_are_named(
    name: str, content: bytes, message: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        open_picture(path)
    assert str(path) in str(caught.value)


def test_missing_files_and_folders_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file"):
        open_picture(tmp_path / "nothing.png")
    with pytest.raises(DataError, match="folder"):
        open_picture(tmp_path)
    with pytest.raises(DataError, match="cannot be read"):
        open_picture("a\0b.png")
    with pytest.raises(DataError, match=r"mine: no such file"):
        open_picture("nothing.png", "mine")


@pytest.mark.parametrize("kind", FORMATS)
def test_a_file_cut_at_any_length_opens_or_is_refused(kind: str) -> None:
    content = _encode(_corner("RGB"), kind)
    opened = []
    for length in range(0, len(content), max(1, len(content) // 200)):
        try:
            picture = open_picture(content[:length])
        except DataError as error:
            assert "\n" not in str(error)  # noqa: PT017 — both outcomes are right
        else:
            assert (picture.width, picture.height) == (40, 24)
            opened.append(length)
    # All pixels lie before what marks the end; of other formats no byte may be missing.
    ending = {"PNG": 20, "GIF": 2}.get(kind, 0)
    assert min(opened, default=len(content)) >= len(content) - ending


@given(kind=st.sampled_from(FORMATS), flips=st.lists(st.integers(0, 10**6), max_size=12))
@settings(max_examples=150, deadline=None)
def test_flipped_bits_never_escape_as_anything_but_a_data_error(
    kind: str, flips: list[int]
) -> None:
    content = bytearray(_encode(_corner("RGB"), kind))
    for flip in flips:
        content[flip // 8 % len(content)] ^= 1 << flip % 8
    with contextlib.suppress(DataError):
        assert open_picture(bytes(content)).pixels.dtype == np.uint8
