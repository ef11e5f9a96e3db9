"""What the servers of the local stack have in common: a free port, a child process, one end."""

import abc
import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self

import aiohttp

from agent.errors import StackError
from agent.local.stack.processes import LOOPBACK, ChildProcess, free_port, port_is_free

Report = Callable[[str], None]
"""Told in a few words what a part is doing now."""

ATTEMPTS = 3


def say_nothing(_doing: str) -> None:
    """The Report of callers that show no progress."""


class Server(abc.ABC):
    """A server on a loopback port, for as long as an `async with` block runs.

    `port=None` picks a free one, and another one when somebody binds it before the server does.
    """

    name: str
    stop_seconds = 10.0
    """How long the server may take to stop in order before it is killed."""

    def __init__(self, *, port: int | None = None) -> None:
        self._fixed_port = port
        self.port = port or 0
        self._child: ChildProcess | None = None

    @property
    def address(self) -> str:
        """`host:port`."""
        return f"{LOOPBACK}:{self.port}"

    @property
    def pid(self) -> int:
        """Process id of the running server."""
        return self._running().pid

    async def start(self) -> None:
        """Start the server and return when it is ready to serve.

        Raises StackError: not installed, port in use, or what the server said on its way out.
        """
        try:
            await self._prepare()
            await self._start_on_a_free_port()
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop the server. Safe to call twice, and when it never started."""
        try:
            if self._child is not None:
                await self._child.stop(timeout=self.stop_seconds)
        finally:
            self._child = None
            self._clean_up()

    def kill(self) -> None:
        """End the server at once, when there is no time left for `stop`."""
        if self._child is not None:
            self._child.kill()

    async def exited(self) -> int:
        """Wait, without a deadline, until the server has ended by itself; returns its exit code."""
        return await self._running().exited()

    def last_words(self) -> str:
        """The end of the server's log, on one line."""
        return self._running().last_words()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    async def _prepare(self) -> None:  # noqa: B027  # a hook: most servers have nothing to do
        """What comes before the first attempt: finding binaries, making folders."""

    @abc.abstractmethod
    async def _launch(self) -> ChildProcess:
        """Spawn the server on `self.port`."""

    @abc.abstractmethod
    async def _wait_until_ready(self, child: ChildProcess) -> None:
        """Return when the server serves; raises StackError when it will not."""

    def _clean_up(self) -> None:  # noqa: B027  # a hook, as above
        """What comes after the end: dropping temporary data."""

    async def _start_on_a_free_port(self) -> None:
        for attempt in range(1, ATTEMPTS + 1):
            self.port = self._fixed_port or free_port()
            require_free_port(self.name, self.port)
            self._child = await self._launch()
            try:
                await self._wait_until_ready(self._child)
                return
            except StackError:
                await self._child.stop(timeout=self.stop_seconds)
                if attempt == ATTEMPTS or port_is_free(self.port):
                    raise  # it was not the port

    def _running(self) -> ChildProcess:
        if self._child is None:
            raise StackError(f"{self.name} is not running: start it first")
        return self._child


def require_free_port(name: str, port: int) -> None:
    """Raises StackError when somebody already listens on a port that `name` is to have."""
    if not port_is_free(port):
        raise StackError(
            f"{name}: port {port} is in use: end the program that has it, or choose another port"
        )


async def http_ok(url: str) -> bool:
    """Whether GET `url` is answered with 200."""
    timeout = aiohttp.ClientTimeout(total=5)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as http, http.get(url) as answer:
            return answer.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False


async def redis_answers(host: str, port: int) -> bool:
    """Whether a Redis answers PING there (one that asks for a password answers as well)."""
    try:
        async with asyncio.timeout(5):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(b"PING\r\n")
                return (await reader.readline()).startswith((b"+PONG", b"-NOAUTH"))
            finally:
                writer.close()
                await writer.wait_closed()
    except (OSError, TimeoutError):
        return False
