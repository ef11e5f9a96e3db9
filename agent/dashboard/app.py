"""The FastAPI application of the pages, put together from its routes."""

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse

from agent.dashboard.frame import PageFrame
from agent.dashboard.parts import DashboardParts
from agent.dashboard.static_files import static_routes
from agent.dashboard.talk import talk_routes
from agent.errors import CallError, Unavailable


def build_app(parts: DashboardParts) -> FastAPI:
    """The application. It opens and closes nothing: wiring owns the parts."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.include_router(static_routes())
    app.include_router(talk_routes(parts))
    app.add_exception_handler(CallError, _told)
    app.add_exception_handler(RequestValidationError, _malformed)
    app.add_middleware(PageFrame, front=parts.front)
    return app


async def _told(_: Request, error: Exception) -> JSONResponse:
    """An error of ours, whose message is written for a person."""
    status = 503 if isinstance(error, Unavailable) else 500
    return JSONResponse({"detail": str(error)}, status)


async def _malformed(_: Request, __: Exception) -> JSONResponse:
    """Not what the page sends; what came is not repeated."""
    return JSONResponse({"detail": "the page asked for something unknown: reload it"}, 422)
