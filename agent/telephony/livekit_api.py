"""LiveKit's API: the client with our key, and one wording of everything that goes wrong."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from livekit import api

from agent.errors import LiveKitKeyRefused, LiveKitUnavailable
from agent.settings import Settings

ANSWERS_SECONDS = 5.0

_NO_SIP = "sip not connected"
_KEY_REFUSED = (api.TwirpErrorCode.UNAUTHENTICATED, api.TwirpErrorCode.PERMISSION_DENIED)


def client(settings: Settings, *, failover: bool = True) -> api.LiveKitAPI:
    """LiveKit with our key; to be made inside the loop that uses it, and closed there.

    With `failover` a request that fails may be sent again to another region. Without, it is sent
    once: a dial that is sent twice rings twice. Raises SettingsError for what is not set.
    """
    settings.need("LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET")
    return api.LiveKitAPI(
        settings.livekit_url,
        settings.livekit_api_key,
        settings.livekit_api_secret,
        failover=failover,
    )


@asynccontextmanager
async def asking(
    seconds: float = ANSWERS_SECONDS, *, missing_ok: bool = False
) -> AsyncIterator[None]:
    """Around requests to LiveKit; ends after `seconds` at the latest.

    Raises LiveKitKeyRefused when a person must change our key, LiveKitUnavailable for all else.
    With `missing_ok` the block just ends where it asks about a room or participant that is not
    there (any more).
    """
    try:
        async with asyncio.timeout(seconds):
            yield
    except api.TwirpError as error:
        if missing_ok and error.code == api.TwirpErrorCode.NOT_FOUND:
            return
        raise _in_words(error) from None
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise LiveKitUnavailable(
            f"LiveKit does not answer ({type(error).__name__}): check LIVEKIT_URL, and that the "
            "server runs"
        ) from None


def is_key_refusal(error: api.TwirpError) -> bool:
    """Whether it is our key that LiveKit refuses, whatever is asked with it."""
    # A wrong key is refused before Twirp: by HTTP's status only, the code says "unknown".
    return error.status in (401, 403) or error.code in _KEY_REFUSED


def _in_words(error: api.TwirpError) -> LiveKitUnavailable:
    if _NO_SIP in error.message:
        return LiveKitUnavailable(
            "LiveKit refuses everything about SIP, because it runs without Redis: give "
            "livekit-server a `redis:` section, and livekit-sip the same one"
        )
    if error.status == 403 or error.code == api.TwirpErrorCode.PERMISSION_DENIED:
        return LiveKitKeyRefused(
            f"LIVEKIT_API_KEY may not do this ({error.code}): use a key that may manage rooms and "
            "SIP (its project's settings)"
        )
    if is_key_refusal(error):
        return LiveKitKeyRefused(
            f"LiveKit does not accept LIVEKIT_API_KEY and LIVEKIT_API_SECRET ({error.code}): copy "
            "both from its settings"
        )
    said = f": {error.message}" if error.message else ""
    return LiveKitUnavailable(f"LiveKit refuses our request ({error.code}{said})")
