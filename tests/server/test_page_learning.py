"""Teach on the page, read with what was taught in one click, and as before in another."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait
from tests.finetune.conftest import seven
from tests.server.test_page import Page

from tenfold.data.splits import Splits

if TYPE_CHECKING:
    from tests.server.conftest import AsPng, Server

LESSONS, COPIES = 6, 11  # of 600: more than the 6,000 that are held out


@pytest.fixture
def shown(large: Splits, tmp_path: Path) -> Path:
    """A folder like MNIST's, of scikit-learn's digits, each there in several places."""
    folder = tmp_path / "mnist"
    folder.mkdir()
    for stem, part, copies in (("train", large.train, COPIES), ("t10k", large.test, 1)):
        images = np.concatenate([np.roll(part.images, k % 3 - 1, 1 + k % 2) for k in range(copies)])
        labels = np.tile(part.targets, copies)
        shape = struct.pack(">IIII", 2051, len(images), 28, 28) + images.tobytes()
        (folder / f"{stem}-images-idx3-ubyte.gz").write_bytes(gzip.compress(shape, 1))
        head = struct.pack(">II", 2049, len(labels)) + labels.tobytes()
        (folder / f"{stem}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(head, 1))
    return folder


def _shows(page: Page, name: str, text: str) -> bool:
    return (page["called"].text, page.text) == (name, text)


def _has_taught(page: Page, count: int) -> bool:
    return f"{count} glyph" in page["taught"].text


@pytest.mark.slow
def test_what_was_taught_is_read_with_and_taken_back(
    browser: webdriver.Chrome,
    start: Callable[..., Server],
    hand: ModuleType,
    png: AsPng,
    shown: Path,
    tmp_path: Path,
) -> None:
    server = start(
        "--collect", str(tmp_path / "taught"),
        TENFOLD_REFERENCE="500", TENFOLD_ALLOW="20", TENFOLD_READS="1",
        TENFOLD_DATA=str(shown), XDG_CACHE_HOME=str(tmp_path),
    )  # fmt: skip
    page = Page(browser, server.url, hand)
    page.told()
    page.open()
    assert not page["learn"].is_displayed()
    rng = np.random.default_rng(0)
    for number in range(1, LESSONS + 1):
        page.drop(png(seven(rng)), f"{number}.png")
        page.until(partial(_shows, page, f"{number}.png", "2"))
        page["labels"].find_elements(By.TAG_NAME, "button")[7].click()
        page.until(partial(_has_taught, page, number))
    assert page["learn"].is_displayed()
    assert not page["unlearn"].is_displayed()
    page["learn"].click()
    page.until(lambda: page["unlearn"].text == "Stop")
    assert "takes a minute" in page["learned"].text
    assert not page["learn"].is_displayed()
    WebDriverWait(browser, 240, 0.05).until(lambda _: page["learn"].is_displayed())
    assert page["learned"].text.startswith("Reading with what was taught: "), page["learned"].text
    assert page["unlearn"].text == "Read as before"
    page.reads("7")  # the picture that was looked at is read again
    page["unlearn"].click()
    page.reads("2")
    assert page["learned"].text == "Reading as before."
    assert not page["unlearn"].is_displayed()
    assert page.told() == []
    server.stop()
