"""The bearer token that callers need where the server was started with one."""

from __future__ import annotations

import hmac
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from tenfold.server.problems import CLOSE, ProblemError

ASK = "This server wants a token: send the header 'Authorization: Bearer …'."
bearer = HTTPBearer(auto_error=False, description="Where the server was started with a token.")


async def may_pass(
    request: Request, sent: Annotated[HTTPAuthorizationCredentials | None, Depends(bearer)]
) -> None:
    """Let a request pass that brings the token, ``app.state.token``; without one, every request.

    Raises
    ------
    ProblemError
        401 if it brings another one or none.
    """
    token: bytes | None = request.app.state.token
    if token is None:
        return
    # Headers are Latin-1, whatever was meant; a token is ASCII.
    if sent is None or not hmac.compare_digest(sent.credentials.strip().encode(), token):
        headers = {"WWW-Authenticate": 'Bearer realm="tenfold"', **CLOSE}
        raise ProblemError(401, ASK, headers)
