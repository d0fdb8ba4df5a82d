"""What every application of the server has around its routes: problems, files of its pages."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from typing import Any, TextIO

from fastapi import APIRouter, FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Lifespan, Scope

from tenfold import __version__
from tenfold.errors import TenfoldError
from tenfold.server.hosts import Door
from tenfold.server.middleware import Guard
from tenfold.server.problems import MEDIA_TYPE, ProblemError, problem_bytes
from tenfold.server.request_body import Intake
from tenfold.server.settings import Settings


class Files(StaticFiles):
    """Files that browsers ask for again at every visit: after an update they must fit together."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Answer with a file."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


def add_pages(
    app: FastAPI, folder: str, pages: Mapping[str, str], package: str = "tenfold.server"
) -> None:
    """Serve a folder of a package's files below its name, and some at addresses of their own.

    Parameters
    ----------
    app : FastAPI
    folder : str
        Below the package.
    pages : mapping of str to str
        From addresses to names of files: ``{"/": "index.html"}``.
    package : str
        Whose files they are.
    """
    # What Python takes a file for depends on its version and the machine.
    mimetypes.add_type("text/javascript", ".js")
    files = Files(packages=[(package, folder)])

    async def page(request: Request) -> Response:
        return await files.get_response(pages[request.url.path], request.scope)

    for address in pages:
        app.add_route(address, page)
    app.mount(f"/{folder}", files)


def application(
    routes: APIRouter,
    folder: str,
    settings: Settings,
    log: TextIO | None,
    *,
    package: str = "tenfold.server",
    lifespan: Lifespan[FastAPI] | None = None,
    **state: object,
) -> Guard:
    """Return the application of a command that has a page of its own: routes, page, door, token.

    Parameters
    ----------
    routes : APIRouter
    folder, package : str
        Where its page lies, with an ``index.html``; see `add_pages`.
    settings : Settings
        Its names, token and limits count.
    log : file or None
        Where the access log goes.
    lifespan : callable, optional
        What is done before the first request and after the last.
    **state : object
        What the routes find in ``request.app.state``, beside ``intake`` and ``token``.
    """
    app = FastAPI(
        title="tenfold",
        version=__version__,
        lifespan=lifespan,
        openapi_url=None,
        redirect_slashes=False,
        exception_handlers=HANDLERS,
    )
    app.include_router(routes)
    add_pages(app, folder, {"/": "index.html"}, package)
    add_pages(app, "page", {})
    for name, value in state.items():
        setattr(app.state, name, value)
    app.state.intake = Intake(settings)
    app.state.token = settings.token.encode() if settings.token else None
    return Guard(app, Door(settings.names), None, log)


def answer(status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    """Answer with a problem."""
    return Response(problem_bytes(status, detail), status, headers, MEDIA_TYPE)


async def _on_problem(_request: Request, error: ProblemError) -> Response:
    return answer(error.status, error.detail, error.headers)


async def _on_mistake(_request: Request, error: TenfoldError) -> Response:
    return answer(422, str(error))


async def _on_http(request: Request, error: HTTPException) -> Response:
    listed = " /docs lists what there is." if request.app.openapi_url else ""
    details = {
        404: f"There is nothing at this address.{listed}",
        405: "This address does not take that method.",
    }
    detail = details.get(error.status_code, str(error.detail))
    return answer(error.status_code, detail, dict(error.headers or {}))


async def _on_fault(_request: Request, _error: Exception) -> Response:
    return answer(500, "A fault of tenfold's. Its log says where; please report it.")


HANDLERS: dict[int | type[Exception], Any] = {
    ProblemError: _on_problem,
    TenfoldError: _on_mistake,
    HTTPException: _on_http,
    Exception: _on_fault,
}
