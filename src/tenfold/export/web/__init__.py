"""The page of ``tenfold serve`` as a folder of files that reads by itself, with no server.

ONNX Runtime Web runs the networks, and the reader around them is JavaScript in ``static/reader``,
one module for each of Python's. The page is the server's own; of its scripts only the one that asks
the server is another. Whatever host carries the folder, the page stays usable without a network.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import tenfold
from tenfold.errors import TenfoldError
from tenfold.export.web.runtime import runtime_files
from tenfold.files import MARK, is_ours, kind_of, make_folder
from tenfold.model import read_content
from tenfold.modelinfo import ModelInfo
from tenfold.reader.networks import DIGITS, FINDER, LINE, bundled_content, bundled_line
from tenfold.reader.options import classifier
from tenfold.reader.settings import SETTINGS

INDEX, OFFLINE = "index.html", "offline-worker.js"
NOT_SHARED = {INDEX, "api.js", "docs.html", "docs.js"}  # of the server's page

# All that a browser may load: what lies in the folder. So nothing that is read can leave.
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "
    "img-src 'self' blob: data:; media-src 'self' blob:; connect-src 'self'; worker-src 'self'; "
    "manifest-src 'self'; base-uri 'none'; form-action 'none'"
)
HEAD = f"""<meta http-equiv="Content-Security-Policy" content="{POLICY}" />
    <meta name="generator" content="{MARK}" />
    <link rel="manifest" href="manifest.webmanifest" />
    <script type="module" src="page/offline.js"></script>
    <title>"""


@dataclass(frozen=True, slots=True)
class WebPage:
    """A page that was written.

    Parameters
    ----------
    folder : Path
    files : int
        How many files it has.
    size, packed : int
        Bytes of all of them, and of what goes over the network where a host packs with gzip.
    """

    folder: Path
    files: int
    size: int
    packed: int


def export_web(
    out: str | Path,
    *,
    model: str | Path | None = None,
    runtime: str | Path | None = None,
    force: bool = False,
) -> WebPage:
    """Write a folder with a page that reads drawings and pictures in the browser.

    Any host of static files serves it; opened by HTTPS or from this machine it can be installed and
    works without a network. Text and confidence are those of `tenfold.read`.

    Parameters
    ----------
    out : str or Path
        The folder; one that an earlier export wrote is replaced as a whole.
    model : str or Path, optional
        A classifier's model file instead of the one that comes with tenfold.
    runtime : str or Path, optional
        Folder or archive of the npm package onnxruntime-web; None fetches it with npm, once.
    force : bool
        Whether to replace a folder that tenfold did not write.

    Raises
    ------
    TenfoldError
        If the runtime cannot be had, the model cannot be used, or the folder cannot be written.

    Examples
    --------
    >>> page = export_web("site/read")  # doctest: +SKIP
    >>> page.packed < 10_000_000  # doctest: +SKIP
    True
    """
    out = Path(out)
    if not force:
        _refuse_foreign(out)
    content = dict(_content(model, runtime))
    content[OFFLINE] = _offline(content.pop(OFFLINE), content)
    _write_folder(out, content)
    packed = sum(len(gzip.compress(one, 6)) for one in content.values())
    return WebPage(out, len(content), sum(map(len, content.values())), packed)


def _content(model: str | Path | None, runtime: str | Path | None) -> Iterator[tuple[str, bytes]]:
    """Yield the name and the bytes of every file."""
    for name, one in runtime_files(runtime).items():
        yield f"runtime/{name}", one
    info = classifier(model).info
    yield f"models/{DIGITS}", bundled_content() if model is None else read_content(model)
    for name in (FINDER, LINE):
        yield f"models/{name}", bundled_content(name)
    yield "reader/facts.json", _facts(info)
    page = files("tenfold") / "server" / "page"
    yield from ((f"page/{one.name}", one.read_bytes()) for one in page.iterdir() if _is_shared(one))
    static = files("tenfold") / "export" / "web" / "static"
    for folder in ("page", "reader"):
        for script in (static / folder).iterdir():
            yield f"{folder}/{script.name}", script.read_bytes()
    for name in (OFFLINE, "manifest.webmanifest"):
        yield name, (static / name).read_bytes()
    yield INDEX, _index((page / INDEX).read_text(encoding="utf-8")).encode()


def _is_shared(file: Traversable) -> bool:
    return file.name not in NOT_SHARED


def _facts(info: ModelInfo) -> bytes:
    """Write down what the reader must know: its settings, and what the model files say."""
    facts = {
        "version": tenfold.__version__,
        "settings": asdict(SETTINGS),
        "temperature": info.temperature,
        "rejection_threshold": info.rejection_threshold,
        "string_calibration": bundled_line().info.string_calibration,
    }
    return json.dumps(facts, indent=1).encode()


def _index(page: str) -> str:
    """Return the server's page for a folder: what it loads lies beside it, and nobody is asked."""
    for old, new in {
        '"/page/': '"page/',
        "<title>": HEAD,
        '      <a href="/docs">API</a>\n': "",
        "It is read as you write.": "It is read as you write, and nothing leaves this device.",
    }.items():
        if old not in page:
            raise AssertionError(f"the server's page has no {old!r} any more")
        page = page.replace(old, new)
    return re.sub(r' *<dialog id="asks".*?</dialog>\n', "", page, flags=re.DOTALL)


def _offline(script: bytes, content: dict[str, bytes]) -> bytes:
    """Fill in which files are kept, and a version that changes with any of them."""
    digest = hashlib.sha256()
    for name in sorted(content):
        digest.update(name.encode() + hashlib.sha256(content[name]).digest())
    text = script.decode().replace("@VERSION@", digest.hexdigest()[:16])
    return text.replace(
        '"@FILES@"', ", ".join(json.dumps(name) for name in sorted(content))
    ).encode()


def _refuse_foreign(out: Path) -> None:
    """Raise TenfoldError unless a folder is free, empty, or an earlier export."""
    try:
        kind = kind_of(out)
    except (OSError, ValueError):
        return
    if kind != "a folder":
        raise TenfoldError(f"{out}: is {kind or 'a file'}; choose a folder.")
    if any(out.iterdir()) and not is_ours(out / INDEX):
        raise TenfoldError(
            f"{out}: holds other things than a page of tenfold's, so it was not replaced. "
            "Choose another folder, or overwrite it with --force."
        )


def _write_folder(out: Path, content: dict[str, bytes]) -> None:
    """Write a folder beside its place, and move it there when all of it is on the disk."""
    parent = make_folder(out.absolute().parent)
    try:
        with tempfile.TemporaryDirectory(dir=parent, prefix=".tenfold-") as work:
            new, old = Path(work) / "new", Path(work) / "old"
            for name, one in content.items():
                path = new / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(one)
            if out.exists():
                out.rename(old)
            new.rename(out)
            shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise TenfoldError(
            f"{out}: cannot be written ({error.strerror or error}). Choose another folder."
        ) from error
