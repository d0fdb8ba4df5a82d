"""Put the server together: routes, page, errors, description, and what lies around them all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TextIO

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from tenfold import __version__
from tenfold.errors import ModelError, TenfoldError
from tenfold.model import Model
from tenfold.preprocess.normalize import FIELD
from tenfold.reader.reader import Reader
from tenfold.server.collection import Collection
from tenfold.server.guard import Guard
from tenfold.server.intake import Intake
from tenfold.server.measures import Measures
from tenfold.server.pages import page_routes
from tenfold.server.pool import Pool
from tenfold.server.problems import MEDIA_TYPE, ProblemError, problem_bytes
from tenfold.server.routes import Service, router
from tenfold.server.schemas import Problem
from tenfold.server.settings import Settings

ABOUT = (
    "Reads handwritten digits in pictures. Every error is a problem (RFC 9457) with a sentence in "
    "`detail` that says what to do. Where the server was started with a token, send it as "
    "`Authorization: Bearer …`."
)


def create_app(settings: Settings, log: TextIO | None = None) -> Guard:
    """Return the ASGI application of ``tenfold serve``.

    Parameters
    ----------
    settings : Settings
    log : file, optional
        Where the access log goes.

    Raises
    ------
    ModelError
        If the model file cannot be used to read.
    TenfoldError
        If the folder to collect in cannot be written.

    Examples
    --------
    >>> import uvicorn  # doctest: +SKIP
    >>> uvicorn.run(create_app(Settings(reads=2)))  # doctest: +SKIP
    """
    pool = Pool(settings)
    service = Service(
        model=_model(settings),
        pool=pool,
        intake=Intake(settings),
        measures=Measures(pool.load),
        collection=Collection(settings.collect) if settings.collect else None,
    )

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await pool.start()
        yield
        await pool.stop()

    app = _Described(
        title="tenfold",
        version=__version__,
        description=ABOUT,
        lifespan=lifespan,
        docs_url=None,  # FastAPI's own page loads its code from elsewhere
        redoc_url=None,
        redirect_slashes=False,  # behind a proxy they lead to http, to whatever host was named
        routes=page_routes(),
        exception_handlers={
            ProblemError: _on_problem,
            TenfoldError: _on_mistake,
            RequestValidationError: _on_invalid,
            HTTPException: _on_http,
            Exception: _on_fault,
        },
    )
    app.include_router(router)
    app.state.service = service
    return Guard(app, settings.token, service.measures, log)


def _model(settings: Settings) -> Model:
    model = Reader(settings.model).model
    if model.info.size != FIELD or len(model.info.classes) != 10:
        raise ModelError(
            f"{model.path}: takes {model.info.size}×{model.info.size} pictures; pictures are read "
            f"with a model for {FIELD}×{FIELD}. 'tenfold train --data mnist' makes one."
        )
    return model


class _Described(FastAPI):
    def openapi(self) -> dict[str, Any]:
        """Describe problems as what they are: FastAPI knows only its own."""
        if self.openapi_schema is None:
            document = super().openapi()
            schemas = document["components"]["schemas"]
            schemas["Problem"] = Problem.model_json_schema()
            for name in ("HTTPValidationError", "ValidationError"):
                schemas.pop(name, None)
            content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
            for path in document["paths"].values():
                for operation in path.values():
                    for status, answer in operation["responses"].items():
                        if int(status) >= 400:
                            answer["content"] = content
            document["components"]["securitySchemes"] = {
                "token": {"type": "http", "scheme": "bearer"}
            }
        return self.openapi_schema or {}


def _answer(status: int, detail: str, headers: dict[str, str] | None = None) -> Response:
    return Response(problem_bytes(status, detail), status, headers, MEDIA_TYPE)


async def _on_problem(_request: Request, error: ProblemError) -> Response:
    return _answer(error.status, error.detail, error.headers)


async def _on_mistake(_request: Request, error: TenfoldError) -> Response:
    return _answer(422, str(error))


async def _on_invalid(_request: Request, error: RequestValidationError) -> Response:
    first = error.errors()[0]
    name = str(first["loc"][1])[:80]  # behind "query"
    unknown = first["type"] == "extra_forbidden"
    wrong = "There is no such option. /docs lists them" if unknown else first["msg"]
    return _answer(422, f"{name}: {wrong}.")


async def _on_http(_request: Request, error: HTTPException) -> Response:
    details = {
        404: "There is nothing at this address. /docs lists what there is.",
        405: "This address does not take that method.",
    }
    detail = details.get(error.status_code, str(error.detail))
    return _answer(error.status_code, detail, dict(error.headers or {}))


async def _on_fault(_request: Request, _error: Exception) -> Response:
    return _answer(500, "A fault of tenfold's. Its log says where; please report it.")
