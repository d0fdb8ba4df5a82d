"""Does the page that reads without a server read what `tenfold read` reads?

Every picture of TENFOLD_DATA's real/ and numbers/ goes through the exported page in headless
Chromium, one thread of WASM, and through the reader here. Texts are compared whole; how far
confidences differ is told as well. Then a drawn digit and a photo of 12 megapixels are timed in
the page. With --progress, what was read is kept line by line, and a later run goes on from there.
Result: results/web_parity.json.
"""

from __future__ import annotations

import base64
import csv
import io
import json
import os
import shutil
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.wait import WebDriverWait

from common import RESULTS, err, new_parser, new_result, out, write_result
from tenfold.errors import TenfoldError
from tenfold.export.web import export_web
from tenfold.reader.reader import Reader

FLAGS = ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu")
ANSWER = """.then(
  async (reading) => {
    const milliseconds = performance.now() - started;
    await Promise.all(reading.digits.map(({ glyph }) => glyph)); // nobody asks again so soon
    done({ ...reading, milliseconds });
  },
  (error) => done({ error: error.message }),
);
"""
READ = """
const [content, name, done] = arguments;
const { readPicture } = await import("./page/api.js");
const file = new File([Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0))], name);
const started = performance.now();
readPicture(file, false)"""
DRAW = """
const [drawing, done] = arguments;
const { readDrawing } = await import("./page/api.js");
const started = performance.now();
readDrawing(drawing, false)"""
SEVEN = [[20 + 2 * k, 24] for k in range(41)] + [[100 - k, 24 + 2.4 * k] for k in range(1, 46)]
ROUNDS = 5
WRITING = 2.0  # seconds between opening the page and the first digit, the least a person takes
SECONDS = 600  # for one picture, on a busy machine


class Quiet(SimpleHTTPRequestHandler):
    """Static files, and no log of them."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (its name there)
        """Say nothing."""


class Page:
    """The exported page in a browser."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self._driver = driver

    def read(self, content: bytes, name: str) -> dict[str, Any]:
        """Read an encoded picture."""
        return self._ask(READ, base64.b64encode(content).decode(), name)

    def draw(self, drawing: dict[str, Any]) -> dict[str, Any]:
        """Read a drawing."""
        return self._ask(DRAW, drawing)

    def _ask(self, script: str, *given: object) -> dict[str, Any]:
        wrapped = f"(async (...arguments) => {{ {script}{ANSWER} }})(...arguments)"
        answer: dict[str, Any] = self._driver.execute_async_script(wrapped, *given)
        return answer


@contextmanager
def opened(folder: Path) -> Iterator[Page]:
    """Serve a folder on loopback and open its page."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    options = webdriver.ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    for flag in FLAGS:
        options.add_argument(flag)
    with webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver"))) as driver:
        driver.set_script_timeout(SECONDS)
        executor: Any = driver.command_executor
        executor.client_config.timeout = SECONDS + 60
        driver.get(f"http://127.0.0.1:{server.server_port}/")
        ready = "return document.documentElement.dataset.reader === 'ready'"
        WebDriverWait(driver, SECONDS, 0.05).until(lambda one: one.execute_script(ready))
        yield Page(driver)
    server.shutdown()


def pictures(root: Path, most: int | None) -> Iterator[str]:
    """Name the pictures of both sets, a source's first so many."""
    for part in ("numbers", "real"):
        seen: Counter[str] = Counter()
        with (root / part / "labels.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                source = row["file"].split("/")[0]
                seen[source] += 1
                if most is None or seen[source] <= most:
                    yield f"{part}/{row['file']}"


def here(reader: Reader, path: Path) -> dict[str, Any]:
    """Read a picture with the reader of this Python."""
    try:
        reading = reader.read(path)
    except TenfoldError as error:
        return {"error": str(error)}
    digits = [[d.digit, round(d.confidence, 4)] for d in reading.digits]
    return {"text": reading.text, "digits": digits, "seconds": reading.seconds}


def there(page: Page, path: Path) -> dict[str, Any]:
    """Read a picture with the page."""
    reading = page.read(path.read_bytes(), path.name)
    if "error" in reading:
        return {"error": reading["error"]}
    digits = [[d["digit"], d["confidence"]] for d in reading["digits"]]
    return {
        "text": reading["text"], "digits": digits, "seconds": reading["milliseconds"] / 1000,
    }  # fmt: skip


def compare(root: Path, page: Page, names: list[str], progress: Path) -> list[dict[str, Any]]:
    """Read all pictures both ways; rows that were there before are taken as they are."""
    rows: dict[str, dict[str, Any]] = {}
    if progress.exists():
        with progress.open(encoding="utf-8") as file:
            for line in file:
                row = json.loads(line)
                rows[row["file"]] = rows.get(row["file"], {}) | row
    reader = Reader()
    with progress.open("a", encoding="utf-8") as file:
        for number, name in enumerate(names, 1):
            row = rows.setdefault(name, {"file": name})
            if "here" in row and "there" in row:
                continue
            row.setdefault("here", here(reader, root / name))
            row.setdefault("there", there(page, root / name))
            file.write(json.dumps(row) + "\n")
            file.flush()
            same = row["here"].get("text") == row["there"].get("text")
            if not same or number % 100 == 0:
                err.print(f"{number}/{len(names)} {name}: {'equal' if same else 'DIFFERS'}")
    return [rows[name] for name in names]


def counted(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Count equal texts, by set, and how far confidences of equal digits differ."""
    results: dict[str, Any] = {}
    for part in ("real", "numbers"):
        own = [row for row in rows if row["file"].startswith(part)]
        differing = [r["file"] for r in own if r["here"].get("text") != r["there"].get("text")]
        results[part] = {
            "pictures": len(own), "equal": len(own) - len(differing), "differing": differing,
        }  # fmt: skip
    off = [
        abs(a[1] - b[1])
        for row in rows
        if len(row["here"].get("digits", [])) == len(row["there"].get("digits", []))
        for a, b in zip(row["here"].get("digits", []), row["there"].get("digits", []), strict=True)
        if a[0] == b[0]
    ]
    results["equal"] = sum(results[part]["equal"] for part in ("real", "numbers")) / len(rows)
    results["confidence_off_by_0.01"] = float(np.mean([one > 0.01 for one in off])) if off else 0.0
    slower = [
        row["there"]["seconds"] / row["here"]["seconds"]
        for row in rows
        if row["here"].get("seconds") and row["there"].get("seconds")
    ]
    results["times_slower_median"] = statistics.median(slower) if slower else None
    return results


def photo() -> bytes:
    """Make a photo of 12 megapixels: a number written large on grainy paper in uneven light."""
    rng = np.random.default_rng(0)
    sample = Image.open(Path(__file__).parents[1] / "docs" / "pictures" / "sample.png").convert("L")
    page = np.asarray(sample.resize((4000, 3000), Image.Resampling.BICUBIC), np.float32)
    light = np.linspace(0.75, 1.0, 4000, dtype=np.float32)[None]
    grain = rng.normal(0, 3, page.shape).astype(np.float32)
    levels = np.clip(page * light + grain, 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(np.stack([levels, levels, (levels * 0.93).astype(np.uint8)], -1)).save(
        buffer, "JPEG", quality=88
    )
    return buffer.getvalue()


def times(page: Page) -> dict[str, Any]:
    """Time a drawn digit and a large photo: fastest and median of several, in milliseconds."""
    drawing = {"width": 128, "height": 152, "strokes": [{"points": SEVEN, "pen": 6}]}
    large = photo()
    asks: dict[str, Callable[[], dict[str, Any]]] = {
        "drawn_digit": lambda: page.draw(drawing),
        "photo_12_megapixels": lambda: page.read(large, "photo.jpg"),
    }
    results: dict[str, Any] = {}
    time.sleep(WRITING)
    for name, ask in asks.items():
        first = ask()
        answers = [ask() for _ in range(ROUNDS)]
        own = sorted(answer["milliseconds"] for answer in answers)
        results[name] = {
            "text": answers[0]["text"], "first_ms": first["milliseconds"],
            "fastest_ms": own[0], "median_ms": own[ROUNDS // 2],
        }  # fmt: skip
    started = time.perf_counter()
    Reader().read(large)
    results["photo_12_megapixels"]["here_ms"] = 1000 * (time.perf_counter() - started)
    return results


def main() -> None:
    """Export the page, compare and time."""
    parser = new_parser(__doc__, RESULTS / "web_parity.json")
    parser.add_argument("--most", type=int, help="pictures of a source; all unless given")
    parser.add_argument("--limit", type=int, help="pictures in all, numbers/ first")
    parser.add_argument("--untimed", action="store_true", help="compare only")
    parser.add_argument("--progress", type=Path, help="file to keep what was read in")
    parser.add_argument("--runtime", type=Path, help="as of tenfold export")
    arguments = parser.parse_args()
    data = os.environ.get("TENFOLD_DATA")
    if not data:
        sys.exit("TENFOLD_DATA is not set.")
    with tempfile.TemporaryDirectory() as work:
        written = export_web(Path(work) / "page", runtime=arguments.runtime)
        progress = arguments.progress or Path(work) / "progress.jsonl"
        with opened(written.folder) as page:
            names = list(pictures(Path(data), arguments.most))[: arguments.limit]
            rows = compare(Path(data), page, names, progress)
        measured = None
        if not arguments.untimed:
            with opened(written.folder) as page:
                measured = times(page)
    results = counted(rows) | {"times": measured, "packed_bytes": written.packed}
    out.print_json(json.dumps(results))
    setting = {
        "layout": "auto", "threads": 1, "browser": "Chromium, headless",
        "pictures_of_a_source": arguments.most or "all",
        "pictures_at_most": arguments.limit or "all",
    }  # fmt: skip
    packages = ["tenfold", "onnxruntime", "opencv-python-headless"]
    write_result(arguments.out, new_result(__doc__, packages, setting, results))


if __name__ == "__main__":
    main()
