"""The page in a real browser: drawn on, dropped on, by mouse, finger and keys, light and dark."""

from __future__ import annotations

import base64
import json
import re
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import pytest
from PIL import Image
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

import tenfold
from tenfold.reader.reading import Digit, Ink, Line, Mark, Number, Reading, Refusal

if TYPE_CHECKING:
    from tests.server.conftest import Server

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None or DRIVER is None, reason="needs Debian's chromium and chromium-driver"
)
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
    "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
    "--disable-background-networking", "--disable-component-update",
)  # fmt: skip
DESKTOP, PHONE = (1280, 800), (360, 740)


class Page:
    """A browser on the page, and a hand for it."""

    def __init__(self, browser: webdriver.Chrome, url: str, hand: ModuleType) -> None:
        self.browser = browser
        self.url = url
        self._hand = hand

    def open(self, size: tuple[int, int] = DESKTOP, scheme: str = "light") -> None:
        phone = size == PHONE
        metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": phone}
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.do("Emulation.setDeviceMetricsOverride", metrics)
        self.do("Emulation.setTouchEmulationEnabled", {"enabled": phone})
        self.do("Emulation.setEmulatedMedia", {"features": [feature]})
        self.browser.get(self.url)
        self.until(lambda: self.script("return document.getElementById('bars').children.length"))

    def do(self, command: str, options: dict[str, Any]) -> None:
        self.browser.execute_cdp_cmd(command, options)

    def script(self, code: str, *arguments: object) -> Any:
        return self.browser.execute_script(code, *arguments)

    def until(self, true: Callable[[], object]) -> None:
        WebDriverWait(self.browser, 20, 0.02).until(lambda _: true())

    def __getitem__(self, name: str) -> Any:
        return self.browser.find_element(By.ID, name)

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

    def log(self, name: str) -> list[dict[str, Any]]:
        """What the browser has noted since it was last asked."""
        get_log: Any = self.browser.get_log
        entries: list[dict[str, Any]] = get_log(name)
        return entries

    def drop(self, content: bytes, name: str, event: str = "drop") -> None:
        """Drop or paste a file: the browser's own event with a file in it."""
        self.script(
            """
            const [bytes, name, kind] = arguments;
            const transfer = new DataTransfer();
            transfer.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" }));
            const options = { bubbles: true, cancelable: true };
            document.getElementById("ink").dispatchEvent(kind === "drop"
              ? new DragEvent("drop", { ...options, dataTransfer: transfer })
              : new ClipboardEvent("paste", { ...options, clipboardData: transfer }));
            """,
            list(content),
            name,
            event,
        )


def _dense(path: Any) -> Any:
    """As many points as a moving pen reports: more where there are corners only, else fewer."""
    if len(path) > 12:
        return np.concatenate([path[:-1:4], path[-1:]])
    steps = [np.linspace(a, b, 4, endpoint=False) for a, b in pairwise(path)]
    return np.concatenate([*steps, path[-1:]])


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    with webdriver.Chrome(options=options, service=Service(str(DRIVER))) as driver:
        yield driver


@pytest.fixture
def page(browser: webdriver.Chrome, server: Server, hand: ModuleType) -> Iterator[Page]:
    """The page, opened; at the end nothing was said on the console and nobody else was asked."""
    one = Page(browser, server.url, hand)
    for name in ("browser", "performance"):
        one.log(name)
    one.open()
    yield one
    assert [entry["message"] for entry in one.log("browser")] == []
    asked = [
        event["params"]["request"]["url"]
        for entry in one.log("performance")
        if (event := json.loads(entry["message"])["message"])["method"]
        == "Network.requestWillBeSent"
    ]
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
    assert answer["digits"] == [digit.to_dict() for digit in reading.digits]


@pytest.mark.parametrize("event", ["drop", "paste"])
def test_pictures_are_dropped_and_pasted(page: Page, number: bytes, event: str) -> None:
    page.drop(number, "number.png", event)
    page.reads("42")
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


def test_a_tiff_that_the_browser_cannot_show_is_read(
    page: Page, hand: ModuleType, tmp_path: Path
) -> None:
    path = tmp_path / "scan.tif"
    Image.fromarray(hand.write("358")).save(path)
    page["file"].send_keys(str(path))
    page.reads("358")


def test_what_is_no_picture_is_refused_with_a_sentence(page: Page) -> None:
    page.drop(b"words", "notes.txt")
    page.until(lambda: page["trouble"].is_displayed())
    assert page["trouble"].text.startswith("notes.txt: not a picture")
    # Chromium itself writes failed requests to the console.
    messages = [entry["message"] for entry in page.log("browser")]
    assert all("422 (Unprocessable" in message for message in messages)
    page.write("7", (80, 60), 150)
    page.reads("7")
    assert not page["trouble"].is_displayed()


def test_the_camera_takes_a_picture(page: Page) -> None:
    page["camera"].click()
    page.until(lambda: page["viewer"].is_displayed())
    page.until(lambda: page.script("return document.getElementById('view').videoWidth > 0"))
    page["shoot"].click()
    page.until(lambda: page["close"].is_displayed() and "ms" in page.note)


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

    def press(*keys: str) -> None:
        webdriver.ActionChains(page.browser, duration=0).send_keys(*keys).perform()

    for _ in range(4):
        press(Keys.TAB)
        if focused() == "ink":
            break
    assert focused() == "ink"
    press(*[Keys.ARROW_UP] * 9, " ", *[Keys.ARROW_DOWN] * 20, " ")
    page.reads("1")
    press(Keys.TAB, Keys.ENTER)  # to Undo, and there it goes
    page.until(lambda: page["hint"].is_displayed())
    press(Keys.SHIFT + Keys.TAB)
    press(Keys.NULL)
    page["ink"].send_keys(Keys.CONTROL + Keys.SHIFT + "z")
    page.reads("1")
    page["text"]
    page.script("document.getElementById('json').focus()")
    press(Keys.TAB)
    assert page.script("return document.activeElement.ariaLabel").startswith("1: 1,")


def _luminance(colour: str) -> float:
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_in_light_and_dark(page: Page, scheme: str) -> None:
    page.open(scheme=scheme)
    page.write("7", (80, 60), 150)
    page.reads("7")
    found = page.script("""
      const seen = [];
      const kinds = "h1, p, a, strong, span, summary, button, output";
      for (const e of document.querySelectorAll(kinds)) {
        const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
        if (!own || !e.checkVisibility() || e.disabled || e.closest(".unseen")) continue;
        let under = e;
        const clear = "rgba(0, 0, 0, 0)";
        const ground = () => getComputedStyle(under).backgroundColor;
        while (under && ground() === clear) under = under.parentElement;
        seen.push([e.textContent.trim(), getComputedStyle(e).color, ground()]);
      }
      return seen;""")
    assert len(found) > 15
    for text, colour, ground in found:
        light, dark = sorted((_luminance(colour), _luminance(ground)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (text, colour, ground)
    ground = page.script("return getComputedStyle(document.documentElement).backgroundColor")
    assert (_luminance(ground) < 0.1) == (scheme == "dark")


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
    page.log("browser")  # Chromium notes the request that was refused


def test_the_description_is_laid_out_without_help_from_outside(page: Page) -> None:
    page.browser.get(f"{page.url}/docs")
    shown = ".opblock-summary-path"
    page.until(lambda: len(page.browser.find_elements(By.CSS_SELECTOR, shown)) == 10)
    paths = {
        element.get_attribute("data-path")
        for element in page.browser.find_elements(By.CSS_SELECTOR, shown)
    }
    described = httpx.get(f"{page.url}/openapi.json").json()["paths"]
    assert paths == set(described)
