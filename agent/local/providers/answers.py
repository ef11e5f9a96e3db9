"""What every part of the providers' stand-in shares: its label, and its ways to fail."""

import asyncio

from aiohttp import web

from agent.local.providers.faults import ProviderPart

MODEL = "stand-in"
"""The model that every answer names, so that no result of it is taken for a real provider's."""

LABEL = "X-Stand-In"
"""The response header that says which part of the stand-in answered."""


def refused(part: ProviderPart) -> web.Response:
    """HTTP 503, as a provider that is down."""
    return _error(part, 503, "the stand-in was told to refuse", "server_error")


def bad_request(part: ProviderPart, message: str) -> web.Response:
    """HTTP 400 in OpenAI's form."""
    return _error(part, 400, message, "invalid_request_error")


async def hang() -> None:
    """Never returns. Ends by being cancelled, when the client or the server goes away."""
    await asyncio.Event().wait()


def _error(part: ProviderPart, status: int, message: str, kind: str) -> web.Response:
    return web.json_response(
        {"error": {"message": message, "type": kind, "code": None}},
        status=status,
        headers={LABEL: part},
    )
