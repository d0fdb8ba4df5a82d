"""The page in a real browser: drawn on, dropped on, by mouse, finger and keys, light and dark."""

from __future__ import annotations

import base64
import csv
import json
import re
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Self

import cv2
import httpx
import numpy as np
import pytest
from PIL import Image
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from tests.browser import DESKTOP, PHONE, Tab, stands_out

import tenfold
from tenfold.reader.reading import Digit, Ink, Line, Mark, Number, Reading, Refusal

if TYPE_CHECKING:
    from tests.server.conftest import Server


class Page(Tab):
    """A browser on the page, and a hand for it."""

    patience = 20.0

    def __init__(self, browser: webdriver.Chrome, url: str, hand: ModuleType) -> None:
        super().__init__(browser, url)
        self._hand = hand

    def open(self, size: tuple[int, int] = DESKTOP, scheme: str = "light") -> Self:
        super().open(size, scheme)
        self.until(lambda: self.script("return document.getElementById('bars').children.length"))
        return self

    @property
    def text(self) -> str:
        return str(self["text"].text)

    @property
    def note(self) -> str:
        return str(self["note"].text)

    def reads(self, text: str) -> None:
        self.until(lambda: self.text == text)

    def write(self, text: str, at: tuple[float, float], height: float, touch: bool = False) -> None:
        """Write digits as a hand does, stroke by stroke."""
        box = self.script("return document.getElementById('ink').getBoundingClientRect()")
        rng = np.random.default_rng(1)
        for place, digit in enumerate(text):
            corner = np.array([box["left"] + at[0] + 0.95 * height * place, box["top"] + at[1]])
            for path in self._hand._strokes(digit, rng):
                self.stroke((_dense(path) * height + corner).tolist(), touch=touch)

    def stroke(self, points: list[list[float]], touch: bool = False) -> None:
        for number, (x, y) in enumerate(points):
            kind = "Start" if number == 0 else "Move"
            if touch:
                spot = {"x": x, "y": y}
                self.do("Input.dispatchTouchEvent", {"type": f"touch{kind}", "touchPoints": [spot]})
            else:
                self.mouse("Pressed" if number == 0 else "Moved", (x, y), 1)
        if touch:
            self.do("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        else:
            self.mouse("Released", points[-1], 0)

    def mouse(self, kind: str, point: Sequence[float], buttons: int) -> None:
        moved = kind == "Moved" and not buttons
        where = {"x": point[0], "y": point[1]}
        hand = {"buttons": buttons, "button": "none" if moved else "left", "clickCount": 1}
        self.do("Input.dispatchMouseEvent", {"type": f"mouse{kind}", **where, **hand})

    def drop(self, content: bytes, name: str, event: str = "drop") -> None:
        """Drop or paste a file."""
        self.drop_all({name: content}, event)

    def drop_all(self, files: dict[str, bytes], event: str = "drop") -> None:
        """Drop or paste files: the browser's own event with files in it."""
        self.script(
            """
            const [files, kind] = arguments;
            const transfer = new DataTransfer();
            for (const [name, bytes] of files)
              transfer.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" }));
            const options = { bubbles: true, cancelable: true };
            document.getElementById("ink").dispatchEvent(kind === "drop"
              ? new DragEvent("drop", { ...options, dataTransfer: transfer })
              : new ClipboardEvent("paste", { ...options, clipboardData: transfer }));
            """,
            [[name, list(content)] for name, content in files.items()],
            event,
        )

    def rows(self) -> list[list[str]]:
        """Return the table of several pictures, cell by cell."""
        cells = "[...document.querySelectorAll('#rows tr')].map(r => [...r.cells].map(c => "
        rows: list[list[str]] = self.script(f"return {cells} c.innerText.trim()))")
        return rows

    def inked(self, canvas: str = "ink") -> bool:
        """Whether anything is on a canvas of the sheet: strokes or a picture, or marks."""
        return bool(
            self.script(
                """
                const from = document.getElementById(arguments[0]);
                const [width, height] = [from.width, from.height];
                // A copy, because Chromium comments on who reads the same canvas often.
                const copy = new OffscreenCanvas(width, height).getContext("2d");
                copy.drawImage(from, 0, 0);
                return copy.getImageData(0, 0, width, height).data.some((value) => value > 0);
                """,
                canvas,
            )
        )


def _dense(path: Any) -> Any:
    """As many points as a moving pen reports: more where there are corners only, else fewer."""
    if len(path) > 12:
        return np.concatenate([path[:-1:4], path[-1:]])
    steps = [np.linspace(a, b, 4, endpoint=False) for a, b in pairwise(path)]
    return np.concatenate([*steps, path[-1:]])


@pytest.fixture
def page(browser: webdriver.Chrome, server: Server, hand: ModuleType) -> Iterator[Page]:
    """The page, opened; at the end nothing was said on the console and nobody else was asked."""
    one = Page(browser, server.url, hand)
    one.told(), one.asked()
    one.open()
    yield one
    assert one.told() == []
    asked = one.asked()
    assert asked
    own = (server.url, "blob:" + server.url, "data:")  # data: comes with the style sheet
    assert [url for url in asked if not url.startswith(own)] == []


def test_a_seven_is_read_and_so_is_forty_two(page: Page) -> None:
    page.write("7", (80, 60), 180)
    page.reads("7")
    page["clear"].click()
    page.until(lambda: not page["answer"].is_displayed())
    page.write("42", (80, 60), 180)
    page.reads("42")
    assert page.note.startswith("2 digits.")
    page.until(lambda: page["live"].get_attribute("textContent").startswith("Read 4 2."))


def test_it_reads_while_the_pen_is_still_down(page: Page) -> None:
    box = page.script("return document.getElementById('ink').getBoundingClientRect()")
    points = [[box["left"] + 200, box["top"] + 60 + 4 * step] for step in range(40)]
    page.mouse("Pressed", points[0], 1)
    for point in points:
        page.mouse("Moved", point, 1)
    page.reads("1")
    page.mouse("Released", points[-1], 0)


def test_strokes_are_taken_back_and_brought_again(page: Page) -> None:
    page.write("7", (60, 60), 150)
    page.reads("7")
    page.write("2", (260, 60), 150)
    page.reads("72")
    page["undo"].click()
    page["undo"].click()  # a 2 is two strokes
    page.reads("7")
    page["redo"].click()
    page["redo"].click()
    page.reads("72")
    page["clear"].click()
    page.until(lambda: page["hint"].is_displayed())
    page["ink"].send_keys(Keys.CONTROL, "z")
    page.reads("72")


def test_the_page_reads_what_the_command_reads(page: Page, server: Server, tmp_path: Path) -> None:
    page.script(
        "const ask = window.fetch; window.sent = [];"
        "window.fetch = (path, options) => { sent.push(options.body); return ask(path, options); };"
    )
    page.write("4071", (40, 60), 120)
    page.reads("4071")
    time.sleep(0.3)
    body = json.loads(page.script("return sent.at(-1)"))
    answer = server.client.post("/v1/read?include=steps", json=body).json()
    path = tmp_path / "pixels.png"
    path.write_bytes(base64.b64decode(answer["steps"]["picture"]))
    reading = tenfold.read(path)
    assert reading.text == page.text
    shown = page.script(
        "return [...document.querySelectorAll('#digits button')].map(b => b.ariaLabel)"
    )
    assert [re.findall(r": (\d)", label)[0] for label in shown] == list(reading.text)
    by_hand = {"ink": "handwritten"}  # whatever even strokes look like in a picture
    assert answer["digits"] == [digit.to_dict() | by_hand for digit in reading.digits]


@pytest.mark.parametrize("event", ["drop", "paste"])
def test_pictures_are_dropped_and_pasted(page: Page, number: bytes, event: str) -> None:
    page.drop(number, "number.png", event)
    page.reads("42")
    assert page["called"].text == "number.png"
    assert page["close"].is_displayed()
    page["close"].click()
    page.until(lambda: page["hint"].is_displayed())


def test_a_picture_is_chosen_downloaded_as_json_and_written_on_again(
    page: Page, number: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "chosen.png"
    path.write_bytes(number)
    page["file"].send_keys(str(path))
    page.reads("42")
    page.do("Page.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    page["json"].click()
    saved = tmp_path / "reading.json"
    page.until(saved.exists)
    record = json.loads(saved.read_text())
    expected = tenfold.read(path).to_dict()
    for key in expected.keys() - {"file", "seconds"}:
        assert record[key] == expected[key]
    page["close"].click()
    page.write("7", (80, 60), 150)
    page.reads("7")


def test_what_the_browser_cannot_show_is_read(
    page: Page, hand: ModuleType, make_pdf: Callable[..., bytes], tmp_path: Path
) -> None:
    for name, text in (("scan.tif", "357"), ("scan.pdf", "42")):
        path = tmp_path / name
        if name == "scan.tif":
            Image.fromarray(hand.write(text)).save(path)
        else:
            path.write_bytes(make_pdf(hand.write(text)))
        page["file"].send_keys(str(path))
        page.reads(text)


def test_what_is_no_picture_is_refused_with_a_sentence(page: Page) -> None:
    page.drop(b"words", "notes.txt")
    page.until(lambda: page["trouble"].is_displayed())
    assert page["trouble"].text.startswith("notes.txt: not a picture")
    _forgive(page)
    page["close"].click()
    page.write("7", (80, 60), 150)
    page.reads("7")
    assert not page["trouble"].is_displayed()


def _forgive(page: Page) -> None:
    """Take from the console what Chromium itself writes there of requests that were refused."""
    messages = page.told()
    assert all("422 (Unprocessable" in message for message in messages)


def test_what_cannot_be_read_takes_the_place_of_the_drawing(page: Page) -> None:
    page.write("7", (80, 60), 150)
    page.reads("7")
    page.drop(b"words", "notes.txt")
    page.until(lambda: page["trouble"].is_displayed())
    page.until(lambda: page["unshown"].is_displayed())
    assert page["called"].text == page["unshown-name"].text == "notes.txt"
    assert not page.inked()
    assert not page["answer"].is_displayed()
    _forgive(page)
    page["close"].click()
    page.reads("7")  # the drawing is there again
    assert page.inked()
    assert not page["called"].is_displayed()
    assert not page["trouble"].is_displayed()


def test_a_picture_that_is_refused_is_shown_where_the_browser_can(
    browser: webdriver.Chrome, strict: Server, hand: ModuleType, png: Callable[..., bytes]
) -> None:
    page = Page(browser, strict.url, hand)
    page.open()
    page["token"].send_keys("sesame", Keys.ENTER)
    page.drop(png(hand.write("42", height=300)), "large.png")
    page.until(lambda: "0.1 megapixels" in page["trouble"].text)
    assert page["called"].text == "large.png"
    assert page.inked()
    assert not page["unshown"].is_displayed()
    page.script("sessionStorage.clear()")  # the token, which others are still to be asked for
    page.told()  # Chromium notes the requests that were refused


def test_the_example_is_read(page: Page) -> None:
    page["example"].click()
    page.reads("40718\n2593 6")
    assert page["called"].text == "example.jpg"
    page["close"].click()
    page.until(lambda: page["example"].is_displayed())
    page.write("7", (80, 60), 150)
    assert not page["example"].is_displayed()
    page.reads("7")


HOSTILE = "<img src=x onerror=alert(1)>.png"


def _several(hand: ModuleType, png: Callable[..., bytes]) -> dict[str, bytes]:
    zigzag = np.full((200, 300), 235, np.uint8)
    for n in range(9):
        ends = (30 + 26 * n, 150 if n % 2 else 50), (56 + 26 * n, 50 if n % 2 else 150)
        cv2.line(zigzag, *ends, 30, 6)
    return {
        "=1+2.png": png(hand.write("42", height=60)),
        'a, "b".png': png(hand.write("907\n16", height=60)),
        HOSTILE: png(zigzag),
        "notes.txt": b"words",
    }


def _saved(page: Page, folder: Path) -> list[list[str]]:
    page.do("Page.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(folder)})
    page["csv"].click()
    path = folder / "readings.csv"
    page.until(path.exists)
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def test_several_pictures_get_a_table(
    page: Page, hand: ModuleType, png: Callable[..., bytes], tmp_path: Path
) -> None:
    files = _several(hand, png)
    page.drop_all(files)
    page.until(lambda: page["count"].text == "4 pictures, 1 not read")
    assert page["progress"].get_attribute("textContent") == "Done: 4 pictures, 1 not read."
    page.reads("42")  # the first is shown
    rows = page.rows()
    assert [row[0] for row in rows] == list(files)
    assert [row[1] for row in rows[:3]] == ["42", "907\n16", "—"]
    assert all(re.fullmatch(r"> 99\.9 %|\d\d\.\d %", row[2]) for row in rows[:2])
    assert rows[2][2:] == ["", "1 refused: not a digit."]
    assert rows[3][1].startswith("Not a picture that can be opened.")
    assert page.browser.find_elements(By.CSS_SELECTOR, "#rows img") == []

    page.browser.find_elements(By.CSS_SELECTOR, "#rows tr")[1].click()
    page.reads("907\n16")
    assert page["called"].text == 'a, "b".png'
    assert page.inked("marks")
    page.browser.find_elements(By.CSS_SELECTOR, "#rows tr")[3].click()
    page.until(lambda: page["trouble"].is_displayed())
    assert page["trouble"].text.startswith("notes.txt: not a picture")
    assert not page.inked("marks")

    head, *saved = _saved(page, tmp_path)
    assert head == ["file", "text", "confidence", "not_in_text", "problem"]
    assert [row[0] for row in saved] == ["'=1+2.png", 'a, "b".png', HOSTILE, "notes.txt"]
    assert [row[1] for row in saved] == ["42", "907\n16", "", ""]
    assert [0.5 < float(row[2]) <= 1 for row in saved[:2]] == [True, True]
    assert saved[2][2:4] == ["", "1 refused: not a digit."]
    assert saved[3][4].startswith("Not a picture")

    page.drop(files["=1+2.png"], "later.png")  # joins them
    page.until(lambda: page["count"].text == "5 pictures, 1 not read")
    assert page.rows()[4][:2] == ["later.png", "42"]
    page["close"].click()
    page.until(lambda: page["hint"].is_displayed())
    assert not page["pictures"].is_displayed()
    _forgive(page)


def test_csv_holds_data_and_no_formulas(page: Page) -> None:
    cells = {
        "-4": "-4", "+4": "+4", "-1,234.5": '"-1,234.5"', "40718": "40718", "": "",
        "-4 12": "'-4 12", "-1-2": "'-1-2", "=A1": "'=A1", "+x": "'+x", "@SUM(1)": "'@SUM(1)",
        "\t=1": "'\t=1", " =1": "' =1", "-": "'-", 'a"b': '"a""b"', "a\nb": '"a\nb"',
        "\r=1": "\"'\r=1\"", "a;b": "a;b", "12:30": "12:30",
    }  # fmt: skip
    lines = page.browser.execute_async_script(
        "const [cells, done] = arguments; import('/page/csv.js').then(({ asCsv }) =>"
        "done(cells.map(cell => asCsv([[cell, 'x']]))))",
        list(cells),
    )
    assert lines == [f"{cell},x\r\n" for cell in cells.values()]


def test_a_busy_server_is_asked_again(page: Page, number: bytes) -> None:
    page.script(
        "const ask = window.fetch; window.busy = 2; window.fetch = async (...all) => busy-- > 0"
        " ? new Response('{}', { status: 503, headers: { 'Retry-After': '1' } }) : ask(...all);"
    )
    page.drop_all({"a.png": number, "b.png": number})
    page.until(lambda: page["count"].text == "2 pictures")
    assert [row[1] for row in page.rows()] == ["42", "42"]
    page["close"].click()
    page.script("busy = 2;")
    page.write("7", (80, 60), 150)
    page.reads("7")


def test_the_table_is_gone_through_with_keys(
    page: Page, hand: ModuleType, png: Callable[..., bytes]
) -> None:
    page.drop_all({f"{text}.png": png(hand.write(text)) for text in ("12", "357")})
    page.until(lambda: page["csv"].is_enabled())
    page.script("document.getElementById('csv').focus()")
    pressed = "return [...document.querySelectorAll('#rows button')].map(b => b.ariaPressed)"
    assert page.script(pressed) == ["true", "false"]
    keys = webdriver.ActionChains(page.browser, duration=0)
    keys.send_keys(Keys.TAB, Keys.TAB, Keys.ENTER).perform()
    page.reads("357")
    assert page.script(pressed) == ["false", "true"]
    assert page.script("return document.activeElement.textContent") == "357.png"


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
def test_the_table_fits_and_says_what_it_is(
    page: Page, hand: ModuleType, png: Callable[..., bytes], size: tuple[int, int]
) -> None:
    page.open(size)
    name = "a_very_long_name_of_a_scan_without_any_place_to_break_it_" * 2
    page.drop_all({f"{name}{n}.png": png(hand.write("0123456789" * 2)) for n in range(3)})
    page.until(lambda: page["csv"].is_enabled())
    page.until(lambda: page["answer"].is_displayed())
    beyond = "const d = document.documentElement; return d.scrollWidth - d.clientWidth"
    assert page.script(beyond) == 0
    wide = "const r = document.querySelector('.rows'); return r.scrollWidth - r.clientWidth"
    assert page.script(wide) == 0
    page.do("Accessibility.enable", {})
    nodes = page.browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    roles = [node["role"]["value"] for node in nodes if not node["ignored"]]
    page.do("Accessibility.disable", {})
    # Chromium keeps a table's rows and cells to itself where they only lay something out.
    assert roles.count("columnheader") == 4
    assert roles.count("rowheader") == 3
    assert roles.count("cell") >= 6


def test_the_camera_takes_a_picture(page: Page) -> None:
    page["camera"].click()
    page.until(lambda: page["viewer"].is_displayed())
    page.until(lambda: page.script("return document.getElementById('view').videoWidth > 0"))
    page["shoot"].click()
    page.until(lambda: page["close"].is_displayed() and re.search(r"\d m?s\.$", page.note))


def test_refused_ink_says_why(page: Page) -> None:
    box = page.script("return document.getElementById('ink').getBoundingClientRect()")
    left, top = box["left"] + 150, box["top"] + 100
    zigzag = np.array([[left + 22 * n, top + (150 if n % 2 else 0)] for n in range(10)])
    page.stroke(_dense(zigzag).tolist())
    page.until(lambda: "refused: not a digit" in page.note)
    page.script("document.querySelector('#digits .refused').focus()")
    assert page["what"].text == "Refused"
    assert page["why"].text.startswith("not a digit")


def _said(*digits: Digit, numbers: tuple[Number, ...], marks: tuple[Mark, ...]) -> dict[str, Any]:
    """What the server would answer, with what the page asks for."""
    line = Line(" ".join(number.text for number in numbers), digits[0].box, numbers)
    record = Reading("drawing", (line,), digits, marks, 400, 300, 0, (), 0.01).to_dict()
    for entry, digit in zip(record["digits"], digits, strict=True):
        entry["probabilities"] = list(digit.probabilities)
        entry["glyph"] = base64.b64encode(bytes(28 * 28)).decode()
    return record


def test_numbers_marks_and_what_was_left_out_are_shown(page: Page) -> None:
    def digit(
        value: int, x: int, refused: Refusal | None = None, ink: Ink = "handwritten"
    ) -> Digit:
        return Digit(value, 0.95, (0.1,) * 10, 0.9, (x, 20, 30, 60), 0, refused, ink)

    said = _said(
        digit(1, 10), digit(9, 45, "struck out"), digit(2, 80), digit(5, 130, ink="printed"),
        digit(7, 220), digit(3, 260, "printed", "printed"), digit(0, 300, "unsure"),
        numbers=(Number("12.5", (10, 20, 150, 60), 0.984), Number("-7", (200, 20, 50, 60), 0.62)),
        marks=(
            Mark(".", 0.97, (116, 74, 6, 6), 0, in_text=True),
            Mark("-", 0.9, (196, 48, 18, 4), 0, in_text=True),
            Mark(",", 0.4, (255, 74, 5, 10), 0, in_text=False),
        ),
    )  # fmt: skip
    page.script(
        "const said = JSON.stringify(arguments[0]);"
        "window.fetch = async () => new Response(said, { status: 200 });",
        said,
    )
    page.write("1", (80, 60), 160)
    page.reads("12.5 -7")
    left_out = "Left out: 1 struck out, 1 printed, 1 “,”."
    assert page.note.startswith(f"4 digits. 1 refused: unsure. {left_out}")
    assert page["numbers"].text.split("\n") == ["12.5 98.4 %", "-7 62.0 %"]
    doubtful = "return document.querySelector('#numbers .doubtful').textContent"
    assert page.script(doubtful) == "-7 62.0 %"
    page.until(
        lambda: page["live"].get_attribute("textContent").startswith(
            "Read 1 2 point 5, minus 7."
        )
    )  # fmt: skip
    chips = page.browser.find_elements(By.CSS_SELECTOR, "#digits button")
    assert [chip.text for chip in chips] == ["1", "9", "2", "5", "7", "3", "✕"]
    shown = []
    for chip in chips:
        chip.click()
        shown.append((page["what"].text, page["why"].text))
    assert shown[0] == ("1", "95.0 % sure, handwritten")
    assert shown[1] == ("Struck out", "the likeliest digit is 9")
    assert shown[3] == ("5", "95.0 % sure, printed")
    assert shown[5] == ("Print, left out", "the likeliest digit is 3")
    assert shown[6] == ("Refused", "unsure; the likeliest digit is 0")
    assert "95.0 % sure, printed" in str(chips[3].get_attribute("aria-label"))


def test_a_digit_that_stands_alone_is_told_of_once(page: Page) -> None:
    page.write("7", (80, 60), 180)
    page.reads("7")
    assert not page["numbers"].is_displayed()


def test_a_digit_looked_at_shows_its_glyph_and_ten_probabilities(page: Page) -> None:
    page.write("42", (80, 60), 160)
    page.reads("42")
    box = page.script("return document.getElementById('ink').getBoundingClientRect()")
    for place, digit in enumerate("42"):
        page.mouse("Moved", (box["left"] + 130 + 152 * place, box["top"] + 140), 0)
        page.until(partial(lambda digit: page["what"].text == digit, digit))
    bars = page.browser.find_elements(By.CSS_SELECTOR, "#bars li")
    shares = [float(bar.text.split("\n")[-1].strip("> %")) for bar in bars]
    assert len(shares) == 10
    assert sum(shares) == pytest.approx(100, abs=1)
    ink = "const c = document.getElementById('glyph'); return [c.width, c.height, " \
          "Math.max(...c.getContext('2d').getImageData(0, 0, 28, 28).data)]"  # fmt: skip
    assert page.script(ink) == [28, 28, 255]
    page.browser.find_element(By.CSS_SELECTOR, "#inside summary").click()
    page.until(lambda: len(page.browser.find_elements(By.CSS_SELECTOR, "#steps img")) == 5)
    wide = "return [...document.querySelectorAll('#steps img')].map(i => i.naturalWidth > 60)"
    page.until(lambda: page.script(wide) == [True] * 5)


def test_a_lesson_is_kept_and_taken_back(page: Page, collected: Path) -> None:
    page.write("7", (80, 60), 150)
    page.reads("7")
    before = len(list(collected.rglob("*.png")))
    page["labels"].find_elements(By.TAG_NAME, "button")[1].click()
    page.until(lambda: page["taught"].text.startswith("Saved as 1."))
    assert "stay on this machine" in page["taught"].text
    assert len(list((collected / "1").glob("*.png"))) == 1
    page["labels"].find_elements(By.TAG_NAME, "button")[2].click()
    page.until(lambda: page["taught"].text.startswith("Saved as 2."))
    for left in (before + 1, before):
        page["forget"].click()
        page.until(partial(lambda left: f"Taken back. {left} glyph" in page["taught"].text, left))
    assert not page["forget"].is_displayed()
    assert len(list(collected.rglob("*.png"))) == before


def test_keys_alone_do_everything(page: Page) -> None:
    def focused() -> str:
        return str(page.script("return document.activeElement.id"))

    for _ in range(4):
        page.press(Keys.TAB)
        if focused() == "ink":
            break
    assert focused() == "ink"
    page.press(*[Keys.ARROW_UP] * 9, " ", *[Keys.ARROW_DOWN] * 20, " ")
    page.reads("1")
    page.press(Keys.TAB, Keys.ENTER)  # to Undo, and there it goes
    page.until(lambda: page["hint"].is_displayed())
    page.press(Keys.SHIFT + Keys.TAB)
    page.press(Keys.NULL)
    page["ink"].send_keys(Keys.CONTROL + Keys.SHIFT + "z")
    page.reads("1")
    page["text"]
    page.script("document.getElementById('json').focus()")
    page.press(Keys.TAB)
    assert page.script("return document.activeElement.ariaLabel").startswith("1: 1,")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_in_light_and_dark(page: Page, scheme: str, number: bytes) -> None:
    page.open(scheme=scheme)
    page.drop_all({"a.png": number, "b.txt": b"words", "c.png": number})
    page.until(lambda: page["csv"].is_enabled())
    page.reads("42")
    _forgive(page)
    stands_out(page, scheme, least=16)


def test_a_phone_is_written_on_with_a_finger(page: Page) -> None:
    page.open(PHONE)
    page.write("7", (90, 50), 150, touch=True)
    page.reads("7")
    assert page.script("return document.documentElement.scrollWidth") == PHONE[0]
    assert page.script("return document.documentElement.scrollTop") == 0
    assert page["text"].is_displayed()
    assert (
        page.script("return document.getElementById('text').getBoundingClientRect().bottom") < 740
    )
    small = page.script("""return [...document.querySelectorAll(".tools button, .with button")]
      .filter((b) => b.checkVisibility()).map((b) => b.getBoundingClientRect())
      .filter((b) => b.width < 44 || b.height < 44).length""")
    assert small == 0


def test_everything_has_a_name(page: Page) -> None:
    page.write("42", (80, 60), 150)
    page.reads("42")
    nameless = page.script("""
      return [...document.querySelectorAll("button, input, canvas[role], a, img, dialog")]
        .filter((e) => !(e.ariaLabel || e.textContent.trim() || e.alt || e.labels?.length
                         || e.getAttribute("aria-labelledby") || e.type === "file"))
        .map((e) => e.outerHTML)""")
    assert nameless == []


def test_the_first_paint_comes_at_once(page: Page) -> None:
    entry = "performance.getEntriesByName('first-contentful-paint')[0]?.startTime"
    page.until(lambda: page.script(f"return {entry}"))
    paint = page.script(f"return {entry}")
    assert paint < 1500  # on a busy machine; the page about the server says what was measured


def test_a_token_is_asked_for_until_it_is_right(
    browser: webdriver.Chrome, strict: Server, hand: ModuleType
) -> None:
    page = Page(browser, strict.url, hand)
    page.open()
    page.until(lambda: page["asks"].is_displayed())
    page["token"].send_keys("open", Keys.ENTER)
    page.until(lambda: page["asked"].text == "The server did not take that token.")
    page["token"].send_keys("sesame", Keys.ENTER)
    page.until(lambda: not page["asks"].is_displayed())
    page.write("7", (80, 60), 100)
    page.reads("7")
    assert not page["trouble"].is_displayed()
    page.told()  # Chromium notes the request that was refused


def test_the_description_is_laid_out_without_help_from_outside(page: Page) -> None:
    described = httpx.get(f"{page.url}/openapi.json").json()["paths"]
    count = sum(len(methods) for methods in described.values())
    page.browser.get(f"{page.url}/docs")
    shown = ".opblock-summary-path"
    page.until(lambda: len(page.browser.find_elements(By.CSS_SELECTOR, shown)) == count)
    paths = {
        element.get_attribute("data-path")
        for element in page.browser.find_elements(By.CSS_SELECTOR, shown)
    }
    assert paths == set(described)
