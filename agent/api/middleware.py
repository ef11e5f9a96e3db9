"""What surrounds every request: its id, its log line, the size and type of its body, and the net.

Pure ASGI, outside the routes: a body that is too large or of the wrong type is refused before
anything parses it.
"""

import asyncio
import time
from collections.abc import Callable
from uuid import UUID

import structlog
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from agent.api.access import Gatekeeper
from agent.api.connections import RequestsInProgress
from agent.api.json_body import check_names
from agent.api.problems import RETRY_SECONDS, Problem, as_problem, problem_response
from agent.domain.webhook_sources import PATHS

log = structlog.get_logger(__name__)

MAX_BODY_BYTES = 64 * 1024
MAX_IMPORT_BYTES = 1024 * 1024
"""A file of some 70,000 numbers."""
MAX_REQUESTS = 200
"""Answered at a time; as many webhooks besides, so that neither keeps the other out."""
BODY_SECONDS = 15.0
"""Longest that a client may take to send its body."""
IMPORT_PATH = "/api/opt-outs/import"
MAX_WEBHOOK_BYTES = 256 * 1024
"""LiveKit sends a participant with all its attributes, up to 64 KiB of them."""

WEBHOOK_PATHS = frozenset(PATHS.values())
"""No token there: the body's signature says who sent it."""

_SECURITY_HEADERS = (
    (b"cache-control", b"no-store"),  # nearly every answer holds personal data
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)


class RequestFrame:
    """Wraps an application. `new_id` makes the id of a request; nothing is read before `admit`."""

    def __init__(self, app: ASGIApp, *, gatekeeper: Gatekeeper, new_id: Callable[[], UUID]) -> None:
        self._app = app
        self._gatekeeper = gatekeeper
        self._new_id = new_id
        self._requests = RequestsInProgress(MAX_REQUESTS)
        self._webhooks = RequestsInProgress(MAX_REQUESTS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request; lifespan events pass through."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = str(self._new_id())
        scope.setdefault("state", {})["request_id"] = request_id
        started = time.monotonic()
        status = 0

        async def framed_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                given = {name.lower() for name, _ in message["headers"]}
                more = [header for header in _SECURITY_HEADERS if header[0] not in given]
                message["headers"] = [
                    *message["headers"],
                    *more,
                    (b"x-request-id", request_id.encode()),
                ]
            await send(message)

        counted = self._webhooks if scope["path"] in WEBHOOK_PATHS else self._requests
        try:
            with counted.place() as free:
                if not free:
                    raise _busy()
                request = Request(scope, receive)
                scope["state"]["client"] = await self._gatekeeper.admit(request)
                body = await _read_body(request)
                await self._app(scope, _replay(body, receive), framed_send)
        except Exception as error:  # noqa: BLE001  the net under every route: told as a 500
            problem = as_problem(error)
            if status:
                return  # the answer has begun; as_problem has logged why it stays unfinished
            await problem_response(problem, request_id)(scope, receive, framed_send)
        finally:
            # Webhooks that were stored are told by the second, in store/inbox.py.
            if status != 200 or scope["path"] not in WEBHOOK_PATHS:
                log.info(
                    "http_request",
                    request_id=request_id,
                    method=scope["method"],
                    route=_template(scope),
                    status=status,
                    ms=round((time.monotonic() - started) * 1000, 1),
                )


def _template(scope: Scope) -> str:
    """The route's own path: a request's can hold a room's name, and that a number."""
    if scope["path"] in WEBHOOK_PATHS:  # plain routes, which do not say which they are
        return str(scope["path"])
    return getattr(scope.get("route"), "path", "none")


async def _read_body(request: Request) -> bytes:
    """The whole body. Raises Problem 408, 413 or 415."""
    if request.method in ("GET", "HEAD", "DELETE", "OPTIONS"):
        limit = 0
    else:
        limit = _LIMITS.get(request.scope["path"], MAX_BODY_BYTES)
    declared = request.headers.get("content-length", "0")
    if not declared.isdecimal() or int(declared) > limit:
        raise _too_large(limit)
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for part in request.stream():
                body += part
                if len(body) > limit:
                    raise _too_large(limit)
    except TimeoutError:
        raise Problem(408, "too-slow", "the body did not arrive in time") from None
    if limit:
        _check_type(request)
        if request.scope["path"] not in _OTHER_BODIES:
            check_names(bytes(body))
    return bytes(body)


_LIMITS = {IMPORT_PATH: MAX_IMPORT_BYTES} | dict.fromkeys(WEBHOOK_PATHS, MAX_WEBHOOK_BYTES)
_OTHER_BODIES = WEBHOOK_PATHS | {IMPORT_PATH}
"""No JSON, or signed as it came: the signature's owner is the only one who reads it."""
_TYPES = {IMPORT_PATH: ("text/csv", "text/plain", "application/vnd.ms-excel")} | dict.fromkeys(
    WEBHOOK_PATHS, ("application/json", "application/webhook+json")
)


def _busy() -> Problem:
    headers = {"Retry-After": str(RETRY_SECONDS), "Connection": "close"}
    return Problem(503, "busy", "too many requests are being answered now", headers=headers)


def _too_large(limit: int) -> Problem:
    detail = f"a body may have {limit} bytes here" if limit else "no body is expected here"
    # The rest of the body is still on its way: this connection cannot be used again.
    return Problem(413, "too-large", detail, headers={"Connection": "close"})


def _check_type(request: Request) -> None:
    wanted = _TYPES.get(request.scope["path"], ("application/json",))
    given, *parameters = request.headers.get("content-type", "").lower().split(";")
    plain = {text.strip().replace('"', "") for text in parameters} <= {"", "charset=utf-8"}
    if given.strip() not in wanted or not plain:
        raise Problem(415, "unsupported-type", f"send Content-Type: {wanted[0]}")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise Problem(415, "unsupported-type", "send the body uncompressed")


def _replay(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def replayed() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replayed
