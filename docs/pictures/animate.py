"""Film the pages in Chromium: a number is drawn, a page is read, a doubtful field is decided.

    python docs/pictures/animate.py    # writes tenfold.webp and lab.png beside this file

It starts the real servers, draws with a mouse, and joins screenshots into an animated picture. The
sheets that are reviewed are those of the tests (tests/stacks.py). It needs what `make test`
installs, Chromium and its driver.
"""

from __future__ import annotations

import importlib.util
import io
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from PIL import Image
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

PICTURES = Path(__file__).parent
ROOT = PICTURES.parents[1]
OUT = PICTURES / "tenfold.webp"
SIZE, LAB_SIZE = (960, 600), (1280, 1500)
MOST_BYTES = 1_500_000

Frame = tuple[Image.Image, int]  # a screenshot, and for how many milliseconds it is shown


def load(path: Path) -> ModuleType:
    """Return a Python file as a module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise SystemExit(f"{path}: cannot be loaded.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@contextmanager
def serving(*arguments: str) -> Iterator[str]:
    """Run a command that serves a page; yields the page's address."""
    command = [sys.executable, "-m", "tenfold", *arguments, "--port", "0"]
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with log.open("w") as file:
            server = subprocess.Popen(command, stderr=file, stdout=file)
        try:
            for _ in range(1200):
                time.sleep(0.1)
                if found := re.search(r"http://127\.0\.0\.1:\d+/", log.read_text()):
                    break
            else:
                raise SystemExit(f"{' '.join(command)}: did not start.")
            yield found[0]
        finally:
            server.terminate()
            server.wait()


class Film:
    """A browser, and the frames that were taken of it."""

    def __init__(self) -> None:
        options = webdriver.ChromeOptions()
        options.binary_location = "/usr/bin/chromium"
        for argument in ("--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"):
            options.add_argument(argument)
        self.browser = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
        self.frames: list[Frame] = []

    def do(self, command: str, **options: Any) -> None:
        """Send a command of the developer tools' protocol."""
        self.browser.execute_cdp_cmd(command, options)

    def open(self, address: str, size: tuple[int, int] = SIZE) -> None:
        """Open a page, in light colours."""
        width, height = size
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.do("Emulation.setDeviceMetricsOverride", **size)
        light = [{"name": "prefers-color-scheme", "value": "light"}]
        self.do("Emulation.setEmulatedMedia", features=light)
        self.browser.get(address)
        time.sleep(2)

    def take(self, milliseconds: int) -> None:
        """Take a frame."""
        shot = Image.open(io.BytesIO(self.browser.get_screenshot_as_png())).convert("RGB")
        self.frames.append((shot, milliseconds))

    def until(self, code: str) -> None:
        """Wait for a JavaScript expression to be true."""
        WebDriverWait(self.browser, 60, 0.05).until(
            lambda browser: browser.execute_script(f"return {code}")
        )

    def mouse(self, kind: str, x: float, y: float, pressed: bool) -> None:
        """Move, press or release the mouse."""
        held = {"buttons": int(pressed), "button": "left", "clickCount": 1}
        self.do("Input.dispatchMouseEvent", type=f"mouse{kind}", x=x, y=y, **held)

    def stroke(self, points: list[list[float]]) -> None:
        """Draw a stroke, and take a frame every few points."""
        self.mouse("Pressed", *points[0], pressed=True)
        for number, (x, y) in enumerate(points[1:]):
            self.mouse("Moved", x, y, pressed=True)
            if number % 4 == 3:
                self.take(70)
        self.mouse("Released", *points[-1], pressed=False)


def dense(path: Any, count: int = 18) -> Any:
    """Return so many points along a path, at equal distances."""
    steps = np.hypot(*np.diff(path, axis=0).T)
    along = np.concatenate([[0], np.cumsum(steps)])
    at = np.linspace(0, along[-1], count)
    return np.stack([np.interp(at, along, path[:, k]) for k in (0, 1)], axis=1)


def draw_and_read(film: Film, hand: ModuleType, address: str) -> None:
    """Draw a number, digit by digit, and let a page be read."""
    film.open(address)
    # What the first reading costs, in a process that has just begun, is not what the page is like.
    film.browser.find_element(By.ID, "example").click()
    film.until("document.getElementById('text').textContent.length > 4")
    film.open(address)
    film.take(700)
    box = film.browser.execute_script(
        "return document.getElementById('ink').getBoundingClientRect().toJSON()"
    )
    height, random, text = 0.36 * box["height"], np.random.default_rng(1), "407"
    for place, digit in enumerate(text):
        corner = np.array([box["left"] + 60 + 1.15 * height * place, box["top"] + 90])
        for path in hand._strokes(digit, random):
            film.stroke((dense(path) * height + corner).tolist())
        film.until(f"document.getElementById('text').textContent.length == {place + 1}")
        time.sleep(0.7)  # until the last stroke is read as well
        film.take(500)
        soon(film)
    film.take(900)
    film.browser.find_element(By.ID, "clear").click()
    film.take(400)
    film.browser.find_element(By.ID, "example").click()
    film.until("document.getElementById('text').textContent.length > 4")
    time.sleep(1)
    soon(film)
    film.take(2200)


def soon(film: Film) -> None:
    """End the filming where an answer took long: the machine is busy, and the page looks slow."""
    said = film.browser.find_element(By.ID, "note").text
    if not re.search(r"\d ms\.$", said):
        raise SystemExit(f"An answer took long ({said!r}). Film again when the machine is idle.")


def review(film: Film, address: str, count: int) -> None:
    """Decide doubtful fields by keys alone."""
    film.open(address)
    film.take(1400)
    for _ in range(count):
        before = film.browser.execute_script("return document.getElementById('far').textContent")
        webdriver.ActionChains(film.browser).send_keys("r").perform()  # the runner-up is right
        film.take(1100)
        webdriver.ActionChains(film.browser).send_keys(Keys.ENTER).perform()
        film.until(f"document.getElementById('far').textContent != {before!r}")
        time.sleep(0.5)
        film.take(1200)


def picture_of_lab(film: Film, address: str) -> None:
    """Train two networks in the lab, draw a digit, and keep a picture of it."""
    film.open(address, LAB_SIZE)
    film.until("document.documentElement.dataset.ready")
    for number, optimizer in enumerate(("rmsprop", "adam"), start=1):
        film.browser.execute_script(
            "const field = document.getElementById('optimizer'); field.value = arguments[0];"
            "field.dispatchEvent(new Event('input', { bubbles: true }));",
            optimizer,
        )
        film.browser.find_element(By.ID, "train").click()
        film.until(f"document.querySelectorAll('#runs > li').length == {number}")
        film.until("document.getElementById('under-way').hidden")
    film.browser.find_element(By.ID, "take").click()
    time.sleep(2)
    film.browser.execute_script("window.scrollTo(0, 0)")
    film.browser.save_screenshot(str(PICTURES / "lab.png"))


def fill(stacks: ModuleType, hand: ModuleType, folder: Path) -> None:
    """Make results of some sheets, on which two values of each student number are likely."""
    stack = stacks.Stack(hand)
    results = stacks.Results.create(folder, stack.form, keep_images="doubtful")
    # Which digit is doubtful, what it was taken for, and how probable both are.
    doubts = ((40712, 3, "7", 0.55, 0.41), (25938, 1, "6", 0.72, 0.22), (61045, 4, "6", 0.6, 0.3))
    for page, (number, place, wrong, first, second) in enumerate(doubts, start=1):
        sheet = stack.sheet(number, "student_id")
        fields = tuple(
            replace(
                field, value=field.runner_up[:place] + wrong + field.runner_up[place + 1 :],
                probability=first, runner_up_probability=second,
            )
            if field.field == "student_id"
            else replace(field, snippet=None)
            for field in sheet.fields
        )  # fmt: skip
        results.add(replace(sheet, page=page, fields=fields))
    results.close()


def save(frames: list[Frame]) -> None:
    """Write the film, whole, no larger than it may be."""
    shots, lengths = zip(*frames, strict=True)
    for quality in (80, 65, 50, 35):
        buffer = io.BytesIO()
        shots[0].save(
            buffer, "WEBP", save_all=True, append_images=shots[1:], duration=list(lengths),
            loop=0, quality=quality, method=4,
        )  # fmt: skip
        if buffer.tell() <= MOST_BYTES:
            break
    OUT.write_bytes(buffer.getvalue())
    print(f"{OUT}: {len(frames)} frames, {sum(lengths) / 1000:.1f} s, {buffer.tell():,} bytes")


def main() -> None:
    """Film it all."""
    hand, stacks = load(PICTURES / "hand.py"), load(ROOT / "tests" / "stacks.py")
    film = Film()
    try:
        with serving("serve") as address:
            draw_and_read(film, hand, address)
        with serving("lab") as address:
            picture_of_lab(film, address)
        with tempfile.TemporaryDirectory() as folder:
            fill(stacks, hand, Path(folder) / "results")
            with serving(
                "form", "review", str(Path(folder) / "results"), "--reviewer", "Ada"
            ) as at:
                review(film, at, 2)
    finally:
        film.browser.quit()
    save(film.frames)


if __name__ == "__main__":
    main()
