"""The API against its own description: whatever is asked in whatever shape, no answer is outside the OpenAPI."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Mount, Route

from tests.web.conftest import furnish
from tests.world import world

DESCRIPTION = Path(__file__).parents[2] / "docs" / "contract" / "openapi.json"
CHECKS = [
    not_a_server_error, status_code_conformance, content_type_conformance, response_headers_conformance,
    response_schema_conformance,
]  # fmt: skip
EASY: dict[str, Any] = {"deadline": None, "suppress_health_check": list(HealthCheck)}


@pytest.fixture
def api(migrated_sqlite_url: str, tmp_path: Path) -> Iterator[Any]:
    """The real application, which also serves the published description as if it were its own; and a key."""
    described = json.loads(DESCRIPTION.read_text())
    with world(migrated_sqlite_url, tmp_path) as made:
        office = furnish(made, requests_per_second=0)
        office.failed()

        async def description(_: Request) -> JSONResponse:
            return JSONResponse(described)

        app = Starlette(routes=[Route("/openapi.json", description), Mount("/", office.web)])
        yield schemathesis.openapi.from_asgi("/openapi.json", app), office.key()


def ask_everything(api: Any, examples: int) -> int:
    """So many requests for each operation that is described, of any shape; answers how many were sent."""
    schema, key = api
    sent = 0

    for found in schema.get_all_operations():
        operation = found.ok()

        @settings(max_examples=examples, phases=[Phase.generate], **EASY)
        @given(case=operation.as_strategy())
        def ask(case: Any) -> None:
            nonlocal sent
            response = case.call(headers={"authorization": f"Bearer {key}"})
            case.validate_response(response, checks=CHECKS)
            sent += 1

        ask()
    return sent


def test_no_answer_is_outside_the_description(api: Any) -> None:
    assert ask_everything(api, 8) > 100


@pytest.mark.soak
@pytest.mark.timeout(3_600)
def test_nor_is_any_of_many(api: Any) -> None:
    assert ask_everything(api, 500) > 5_000
