"""What Deepgram is really asked, as its server sees it."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from livekit import rtc
from livekit.agents.utils import http_context
from multidict import MultiMapping

from agent.domain.languages import LANGUAGES
from agent.settings import Settings
from agent.voice.recognisers import build_recogniser, expect

SILENCE = rtc.AudioFrame(bytes(640), 16_000, 1, 320)


class Server:
    """Takes every connection and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: asyncio.Queue[MultiMapping[str]] = asyncio.Queue()
        self.url = ""

    async def listen(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await self.asked.put(request.query)
        async for _ in socket:
            pass
        return socket


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    made = Server()
    app = web.Application()
    app.router.add_get("/v1/listen", made.listen)
    runner = web.AppRunner(app, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        made.url = f"http://{host}:{port}"
        async with http_context.open():
            yield made
    finally:
        await runner.cleanup()


async def asked(server: Server, **settings: str) -> MultiMapping[str]:
    """The query of a call that begins in Dutch."""
    recogniser = build_recogniser(
        Settings(deepgram_api_key="example-key", deepgram_base_url=server.url, **settings),  # type: ignore[arg-type]  # all of these are text
        expect("nl", ["Fernhill Energy", "Robin"]),
    )
    async with recogniser.stream() as stream:
        stream.push_frame(SILENCE)
        async with asyncio.timeout(5):
            return await server.asked.get()


async def test_every_language_is_expected_the_calls_own_first_and_names_are_known(
    server: Server,
) -> None:
    query = await asked(server)
    assert query["model"] == "nova-3"
    assert query["language"] == "multi"
    hints = query.getall("language_hint")
    assert hints[:2] == ["nl", "nl-BE"], "Flemish, too"
    assert set(hints) == {hint for row in LANGUAGES.values() for hint in row.hints}
    assert query.getall("keyterm") == ["Fernhill Energy", "Robin"]
    assert query["mip_opt_out"] == "true", "what customers say trains nobody's model"
    assert query["endpointing"] == "300"


async def test_a_line_of_one_language_gets_no_hints(server: Server) -> None:
    query = await asked(server, deepgram_language="nl-BE")
    assert query["language"] == "nl-BE"
    assert "language_hint" not in query
