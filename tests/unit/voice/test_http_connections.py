"""A turn after a pause uses the connection of the turn before it."""

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from livekit.agents import llm
from livekit.plugins import openai as plugin

from agent.voice.openai_client import KEPT_SECONDS, openai_client


class CountingServer:
    """Answers chat requests; counts who connects."""

    def __init__(self) -> None:
        self.connections: set[object] = set()
        self.requests = 0

    async def answer(self, request: web.Request) -> web.Response:
        self.connections.add(request.transport)
        self.requests += 1
        return web.Response(body=b"data: [DONE]\n\n", content_type="text/event-stream")


@asynccontextmanager
async def counting_server() -> AsyncIterator[tuple[CountingServer, str]]:
    server = CountingServer()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", server.answer)
    runner = web.AppRunner(app, access_log=None, keepalive_timeout=600)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        yield server, f"http://{host}:{port}/v1"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(("pause", "connections"), [(KEPT_SECONDS - 5, 1), (KEPT_SECONDS + 5, 2)])
async def test_a_connection_is_kept_over_the_longest_turn_of_a_caller(
    pause: float, connections: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pause is made by the clock that the HTTP library reads; the server is a real one."""
    ahead = 0.0
    real = time.monotonic
    monkeypatch.setattr("httpcore2._async.http11.time.monotonic", lambda: real() + ahead)
    async with counting_server() as (server, url), openai_client("example-key", url) as client:
        model = plugin.LLM(model="gpt-6-luna", client=client)
        for _turn in range(3):
            async with model.chat(chat_ctx=llm.ChatContext()) as reply:
                assert [chunk async for chunk in reply] == []
            ahead += pause if _turn == 0 else 0.0
    assert server.requests == 3
    assert len(server.connections) == connections
