"""The lab's server: its page, what can be chosen, images, runs and what they tell."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from tenfold.lab import images
from tenfold.lab.code import code_of
from tenfold.lab.experiment import TRAINING, VALIDATION, Experiment
from tenfold.lab.plan import plan
from tenfold.lab.runs import Runs
from tenfold.server.bearer import Closed
from tenfold.server.bodies import Known
from tenfold.server.middleware import Guard
from tenfold.server.problems import ProblemError
from tenfold.server.request_body import JSON, OCTETS, posted
from tenfold.server.settings import Settings
from tenfold.server.shell import application

FRESH = {"Cache-Control": "no-store"}


class Wish(BaseModel):
    """Who wants to train what."""

    model_config = ConfigDict(extra="forbid")

    session: Annotated[str, Field(min_length=8, max_length=64)]
    experiment: Experiment


router = APIRouter(prefix="/v1/lab", route_class=Closed)


def create_lab(runs: Runs, settings: Settings) -> Guard:
    """Return the ASGI application of ``tenfold lab``; it keeps no access log.

    Parameters
    ----------
    runs : Runs
        Whoever runs the application closes them before it waits for connections to end.
    settings : Settings
        Its names, token and limits count.

    Examples
    --------
    >>> import uvicorn  # doctest: +SKIP
    >>> uvicorn.run(create_lab(Runs(Limits()), Settings()))  # doctest: +SKIP
    """

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        await runs.start()
        loading = asyncio.create_task(asyncio.to_thread(images.load, "digits", 0))
        yield
        await asyncio.gather(loading, runs.close(), return_exceptions=True)  # the second finds none

    return application(
        router, "static", settings, None, package="tenfold.lab", lifespan=lifespan, runs=runs
    )


@router.get("")
async def about(request: Request) -> dict[str, Any]:
    """Answer with the data at hand, the first settings and the limits of a run."""
    limits = _runs(request).limits
    return {
        "data": images.data_at_hand(),
        "experiment": Experiment().model_dump(),
        "seconds": limits.seconds,
        "at_once": limits.at_once,
    }


@router.post("/plan")
async def planned(request: Request) -> dict[str, Any]:
    """Answer with the layers of an experiment, and the code that does the same."""
    experiment = await _body(request, Experiment)
    layers = plan(experiment)
    held = round(VALIDATION[experiment.data] * _training(experiment))
    return {
        "layers": [layer.to_dict() for layer in layers],
        "parameters": sum(layer.parameters for layer in layers),
        "images": _training(experiment) - held,
        "code": code_of(experiment),
    }


def _training(experiment: Experiment) -> int:
    return TRAINING.get(experiment.data, experiment.images)


@router.post("/images", response_model=None)
async def pictures(request: Request) -> Response:
    """Answer with the validation images and then the test images of an experiment, as bytes.

    So many validation images as the header Tenfold-Validation says, row by row; their labels; the
    test images; their labels. Images hold 0 (paper) to 255 (full ink).
    """
    experiment = await _body(request, Experiment)
    if experiment.data not in images.data_at_hand():
        raise ProblemError(404, f"{experiment.data} is not on this machine.")
    count = experiment.images if experiment.data == "mnist" else 0
    found = await asyncio.to_thread(images.load, experiment.data, count)
    held = (found.validation, found.test)
    content = b"".join(part.images.tobytes() + part.targets.tobytes() for part in held)
    headers = {"Tenfold-Validation": str(len(found.validation))}
    return Response(content, headers=headers | FRESH, media_type=OCTETS)


@router.post("/runs", response_model=None)
async def begin(request: Request) -> Response:
    """Start a run, and answer with its name."""
    wish = await _body(request, Wish)
    if wish.experiment.data not in images.data_at_hand():
        raise ProblemError(422, f"{wish.experiment.data} is not on this machine.")
    run = _runs(request).begin(wish.session, wish.experiment)
    return Response(f'{{"run":"{run.name}"}}', 201, media_type=JSON)


@router.get("/runs/{name}/events", response_model=None)
async def events(request: Request) -> Response:
    """Answer with what a run tells, as server-sent events; Last-Event-ID says where to go on."""
    runs = _runs(request)
    run = runs.find(request.path_params["name"])
    last = request.headers.get("last-event-id", "")
    after = int(last) + 1 if last.isdigit() and len(last) < 9 else 0

    async def told() -> AsyncIterator[bytes]:
        try:
            async for event in run.follow(after):
                yield event
        finally:
            runs.watch(run)

    headers = {**FRESH, "X-Accel-Buffering": "no"}  # a proxy that buffers would hold events back
    return StreamingResponse(told(), headers=headers, media_type="text/event-stream")


@router.get("/runs/{name}/weights", response_model=None)
async def weights(request: Request) -> Response:
    """Answer with the latest parameters of a run, little-endian float32, layer by layer."""
    run = _runs(request).find(request.path_params["name"])
    return Response(run.weights, headers=FRESH, media_type=OCTETS)


@router.delete("/runs/{name}", response_model=None, status_code=204)
async def cancel(request: Request) -> Response:
    """End a run."""
    runs = _runs(request)
    runs.cancel(runs.find(request.path_params["name"]))
    return Response(status_code=204)


def _runs(request: Request) -> Runs:
    runs: Runs = request.app.state.runs
    return runs


async def _body(request: Request, kind: type[Known]) -> Known:
    return await posted(request, request.app.state.intake, kind)
