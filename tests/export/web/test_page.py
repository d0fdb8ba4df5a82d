"""The page that reads by itself, in a real browser: as Python reads, offline, and asking nobody."""

from __future__ import annotations

import base64
import gzip
import io
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, Self

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from selenium import webdriver
from selenium.webdriver.common.by import By
from tests.browser import DESKTOP, Tab

import tenfold.export.web
import tenfold.server
from tenfold.errors import TenfoldError, UsageError
from tenfold.export.web import WebPage, export_web, runtime
from tenfold.reader.reader import Reader
from tenfold.server.bodies import Drawing, Stroke
from tenfold.server.rasterise import rasterise

Pixels = NDArray[np.uint8]
MOST_PACKED = 10_000_000
ASK = """
const [name, given, inside, done] = arguments;
const api = await import(new URL("page/api.js", location.href));
const decoded = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
const asked = typeof given === "string" ? new File([decoded(given)], name) : given;
const ask = typeof given === "string" ? api.readPicture : api.readDrawing;
try {
  const reading = await ask(asked, inside);
  const glyphs = await Promise.all(reading.digits.map(({ glyph }) => glyph));
  const digits = reading.digits.map((digit, at) => ({ ...digit, glyph: glyphs[at] }));
  done({ ...reading, digits });
} catch (error) {
  done({ problem: error.message });
}
"""


class Page(Tab):
    """A browser on the page."""

    patience = 120.0

    def open(self, size: tuple[int, int] = DESKTOP, scheme: str = "light") -> Self:
        super().open(size, scheme)
        self.until(lambda: self.script("return document.documentElement.dataset.reader") == "ready")
        return self

    def read(self, content: bytes, name: str = "a.png", inside: bool = False) -> dict[str, Any]:
        given = base64.b64encode(content).decode()
        answer: dict[str, Any] = self.browser.execute_async_script(ASK, name, given, inside)
        return answer

    def draw(self, drawing: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = self.browser.execute_async_script(ASK, "", drawing, False)
        return answer

    def shown(self, name: str) -> str:
        return str(self.browser.find_element(By.ID, name).text)


@pytest.fixture(scope="module")
def page(browser: webdriver.Chrome, site: WebPage, host: Any) -> Iterator[Page]:
    """The page, opened; at the end it has said nothing on the console, and asked nobody else."""
    with host(site.folder.parents[1]) as address:
        one = Page(browser, f"{address}/below/read/")
        one.told(), one.asked()
        one.open()
        yield one
        assert one.told() == []
        own = (address, f"blob:{address}", "data:")
        assert [url for url in one.asked() if not url.startswith(own)] == []


def _png(pixels: Pixels, mode: str | None = None) -> bytes:
    buffer = io.BytesIO()
    image = Image.fromarray(pixels)
    (image.convert(mode) if mode else image).save(buffer, "PNG")
    return buffer.getvalue()


def _jpeg(pixels: Pixels, **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", **options)
    return buffer.getvalue()


def _upside_down(pixels: Pixels) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 3
    return _jpeg(np.ascontiguousarray(np.rot90(pixels, 2)), quality=90, exif=exif.tobytes())


def _transparent(pixels: Pixels) -> bytes:
    rgba = np.zeros((*pixels.shape, 4), np.uint8)
    rgba[..., 3] = 255 - pixels
    return _png(rgba)


def _pictures(hand: ModuleType) -> Iterator[tuple[str, bytes]]:
    """Draw pictures: digits, numbers and pages, on paper, in photos, in every kind of file."""
    rng = np.random.default_rng(7)
    kinds: dict[str, Callable[[Pixels], bytes]] = {
        "png": _png, "jpeg": lambda page: _jpeg(page, quality=85),
        "photo": lambda page: _jpeg(hand.photo(page, int(page.sum()) % 99), quality=80),
        "palette": lambda page: _png(page, "P"), "transparent": _transparent,
        "light on dark": lambda page: _png(255 - page), "upside down": _upside_down,
        "ruled": lambda page: _png(hand.ruled(page, 45)),
    }  # fmt: skip
    for number in range(100):
        kind = list(kinds)[number % len(kinds)]
        shape = number % 5
        digits = (1, int(rng.integers(2, 7)), 1, 0, int(rng.integers(2, 5)))[shape]
        text = "".join(rng.choice(list("0123456789"), digits)) if digits else "40718\n2593"
        height = int(rng.integers(22, 50)) if shape != 2 else 18  # 18: a network's input, 28 pixels
        options = {"margin": 0.3, "pen": 2.0} if shape == 2 else {"pen": height / 12}
        page = hand.write(text, height=height, seed=number, **options)
        if shape == 4:
            page = np.asarray(cv2.GaussianBlur(page, (0, 0), height / 40), np.uint8)
        yield f"{number} {kind} {text!r}", kinds[kind](page)


def test_a_hundred_pictures_are_read_as_python_reads_them(page: Page, hand: ModuleType) -> None:
    reader = Reader()
    differing, texts = [], set()
    for name, content in _pictures(hand):
        reading, answer = reader.read(content), page.read(content, name)
        texts.add(reading.text)
        same = answer.get("text") == reading.text
        ours = [digit.confidence for digit in reading.digits]
        theirs = [digit["confidence"] for digit in answer.get("digits", [])]
        if (
            not same
            or len(ours) != len(theirs)
            or np.abs(np.subtract(ours, theirs)).max(initial=0) > 0.02
        ):
            differing.append((name, reading.text, answer.get("text", answer), ours, theirs))
    assert differing == []
    assert len(texts) > 40  # single digits are alike


def test_the_record_is_the_one_of_the_command(page: Page, hand: ModuleType) -> None:
    content = _png(hand.write("12\n345", height=40, pen=3.5))
    ours, theirs = Reader().read(content, "a.png").to_dict(), page.read(content)
    for record in (ours, *ours["digits"]):
        record.pop("seconds", None)
    assert {key: theirs[key] for key in ours if key not in ("digits", "lines")} == {
        key: ours[key] for key in ours if key not in ("digits", "lines")
    }
    for one, other in zip(ours["digits"], theirs["digits"], strict=True):
        assert {key: other[key] for key in one if key not in ("confidence", "alternatives")} == {
            key: one[key] for key in one if key not in ("confidence", "alternatives")
        }
        assert abs(sum(other["probabilities"]) - 1) < 1e-3
        assert len(base64.b64decode(other["glyph"])) == 28 * 28


@pytest.mark.parametrize("text", ["7", "42", "1905"])
def test_strokes_are_read_as_the_server_reads_them(text: str, page: Page, hand: ModuleType) -> None:
    rng = np.random.default_rng(3)
    strokes = [
        {"points": (np.add(path, (0.4 + place, 0.4)) * 90).round(2).tolist(), "pen": 6}
        for place, digit in enumerate(text)
        for path in hand._strokes(digit, rng)
    ]
    width, height = round((len(text) + 0.6) * 90), 160
    drawn = Drawing(strokes=[Stroke(**one) for one in strokes], width=width, height=height)
    answer = page.draw({"width": width, "height": height, "strokes": strokes})
    assert answer["text"] == Reader().read(rasterise(drawn)).text == text


def test_what_is_written_on_the_sheet_is_read(page: Page) -> None:
    page.browser.execute_script(
        """
        const sheet = document.getElementById("ink");
        const box = sheet.getBoundingClientRect();
        const at = (kind, x, y) => sheet.dispatchEvent(new PointerEvent(kind, {
          pointerId: 1, button: 0, buttons: 1, bubbles: true,
          clientX: box.left + x, clientY: box.top + y,
        }));
        at("pointerdown", 100, 80);
        for (let k = 0; k <= 20; k++) at("pointermove", 100 + 5 * k, 80);
        for (let k = 0; k <= 30; k++) at("pointermove", 200 - 2.5 * k, 80 + 6 * k);
        at("pointerup", 125, 260);
        """
    )
    page.until(lambda: page.shown("text") == "7")
    assert "1 digit" in page.shown("note")
    assert page.browser.find_elements(By.CSS_SELECTOR, "#digits li")


def test_the_steps_are_shown(page: Page, hand: ModuleType) -> None:
    steps = page.read(_png(hand.write("381", height=50)), inside=True)["steps"]
    pictures = {name: Image.open(io.BytesIO(base64.b64decode(one))) for name, one in steps.items()}
    assert pictures.keys() == {"picture", "paper", "ink", "lines", "strips"}
    assert pictures["ink"].size == pictures["paper"].size == pictures["picture"].size
    ink = np.asarray(pictures["ink"].convert("RGB")).reshape(-1, 3)
    assert (ink == (9, 105, 218)).all(axis=1).any()  # what is written by hand is blue


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"no picture", "cannot open it"),
        (b"\x89PNG\r\n\x1a\n", "cannot open it"),
    ],
)
def test_what_is_no_picture_gets_a_sentence(content: bytes, says: str, page: Page) -> None:
    problem = page.read(content, "scan.png")["problem"]
    assert problem.startswith("scan.png: ")
    assert says in problem
    small = page.read(_png(np.zeros((4, 4), np.uint8)), "dot.png")["problem"]
    assert small.startswith("dot.png: 4×4 pixels are too few to read.")


IMPORTED = re.compile(r'^import \{ ([\w, ]+) \} from "\./api\.js";$', re.MULTILINE)
EXPORTED = re.compile(
    r"^export (?:(?:async )?(?:function|const|class) (\w+)|\{ (.+) \};$)", re.MULTILINE
)


def test_its_own_script_has_all_that_the_shared_ones_import() -> None:
    scripts = Path(tenfold.server.__file__).parent / "page"
    wanted = {
        name
        for script in scripts.glob("*.js")
        for names in IMPORTED.findall(script.read_text(encoding="utf-8"))
        for name in names.split(", ")
    }
    own = Path(tenfold.export.web.__file__).parent / "static" / "page" / "api.js"
    given = {
        name.split(" as ")[-1]
        for one, several in EXPORTED.findall(own.read_text(encoding="utf-8"))
        for name in (one or several).split(", ")
    }
    assert "readDrawing" in wanted
    assert wanted - given == set()


def test_it_is_small_enough_to_wait_for(site: WebPage) -> None:
    files = [path for path in site.folder.rglob("*") if path.is_file()]
    assert site.files == len(files)
    packed = sum(len(gzip.compress(path.read_bytes(), 6)) for path in files)
    assert packed == site.packed < MOST_PACKED


def test_it_is_installed_and_works_without_a_network(
    browser: webdriver.Chrome, site: WebPage, host: Any, hand: ModuleType
) -> None:
    with host(site.folder.parents[1]) as address:
        page = Page(browser, f"{address}/below/read/")
        page.open()
        page.until(lambda: page.script("return navigator.serviceWorker.controller !== null"))
        errors = browser.execute_cdp_cmd("Page.getInstallabilityErrors", {})["installabilityErrors"]
        # Headless browsers install nothing; the page itself lacks nothing.
        assert [one["errorId"] for one in errors if one["errorId"] != "in-incognito"] == []
    # The host is gone: what is there now comes out of the browser.
    page.open()
    assert page.shown("hint").startswith("Write here")
    assert page.read(_png(hand.write("58", height=60)))["text"] == "58"
    page.told()  # it says there that the host is gone
    page.asked()


def test_other_things_are_not_replaced(site: WebPage, tmp_path: Path) -> None:
    given = site.folder / "runtime"
    (tmp_path / "letters.txt").write_text("dear")
    with pytest.raises(TenfoldError, match="not replaced"):
        export_web(tmp_path, runtime=given)
    assert [path.name for path in tmp_path.iterdir()] == ["letters.txt"]
    with pytest.raises(TenfoldError, match=r"letters\.txt: is a file"):
        export_web(tmp_path / "letters.txt", runtime=given)
    export_web(tmp_path / "new", runtime=given)
    (tmp_path / "new" / "stale.js").write_text("")
    again = export_web(tmp_path / "new", runtime=given)
    assert again.files == site.files
    assert not (tmp_path / "new" / "stale.js").exists()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["letters.txt", "new"]


def test_a_page_changes_its_version_with_any_of_its_files(
    site: WebPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tenfold

    first = (site.folder / "offline-worker.js").read_text()
    monkeypatch.setattr(tenfold, "__version__", "99.0")
    other = export_web(tmp_path / "other", runtime=site.folder / "runtime").folder
    assert json.loads((other / "reader" / "facts.json").read_text())["version"] == "99.0"
    assert (other / "offline-worker.js").read_text() != first
    assert '"models/finder.onnx"' in first


def test_without_npm_it_says_how_to_get_the_runtime(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TENFOLD_CACHE", str(tmp_path))
    monkeypatch.setattr(shutil, "which", lambda _: None)
    with pytest.raises(TenfoldError, match=r"Install Node\.js") as told:
        export_web(tmp_path / "page")
    assert "--runtime" in str(told.value)
    assert not (tmp_path / "page").exists()


def test_npm_that_fails_is_quoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(command: list[str], **options: Any) -> None:
        raise subprocess.CalledProcessError(1, command, stderr="npm error network is down\n")

    monkeypatch.setenv("TENFOLD_CACHE", str(tmp_path))
    monkeypatch.setattr(shutil, "which", lambda _: "npm")
    monkeypatch.setattr(subprocess, "run", fail)
    with pytest.raises(TenfoldError, match="network is down"):
        runtime.runtime_files()


def test_another_version_of_the_runtime_is_refused(tmp_path: Path) -> None:
    for name in runtime.CHECKSUMS:
        (tmp_path / name).write_bytes(b"another version")
    with pytest.raises(UsageError, match="another version"):
        runtime.runtime_files(tmp_path)
    (tmp_path / "package.tgz").write_bytes(b"no archive")
    with pytest.raises(UsageError, match="no npm package"):
        runtime.runtime_files(tmp_path / "package.tgz")
