"""`/api/telnyx/webhooks/call-events` and `/api/livekit/webhooks`: what others tell of our calls.

200 means: it is stored and will not be lost. What is not stored is a 503, so that it comes again;
what is not signed is a 401 and has no effect. Not in the OpenAPI document: nobody but Telnyx and
LiveKit can call them. docs/webhooks.md tells how to set them up.
"""

from collections.abc import Awaitable, Callable, Mapping

from fastapi import APIRouter, Request, Response

from agent.api.parts import ApiParts
from agent.api.problems import RETRY_SECONDS, Problem
from agent.domain.webhook_sources import LIVEKIT_PATH, TELNYX_PATH
from agent.domain.webhooks import RefusedWebhook, RejectReason

Take = Callable[[bytes, Mapping[str, str]], Awaitable[None]]


def webhook_routes(parts: ApiParts) -> APIRouter:
    """The routes that take webhooks in."""
    router = APIRouter()

    async def call_events(request: Request) -> Response:
        """A call event of Telnyx."""
        return await _answer(request, parts.webhooks.take_telnyx if parts.webhooks else None)

    async def livekit_webhooks(request: Request) -> Response:
        """A room's event of LiveKit."""
        return await _answer(request, parts.webhooks.take_livekit if parts.webhooks else None)

    # Plain routes, without FastAPI's work on parameters and answers: they come by the hundred a
    # second.
    router.add_route(TELNYX_PATH, call_events, methods=["POST"])
    router.add_route(LIVEKIT_PATH, livekit_webhooks, methods=["POST"])
    return router


async def _answer(request: Request, take: Take | None) -> Response:
    if take is None:
        raise _not_set_up()
    try:
        await take(await request.body(), _single_headers(request))
    except RefusedWebhook as error:
        match error.reason:
            case RejectReason.NOT_SET_UP:
                raise _not_set_up() from None
            case RejectReason.UNREADABLE:
                raise Problem(400, "unreadable", "signed, but not an event") from None
            case _:
                # Which check failed stands in our list: whoever forges need not know.
                raise Problem(401, "unauthorised", "the signature is not valid") from None
    return Response(status_code=200)


def _not_set_up() -> Problem:
    return Problem(
        503,
        "not-set-up",
        "webhooks cannot be checked here: set the sender's key",
        headers={"Retry-After": str(RETRY_SECONDS)},
    )


def _single_headers(request: Request) -> dict[str, str]:
    """Headers that came once: of two signatures nobody knows which one a proxy has looked at."""
    found: dict[str, str] = {}
    several: set[str] = set()
    for name, value in request.headers.items():
        if name in found:
            several.add(name)
        found[name] = value
    return {name: value for name, value in found.items() if name not in several}
