"""The page's files, held in memory: no path from a request ever reaches the disk."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from tenfold.server.problems import ProblemError

TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
HOME, DOCS = "index.html", "docs.html"


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    kind: str
    tag: str


def _load(folder: Traversable, prefix: str = "") -> dict[str, _File]:
    found: dict[str, _File] = {}
    for entry in folder.iterdir():
        name = prefix + entry.name
        if entry.is_dir():
            found |= _load(entry, f"{name}/")
        elif (suffix := "." + name.rpartition(".")[2]) in TYPES:
            content = entry.read_bytes()
            tag = f'"{hashlib.sha256(content).hexdigest()[:20]}"'
            found[name] = _File(content, TYPES[suffix], tag)
    return found


def page_routes() -> list[BaseRoute]:
    """Return the routes of the page, of the description's page, and of their files."""
    held = _load(files("tenfold.server") / "page")

    async def answer(request: Request) -> Response:
        file = held.get(request.path_params.get("name", names.get(request.url.path, HOME)))
        if file is None:
            raise ProblemError(404, "There is no such page.")
        headers = {"Cache-Control": "no-cache", "ETag": file.tag}
        if request.headers.get("if-none-match") == file.tag:
            return Response(status_code=304, headers=headers)
        return Response(file.content, headers=headers, media_type=file.kind)

    names = {"/": HOME, "/docs": DOCS}
    return [
        Route("/", answer, name="page"),
        Route("/docs", answer, name="docs"),
        Route("/page/{name:path}", answer, name="files"),
    ]
