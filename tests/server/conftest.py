"""A real server on loopback for the tests of the API and of the page; each is started once."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from tests.browser import DESKTOP, asked, told
from tests.server.window import Window

Start = Callable[..., "Server"]
AsPng = Callable[[NDArray[np.uint8]], bytes]
FLAGS = (
    "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
    "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
    "--disable-background-networking", "--disable-component-update",
)  # fmt: skip


class Server:
    """A running ``tenfold serve``, or another command that serves, and a client for it."""

    def __init__(
        self,
        arguments: tuple[str, ...],
        environment: dict[str, str],
        output: Path,
        command: tuple[str, ...] = ("serve",),
        port: int = 0,
        module: str = "tenfold",
    ) -> None:
        self._output = output
        words = [*command, "--port", str(port), *arguments]
        command_line = [sys.executable, "-m", module, *words]
        with output.open("wb") as file:
            self.process = subprocess.Popen(command_line, stderr=file, env=os.environ | environment)
        try:
            found = self._announced()
        except AssertionError:
            self.process.kill()
            self.process.wait()
            raise
        self.address = ("127.0.0.1", int(found[0].rstrip("/").rsplit(":", 1)[1]))
        self.url = f"http://127.0.0.1:{self.address[1]}"
        self.client = httpx.Client(base_url=self.url, timeout=60)

    def _announced(self) -> re.Match[str]:
        deadline = time.monotonic() + 60
        while not (found := re.search(r"http://[^/]+/", self.output())):
            assert self.process.poll() is None, self.output()
            assert time.monotonic() < deadline, self.output()
            time.sleep(0.02)
        return found

    def output(self) -> str:
        """Return what it has written on standard error."""
        return self._output.read_text()

    def stop(self) -> int:
        """Ask it to end, and return its exit code."""
        self.client.close()
        self.process.terminate()
        return self.process.wait(timeout=30)


@pytest.fixture(scope="session")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Start servers that end with the session."""
    started: list[Server] = []
    folder = tmp_path_factory.mktemp("servers")

    def begin(*arguments: str, module: str = "tenfold", **environment: str) -> Server:
        log = folder / f"{len(started)}.log"
        started.append(Server(arguments, environment, log, module=module))
        return started[-1]

    yield begin
    for one in started:
        if one.process.poll() is None:
            one.stop()


@pytest.fixture
def start_editor(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start the page to draw a form on; it ends with the test."""
    started: list[Server] = []

    def begin(form: Path, *arguments: str, **environment: str) -> Server:
        log = tmp_path / f"editor-{len(started)}.log"
        command = ("form", "new", str(form), "--edit")
        started.append(Server(arguments, environment, log, command))
        return started[-1]

    yield begin
    for one in started:
        if one.process.poll() is None:
            one.stop()


@pytest.fixture
def start_review(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start reviews of folders of results; they end with the test."""
    started: list[Server] = []

    def begin(folder: Path, *arguments: str, port: int = 0, **environment: str) -> Server:
        log = tmp_path / f"review-{len(started)}.log"
        command = ("form", "review", str(folder))
        started.append(Server(arguments, environment, log, command, port))
        return started[-1]

    yield begin
    for one in started:
        if one.process.poll() is None:
            one.stop()


@pytest.fixture(scope="session")
def browser() -> Iterator[webdriver.Chrome]:
    """Debian's Chromium, without a window; what it says and asks for is noted."""
    chromium, driver_path = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver_path is None:
        pytest.skip("needs Debian's chromium and chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    with webdriver.Chrome(options=options, service=Service(driver_path)) as driver:
        yield driver


@pytest.fixture
def look(browser: webdriver.Chrome) -> Iterator[Callable[[Server], Window]]:
    """Open windows on a review; at the end they are closed, and nobody else was asked."""
    first = browser.current_window_handle
    servers: list[str] = []
    opened: list[str] = []
    told(browser), asked(browser)

    def begin(server: Server, size: tuple[int, int] = DESKTOP, scheme: str = "light") -> Window:
        browser.switch_to.window(first)  # the one that was open may be closed
        browser.switch_to.new_window("window")
        opened.append(browser.current_window_handle)
        servers.append(server.url)
        return Window(browser, server.url).open(size, scheme)

    yield begin
    found = asked(browser)
    own = tuple(start for url in servers for start in (url, "blob:" + url))
    for handle in set(opened) & set(browser.window_handles):
        browser.switch_to.window(handle)
        browser.close()
    browser.switch_to.window(first)
    assert found
    assert [url for url in found if not url.startswith((*own, "data:"))] == []


@pytest.fixture(scope="session")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("taught") / "digits"


@pytest.fixture(scope="session")
def server(start: Start, collected: Path) -> Server:
    """The server that most tests talk to."""
    return start("--collect", str(collected), TENFOLD_READS="2")


@pytest.fixture(scope="session")
def client(server: Server) -> httpx.Client:
    return server.client


@pytest.fixture(scope="session")
def strict(start: Start) -> Server:
    """A server with tight limits, little patience and a token."""
    return start(
        module="tests.server.hasty",
        TENFOLD_BODY_MB="0.2",
        TENFOLD_MEGAPIXELS="0.1",
        TENFOLD_BATCH="2",
        TENFOLD_SECONDS="3",
        TENFOLD_READS="1",
        TENFOLD_QUEUE="1",
        TENFOLD_TOKEN="sesame",  # noqa: S106
    )


@pytest.fixture(scope="session")
def png() -> AsPng:
    """Encode pixels as PNG."""

    def encode(pixels: NDArray[np.uint8]) -> bytes:
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "PNG")
        return buffer.getvalue()

    return encode


@pytest.fixture(scope="session")
def number(hand: ModuleType, png: AsPng) -> bytes:
    """A picture of 42, as PNG."""
    return png(hand.write("42", height=60))
