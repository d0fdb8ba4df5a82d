from __future__ import annotations

import io
import os
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image

from tenfold.errors import DataError, FaultError, PageError, PictureTypeError, UsageError
from tenfold.preprocess import document
from tenfold.preprocess.document import DocumentPage, first_page, pages, parse_pages
from tenfold.preprocess.image import Source

Pixels = NDArray[np.uint8]
Make = Callable[..., bytes]
OWNED, LOCKED = {"owner_password": "a"}, {"user_password": "b"}


def _page(mark: int) -> Pixels:
    """A page on which a black square says by its place which one it is."""
    pixels = np.full((220, 170), 255, np.uint8)
    pixels[20:40, 10 * mark : 10 * mark + 10] = 0
    return pixels


def _mark(page: DocumentPage) -> int:
    pixels = page.picture.pixels
    row = pixels[int(30 / 220 * pixels.shape[0])]
    dark = np.flatnonzero((row if row.ndim == 1 else row[:, 0]) < 100)
    return round(float(dark.mean()) / len(row) * 17 - 0.5)


def _told(source: Source, name: str = "scan", only: Sequence[range] | None = None) -> list[str]:
    """Each page's mark, or its error."""
    opened = pages(source, name, only=only)
    return [str(page) if isinstance(page, PageError) else str(_mark(page)) for page in opened]


@pytest.fixture(params=["pdf", "tiff", "tiff_lzw"])
def five(request: pytest.FixtureRequest, make_pdf: Make, make_tiff: Make) -> bytes:
    images = [_page(mark) for mark in range(5)]
    if request.param == "pdf":
        return make_pdf(*images)
    how = {} if request.param == "tiff" else {"compression": request.param}
    return make_tiff(*images, dpi=(100, 100), **how)


def test_the_pages_of_a_file_come_one_after_the_other(five: bytes, tmp_path: Path) -> None:
    path = tmp_path / "scan"
    path.write_bytes(five)
    with path.open("rb") as file:
        for source in (path, str(path), five, bytearray(five), file):
            found = [page for page in pages(source) if isinstance(page, DocumentPage)]
            assert [_mark(page) for page in found] == [0, 1, 2, 3, 4]
            assert [(page.number, page.count) for page in found] == [(n, 5) for n in range(1, 6)]
            assert [page.picture.page for page in found] == [1, 2, 3, 4, 5]
            assert [page.dpi for page in found] == pytest.approx([100] * 5)
            assert {page.picture.pixels.shape for page in found} == {(220, 170)}
    assert next(pages(path, "mine")).picture.label == "mine#1"  # type: ignore[union-attr]


def test_the_pages_that_were_asked_for_come_in_the_files_order(five: bytes) -> None:
    assert _told(five, only=parse_pages("4-,2,2")) == ["1", "3", "4"]
    assert _told(five, only=parse_pages("5-9")) == ["4"]
    assert _told(five, only=parse_pages("6-9")) == [
        "scan: has 5 pages, none of them among those asked for."
    ]


@pytest.mark.parametrize("text", ["", "0", "3-1", "1,,2", "a", "-2", "1.5", "٣", "1-2-3"])
def test_what_names_no_pages_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="give numbers from 1, such as 1-3,7"):
        parse_pages(text)


def test_a_picture_is_one_page(make_tiff: Make, tmp_path: Path) -> None:
    png = io.BytesIO()
    Image.fromarray(_page(3)).save(png, "PNG")
    path = tmp_path / "a.png"
    path.write_bytes(png.getvalue())
    image = Image.fromarray(_page(3))
    for source in (path, png.getvalue(), _page(3), image, make_tiff(_page(3))):
        (page,) = pages(source, "a.png")
        assert isinstance(page, DocumentPage)
        assert (_mark(page), page.number, page.count, page.picture.page) == (3, 1, 1, None)
        assert page.picture.label == "a.png"
    assert _told(path, "a.png", parse_pages("2")) == [
        "a.png: has 1 page, which is not among those asked for."
    ]


def test_smaller_copies_and_masks_in_a_tiff_are_no_pages() -> None:
    frames = io.BytesIO()
    tags = [{254: 0}, {254: 1}, {254: 2}, {254: 4}]
    images = [Image.fromarray(_page(mark)) for mark in range(4)]
    for image, tag in zip(images, tags, strict=True):
        image.encoderinfo = {"tiffinfo": tag}
    images[0].save(frames, "TIFF", save_all=True, append_images=images[1:], tiffinfo=tags[0])
    assert _told(frames.getvalue()) == ["0", "2"]


def test_the_first_page_is_told_from_a_whole_file(five: bytes) -> None:
    picture = first_page(five, "scan")
    assert (picture.label, picture.notes) == ("scan#1", ("only page 1 of 5 was read",))
    assert first_page(_page(1)).notes == ()


# What is wrong with files and pages


def test_an_encrypted_pdf_costs_a_line(make_pdf: Make) -> None:
    locked = make_pdf(_page(1), **OWNED, **LOCKED)
    assert _told(locked) == ["scan: the PDF is encrypted. Save a copy without a password."]
    assert _told(make_pdf(_page(1), **OWNED)) == ["1"]  # anybody may read it
    with pytest.raises(DataError, match="encrypted"):
        first_page(locked)


@pytest.mark.parametrize("share", [0.01, 0.5, 0.98])
def test_a_pdf_that_was_cut_costs_a_line(share: float, make_pdf: Make) -> None:
    content = make_pdf(_page(1), _page(2))
    assert _told(content[: int(share * len(content))]) == [
        "scan: the PDF is damaged. Save it again."
    ]


def test_a_broken_page_costs_itself_alone(make_pdf: Make) -> None:
    content = make_pdf(*map(_page, range(4)))
    second = content.find(b"/Type /Page\n", content.find(b"/Type /Page\n") + 1)
    broken = content[:second] + b"/Type /Gone\n" + content[second + 12 :]
    start = [at for at in range(len(broken)) if broken.startswith(b"\xff\xd8\xff", at)][2]
    broken = broken[:start] + bytes(400) + broken[start + 400 :]
    first, second_told, third, fourth = _told(broken)
    assert (first, fourth) == ("0", "3")
    assert second_told == "scan#2: the page is damaged and cannot be shown. Save the PDF again."
    assert third.startswith("scan#3: the picture on the page is damaged and cannot be shown.")
    errors = [page for page in pages(broken, "scan") if isinstance(page, PageError)]
    assert [(error.file, error.page) for error in errors] == [("scan", 2), ("scan", 3)]


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, of the cut
def test_a_tiff_that_was_cut_gives_the_pages_before(make_tiff: Make) -> None:
    content = make_tiff(*map(_page, range(4)))
    cut = content[: int(0.6 * len(content))]
    first, second, third, last = _told(cut)
    assert (first, second) == ("0", "1")
    assert third.startswith("scan#3: the picture is damaged (image file is truncated")
    assert last == "scan#4: this page, and what follows it, is lost: the file is damaged."
    assert _told(cut, only=parse_pages("2")) == ["1"]


def test_a_broken_page_of_a_tiff_costs_itself_alone(make_tiff: Make) -> None:
    content = bytearray(make_tiff(*map(_page, range(3)), compression="tiff_adobe_deflate"))
    with Image.open(io.BytesIO(bytes(content))) as tiff:
        tiff.seek(1)
        (offset, *_), (size, *_) = tiff.tag_v2[273], tiff.tag_v2[279]  # type: ignore[attr-defined]
    content[offset : offset + size] = b"\xff" * size
    first, second, third = _told(bytes(content))
    assert (first, third) == ("0", "2")
    assert second.startswith("scan#2: the picture is damaged (")


def test_a_tiff_that_goes_round_in_circles_ends(make_tiff: Make) -> None:
    content = bytearray(make_tiff(_page(0), _page(1)))
    (first,) = struct.unpack("<I", content[4:8])
    (entries,) = struct.unpack("<H", content[first : first + 2])
    after = first + 2 + 12 * entries
    (second,) = struct.unpack("<I", content[after : after + 4])
    (entries,) = struct.unpack("<H", content[second : second + 2])
    last = second + 2 + 12 * entries
    content[last : last + 4] = struct.pack("<I", first)
    assert _told(bytes(content)) == ["0", "1"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"%PDF-1.7\nnothing else", "scan: the PDF is damaged"),
        (b"", "scan: the file is empty"),
        (b"II*\0", "scan: "),
        (b"some text", "scan: not a picture that can be opened. Use JPEG, PNG, TIFF, PDF, HEIC"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "scan: the picture is damaged"),
    ],
)
def test_files_that_hold_no_pages_are_named(content: bytes, message: str, tmp_path: Path) -> None:
    path = tmp_path / "scan"
    path.write_bytes(content)
    for source in (content, path):
        (told,) = _told(source)
        assert told.startswith(message)
        assert "\n" not in told


def test_what_is_no_source_of_pages_keeps_its_kind_of_error() -> None:
    (error,) = pages(3.5, "mine")  # type: ignore[arg-type]
    assert isinstance(error, PageError)
    assert isinstance(error.__cause__, PictureTypeError)
    with pytest.raises(PictureTypeError):
        first_page(3.5)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="dpi is 5; give a number from 20 to 1200"):
        pages(b"", dpi=5)


@pytest.mark.skipif(sys.platform != "linux", reason="pipes as on Linux")
def test_nothing_but_files_is_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.pdf")
    for name, told in (("pipe.pdf", "is a pipe"), ("gone.pdf", "no such file"), ("", "a folder")):
        (error,) = pages(tmp_path / name)
        assert told in str(error)


def test_a_fault_with_one_page_costs_no_other(
    make_pdf: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = 0

    def is_grey(pixels: Pixels) -> bool:
        nonlocal asked
        asked += 1
        if asked == 2:
            raise IndexError("no such thing")
        return True

    monkeypatch.setattr("tenfold.preprocess.image.is_grey", is_grey)
    found = list(pages(make_pdf(*map(_page, range(3))), "scan"))
    assert [isinstance(page, PageError) for page in found] == [False, True, False]
    assert isinstance(found[1], PageError)
    assert isinstance(found[1].__cause__, FaultError)


def test_no_more_pages_are_read_than_any_stack_has(
    five: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(document, "MOST_PAGES", 3)
    assert _told(five) == ["0", "1", "2", "scan#4: the file has 5 pages, and the first 3 are read. "
                           "Split it."]  # fmt: skip
    assert _told(five, only=parse_pages("1-2")) == ["0", "1"]


def test_packages_that_are_missing_are_named(
    make_pdf: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    assert _told(make_pdf(_page(1))) == [
        "scan: PDF needs the package pypdfium2, which is not installed. "
        "In tenfold's source folder, run: pip install '.[forms]'"
    ]
    assert _told(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic") == [
        "scan: HEIC needs the package pillow-heif, which is not installed. "
        "In tenfold's source folder, run: pip install '.[forms]'"
    ]


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow's, of what is damaged
@given(kind=st.sampled_from(["pdf", "tiff"]), flips=st.lists(st.integers(0, 10**6), max_size=12))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_flipped_bits_never_escape_as_faults(
    kind: str, flips: list[int], make_pdf: Make, make_tiff: Make
) -> None:
    content = bytearray((make_pdf if kind == "pdf" else make_tiff)(_page(0), _page(1)))
    for flip in flips:
        content[flip // 8 % len(content)] ^= 1 << flip % 8
    for page in pages(bytes(content)):
        assert not isinstance(getattr(page, "__cause__", None), FaultError)


def test_a_resolution_of_damaged_bytes_is_none(make_tiff: Make) -> None:
    content = bytearray(make_tiff(_page(0), dpi=(200, 200)))
    (first,) = struct.unpack("<I", content[4:8])
    at = content.index(struct.pack("<HH", 282, 5), first)
    content[at + 2 : at + 8] = struct.pack("<HI", 7, 4)  # bytes in place of a fraction
    (page,) = pages(bytes(content))
    assert isinstance(page, DocumentPage)
    assert (page.dpi, _mark(page)) == (None, 0)


# Size, threads, memory


def test_pages_keep_their_pixels_where_that_is_asked_for(make_tiff: Make) -> None:
    wide = np.full((40, 3000), 255, np.uint8)
    for side, width in ((None, 3000), (1000, 1000), (1600, 1600)):
        for page in pages(make_tiff(wide, wide), side=side):
            assert isinstance(page, DocumentPage)
            assert page.picture.pixels.shape[1] == width
            assert (page.picture.width, page.picture.scale) == (3000, 3000 / width)


def test_threads_may_open_pdfs_at_once(make_pdf: Make) -> None:
    content = make_pdf(*map(_page, range(8)))
    found: list[list[str]] = []
    threads = [threading.Thread(target=lambda: found.append(_told(content))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [[str(mark) for mark in range(8)]] * 4


GROWTH = """
import sys
from tenfold.preprocess.document import pages
def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096
for page in pages(sys.argv[1]):
    if page.number == 20:
        before = resident()
print(page.number, resident() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory as Linux tells it")
@pytest.mark.parametrize("kind", ["pdf", "tiff"])
def test_memory_does_not_grow_with_the_pages(
    kind: str, make_pdf: Make, make_tiff: Make, tmp_path: Path
) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (800, 600), dtype=np.uint8)
    make = make_pdf if kind == "pdf" else make_tiff
    path = tmp_path / "stack"
    path.write_bytes(make(*(np.roll(noise, mark) for mark in range(60))))
    assert path.stat().st_size > 18_000_000
    done = subprocess.run(
        [sys.executable, "-c", GROWTH, str(path)], capture_output=True, text=True, check=True
    )
    last, growth = map(int, done.stdout.split())
    assert last == 60
    assert growth < 5_000_000
