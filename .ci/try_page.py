"""Put the page that reads by itself on the documentation site, below "Try it".

mkdocs calls this as it builds. Where ONNX Runtime Web cannot be had, the site is built without it,
and says so.
"""

from __future__ import annotations

import logging
import shutil
import tempfile
from pathlib import Path
from typing import Any

from tenfold.errors import TenfoldError
from tenfold.export.web import export_web

PAGE = "try.md"
PLACE = "<!-- page -->"
FRAME = '<p><a href="page/">Open it by itself</a>, to install it or to use it on a phone.</p>\n' + (
    '<iframe src="page/" title="tenfold" allow="camera; clipboard-write" '
    'style="width: 100%; height: 900px; border: 1px solid #ccc"></iframe>'
)
WITHOUT = "*This copy of the site was built without the page; the command below writes it.*"

log = logging.getLogger("mkdocs.hooks.try_page")
_work: list[Path] = []  # where the page was written until the site has a place for it


def on_pre_build(**_: Any) -> None:
    """Write the page, or find out that it cannot be."""
    _work.clear()
    work = Path(tempfile.mkdtemp())
    try:
        export_web(work / "page")
    except TenfoldError as error:
        log.info("The page to try is left out: %s", error)
        shutil.rmtree(work)
    else:
        _work.append(work)


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Show the page where it was written."""
    if page.file.src_uri != PAGE:
        return markdown
    return markdown.replace(PLACE, FRAME if _work else WITHOUT)


def on_post_build(*, config: Any, **_: Any) -> None:
    """Move the page to the site."""
    for work in _work:
        target = Path(config["site_dir"]) / Path(PAGE).stem / "page"
        shutil.rmtree(target, ignore_errors=True)
        shutil.move(work / "page", target)
        shutil.rmtree(work)
    _work.clear()
