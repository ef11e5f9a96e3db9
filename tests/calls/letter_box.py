"""Where the webhooks of whole calls arrive: kept as they came, answered with 200, and no more.

async with LetterBox() as box: ...          # box.url is where Telnyx and LiveKit post to
letters = await box.of_call(room_name, session_id)
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from aiohttp import web

from agent.domain.webhook_sources import LIVEKIT_PATH, TELNYX_PATH
from agent.local.stack.processes import LOOPBACK

_TOLD_WITHIN = 40.0
_LAST_OF_A_CALL = {"call.cost", "room_finished"}
"""What comes when a call that was answered is over."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One delivery: where it was posted to, and byte for byte what."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    def tells_of(self, event_type: str) -> bool:
        """Whether it is of that type."""
        return f'"{event_type}"'.encode() in self.body


class LetterBox:
    """Use as `async with`."""

    def __init__(self) -> None:
        self._letters: list[Letter] = []
        self._more = asyncio.Condition()
        app = web.Application()
        app.router.add_post(TELNYX_PATH, self._take)
        app.router.add_post(LIVEKIT_PATH, self._take)
        self._runner = web.AppRunner(app, access_log=None)
        self._port = 0

    @property
    def telnyx_url(self) -> str:
        """What a SIP connection's webhook URL is set to."""
        return f"http://{LOOPBACK}:{self._port}{TELNYX_PATH}"

    @property
    def livekit_url(self) -> str:
        """What livekit-server's `webhook.urls` holds."""
        return f"http://{LOOPBACK}:{self._port}{LIVEKIT_PATH}"

    async def of_call(self, room_name: str, session_id: str) -> list[Letter]:
        """All that was told of an answered call, once its last has come, in order of arrival."""
        marks = (room_name.encode(), session_id.encode())
        found: list[Letter] = []

        def told_to_the_end() -> bool:
            found[:] = [each for each in self._letters if any(mark in each.body for mark in marks)]
            return all(any(each.tells_of(last) for each in found) for last in _LAST_OF_A_CALL)

        async with asyncio.timeout(_TOLD_WITHIN), self._more:
            await self._more.wait_for(told_to_the_end)
        return found

    def rooms_opened(self) -> list[str]:
        """The name of every room that LiveKit has opened so far, as often as it did."""
        told = [json.loads(each.body) for each in self._letters if each.path == LIVEKIT_PATH]
        return [each["room"]["name"] for each in told if each["event"] == "room_started"]

    async def _take(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        async with self._more:
            self._letters.append(Letter(request.path, headers, await request.read()))
            self._more.notify_all()
        return web.Response()

    async def __aenter__(self) -> Self:
        await self._runner.setup()
        site = web.TCPSite(self._runner, LOOPBACK, 0)
        await site.start()
        self._port = self._runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()
