"""A transaction pooler, as small as it can be: each transaction runs on the next server connection.

It greets with a process id of its own and knows nothing of prepared statements, as pgbouncer before
1.21; it takes the servers in turn, so that what relies on a session fails at once.
"""

import asyncio
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

_SSL_REQUEST, _GSS_REQUEST = 80877103, 80877104
_OWN_PROCESS_ID = 7

Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def transaction_pooler(dsn: str, servers: int = 2) -> AsyncIterator[str]:
    """The URL of a pooler before the database, with so many connections to it."""
    parts = urlsplit(dsn)
    free: asyncio.Queue[Pair] = asyncio.Queue()
    opened: list[Pair] = []
    greeting = b""
    for _ in range(servers):
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        words = f"user\0{parts.username}\0database\0{parts.path[1:]}\0client_encoding\0UTF8\0\0"
        body = struct.pack("!i", 196608) + words.encode()
        writer.write(struct.pack("!i", len(body) + 4) + body)
        greeting = await _greeting(reader)
        opened.append((reader, writer))
        free.put_nowait((reader, writer))
    clients: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        clients.add(task)
        try:
            await _serve((reader, writer), free, greeting)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # the client is gone, or the test is over
        finally:
            clients.discard(task)
            writer.close()

    listener = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        port = listener.sockets[0].getsockname()[1]
        yield f"postgresql://{parts.username}@127.0.0.1:{port}{parts.path}"
    finally:
        listener.close()
        for task in set(clients):
            task.cancel()
        await asyncio.gather(*clients, return_exceptions=True)
        for _, writer in opened:
            writer.close()


async def _serve(client: Pair, free: "asyncio.Queue[Pair]", greeting: bytes) -> None:
    reader, writer = client
    while True:
        size, code = struct.unpack("!ii", await reader.readexactly(8))
        await reader.readexactly(size - 8)
        if code not in (_SSL_REQUEST, _GSS_REQUEST):
            break
        writer.write(b"N")
    writer.write(greeting)
    pump: asyncio.Task[None] | None = None
    server: Pair | None = None
    try:
        while True:
            kind, message = await _message(reader)
            if kind == b"X":
                return
            if pump is None or pump.done():
                server = await free.get()
                pump = asyncio.create_task(_answer(server, writer, free))
            assert server is not None
            server[1].write(message)
    finally:
        if pump is not None and server is not None and not pump.done():
            pump.cancel()
            # What was cut off in a transaction is rolled back.
            server[1].write(b"Q" + struct.pack("!i", 13) + b"rollback\0")
            while (await _message(server[0]))[0] != b"Z":
                pass
            free.put_nowait(server)


async def _answer(server: Pair, client: asyncio.StreamWriter, free: "asyncio.Queue[Pair]") -> None:
    """Hand on what the server says until no transaction is open: the next one may have it then."""
    kind, message = b"", b""
    while (kind, message[-1:]) != (b"Z", b"I"):
        kind, message = await _message(server[0])
        client.write(message)
    free.put_nowait(server)


async def _greeting(reader: asyncio.StreamReader) -> bytes:
    """What the server says until it is ready, with our process id instead of its own."""
    said = b""
    kind = b""
    while kind != b"Z":
        kind, message = await _message(reader)
        if kind == b"K":
            message = b"K" + struct.pack("!iii", 12, _OWN_PROCESS_ID, 0)
        assert kind != b"E", message
        said += message
    return said


async def _message(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    head = await reader.readexactly(5)
    return head[:1], head + await reader.readexactly(struct.unpack("!i", head[1:])[0] - 4)
