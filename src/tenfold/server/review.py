"""The review page and what it asks: what to look at next, and what a person decided.

The same door, headers and token as those of the server that reads; no picture is read here, and
what the page shows are the snippets that the results hold.
"""

from __future__ import annotations

import asyncio
import base64
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated, Any, TextIO, TypeVar

from fastapi import APIRouter, Request
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field

from tenfold.errors import TenfoldError
from tenfold.forms.constraint_text import words_of
from tenfold.forms.items import Item
from tenfold.forms.review import Outcome, Review
from tenfold.server.bearer import Closed
from tenfold.server.bodies import Known
from tenfold.server.middleware import Guard
from tenfold.server.problems import ProblemError
from tenfold.server.request_body import posted
from tenfold.server.settings import Settings
from tenfold.server.shell import application

Found = TypeVar("Found")
Number = Annotated[int, Field(ge=1, lt=2**63)]
Name = Annotated[str, Field(min_length=1, max_length=120)]
Value = Annotated[str, Field(max_length=200)]
MOST_SKIPPED = 100_000


class _From(BaseModel):
    """Who asks: a reviewer, in a window of the browser."""

    model_config = ConfigDict(extra="forbid", strict=True)

    window: Name
    reviewer: Name


class Wanted(_From):
    """What was skipped, and so is not wanted again."""

    fields: Annotated[list[Number], Field(max_length=MOST_SKIPPED)] = []
    pages: Annotated[list[Number], Field(max_length=MOST_SKIPPED)] = []


class Decision(_From):
    """What stands in a field; None where it is blank."""

    field: Number
    value: Value | None
    replaces: Number | None = None
    insist: bool = False


class PageDecision(_From):
    """What stands in the fields of a page, or that it is left out: no page of the template."""

    page: Number
    template_page: Number | None
    values: dict[str, Value | None] = {}
    replaces: Number | None = None
    insist: bool = False


router = APIRouter(prefix="/v1/review", route_class=Closed)


def create_review(
    review: Review, settings: Settings, reviewer: str, log: TextIO | None = None
) -> Guard:
    """Return the ASGI application of ``tenfold form review``.

    Parameters
    ----------
    review : Review
    settings : Settings
        Its names, token and limits count.
    reviewer : str
        What to call who decides, unless they say so themselves.
    log : file, optional
        Where the access log goes.

    Examples
    --------
    >>> import uvicorn  # doctest: +SKIP
    >>> review = Review(Results.open("results"))  # doctest: +SKIP
    >>> uvicorn.run(create_review(review, Settings(), "Ada"))  # doctest: +SKIP
    """
    return application(router, "review", settings, log, review=review, reviewer=reviewer)


@router.get("")
async def about(request: Request) -> dict[str, Any]:
    """Answer with the form, and what may stand in its fields."""
    results = _review(request).results
    fields = [
        {"name": field.name, "page": field.page, "kind": field.kind, "words": words_of(field)}
        for field in results.fields
    ]
    reviewer = request.app.state.reviewer
    return {"title": results.title, "pages": results.pages, "fields": fields, "reviewer": reviewer}


@router.post("/items")
async def items(request: Request) -> dict[str, Any]:
    """Lease the next items to the window that asks."""
    body = await _body(request, Wanted)

    def batch(review: Review) -> dict[str, Any]:
        found = review.batch(
            body.window, body.reviewer, skipped_fields=body.fields, skipped_pages=body.pages
        )
        return {"items": [_shown(item) for item in found]} | _progress(review, body.window)

    return await _ask(request, batch)


@router.post("/fields")
async def decide(request: Request) -> dict[str, Any]:
    """Save what stands in a field."""
    body = await _body(request, Decision)

    def save(review: Review) -> Outcome:
        return review.decide(
            body.field,
            body.value,
            body.window,
            body.reviewer,
            replaces=body.replaces,
            insist=body.insist,
        )

    return await _saved(request, body, save)


@router.post("/pages")
async def decide_page(request: Request) -> dict[str, Any]:
    """Save what stands on a page that was not aligned, or leave a page out."""
    body = await _body(request, PageDecision)

    def save(review: Review) -> Outcome:
        return review.decide_page(
            body.page,
            body.template_page,
            body.values,
            body.window,
            body.reviewer,
            replaces=body.replaces,
            insist=body.insist,
        )

    return await _saved(request, body, save)


@router.post("/undo")
async def undo(request: Request) -> dict[str, Any]:
    """Take back the last decision of the window that asks."""
    body = await _body(request, _From)

    def take_back(review: Review) -> dict[str, Any]:
        item = review.undo(body.window, body.reviewer)
        return {"item": item and _shown(item)} | _progress(review, body.window)

    return await _ask(request, take_back)


@router.post("/release")
async def release(request: Request) -> dict[str, Any]:
    """Give back what is leased to the window that asks: it is being closed."""
    body = await _body(request, _From)

    def give_back(review: Review) -> dict[str, Any]:
        review.release(body.window)
        return _progress(review, body.window)

    return await _ask(request, give_back)


@router.get("/summary")
async def summary(request: Request) -> dict[str, Any]:
    """Answer with what was seen, and what errors are to be expected."""
    return await _ask(request, lambda review: asdict(review.summary()))


@router.get("/pages/{page:int}/picture")
async def picture(request: Request) -> Response:
    """Answer with the picture of a page."""
    page: int = request.path_params["page"]
    content = await _ask(request, lambda review: review.image(page))
    if not content:
        raise ProblemError(404, "The picture of this page was not kept.")
    media = "image/png" if content.startswith(b"\x89PNG") else "image/jpeg"
    return Response(content, media_type=media, headers={"Cache-Control": "no-store"})


def _review(request: Request) -> Review:
    review: Review = request.app.state.review
    return review


async def _body(request: Request, kind: type[Known]) -> Known:
    return await posted(request, request.app.state.intake, kind)


async def _saved(
    request: Request, body: _From, save: Callable[[Review], Outcome]
) -> dict[str, Any]:
    """Save a decision; answer with what came of it, and how far the window is."""
    return await _ask(request, lambda review: _said(save(review)) | _progress(review, body.window))


async def _ask(request: Request, question: Callable[[Review], Found]) -> Found:
    """Ask the results in a thread: the disk may take its time."""
    with _on_the_disk():
        return await asyncio.to_thread(question, _review(request))


@contextmanager
def _on_the_disk() -> Iterator[None]:
    """Tell callers, without the server's paths, what its disk does not let happen."""
    try:
        yield
    except TenfoldError as error:
        cause = error.__cause__
        if not isinstance(cause, sqlite3.Error):
            raise
        full = getattr(cause, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL
        raise ProblemError(
            507 if full else 503,
            f"This was not saved: the results cannot be written ({cause}). Whoever runs the "
            "review can make room there; then try again.",
            {"Retry-After": "5"},
        ) from error


def _progress(review: Review, window: str) -> dict[str, Any]:
    return {"progress": asdict(review.progress(window))}


def _said(outcome: Outcome) -> dict[str, Any]:
    return asdict(outcome)


def _shown(item: Item) -> dict[str, Any]:
    record = asdict(item) | {"snippet": base64.b64encode(item.snippet).decode()}
    # The field's own constraints stay here: a list of students is not the browser's business.
    record["field"] = item.field and item.field.name
    record["box"] = item.field and item.field.box
    return record
