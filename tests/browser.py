"""A page in a real browser, for every test of a page: opened, waited for, looked at."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any, Self

from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

DESKTOP, PHONE = (1280, 800), (360, 740)


class Tab:
    """A page in a window of the browser."""

    patience = 40.0  # seconds, on a machine with much else to do

    def __init__(self, browser: webdriver.Chrome, url: str) -> None:
        self.browser = browser
        self.url = url
        self.handle = browser.current_window_handle

    def open(self, size: tuple[int, int] = DESKTOP, scheme: str = "light") -> Self:
        phone = size == PHONE
        metrics = {"width": size[0], "height": size[1], "deviceScaleFactor": 1, "mobile": phone}
        self.do("Emulation.setDeviceMetricsOverride", metrics)
        self.do("Emulation.setTouchEmulationEnabled", {"enabled": phone})
        self.paint(scheme)
        self.browser.get(self.url)
        return self

    def paint(self, scheme: str) -> None:
        feature = {"name": "prefers-color-scheme", "value": scheme}
        self.do("Emulation.setEmulatedMedia", {"features": [feature]})

    def front(self) -> Self:
        self.browser.switch_to.window(self.handle)
        return self

    def do(self, command: str, options: dict[str, Any]) -> None:
        self.browser.execute_cdp_cmd(command, options)

    def script(self, code: str, *arguments: object) -> Any:
        return self.browser.execute_script(code, *arguments)

    def until(self, true: Callable[[], object]) -> None:
        WebDriverWait(self.browser, self.patience, 0.02).until(lambda _: true())

    def press(self, *keys: str) -> None:
        webdriver.ActionChains(self.browser, duration=0).send_keys(*keys).perform()

    def __getitem__(self, name: str) -> Any:
        return self.browser.find_element(By.ID, name)

    def told(self) -> list[str]:
        """What was said on the console since this was last asked."""
        return told(self.browser)

    def asked(self) -> list[str]:
        """What was loaded since this was last asked, by any window."""
        return asked(self.browser)


def _log(browser: webdriver.Chrome, name: str) -> list[dict[str, Any]]:
    get_log: Any = browser.get_log
    entries: list[dict[str, Any]] = get_log(name)
    return entries


def told(browser: webdriver.Chrome) -> list[str]:
    """What any page said on a browser's console since this was last called."""
    return [entry["message"] for entry in _log(browser, "browser")]


def asked(browser: webdriver.Chrome) -> list[str]:
    """The addresses that a browser has asked for since this was last called."""
    events = [json.loads(entry["message"])["message"] for entry in _log(browser, "performance")]
    return [
        event["params"]["request"]["url"]
        for event in events
        if event["method"] == "Network.requestWillBeSent"
    ]


def _luminance(colour: str) -> float:
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def stands_out(tab: Tab, scheme: str, least: int = 6, *, mixed: bool = False) -> None:
    """Text of a page, of at least so many places, has a contrast of 4.5, on a ground of its scheme.

    That is WCAG 2.2's level AA. Mixed colours, where a page may have them, are not looked at: those
    of cells that hold a number in ink.
    """
    found = tab.script("""
      const kinds = "h1, h2, h3, p, a, strong, span, b, summary, button, label, output, li, input, "
        + "th, td, figcaption";
      const seen = [];
      for (const e of document.querySelectorAll(kinds)) {
        const typed = ["range", "checkbox", "radio"].includes(e.type) ? "" : e.value;
        const own = typed || [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim());
        if (!own || !e.checkVisibility() || e.disabled || e.closest(".unseen, :disabled")) continue;
        let under = e;
        const ground = () => getComputedStyle(under).backgroundColor;
        while (under.parentElement && ground() === "rgba(0, 0, 0, 0)") under = under.parentElement;
        seen.push([e.textContent.trim() || e.id, getComputedStyle(e).color, ground()]);
      }
      return seen;""")
    pairs = [one for one in found if one[1].startswith("rgb") and one[2].startswith("rgb")]
    assert mixed or pairs == found
    assert len(found) >= least
    for text, colour, ground in pairs:
        light, dark = sorted((_luminance(colour), _luminance(ground)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, (text, colour, ground)
    ground = tab.script("return getComputedStyle(document.documentElement).backgroundColor")
    assert (_luminance(ground) < 0.1) == (scheme == "dark")


def is_sound(tab: Tab, size: tuple[int, int], scheme: str) -> None:
    """It is no wider than the screen, has large targets, names, and text that stands out."""
    wide = tab.script("const e = document.documentElement; return [e.scrollWidth, e.clientWidth]")
    assert wide[0] == wide[1] <= size[0]
    small = tab.script("""return [...document.querySelectorAll("main button, main input")]
      .filter((b) => !["checkbox", "file"].includes(b.type))  // whose labels are pressed
      .filter((b) => b.checkVisibility()).map((b) => [b.id, b.getBoundingClientRect()])
      .filter(([, b]) => b.width < 44 || b.height < 44).map(([id]) => id)""")
    assert small == []
    nameless = tab.script("""
      return [...document.querySelectorAll("button, input, select, img, dialog, progress")]
        .filter((e) => e.checkVisibility() && !(e.ariaLabel || e.textContent.trim() || e.alt
                || e.labels?.length || e.getAttribute("aria-labelledby")))
        .map((e) => e.outerHTML)""")
    assert nameless == []
    stands_out(tab, scheme)
