"""The token that closed routes ask for, and how the API's description says so."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer

from tenfold.server.problems import CLOSE, ProblemError

ASK = "This server wants a token: send the header 'Authorization: Bearer …'."
SCHEME = HTTPBearer(auto_error=False, description="Where the server was started with a token.")


class Closed(APIRoute):
    """A route that asks for the token, if the application's state holds one.

    FastAPI would do so as a dependency, and takes longer to resolve one than this takes.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **settings: Any) -> None:
        described: dict[str, Any] = {"security": [{SCHEME.scheme_name: []}]}
        extra = (settings.pop("openapi_extra", None) or {}) | described
        super().__init__(path, endpoint, openapi_extra=extra, **settings)

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers a request."""
        # What answers with a Response of its own needs nothing that FastAPI does in between.
        handle = self.endpoint if self.response_model is None else super().get_route_handler()

        async def checked(request: Request) -> Response:
            token: bytes | None = request.app.state.token
            if token is not None:
                await _check(request, token)
            answer: Response = await handle(request)
            return answer

        return checked


async def _check(request: Request, token: bytes) -> None:
    sent = await SCHEME(request)
    # Headers are Latin-1, whatever was meant; a token is ASCII.
    if sent is None or not hmac.compare_digest(sent.credentials.strip().encode(), token):
        headers = {"WWW-Authenticate": 'Bearer realm="tenfold"', **CLOSE}
        raise ProblemError(401, ASK, headers)


def schemes() -> dict[str, Any]:
    """Describe the token as OpenAPI has security schemes."""
    return {
        SCHEME.scheme_name: SCHEME.model.model_dump(mode="json", by_alias=True, exclude_none=True)
    }
