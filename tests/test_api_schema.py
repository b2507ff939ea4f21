"""What the OpenAPI schema of the API promises, tried by schemathesis: no server error, no other shape."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from tests.api_client import client, served, until
from tests.form import FORM
from worker.desk.server import make_backend
from worker.settings import load_settings
from worker.store import Store

EXAMPLES = 8
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    unsupported_method,
]


@pytest.fixture
def asked(database_url: str) -> Iterator[httpx2.Client]:
    """A client that may do all, of a service that has read a document."""
    chosen = load_settings(database_url=database_url)
    with (
        Store.open(chosen) as store,
        served(make_backend(chosen, store)) as url,
        client(url, store, "admin") as asked,
    ):
        content = FORM.format(total="120.05").encode()
        asked.post("/batches", files={"file": ("a.txt", content)})
        until(lambda: asked.get("/batches/1").json()["status"] == "done")
        yield asked


@pytest.mark.parametrize(
    ("database_url", "mode"),
    [("sqlite", GenerationMode.POSITIVE), ("postgres", GenerationMode.NEGATIVE)],
    indirect=["database_url"],
)
def test_no_request_brings_an_answer_that_the_schema_does_not_know(
    asked: httpx2.Client, mode: GenerationMode
) -> None:
    headers = {"authorization": asked.headers["authorization"]}
    schema = schemathesis.openapi.from_url(str(asked.base_url.join("../openapi.json")), headers=headers)
    tried = 0
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()

        @seed(7)
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def attempt(case: schemathesis.Case[Any]) -> None:
            case.call_and_validate(headers=headers, checks=CHECKS, timeout=20)

        attempt()
        tried += 1
    assert tried > 20
