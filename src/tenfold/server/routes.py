"""The API's routes: each takes a body in, hands it to a worker, and passes the answer on."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import asdict, dataclass
from typing import Any, TypeAlias

from fastapi import APIRouter, Request
from fastapi.responses import Response

from tenfold import __version__
from tenfold.model import Model
from tenfold.server import answers
from tenfold.server.bearer import Closed
from tenfold.server.bodies import (
    Drawing,
    Encoded,
    Glyphs,
    Lesson,
    Options,
    Pictures,
    check,
    parse_json,
    safe_name,
)
from tenfold.server.lessons import Collection
from tenfold.server.middleware import Measures
from tenfold.server.pool import Pool
from tenfold.server.problems import ProblemError
from tenfold.server.query import no_options, options_of, parameters
from tenfold.server.request_body import FORM, JSON, PDF, Body, Intake
from tenfold.server.worker import Task

NOT_TEACHING = "This server takes no lessons. Start it with 'tenfold serve --collect DIR'."
Responses: TypeAlias = dict[int | str, dict[str, Any]]
PROBLEMS: Responses = {
    400: {"description": "The body is damaged."},
    401: {"description": "The token is missing or wrong."},
    408: {"description": "The body came too slowly."},
    413: {"description": "The body or the batch is too large."},
    415: {"description": "The body is of a type that is not taken."},
    422: {"description": "The picture cannot be read, or a value is wrong."},
    500: {"description": "A fault in tenfold; its log says where."},
    503: {"description": "Too busy, or it took too long; try again (Retry-After)."},
}
DISK: Responses = {503: {"description": "The folder for lessons cannot be written."},
                   507: {"description": "The disk or the collection is full."}}  # fmt: skip
FILE = {"type": "string", "format": "binary"}


@dataclass(frozen=True, slots=True)
class Service:
    """What the routes work with; the application holds one."""

    model: Model
    pool: Pool
    intake: Intake
    measures: Measures
    collection: Collection | None


router = APIRouter()
closed = APIRouter(route_class=Closed)


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


def _takes(**content: dict[str, Any]) -> dict[str, Any]:
    """Describe a body: what it may be, by the short name of its type."""
    types = {"form": FORM, "json": JSON, "picture": "image/*", "pdf": PDF}
    named = {types[name]: {"schema": schema} for name, schema in content.items()}
    return {"requestBody": {"required": True, "content": named}}


def _with_options(**content: dict[str, Any]) -> dict[str, Any]:
    """Describe a body and the options of the query."""
    return _takes(**content) | {"parameters": parameters()}


def _form(of: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["file"],
        "properties": {"file": of},
        "additionalProperties": False,
    }


def _body(*kinds: type) -> dict[str, Any]:
    shapes = [{"$ref": f"#/components/schemas/{kind.__name__}"} for kind in kinds]
    return shapes[0] if len(shapes) == 1 else {"anyOf": shapes}


def _answers(shape: type, description: str, status: int = 200) -> Responses:
    """Describe the answer of a route that takes a body, and its problems."""
    return {status: {"model": shape, "description": description}, **PROBLEMS}


async def _ask(request: Request, work: str, body: Body, options: Options) -> Response:
    answer = await _service(request).pool.run(Task(work, body, options.model_dump()))
    if answer.faults:
        sys.stderr.write(answer.faults)
    return Response(answer.content, answer.status, media_type=answer.media)


@closed.post(
    "/v1/read",
    tags=["read"],
    summary="Read one picture",
    response_model=None,
    responses=_answers(answers.Reading, "What was read."),
    openapi_extra=_with_options(
        form=_form(FILE), picture=FILE, pdf=FILE, json=_body(Encoded, Drawing)
    ),
)
async def read(request: Request) -> Response:
    """Answer with the object that `tenfold read --json` prints for the same picture.

    The picture is the body itself, the field `file` of a form, or JSON: base64, or strokes with the
    size of the picture to draw them into.
    """
    options = options_of(request)
    intake = _service(request).intake
    with intake.room() as room:
        return await _ask(request, "read", await intake.pictures(room, request), options)


@closed.post(
    "/v1/read/batch",
    tags=["read"],
    summary="Read many pictures",
    response_model=None,
    responses=_answers(answers.Batch, "What was read."),
    openapi_extra=_with_options(form=_form({"type": "array", "items": FILE}), json=_body(Pictures)),
)
async def batch(request: Request) -> Response:
    """Answer with one reading per picture, in order, or with the problem in its place."""
    options = options_of(request)
    intake = _service(request).intake
    with intake.room() as room:
        body = await intake.pictures(room, request, batch=True)
        return await _ask(request, "batch", body, options)


@closed.post(
    "/v1/classify",
    tags=["read"],
    summary="Classify glyphs given as arrays",
    response_model=None,
    responses=_answers(answers.Classifications, "What each is."),
    openapi_extra=_takes(json=_body(Glyphs)),
)
async def classify(request: Request) -> Response:
    """Take 28×28 arrays (0 paper to 255 ink, framed like MNIST's) or 8×8 (0 to 16) as they are."""
    no_options(request)
    intake = _service(request).intake
    with intake.room() as room:
        return await _ask(request, "classify", await intake.content(room, request), Options())


@closed.get(
    "/v1/model",
    tags=["about"],
    summary="What the model says of itself",
    responses={200: {"model": answers.ModelFacts}, 401: PROBLEMS[401], 422: PROBLEMS[422]},
)
async def model(request: Request) -> answers.ModelFacts:
    """Answer with the facts of the model's card: data, recipe, results."""
    no_options(request)
    opened = _service(request).model
    # Where the file lies, and the data it was trained on, is nobody's business.
    facts = asdict(opened.info) | {"name": safe_name(opened.path)}
    facts["data"] = safe_name(opened.info.data)
    return answers.ModelFacts(tenfold=__version__, **facts)


@closed.get("/v1/teach", tags=["teach"], summary="Whether lessons are taken",
            responses={401: PROBLEMS[401], 422: PROBLEMS[422]})  # fmt: skip
async def teaching(request: Request) -> answers.Teaching:
    """Answer how many glyphs were taught, and what the folder is called that holds them."""
    no_options(request)
    found = _service(request).collection
    if found is None:
        return answers.Teaching(enabled=False, count=0, folder=None)
    return _teaching(found, await asyncio.to_thread(found.count))


def _teaching(collection: Collection, count: int) -> answers.Teaching:
    # Its name alone: where it lies on the server's disk is nobody's business.
    return answers.Teaching(enabled=True, count=count, folder=collection.folder.name)


@closed.post(
    "/v1/teach",
    tags=["teach"],
    summary="Save a glyph with its right digit",
    status_code=201,
    response_model=None,
    responses={
        404: {"description": NOT_TEACHING},
        **_answers(answers.Taught, "It is saved.", 201),
        507: DISK[507],
    },
    openapi_extra=_takes(json=_body(Lesson)),
)
async def teach(request: Request) -> Response:
    """Save a misread glyph to the folder the server was started with; it stays on that machine."""
    no_options(request)
    service = _service(request)
    # A page from elsewhere can send forms and pictures here, but no JSON.
    if not request.headers.get("content-type", "").lower().startswith(JSON):
        raise ProblemError(415, f"Send {JSON}.")
    with service.intake.room() as room:
        record = parse_json(await service.intake.content(room, request))
    if service.collection is None:
        raise ProblemError(404, NOT_TEACHING)
    name, count = await asyncio.to_thread(service.collection.add, check(Lesson, record))
    content = json.dumps({"id": name, "count": count})
    return Response(content, 201, media_type=JSON)


@closed.delete(
    "/v1/teach/{name}",
    tags=["teach"],
    summary="Take a glyph back",
    responses={
        404: {"description": "There is no such glyph."},
        401: PROBLEMS[401],
        422: PROBLEMS[422],
        **DISK,
    },
)
async def forget(request: Request, name: str) -> answers.Teaching:
    """Delete a glyph that was taught."""
    no_options(request)
    found = _service(request).collection
    if found is None:
        raise ProblemError(404, NOT_TEACHING)
    removed, count = await asyncio.to_thread(found.remove, name)
    if not removed:
        raise ProblemError(404, "There is no glyph of that name.")
    return _teaching(found, count)


@router.get("/healthz", tags=["about"], summary="Whether the server lives")
async def healthz() -> answers.Status:
    """Answer as long as the process does."""
    return answers.Status(status="ok")


@router.get("/readyz", tags=["about"], summary="Whether the server can read",
            responses={503: {"description": "No reader is ready."}})  # fmt: skip
async def readyz(request: Request) -> answers.Status:
    """Answer with 200 while at least one reader is ready."""
    if not _service(request).pool.ready:
        raise ProblemError(503, "No reader is ready.", {"Retry-After": "1"})
    return answers.Status(status="ok")


@closed.get("/metrics", tags=["about"], summary="Counters in Prometheus' format",
            response_model=None,
            responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}},
                       401: PROBLEMS[401]})  # fmt: skip
async def metrics(request: Request) -> Response:
    """Answer with what the server has counted."""
    text = _service(request).measures.text()
    return Response(text, headers={"Content-Type": "text/plain; version=1.0.0; charset=utf-8"})
