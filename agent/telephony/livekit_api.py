"""One question or order to LiveKit's API: with a deadline, and failures in words for a person."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from livekit import api

from agent.errors import LiveKitUnavailable

ANSWERS_SECONDS = 5.0

_NO_SIP = "sip not connected"


@asynccontextmanager
async def asking(seconds: float = ANSWERS_SECONDS) -> AsyncIterator[None]:
    """Around requests to LiveKit. Raises LiveKitUnavailable, after `seconds` at the latest."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except api.TwirpError as error:
        raise LiveKitUnavailable(_words(error)) from None
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise LiveKitUnavailable(
            f"LiveKit does not answer ({type(error).__name__}): check LIVEKIT_URL, and that the "
            "server runs"
        ) from None


def _words(error: api.TwirpError) -> str:
    if _NO_SIP in error.message:
        return (
            "LiveKit refuses everything about SIP, because it runs without Redis: give "
            "livekit-server a `redis:` section, and livekit-sip the same one"
        )
    if error.status == 401 or error.code == api.TwirpErrorCode.UNAUTHENTICATED:
        return "LiveKit refuses our key: check LIVEKIT_API_KEY and LIVEKIT_API_SECRET"
    if error.status == 403 or error.code == api.TwirpErrorCode.PERMISSION_DENIED:
        return "LiveKit's key may not administer SIP: use a key that may (its project's settings)"
    said = f": {error.message}" if error.message else ""
    return f"LiveKit refuses our request ({error.code}{said})"
