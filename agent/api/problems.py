"""Errors as RFC 9457 `application/problem+json`: what is wrong, in which field, and no more.

    raise Problem(409, "room-in-use", "a call is going on in this room")

Nothing from inside ever gets out: no stack trace, path, SQL, host or the text of a foreign
exception. The request's id in the answer finds the log line that has it.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from agent.api.schemas import ProblemView
from agent.errors import CallError, Refused, Unavailable

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
RETRY_SECONDS = 5
"""What a client is told to wait when a part of ours is away."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field of the request, as `customer.name` or `items[2]`, and what is wrong with it."""

    field: str
    detail: str


class Problem(Exception):
    """An answer that is not the wanted one. `code` is stable, `detail` is for a person."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        reasons: Sequence[str] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code)
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = tuple(errors)
        self.reasons = tuple(reasons)
        self.headers = dict(headers or {})


def not_found(detail: str) -> Problem:
    """There is no such thing, or it is not yours to know of."""
    return Problem(404, "not-found", detail)


def problem_response(problem: Problem, request_id: str) -> JSONResponse:
    """`problem` as HTTP."""
    content: dict[str, object] = {
        "type": f"urn:ai-sales-call:problem:{problem.code}",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "detail": problem.detail,
        "request_id": request_id,
    }
    if problem.errors:
        content["errors"] = [
            {"field": error.field, "detail": error.detail} for error in problem.errors
        ]
    if problem.reasons:
        content["reasons"] = list(problem.reasons)
    return JSONResponse(content, problem.status, headers=problem.headers, media_type=MEDIA_TYPE)


def add_problem_handlers(app: FastAPI) -> None:
    """Let every error that a route or the framework raises become a problem."""
    for kind in (Problem, RequestValidationError, HTTPException, CallError):
        app.add_exception_handler(kind, _answer)


async def _answer(request: Request, error: Exception) -> JSONResponse:
    return problem_response(as_problem(error), request_id_of(request))


def request_id_of(request: Request) -> str:
    """The id that the middleware gave the request."""
    return str(request.scope.get("state", {}).get("request_id", ""))


def as_problem(error: Exception) -> Problem:
    """The problem that an exception is told as; what we do not know is a plain 500."""
    match error:
        case Problem():
            return error
        case RequestValidationError():
            return _invalid(error)
        case HTTPException():
            return _from_framework(error)
        case Refused():
            return Problem(422, "refused", str(error))
        case Unavailable():
            log.warning("part_unavailable", error=error)
            return Problem(
                503,
                "unavailable",
                "a part of this service does not answer now: try again soon",
                headers={"Retry-After": str(RETRY_SECONDS)},
            )
        case _:
            log.error("request_failed", error=type(error).__name__, exc_info=error)
            return Problem(500, "internal", "this is our fault; the log has it under request_id")


def _from_framework(error: HTTPException) -> Problem:
    headers = {key: value for key, value in (error.headers or {}).items() if key == "Allow"}
    match error.status_code:
        case 404:
            return Problem(404, "not-found", "there is nothing at this address")
        case 405:
            return Problem(405, "method-not-allowed", "see the Allow header", headers=headers)
        case 400:
            return Problem(400, "malformed", "the body cannot be read as JSON")
        case status:
            return Problem(status, "refused", HTTPStatus(status).phrase)


def _invalid(error: RequestValidationError) -> Problem:
    found: dict[str, FieldError] = {}
    for item in error.errors():
        place = [part for part in item["loc"] if part not in _UNION_MEMBERS]
        where, *rest = place or ["body"]
        if item["type"] == "json_invalid":
            return Problem(400, "malformed", "the body cannot be read as JSON")
        name = _name(rest) or str(where)
        of_union = len(place) < len(item["loc"])
        detail = _NEITHER if of_union else str(item["msg"]).removeprefix("Value error, ")
        found.setdefault(name, FieldError(name, detail))
    errors = tuple(found.values())
    fields = ", ".join(each.field for each in errors)
    return Problem(422, "invalid", f"correct these: {fields}", errors=errors)


_UNION_MEMBERS = ("int", "str", "constrained-int", "constrained-str")
"""pydantic names each tried member of `int | str` as if it were a field."""
_NEITHER = "give a whole number, or a text of 1 to 128 characters on one line"


def _name(parts: Sequence[object]) -> str:
    text = ""
    for part in parts:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    # A name that the client made up is told back, but not at any length.
    return re.sub(r"[^\w.\[\]-]", "?", text)[:100]


_ALWAYS_POSSIBLE = (401, 429, 500)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """FastAPI's `responses` for a route that can answer with these."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemView"}}},
        }
        for status in sorted({*statuses, *_ALWAYS_POSSIBLE})
    }


PROBLEM_SCHEMA = ProblemView.model_json_schema(ref_template="#/components/schemas/{model}")
"""FastAPI does not put a model into the document that only `content` refers to."""
