"""The options in a request's query: parsed, checked and described.

FastAPI could do all three, but takes longer to resolve such parameters than everything else that
happens to a request before a picture is read.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from starlette.datastructures import QueryParams
from starlette.requests import Request

from tenfold.errors import DataError
from tenfold.server.bodies import Options, check, safe_name

REPEATED = "include"
LONGEST_KEPT = 200  # bytes of a query; nobody needs a longer one, and somebody might send many


def options_of(request: Request) -> Options:
    """Return the options that a request gives in its query.

    Raises
    ------
    DataError
        If one is unknown, wrong or given twice; the message names it.
    """
    query: bytes = request.scope["query_string"]
    return _kept(query) if len(query) <= LONGEST_KEPT else _parsed(query)


def no_options(request: Request) -> None:
    """Raise DataError if a request that takes no options gives one."""
    for name in request.query_params:
        raise DataError(f"{safe_name(name)}: there is no such option; this takes none.")


def _parsed(query: bytes) -> Options:
    given: dict[str, Any] = {}
    for name, value in QueryParams(query).multi_items():
        if name == REPEATED:
            given.setdefault(name, []).append(value)
        elif name in given:
            raise DataError(f"{safe_name(name)}: it is given twice; give it once.")
        else:
            given[name] = value
    return check(Options, given)


_kept = lru_cache(maxsize=256)(_parsed)


def parameters() -> list[dict[str, Any]]:
    """Describe the options as OpenAPI has parameters of a query.

    Examples
    --------
    >>> [each["name"] for each in parameters()]
    ['layout', 'min_confidence', 'rotate', 'ink', 'expect', 'include']
    """
    described: dict[str, dict[str, Any]] = Options.model_json_schema()["properties"]
    return [
        {
            "name": name,
            "in": "query",
            "required": False,
            "description": schema["description"],
            "schema": schema,
        }
        for name, schema in described.items()
    ]
