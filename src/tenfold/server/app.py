"""Put the server together: routes, page, errors, description, and what lies around them all."""

from __future__ import annotations

import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TextIO

from fastapi import FastAPI
from pydantic.json_schema import models_json_schema

from tenfold import __version__
from tenfold.errors import ModelError, TenfoldWarning
from tenfold.model import Model
from tenfold.preprocess.normalize import FIELD
from tenfold.reader.reader import Reader
from tenfold.server import bearer
from tenfold.server.answers import Problem
from tenfold.server.bodies import Drawing, Encoded, Glyphs, Lesson, Pictures
from tenfold.server.hosts import Door
from tenfold.server.learning import Learning
from tenfold.server.learning import router as learns
from tenfold.server.lessons import Collection
from tenfold.server.middleware import Guard, Measures
from tenfold.server.pool import Pool
from tenfold.server.problems import MEDIA_TYPE
from tenfold.server.request_body import Intake
from tenfold.server.routes import Service, closed, router
from tenfold.server.settings import Settings
from tenfold.server.shell import HANDLERS, Files, add_pages

BODIES = (Drawing, Encoded, Glyphs, Lesson, Pictures)
AT_THE_DOOR = {
    "403": {"description": "A page of another origin asks."},
    "421": {"description": "The server does not go by the name in the Host header."},
}
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
        measures=Measures(pool),
        collection=Collection(settings.collect) if settings.collect else None,
    )

    learning = None
    if service.collection is not None:
        learning = Learning(service.collection, pool, settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await pool.start()
        yield
        if learning is not None:
            learning.stop()
        pool.stop()

    app = _Described(
        title="tenfold",
        version=__version__,
        description=ABOUT,
        lifespan=lifespan,
        docs_url=None,  # FastAPI's own page loads its code from elsewhere
        redoc_url=None,
        redirect_slashes=False,  # behind a proxy they lead to http, to whatever host was named
        exception_handlers=HANDLERS,
    )
    for routes in (router, closed, learns):
        app.include_router(routes)
    add_pages(app, "page", {"/": "index.html", "/docs": "docs.html"})
    app.mount("/swagger", Files(packages=[("fastapi_swagger", "resources")]))
    app.state.service = service
    app.state.learning = learning
    app.state.token = settings.token.encode() if settings.token else None
    return Guard(app, Door(settings.names), service.measures, log)


def _model(settings: Settings) -> Model:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TenfoldWarning)  # what it would say is an error here
        model = Reader(settings.model).model
    if not isinstance(model, Model):
        raise ModelError(
            f"{model.path}: takes {model.info.size}×{model.info.size} pictures; pictures are read "
            f"with a model for {FIELD}×{FIELD}. 'tenfold train --data mnist' makes one."
        )
    return model


class _Described(FastAPI):
    def openapi(self) -> dict[str, Any]:
        """Describe bodies, the token and problems: FastAPI knows what it checks itself alone."""
        if self.openapi_schema is None:
            document = super().openapi()
            schemas = document["components"]["schemas"]
            _, described = models_json_schema(
                [(model, "validation") for model in (*BODIES, Problem)],
                ref_template="#/components/schemas/{model}",
            )
            schemas |= described["$defs"]
            for name in ("HTTPValidationError", "ValidationError"):
                schemas.pop(name, None)
            document["components"]["securitySchemes"] = bearer.schemes()
            content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
            for path in document["paths"].values():
                for operation in path.values():
                    operation["responses"] |= AT_THE_DOOR
                    for status, answer in operation["responses"].items():
                        if int(status) >= 400:
                            answer["content"] = content
        return self.openapi_schema or {}
