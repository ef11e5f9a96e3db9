"""A cable between a worker and a server, which a test can cut and mend."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

from agent.local.processes import LOOPBACK, free_port


class Cable:
    """Passes TCP on to `target` (a port of this machine) from a port of its own.

    A cut cable refuses connections, as a server does that is not there.
    """

    def __init__(self, target: int) -> None:
        self.port = free_port()
        self._target = target
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.Task[None]] = set()

    async def mend(self) -> None:
        """Pass connections on, from now on; nothing if it is whole."""
        if self._server is None:
            self._server = await asyncio.start_server(self._pass_on, LOOPBACK, self.port)

    async def cut(self) -> None:
        """End every connection and refuse new ones; nothing if it is cut."""
        if self._server is None:
            return
        self._server.close()
        self._server = None
        for connection in list(self._open):
            connection.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    @asynccontextmanager
    async def cut_off(self) -> AsyncIterator[None]:
        """Cut for the length of the block."""
        await self.cut()
        try:
            yield
        finally:
            await self.mend()

    async def __aenter__(self) -> Self:
        await self.mend()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.cut()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        both = asyncio.create_task(self._join(reader, writer))
        self._open.add(both)
        both.add_done_callback(self._open.discard)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ends = [writer]
        try:
            far_reader, far_writer = await asyncio.open_connection(LOOPBACK, self._target)
            ends.append(far_writer)
            async with asyncio.TaskGroup() as ways:
                ways.create_task(_pump(reader, far_writer))
                ways.create_task(_pump(far_reader, writer))
        except* OSError:
            pass  # one end is gone: so is the other
        finally:
            for end in ends:
                end.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(2**16):
        writer.write(data)
        await writer.drain()
    with contextlib.suppress(OSError, NotImplementedError):
        writer.write_eof()
