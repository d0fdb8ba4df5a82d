"""A window of a real browser, and fingers for it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

DESKTOP, PHONE = (1280, 800), (360, 740)


class Window:
    """A window of the browser on the review, and fingers for it."""

    def __init__(self, browser: webdriver.Chrome, url: str) -> None:
        self.browser = browser
        self.url = url
        self.handle = browser.current_window_handle

    def open(self, size: tuple[int, int] = DESKTOP, scheme: str = "light") -> Window:
        phone = size == PHONE
        metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": phone}
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
        self.browser.get(self.url)
        return self

    def front(self) -> Window:
        self.browser.switch_to.window(self.handle)
        return self

    def __getitem__(self, name: str) -> Any:
        return self.browser.find_element(By.ID, name)

    def script(self, code: str, *arguments: object) -> Any:
        return self.browser.execute_script(code, *arguments)

    def until(self, true: Callable[[], object]) -> None:
        WebDriverWait(self.browser, 40, 0.02).until(lambda _: true())

    def press(self, *keys: str) -> None:
        webdriver.ActionChains(self.browser, duration=0).send_keys(*keys).perform()

    @property
    def far(self) -> str:
        """How far it is, once nothing is awaited."""
        busy, text = self.script(
            "return [document.querySelector('main').ariaBusy, "
            "document.getElementById('far').textContent]"
        )
        return "" if busy == "true" else str(text).partition(" · ")[0]

    def says(self, far: str) -> None:
        self.until(lambda: self.far == far)

    def shows(self, section: str) -> None:
        self.until(lambda: self[section].is_displayed())

    @property
    def shown(self) -> tuple[str, int]:
        """Name and sheet of the field that is shown."""
        found = self.script(
            "return document.getElementById('item').hidden ? ['', ' 0'] : "
            "['name', 'from'].map((id) => document.getElementById(id).textContent)"
        )
        return str(found[0]), int(found[1].rpartition(" ")[2] or 0)

    def comes_to(self, item: tuple[str, int]) -> None:
        self.until(lambda: self.shown == item)

    def leaves(self, item: tuple[str, int]) -> None:
        self.until(lambda: self.shown not in (item, ("", 0)))

    @property
    def value(self) -> str:
        return str(self.script("return document.getElementById('value').value"))

    def log(self, name: str) -> list[dict[str, Any]]:
        get_log: Any = self.browser.get_log
        entries: list[dict[str, Any]] = get_log(name)
        return entries


def _luminance(colour: str) -> float:
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def is_sound(window: Window, size: tuple[int, int], scheme: str) -> None:
    """It is no wider than the screen, has large targets, names, and text that stands out."""
    wide = window.script(
        "const e = document.documentElement; return [e.scrollWidth, e.clientWidth]"
    )
    assert wide[0] == wide[1] <= size[0]
    small = window.script("""return [...document.querySelectorAll("main button, main input")]
      .filter((b) => !["checkbox", "file"].includes(b.type))  // whose labels are pressed
      .filter((b) => b.checkVisibility()).map((b) => [b.id, b.getBoundingClientRect()])
      .filter(([, b]) => b.width < 44 || b.height < 44).map(([id]) => id)""")
    assert small == []
    nameless = window.script("""
      return [...document.querySelectorAll("button, input, select, img, dialog, progress")]
        .filter((e) => e.checkVisibility() && !(e.ariaLabel || e.textContent.trim() || e.alt
                || e.labels?.length || e.getAttribute("aria-labelledby")))
        .map((e) => e.outerHTML)""")
    assert nameless == []
    found = window.script("""
      const seen = [];
      for (const e of document.querySelectorAll("h1, h2, p, span, b, button, label, li, input")) {
        const own = e.value || [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
        if (!own || !e.checkVisibility() || e.disabled || e.closest(".unseen, :disabled")) continue;
        let under = e;
        const ground = () => getComputedStyle(under).backgroundColor;
        while (under && ground() === "rgba(0, 0, 0, 0)") under = under.parentElement;
        seen.push([e.textContent.trim() || e.id, getComputedStyle(e).color, ground()]);
      }
      return seen;""")
    assert len(found) > 5
    for text, colour, ground in found:
        light, dark = sorted((_luminance(colour), _luminance(ground)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (text, colour, ground)
    ground = window.script("return getComputedStyle(document.documentElement).backgroundColor")
    assert (_luminance(ground) < 0.1) == (scheme == "dark")
