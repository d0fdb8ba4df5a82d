"""Put the page that reads by itself on the documentation site: below "Try it", and at the start.

mkdocs calls this as it builds. Where ONNX Runtime Web cannot be had, the site is built without it,
and says so. TENFOLD_TRY_PAGE=no leaves it out, for builds that only check the pages.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from mkdocs.utils import get_relative_url

from tenfold.errors import TenfoldError
from tenfold.export.web import export_web

HOME = "try/page/"  # on the site
PLACE = "<!-- page -->"
FRAME = (
    '<iframe src="{page}" title="tenfold" allow="camera; clipboard-write" loading="lazy"></iframe>'
)
# Where the page is shown: below its own heading at once, at the start when asked for.
SHOWN = {
    "try.md": '<p><a href="{page}">Open it by itself</a>, to install it or to use it on a phone.'
    f'</p>\n<div class="try">{FRAME}</div>',
    "index.md": '<details class="try"><summary>Try it here: write a number '
    f"(7 MB, nothing leaves this device)</summary>{FRAME}</details>",
}
WITHOUT = {
    "try.md": "*This copy of the site was built without the page; the command below writes it.*",
    "index.md": "",
}

log = logging.getLogger("mkdocs.hooks.try_page")
_work: list[Path] = []  # where the page was written until the site has a place for it


def on_pre_build(**_: Any) -> None:
    """Write the page, or find out that it cannot be."""
    _work.clear()
    if os.environ.get("TENFOLD_TRY_PAGE") == "no":
        return
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
    source = page.file.src_uri
    if source not in SHOWN:
        return markdown
    shown = (SHOWN if _work else WITHOUT)[source]
    return markdown.replace(PLACE, shown.format(page=get_relative_url(HOME, page.url)))


def on_post_build(*, config: Any, **_: Any) -> None:
    """Move the page to the site."""
    for work in _work:
        target = Path(config["site_dir"]) / HOME
        shutil.rmtree(target, ignore_errors=True)
        shutil.move(work / "page", target)
        shutil.rmtree(work)
    _work.clear()
