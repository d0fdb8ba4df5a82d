"""The exported page, a host for it, and a browser."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from tenfold.errors import TenfoldError
from tenfold.export.web import WebPage, export_web

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
FLAGS = ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu",
         "--disable-background-networking", "--disable-component-update")  # fmt: skip
Host = Callable[[Path], AbstractContextManager[str]]


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (its name there)
        pass


@pytest.fixture(scope="session")
def host() -> Host:
    """A host of static files: serves a folder on loopback and gives its address."""

    @contextmanager
    def serve(folder: Path) -> Iterator[str]:
        with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as one:
            threading.Thread(target=one.serve_forever, daemon=True).start()
            yield f"http://127.0.0.1:{one.server_port}"
            one.shutdown()

    return serve


@pytest.fixture(scope="session")
def browser() -> Iterator[webdriver.Chrome]:
    if CHROMIUM is None or DRIVER is None:
        pytest.skip("needs Debian's chromium and chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in FLAGS:
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    with webdriver.Chrome(options=options, service=Service(DRIVER)) as driver:
        driver.set_script_timeout(300)
        yield driver


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> WebPage:
    """The page as `tenfold export --to web` writes it, below a folder, as many hosts have it."""
    try:
        return export_web(tmp_path_factory.mktemp("site") / "below" / "read")
    except TenfoldError as error:
        if "npm" not in str(error):
            raise
        pytest.skip(str(error))
