"""The HTTP API: typed, paged, behind tokens. `make_api` gives it as an application to be mounted at `/api`."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, FastAPI

from worker.desk.api import batches, documents, exports, handing, hooks, review, watching
from worker.desk.api.gate import Gate
from worker.desk.api.problems import MEDIA_TYPE, responses, speak_of_problems
from worker.desk.api.service import Service, needs

__all__ = ["Service", "make_api"]


def make_api(service: Service) -> FastAPI:
    """The API over a service. Nothing of it answers without a token, its schema included."""
    api = _Api(
        title="gouji",
        version=version("gouji"),
        description="Typed tables out of messy documents, held to their own arithmetic.",
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        servers=[{"url": "/api"}],
        telemetry={"tracing": False, "metrics": False},
    )
    api.state.service = service
    routes = APIRouter(
        prefix="/v1",
        dependencies=[needs("read")],
        responses=responses(401, 403, 422, 503),
        redirect_slashes=False,
    )
    for router in (
        handing.uploads,
        handing.router,
        batches.router,
        documents.router,
        watching.router,
        exports.router,
        hooks.router,
        review.router,
    ):
        routes.include_router(router)
    api.include_router(routes)
    speak_of_problems(api)
    review.speak_of_refusals(api)
    api.add_middleware(Gate, store=service.store, unbounded={"/api/v1/batches"})
    return api


class _Api(FastAPI):
    """An application whose schema says that errors are problems."""

    def openapi(self) -> dict[str, Any]:
        """The schema, made once."""
        if self.openapi_schema is None:
            schema = super().openapi()
            for path in schema["paths"].values():
                for operation in path.values():
                    for status, response in operation["responses"].items():
                        _as_problem(int(status), response)
            self.openapi_schema = schema
        return self.openapi_schema


def _as_problem(status: int, response: dict[str, Any]) -> None:
    content = response.get("content", {})
    shape = content.get("application/json", {}).get("schema", {})
    if status >= 400 and shape.get("$ref", "").endswith("Problem"):
        response["content"] = {MEDIA_TYPE: content["application/json"]}
