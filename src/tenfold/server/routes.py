"""The API's routes: each takes a body in, hands it to a worker, and passes the answer on."""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict, dataclass
from typing import Annotated, Any, TypeAlias

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from tenfold import __version__
from tenfold.model import Model
from tenfold.server import inputs, schemas
from tenfold.server.bodies import JSON, parse_json
from tenfold.server.collection import Collection
from tenfold.server.intake import Intake
from tenfold.server.measures import Measures
from tenfold.server.pool import Pool
from tenfold.server.problems import ProblemError
from tenfold.server.work import Task

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
DEFAULTS = inputs.Options()
OptionsQuery = Annotated[inputs.Options, Query()]


@dataclass(frozen=True, slots=True)
class Service:
    """What the routes work with; the application holds one."""

    model: Model
    pool: Pool
    intake: Intake
    measures: Measures
    collection: Collection | None


router = APIRouter()


def _answers(shape: type, description: str, status: int = 200) -> Responses:
    """Describe the answer of a route that takes a body, and its problems."""
    return {status: {"model": shape, "description": description}, **PROBLEMS}


def _service(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


async def _ask(request: Request, work: str, options: inputs.Options = DEFAULTS) -> Response:
    service = _service(request)
    with service.intake.room() as room:
        body = await room.body(request)
        task = Task(
            work=work,
            kind=request.headers.get("content-type", ""),
            layout=options.layout,
            min_confidence=options.min_confidence,
            rotate=options.rotate,
            ink=options.ink,
            include=[*options.include],
        )
        answer, content = await service.pool.run(task, body)
    return Response(content, answer["status"], media_type=answer["media"])


@router.post(
    "/v1/read",
    tags=["read"],
    summary="Read one picture",
    response_model=None,
    responses=_answers(schemas.Reading, "What was read."),
    openapi_extra=inputs.READ,
)
async def read(request: Request, options: OptionsQuery) -> Response:
    """Answer with the object that `tenfold read --json` prints for the same picture.

    The picture is the body itself, the field `file` of a form, or JSON: base64, or strokes with the
    size of the picture to draw them into.
    """
    return await _ask(request, "read", options)


@router.post(
    "/v1/read/batch",
    tags=["read"],
    summary="Read many pictures",
    response_model=None,
    responses=_answers(schemas.Batch, "What was read."),
    openapi_extra=inputs.BATCH,
)
async def batch(request: Request, options: OptionsQuery) -> Response:
    """Answer with one reading a picture, in order; a picture that is none has its problem there."""
    return await _ask(request, "batch", options)


@router.post(
    "/v1/classify",
    tags=["read"],
    summary="Classify glyphs given as arrays",
    response_model=None,
    responses=_answers(schemas.Classifications, "What each is."),
    openapi_extra=inputs.CLASSIFY,
)
async def classify(request: Request) -> Response:
    """Take 28×28 arrays (0 paper to 255 ink, framed like MNIST's) or 8×8 (0 to 16) as they are."""
    return await _ask(request, "classify")


@router.get(
    "/v1/model",
    tags=["about"],
    summary="What the model says of itself",
    responses={200: {"model": schemas.ModelFacts}, 401: PROBLEMS[401]},
)
async def model(request: Request) -> schemas.ModelFacts:
    """Answer with the facts of the model's card: data, recipe, results."""
    opened = _service(request).model
    return schemas.ModelFacts(name=opened.path, tenfold=__version__, **asdict(opened.info))


@router.get("/v1/teach", tags=["teach"], summary="Whether lessons are taken",
            responses={401: PROBLEMS[401]})  # fmt: skip
async def teaching(request: Request) -> schemas.Teaching:
    """Answer how many glyphs were taught, and where they lie."""
    found = _service(request).collection
    if found is None:
        return schemas.Teaching(enabled=False, count=0, folder=None)
    return schemas.Teaching(enabled=True, count=found.count, folder=str(found.folder))


@router.post(
    "/v1/teach",
    tags=["teach"],
    summary="Save a glyph with its right digit",
    status_code=201,
    response_model=None,
    responses={
        404: {"description": NOT_TEACHING},
        **_answers(schemas.Taught, "It is saved.", 201),
    },
    openapi_extra=inputs.TEACH,
)
async def teach(request: Request) -> Response:
    """Save a misread glyph to the folder the server was started with; it stays on that machine."""
    service = _service(request)
    # A page from elsewhere can send forms and pictures here, but no JSON.
    if not request.headers.get("content-type", "").lower().startswith(JSON):
        raise ProblemError(415, f"Send {JSON}.")
    with service.intake.room() as room:
        record = parse_json(await room.body(request))
    if service.collection is None:
        raise ProblemError(404, NOT_TEACHING)
    name = await asyncio.to_thread(service.collection.add, record)
    content = json.dumps({"id": name, "count": service.collection.count})
    return Response(content, 201, media_type=JSON)


@router.delete(
    "/v1/teach/{name}",
    tags=["teach"],
    summary="Take a glyph back",
    responses={404: {"description": "There is no such glyph."}, 401: PROBLEMS[401]},
)
async def forget(request: Request, name: str) -> schemas.Teaching:
    """Delete a glyph that was taught."""
    found = _service(request).collection
    if found is None:
        raise ProblemError(404, NOT_TEACHING)
    if not await asyncio.to_thread(found.remove, name):
        raise ProblemError(404, "There is no glyph of that name.")
    return await teaching(request)


@router.get("/healthz", tags=["about"], summary="Whether the server lives")
async def healthz() -> schemas.Status:
    """Answer as long as the process does."""
    return schemas.Status(status="ok")


@router.get("/readyz", tags=["about"], summary="Whether the server can read",
            responses={503: {"description": "No reader is ready."}})  # fmt: skip
async def readyz(request: Request) -> schemas.Status:
    """Answer with 200 while at least one reader is ready."""
    if not _service(request).pool.load.ready:
        raise ProblemError(503, "No reader is ready.", {"Retry-After": "1"})
    return schemas.Status(status="ok")


@router.get("/metrics", tags=["about"], summary="Counters in Prometheus' format",
            response_model=None,
            responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}},
                       401: PROBLEMS[401]})  # fmt: skip
async def metrics(request: Request) -> Response:
    """Answer with what the server has counted."""
    text = _service(request).measures.text()
    return Response(text, headers={"Content-Type": "text/plain; version=1.0.0; charset=utf-8"})
