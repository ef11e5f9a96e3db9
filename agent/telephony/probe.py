"""Asking a LiveKit server the simplest questions: is it there, is our key good, has it SIP.

Each question tells more than the one before it and rests on it. The errors say what to fix.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import partial

import aiohttp
from livekit import api

from agent.errors import LiveKitUnavailable
from agent.settings import Settings
from agent.telephony.livekit_api import asking, client, is_key_refusal
from agent.telephony.trunks import SipServer, list_all

_REACHED_SECONDS = 10.0
_HALF_A_SECOND = timedelta(seconds=0.5)
"""HTTP's dates are cut to whole seconds."""


@dataclass(frozen=True, slots=True)
class ServerAnswer:
    """How the server answered. `clock_ahead`: its clock against ours, None when it does not say."""

    milliseconds: float
    clock_ahead: timedelta | None


@dataclass(frozen=True, slots=True)
class NoSip:
    """The server answers, but not about SIP. `redis`: it has lost or lacks its Redis."""

    redis: bool
    said: str


async def reach(url: str, now: Callable[[], datetime]) -> ServerAnswer:
    """One request without a key. Raises LiveKitUnavailable, after which all else is idle."""
    address = url.replace("ws", "http", 1) if url.startswith("ws") else url
    began, asked_at = time.monotonic(), now()
    try:
        async with (
            asyncio.timeout(_REACHED_SECONDS),
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as session,
            session.get(address) as answer,
        ):
            date = answer.headers.get("Date")
    except (aiohttp.ClientError, OSError, ValueError) as error:  # TimeoutError is an OSError
        raise LiveKitUnavailable(
            f"LiveKit does not answer at LIVEKIT_URL={url} ({type(error).__name__}): start it, or "
            "correct LIVEKIT_URL"
        ) from None
    took = time.monotonic() - began
    return ServerAnswer(took * 1000, _ahead(date, asked_at + timedelta(seconds=took / 2)))


async def check_key(livekit: api.LiveKitAPI) -> None:
    """One request with our key. Raises LiveKitKeyRefused, LiveKitUnavailable.

    A server that accepts the key and fails over something else fails at the next question, too.
    """
    async with asking():
        try:
            await livekit.room.list_rooms(api.ListRoomsRequest(names=["-"]))
        except api.TwirpError as error:
            if is_key_refusal(error):
                raise


async def check(settings: Settings) -> None:
    """Whether the server is there and accepts our key: what a process asks before it starts.

    Raises LiveKitUnavailable with the address, LiveKitKeyRefused, SettingsError.
    """
    async with client(settings) as livekit:
        await reach(settings.livekit_url or "", partial(datetime.now, UTC))
        await check_key(livekit)


async def ask_for_sip(livekit: api.LiveKitAPI) -> SipServer | NoSip:
    """Trunks and rules, or why there are none to be had.

    Raises LiveKitKeyRefused when our key may not ask, LiveKitUnavailable.
    """
    async with asking():
        try:
            return await list_all(livekit)
        except api.TwirpError as error:
            if is_key_refusal(error):
                raise
            return NoSip(_is_redis(error.message), error.message)


def _is_redis(message: str) -> bool:
    # Without Redis: "sip not connected (redis required)". When it has gone: the client's own words
    # ("dial tcp …: connection refused", "redis: …", "EOF").
    return any(word in message.lower() for word in ("redis", "dial tcp", "eof", "i/o timeout"))


def _ahead(date: str | None, ours: datetime) -> timedelta | None:
    if date is None:
        return None
    try:
        return parsedate_to_datetime(date) + _HALF_A_SECOND - ours
    except (TypeError, ValueError):
        return None
