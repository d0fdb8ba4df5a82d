"""tenfold read of files of pages: PDF, TIFF, HEIC; --pages and --region."""

from __future__ import annotations

import csv
import io
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pillow_heif
import pytest
from numpy.typing import NDArray
from PIL import Image
from typer.testing import CliRunner, Result

from tenfold.cli import app
from tenfold.errors import TenfoldError, UsageError

Make = Callable[..., bytes]
TEXTS = ("42", "7\n358", "901")


@pytest.fixture(scope="module")
def written(hand: ModuleType) -> list[NDArray[np.uint8]]:
    return [hand.write(text) for text in TEXTS]


@pytest.fixture
def folder(
    written: list[NDArray[np.uint8]],
    make_pdf: Make,
    make_tiff: Make,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    monkeypatch.chdir(tmp_path)
    scans = tmp_path / "scans"
    scans.mkdir()
    (scans / "b.pdf").write_bytes(make_pdf(*written))
    (scans / "c.tif").write_bytes(make_tiff(*written))
    pillow_heif.from_pillow(Image.fromarray(written[0])).save(scans / "a.heic", quality=90)
    return tmp_path


def _run(*arguments: str, stdin: bytes | None = None) -> Result:
    result = CliRunner().invoke(app, ["read", *arguments], input=stdin)
    if isinstance(result.exception, TenfoldError):
        raise result.exception
    return result


def test_every_page_is_read_under_its_own_name(folder: Path) -> None:
    result = _run("scans")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [
        "scans/a.heic: 42",
        "scans/b.pdf#1: 42",
        "scans/b.pdf#2:",
        "  7",
        "  358",
        "scans/b.pdf#3: 901",
        "scans/c.tif#1: 42",
        "scans/c.tif#2:",
        "  7",
        "  358",
        "scans/c.tif#3: 901",
    ]


def test_json_and_csv_keep_the_file_and_the_page_apart(folder: Path) -> None:
    records = [json.loads(line) for line in _run("scans", "--json").stdout.splitlines()]
    names: list[tuple[str, int | None]] = [("scans/a.heic", None)]
    names += [(f"scans/{name}", page) for name in ("b.pdf", "c.tif") for page in (1, 2, 3)]
    assert [(record["file"], record["page"]) for record in records] == names
    assert [record["text"] for record in records] == ["42", *TEXTS, *TEXTS]
    rows = csv.DictReader(io.StringIO(_run("scans/b.pdf", "--csv").stdout))
    assert [(row["file"], row["page"], row["line"], row["text"]) for row in rows] == [
        ("scans/b.pdf", "1", "1", "42"),
        ("scans/b.pdf", "2", "1", "7"),
        ("scans/b.pdf", "2", "2", "358"),
        ("scans/b.pdf", "3", "1", "901"),
    ]


def test_standard_input_may_be_a_file_of_pages(folder: Path) -> None:
    result = _run("-", stdin=Path("scans/b.pdf").read_bytes())
    assert result.stdout.splitlines()[0] == "standard input#1: 42"
    assert result.stdout.splitlines()[-1] == "standard input#3: 901"


def test_pages_are_chosen(folder: Path) -> None:
    result = _run("scans/b.pdf", "scans/c.tif", "--pages", "3,1", "--quiet")
    assert (result.exit_code, result.stdout) == (0, "42\n901\n42\n901\n")
    result = _run("scans/a.heic", "scans/c.tif", "--pages", "3-", "--csv")
    assert result.exit_code == 1
    first, second = csv.DictReader(io.StringIO(result.stdout))
    told = "scans/a.heic: has 1 page, which is not among those asked for."
    assert (first["file"], first["page"], first["error"]) == ("scans/a.heic", "", told)
    assert (second["page"], second["text"]) == ("3", "901")
    with pytest.raises(UsageError, match="pages is '3-1'"):
        _run("scans", "--pages", "3-1")


def test_a_region_is_read_by_itself_and_its_boxes_are_the_pages(
    written: list[NDArray[np.uint8]], make_pdf: Make, folder: Path
) -> None:
    page = np.full((2000, 1500), 255, np.uint8)
    for (x, y), number in zip(((100, 100), (900, 1500)), (written[0], written[2]), strict=True):
        page[y : y + number.shape[0], x : x + number.shape[1]] = number
    Path("page.pdf").write_bytes(make_pdf(page, page, dpi=180))
    height, width = written[2].shape
    shares = (880 / 1500, 1480 / 2000, (width + 40) / 1500, (height + 40) / 2000)
    region = ",".join(f"{share:.4f}" for share in shares)
    result = _run("page.pdf", "--region", region, "--json", "--annotate", "out")
    assert (result.exit_code, result.stderr) == (0, "")
    for line in result.stdout.splitlines():
        record = json.loads(line)
        assert (record["text"], record["width"], record["height"]) == ("901", 1500, 2000)
        x, y, wide, high = record["lines"][0]["box"]
        ys, xs = np.nonzero(written[2] < 128)
        expected = (900 + xs.min(), 1500 + ys.min(), np.ptp(xs), np.ptp(ys))
        assert (x, y, wide, high) == pytest.approx(expected, abs=20)
    with Image.open("out/page.pdf.page-2.read.png") as drawn:
        pixels = np.asarray(drawn.convert("RGB")).astype(int)
    green = (pixels[:, :, 1] - pixels[:, :, 0] > 60).any(axis=1)
    assert green.mean() > 0.3  # boxes lie on the region that was drawn
    assert drawn.size[0] / drawn.size[1] == pytest.approx((width + 40) / (height + 40), rel=0.05)
    with pytest.raises(UsageError, match=r"region is '0\.1,0\.2'"):
        _run("page.pdf", "--region", "0.1,0.2")


def test_pages_are_drawn_apart(folder: Path) -> None:
    Path("scans/c.tif.page-2").write_bytes(Path("scans/c.tif").read_bytes())
    result = _run("scans/b.pdf", "scans/c.tif", "--annotate", "out", "--explain", "steps", "-q")
    assert (result.exit_code, result.stderr) == (0, "")
    pages = [f"scans/{name}.page-{page}" for name in ("b.pdf", "c.tif") for page in (1, 2, 3)]
    drawn = sorted(path.relative_to("out").as_posix() for path in Path("out").rglob("*.png"))
    assert drawn == [f"{page}.read.png" for page in pages]
    for page in pages:
        assert len(list(Path("steps", page).iterdir())) == 6
    assert _run("scans/b.pdf", "--annotate", "out", "-q").stderr == ""  # over its own


def test_a_picture_called_like_a_page_is_drawn_beside_it(
    written: list[NDArray[np.uint8]], folder: Path
) -> None:
    Image.fromarray(written[2]).save("scans/b.pdf.page-1", "PNG")
    result = _run("scans/b.pdf", "scans/b.pdf.page-1", "--annotate", "out", "-q")
    assert result.stderr == (
        "scans/b.pdf.page-1: drawn as scans/b.pdf.page-1-2, because another picture is drawn by "
        "its own name.\n"
    )
    assert len(list(Path("out/scans").iterdir())) == 4


def test_what_cannot_be_read_has_its_row(
    written: list[NDArray[np.uint8]], make_pdf: Make, folder: Path
) -> None:
    content = make_pdf(*written)
    second = content.find(b"/Type /Page\n", content.find(b"/Type /Page\n") + 1)
    Path("broken.pdf").write_bytes(content[:second] + b"/Type /Gone\n" + content[second + 12 :])
    lock = {"owner_password": "a", "user_password": "b"}
    Path("locked.pdf").write_bytes(make_pdf(written[0], **lock))
    Path("cut.pdf").write_bytes(content[: len(content) // 2])
    names = ("broken.pdf", "locked.pdf", "cut.pdf", "gone.pdf", "void/*.pdf")
    result = _run(*names, "--csv")
    assert result.exit_code == 1
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [(row["file"], row["page"], row["text"], bool(row["error"])) for row in rows] == [
        ("broken.pdf", "1", "42", False),
        ("broken.pdf", "2", "", True),
        ("broken.pdf", "3", "901", False),
        *((name, "", "", True) for name in names[1:]),
    ]
    errors = [row["error"] for row in rows if row["error"]]
    assert [line.removeprefix("Error: ") for line in result.stderr.splitlines()] == errors
    records = [json.loads(line) for line in _run(*names, "--json").stdout.splitlines()]
    assert [record["error"] for record in records if "error" in record] == errors
    assert records[1] == {"file": "broken.pdf", "page": 2, "error": errors[0]}


@pytest.mark.skipif(sys.platform != "linux", reason="pipes as on Linux")
def test_what_is_no_picture_in_a_folder_is_named_once_at_the_end(folder: Path) -> None:
    os.mkfifo("scans/pipe")
    Path("scans/notes.txt").write_text("no picture")
    Path("scans/odd\x1b[31m").write_text("no picture")
    result = _run("scans", "--quiet", "--pages", "1")
    assert (result.exit_code, result.stdout) == (0, "42\n" * 3)
    assert result.stderr == (
        "3 files were left out, no pictures by name: scans/notes.txt, "
        r"scans/odd\x1b[31m, scans/pipe." + "\n"
    )
    for number in range(30):
        Path(f"scans/{number:02}.txt").touch()
    line = _run("scans", "--quiet", "--pages", "1").stderr
    assert line.startswith("33 files were left out, no pictures by name: scans/00.txt, ")
    assert line.endswith("scans/19.txt and 13 more.\n")
