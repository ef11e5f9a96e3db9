"""Connections that say nothing keep nobody else out."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import uvicorn
from starlette.types import Receive, Scope, Send

from agent.api.connections import ConnectionProtocol, RequestsInProgress
from agent.local.stack.processes import free_port

DEADLINE = 0.5
PER_ADDRESS = 5


class Hasty(ConnectionProtocol):
    """With a deadline and a limit that a test can wait for."""

    header_seconds = DEADLINE
    silent_per_address = PER_ADDRESS


async def hello(scope: Scope, receive: Receive, send: Send) -> None:
    """The smallest application."""
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]}
    )
    await send({"type": "http.response.body", "body": b"ok"})


Opened = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def served() -> AsyncIterator[tuple[str, Callable[[], Awaitable[Opened]]]]:
    """The server's URL, and how to open a bare connection to it."""
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(hello, port=port, http=Hasty, log_config=None, lifespan="off", ws="none")
    )
    serving = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110  uvicorn offers nothing to wait on
        await asyncio.sleep(0.01)
    writers: list[asyncio.StreamWriter] = []

    async def connect() -> Opened:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writers.append(writer)
        return reader, writer

    try:
        yield f"http://127.0.0.1:{port}", connect
    finally:
        for writer in writers:
            writer.close()
        server.should_exit = True
        await serving


async def closed(reader: asyncio.StreamReader, within: float) -> bool:
    """Whether the server hangs up in time."""
    with contextlib.suppress(TimeoutError, ConnectionError):
        return await asyncio.wait_for(reader.read(), within) == b""
    return False


async def test_a_silent_connection_is_closed_at_the_deadline() -> None:
    async with served() as (_, connect):
        reader, _writer = await connect()
        assert not await closed(reader, DEADLINE / 2)
        assert await closed(reader, DEADLINE * 4)


async def test_headers_that_drip_have_the_same_deadline_also_on_a_used_connection() -> None:
    async with served() as (_, connect):
        reader, writer = await connect()
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert (await reader.readuntil(b"ok")).startswith(b"HTTP/1.1 200")
        for byte in b"GET / HTTP/1.1\r\nX: ":
            writer.write(bytes([byte]))
            await asyncio.sleep(DEADLINE / 10)
            if reader.at_eof():
                break
        assert await closed(reader, DEADLINE)


async def test_a_connection_that_was_used_and_waits_for_more_is_not_silent() -> None:
    async with served() as (_, connect):
        reader, writer = await connect()
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        await reader.readuntil(b"ok")
        assert not await closed(reader, DEADLINE * 2)


async def test_the_oldest_silent_connection_of_an_address_makes_room_and_requests_go_on() -> None:
    async with served() as (url, connect):
        opened = [await connect() for _ in range(PER_ADDRESS + 3)]
        async with httpx.AsyncClient() as client:
            assert (await client.get(url)).status_code == 200
        for reader, _ in opened[:3]:
            assert await closed(reader, DEADLINE / 2)


async def test_two_hundred_silent_connections_keep_nobody_out() -> None:
    async with served() as (url, connect), httpx.AsyncClient() as client:
        await asyncio.gather(*(connect() for _ in range(200)))
        assert (await client.get(url)).status_code == 200


def test_places_for_requests_are_given_back() -> None:
    requests = RequestsInProgress(1)
    with requests.place() as first, requests.place() as second:
        assert (first, second) == (True, False)
    with requests.place() as third:
        assert third
