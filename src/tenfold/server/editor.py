"""The page on which a form's fields are drawn, and what it asks: is this right, read this, save.

The same door, headers and token as those of the server that reads. One form is edited, that of the
command line; the page names no other file.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Annotated, Any, TextIO

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from tenfold.forms.draft import ChangedError, Draft, Edited, WrongFormError
from tenfold.forms.references import open_reference, png_of
from tenfold.forms.sheet_results import FieldResult, SheetResult
from tenfold.forms.trial import Trial
from tenfold.server.bearer import Closed
from tenfold.server.bodies import Known, safe_name
from tenfold.server.middleware import Guard
from tenfold.server.problems import ProblemError
from tenfold.server.request_body import Intake, posted
from tenfold.server.settings import Settings
from tenfold.server.shell import application

MOST_FIELDS = 2000


class FieldBody(BaseModel):
    """A field as it is drawn: its table of TOML, and which table of the file it came from."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    table: dict[str, Any]
    origin: Annotated[int, Field(ge=0)] | None = None


class FormBody(BaseModel):
    """All fields."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    fields: Annotated[list[FieldBody], Field(max_length=MOST_FIELDS)]

    def edited(self) -> list[Edited]:
        """Return them as the form takes them."""
        return [Edited(each.table, each.origin) for each in self.fields]


class TryBody(FormBody):
    """What to read on the sheet that was sent last."""

    page: Annotated[int, Field(ge=1, le=100_000)] = 1


class SaveBody(FormBody):
    """What to save, and the digest of the file that was edited."""

    title: Annotated[str, Field(max_length=200)]
    digest: Annotated[str, Field(max_length=64)]
    insist: bool = False


router = APIRouter(prefix="/v1/form", route_class=Closed)


def create_editor(draft: Draft, settings: Settings, log: TextIO | None = None) -> Guard:
    """Return the ASGI application of ``tenfold form new --edit``.

    Parameters
    ----------
    draft : Draft
    settings : Settings
        Its names, token and limits count.
    log : file, optional
        Where the access log goes.

    Examples
    --------
    >>> import uvicorn  # doctest: +SKIP
    >>> uvicorn.run(create_editor(Draft.open("form.toml"), Settings()))  # doctest: +SKIP
    """
    trial = Trial()

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        trial.close()

    return application(
        router, "editor", settings, log, lifespan=lifespan, draft=draft, trial=trial, sheet=None,
        turn=asyncio.Lock(),  # one sheet is read, or one file written, at a time
    )  # fmt: skip


@router.get("")
async def about(request: Request) -> dict[str, Any]:
    """Answer with the form as its file has it."""
    draft = _draft(request)
    async with request.app.state.turn:
        await asyncio.to_thread(draft.reload)
    _trial(request).start()
    shapes = await asyncio.to_thread(lambda: [open_reference(p.image).shape for p in draft.pages])
    return {
        "file": draft.path.name,
        "title": draft.title,
        "digest": draft.digest,
        "pages": [{"width": width, "height": height} for height, width in shapes],
        "fields": draft.tables,
    }


@router.get("/pages/{page:int}")
async def picture(request: Request) -> Response:
    """Answer with the picture of a page of the blank form."""
    pages, number = _draft(request).pages, request.path_params["page"]
    if not 1 <= number <= len(pages):
        raise ProblemError(404, "The form has no such page.")
    content = await asyncio.to_thread(lambda: png_of(open_reference(pages[number - 1].image)))
    return Response(content, media_type="image/png", headers={"Cache-Control": "no-store"})


@router.post("/check")
async def check(request: Request) -> dict[str, Any]:
    """Answer with what is wrong with the fields."""
    body = await _body(request, FormBody)
    problems = await asyncio.to_thread(_draft(request).problems, body.edited())
    return {"problems": [asdict(problem) for problem in problems]}


@router.post("/sheet")
async def sheet(request: Request) -> dict[str, Any]:
    """Keep a filled-in sheet in memory, to try the form on."""
    intake: Intake = request.app.state.intake
    with intake.room() as room:
        sent = await intake.pictures(room, request)
        if not isinstance(sent, list) or len(sent) != 1 or not isinstance(sent[0].source, bytes):
            raise ProblemError(422, "Send one file: a picture, a PDF or a TIFF.")
        request.app.state.sheet = (sent[0].source, safe_name(sent[0].name))
    return {"name": safe_name(sent[0].name)}


@router.post("/try")
async def try_out(request: Request) -> dict[str, Any]:
    """Read the sheet that was sent last by the fields as they are drawn."""
    body = await _body(request, TryBody)
    kept: tuple[bytes, str] | None = request.app.state.sheet
    if kept is None:
        raise ProblemError(409, "No sheet was sent yet. Choose a filled-in one.")
    content, name = kept
    draft, trial = _draft(request), _trial(request)

    def read() -> dict[str, Any]:
        try:
            template = draft.template(body.edited())
        except WrongFormError as error:
            return {"problems": [asdict(problem) for problem in error.problems]}
        return {"problems": []} | _tried(*trial.read(template, content, name, body.page))

    async with request.app.state.turn:
        return await asyncio.to_thread(read)


@router.post("")
async def save(request: Request) -> dict[str, Any]:
    """Write the file."""
    body = await _body(request, SaveBody)
    draft = _draft(request)

    def write() -> dict[str, Any]:
        answer = {"saved": False, "problems": [], "changed": ""}
        try:
            draft.save(body.edited(), body.title, body.digest, insist=body.insist)
        except WrongFormError as error:
            return answer | {"problems": [asdict(problem) for problem in error.problems]}
        except ChangedError as error:
            return answer | {"changed": str(error)}
        return answer | {"saved": True, "digest": draft.digest, "fields": draft.tables}

    async with request.app.state.turn:
        return await asyncio.to_thread(write)


def _draft(request: Request) -> Draft:
    draft: Draft = request.app.state.draft
    return draft


def _trial(request: Request) -> Trial:
    trial: Trial = request.app.state.trial
    return trial


async def _body(request: Request, kind: type[Known]) -> Known:
    return await posted(request, request.app.state.intake, kind)


def _tried(read: SheetResult, count: int) -> dict[str, Any]:
    return {
        "status": read.status,
        "reason": read.reason,
        "page": read.template_page,
        "count": count,
        "picture": base64.b64encode(read.image).decode(),
        "fields": [_shown(one) for one in read.fields],
    }


def _shown(one: FieldResult) -> dict[str, Any]:
    return {
        "name": one.field,
        "value": one.value,
        "probability": one.probability,
        "runner_up": one.runner_up,
        "status": one.status,
        "reason": one.reason,
        "snippet": base64.b64encode(one.snippet).decode(),
    }
