"""Errors as problem details (RFC 9457): a status, its name, and a sentence that helps."""

from __future__ import annotations

import json
import traceback
from http import HTTPStatus

from tenfold.errors import FaultError

MEDIA_TYPE = "application/problem+json"
CLOSE = {"Connection": "close"}  # where what is left of the body is not worth reading


class ProblemError(Exception):
    """A request that cannot be answered.

    Parameters
    ----------
    status : int
        The HTTP status.
    detail : str
        What was wrong and what to do about it.
    headers : dict of str to str, optional
        More headers of the answer.
    """

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers or {}


def problem(status: int, detail: str) -> dict[str, object]:
    """Return the members of a problem.

    Examples
    --------
    >>> problem(404, "No such page.")["title"]
    'Not Found'
    """
    title = HTTPStatus(status).phrase
    return {"type": "about:blank", "title": title, "status": status, "detail": detail}


def problem_bytes(status: int, detail: str) -> bytes:
    """Return a problem as JSON."""
    return json.dumps(problem(status, detail), ensure_ascii=False).encode()


def fault(error: Exception) -> str:
    """Say of a fault of tenfold's its place and kind; its message might quote what was sent."""
    if isinstance(error, FaultError) and isinstance(error.__cause__, Exception):
        error = error.__cause__
    place = "".join(traceback.format_tb(error.__traceback__))
    return f"Fault of tenfold's, please report: {type(error).__name__}\n{place}"
