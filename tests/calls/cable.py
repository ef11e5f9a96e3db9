"""A cable between a process and a server, which a test can cut, mend, and have stop at a word."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

from agent.local.stack.processes import LOOPBACK, free_port


class Cable:
    """Passes TCP on to `target` (a port of this machine) from a port of its own.

    A cut cable refuses connections, as a server does that is not there.
    """

    def __init__(self, target: int) -> None:
        self.port = free_port()
        self._stops: list[_Stop] = []
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
    async def stopped_at(
        self, word: bytes, *, answer_only: bool = False
    ) -> AsyncIterator[asyncio.Event]:
        """For the length of the block, whoever sends `word` stands still there; the event is set.

        What they sent does not arrive, or with `answer_only` it does and no answer comes back. Who
        stands there when the block ends is cut off.
        """
        stop = _Stop(word, answer_only)
        self._stops.append(stop)
        try:
            yield stop.reached
        finally:
            self._stops.remove(stop)
            stop.over.set()

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
                answers = asyncio.Event()
                answers.set()
                ways.create_task(self._send(reader, far_writer, answers))
                ways.create_task(_pump(far_reader, writer, answers))
        except* OSError:
            pass  # one end is gone, or stood at a stop: so is the other
        finally:
            for end in ends:
                end.transport.abort()

    async def _send(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answers: asyncio.Event
    ) -> None:
        """Pass on what the process sends, as far as no stop is in the way."""
        while data := await reader.read(2**16):
            stop = next((each for each in self._stops if each.word in data), None)
            if stop is not None:
                answers.clear()
                if stop.answer_only:
                    writer.write(data)
                    await writer.drain()
                stop.reached.set()
                await stop.over.wait()
                raise ConnectionAbortedError
            writer.write(data)
            await writer.drain()
        with contextlib.suppress(OSError, NotImplementedError):
            writer.write_eof()


class _Stop:
    def __init__(self, word: bytes, answer_only: bool) -> None:
        self.word = word
        self.answer_only = answer_only
        self.reached = asyncio.Event()
        self.over = asyncio.Event()


async def _pump(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, open_way: asyncio.Event
) -> None:
    while data := await reader.read(2**16):
        await open_way.wait()
        writer.write(data)
        await writer.drain()
    with contextlib.suppress(OSError, NotImplementedError):
        writer.write_eof()
