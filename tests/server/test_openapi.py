"""The description of the API holds for whatever schemathesis makes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

if TYPE_CHECKING:
    from tests.server.conftest import Server

# Not among them: that all data of the described shape is taken. No schema can say "a picture".
CHECKS = [
    not_a_server_error,
    content_type_conformance,
    negative_data_rejection,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
]
OPERATIONS = [
    ("POST", "/v1/read"),
    ("POST", "/v1/read/batch"),
    ("POST", "/v1/classify"),
    ("GET", "/v1/model"),
    ("GET", "/v1/teach"),
    ("POST", "/v1/teach"),
    ("DELETE", "/v1/teach/{name}"),
    ("GET", "/v1/learn"),
    ("POST", "/v1/learn"),
    ("DELETE", "/v1/learn"),
    ("GET", "/healthz"),
    ("GET", "/readyz"),
    ("GET", "/metrics"),
]
# The others take nothing that could be wrong.
TAKING = [one for one in OPERATIONS if one[0] == "POST" and one[1] != "/v1/learn"]


@pytest.fixture(scope="module")
def description(server: Server) -> Any:
    # This server asks for no token: a request without one is no mistake.
    config = schemathesis.Config.from_dict({"generation": {"with-security-parameters": False}})
    return schemathesis.openapi.from_url(f"{server.url}/openapi.json", config=config)


def test_every_operation_is_tried_here(description: Any) -> None:
    operations = [one.ok() for one in description.get_all_operations()]
    assert {(one.method.upper(), one.path) for one in operations} == set(OPERATIONS)


@pytest.mark.parametrize(
    ("method", "path", "mode"),
    [
        (method, path, mode)
        for method, path in OPERATIONS
        for mode in GenerationMode
        if mode is GenerationMode.POSITIVE or (method, path) in TAKING
    ],
)
def test_the_description_holds(
    description: Any, method: str, path: str, mode: GenerationMode
) -> None:
    @given(case=description[path][method].as_strategy(generation_mode=mode))
    @settings(
        max_examples=10,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def check(case: Any) -> None:
        case.call_and_validate(checks=CHECKS)

    check()
