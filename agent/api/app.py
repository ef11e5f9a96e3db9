"""The FastAPI application, put together from its routes."""

from typing import Any

from fastapi import FastAPI

from agent.api.middleware import WEBHOOK_PATHS, RequestFrame
from agent.api.parts import ApiParts
from agent.api.problems import PROBLEM_SCHEMA, add_problem_handlers
from agent.api.routes.attempts import outbound_routes
from agent.api.routes.calls import call_routes
from agent.api.routes.health import health_routes
from agent.api.routes.metrics import metrics_routes
from agent.api.routes.opt_outs import opt_out_routes
from agent.api.routes.rooms import room_routes
from agent.api.routes.webhooks import webhook_routes

PROBES = frozenset({"/healthz", "/readyz"})
DOCS = frozenset({"/openapi.json"})
"""Open only where settings say so, and never in production."""

_DESCRIPTION = """\
Calls that an AI agent holds: ask for one, see what came of it. Every path but `/healthz` and
`/readyz` needs a bearer token; the scope that a route needs stands in its `security`. Errors are
RFC 9457 `application/problem+json`.
"""


def build_app(parts: ApiParts) -> FastAPI:
    """The application. It opens and closes nothing: wiring owns the parts."""
    app = FastAPI(
        title="AI Sales Call",
        version="1",
        description=_DESCRIPTION,
        docs_url=None,  # its page loads scripts from a host that is not ours
        redoc_url=None,
        openapi_url="/openapi.json" if parts.docs_open else None,
        # A slash too many is an unknown path, not a redirect that repeats it.
        redirect_slashes=False,
    )
    for routes in (
        webhook_routes,  # first: the only ones that come by the hundred a second
        outbound_routes,
        room_routes,
        call_routes,
        opt_out_routes,
        health_routes,
        metrics_routes,
    ):
        app.include_router(routes(parts))
    add_problem_handlers(app)
    app.add_middleware(RequestFrame, gatekeeper=parts.gatekeeper, new_id=parts.new_id)
    _complete_document(app)
    return app


def public_paths(*, docs_open: bool) -> frozenset[str]:
    """Paths that need no token."""
    always = PROBES | WEBHOOK_PATHS
    return always | DOCS if docs_open else always


def _complete_document(app: FastAPI) -> None:
    """Add to OpenAPI what FastAPI cannot know, and take out what is not true of us."""
    made = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is not None:
            return app.openapi_schema
        document = made()
        schemas = document["components"]["schemas"]
        problem = dict(PROBLEM_SCHEMA)
        schemas.update(problem.pop("$defs", {}))
        schemas["ProblemView"] = problem
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way
