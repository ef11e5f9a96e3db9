"""Connections to Postgres: a small pool, and one error for everything that makes it unusable."""

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import cache
from typing import Self, TypeAlias, TypedDict

import asyncpg
import structlog
from asyncpg.pool import PoolConnectionProxy

from agent.errors import DatabaseUnavailable
from agent.store.database_errors import UNAVAILABLE, unavailable
from agent.store.database_url import DatabaseUrl, read_url

log = structlog.get_logger(__name__)

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"

CONNECT_SECONDS = 5.0
"""Longest wait for a connection, new or from the pool."""
COMMAND_SECONDS = 10.0
"""Longest wait for one statement: a half-open socket must not hold a call's record for ever."""
_LISTEN_AGAIN_SECONDS = 5.0


class Database:
    """A pool of at most `max_size` connections, opened when first used.

    A process can therefore start while Postgres is away. Made inside the loop that uses it. With a
    pooler between, which hands each transaction to another server, a block is one transaction
    and no statement is kept prepared.

    >>> async with Database(dsn) as database, database.connection() as connection: ...
    """

    def __init__(self, dsn: str, *, max_size: int = 2) -> None:
        self._dsn = dsn
        self._max_size = max_size
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None
        self._pooled: bool | None = None
        self._opening = asyncio.Lock()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection for the length of the block; jsonb is decoded to Python values.

        Raises DatabaseUnavailable, also for what fails inside the block for that reason.
        """
        url = read_url(self._dsn)
        try:
            async with contextlib.AsyncExitStack() as stack:
                with _connecting(url.place):
                    connection = await self._acquired(url, stack)
                if self._pooled:
                    await stack.enter_async_context(connection.transaction())
                yield connection
        except UNAVAILABLE as error:
            raise unavailable(url.place, error) from error

    async def close(self) -> None:
        """Close all connections; those still in use are cut off after a moment."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await pool.close()
        except (*UNAVAILABLE, asyncpg.PostgresError):
            pool.terminate()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    async def _acquired(
        self, url: DatabaseUrl, stack: contextlib.AsyncExitStack
    ) -> "PoolConnectionProxy[asyncpg.Record]":
        pool = await self._opened(url)
        try:
            return await stack.enter_async_context(pool.acquire(timeout=CONNECT_SECONDS))
        except _ThroughPooler:
            async with self._opening:
                if not self._pooled:
                    log.info("transaction_pooler", place=url.place)
                    self._pooled, self._pool = True, None
            pool = await self._opened(url)
            return await stack.enter_async_context(pool.acquire(timeout=CONNECT_SECONDS))

    async def _opened(self, url: DatabaseUrl) -> "asyncpg.Pool[asyncpg.Record]":
        async with self._opening:
            if self._pool is None:
                self._pooled = self._pooled or url.pooled
                self._pool = await asyncpg.create_pool(
                    **_arguments(url),
                    min_size=0,
                    max_size=self._max_size,
                    command_timeout=COMMAND_SECONDS,
                    statement_cache_size=0 if self._pooled else 100,
                    init=_prepare_pooled if self._pooled else _prepare,
                )
            return self._pool


async def listen(dsn: str, channel: str, on_notify: Callable[[], None]) -> None:
    """Call `on_notify` for every NOTIFY on the channel, until cancelled.

    Only a help: the listener looks by itself as well, for while the connection is away, and behind
    a transaction pooler, through which no NOTIFY comes: give the direct URL.
    """
    while True:
        with contextlib.suppress(DatabaseUnavailable):
            await _listen_once(dsn, channel, on_notify)
        log.warning("listening_interrupted", channel=channel)
        await asyncio.sleep(_LISTEN_AGAIN_SECONDS)


async def _listen_once(dsn: str, channel: str, on_notify: Callable[[], None]) -> None:
    async with connect(dsn) as connection:
        if await _is_pooled(connection):
            log.warning("listening_through_a_pooler", remedy="set DIRECT_DATABASE_URL")
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        await connection.add_listener(channel, lambda *_: on_notify())
        on_notify()  # for what was written while nobody listened
        await lost.wait()


@asynccontextmanager
async def connect(dsn: str) -> AsyncIterator["asyncpg.Connection[asyncpg.Record]"]:
    """One connection outside any pool, closed after the block; keeps no statement prepared.

    Errors as in `Database`; raises SettingsError where the text cannot be a Postgres URL.
    """
    url = read_url(dsn)
    try:
        with _connecting(url.place):
            connection = await asyncpg.connect(**_arguments(url), statement_cache_size=0)
        try:
            yield connection
        finally:
            with contextlib.suppress(OSError, TimeoutError, asyncpg.InterfaceError):
                await connection.close(timeout=1)
    except UNAVAILABLE as error:
        raise unavailable(url.place, error) from error


@contextmanager
def _connecting(place: str) -> Iterator[None]:
    """Whatever is refused before we have asked anything is one line, of whatever class."""
    try:
        yield
    except (*UNAVAILABLE, asyncpg.PostgresError, ValueError) as error:
        raise unavailable(place, error) from error


def place_of(dsn: str) -> str:
    """Host, port and database of a URL, fit to be shown."""
    return read_url(dsn).place


class _ThroughPooler(Exception):
    """The server that answers is not the one that greeted us."""


class _Arguments(TypedDict):
    """What every connection is made with."""

    dsn: str
    ssl: "ssl.SSLContext | None"
    timeout: float
    server_settings: dict[str, str]


def _arguments(url: DatabaseUrl) -> _Arguments:
    if url.dropped:
        _say_dropped(url.dropped)
    return _Arguments(
        dsn=url.dsn,
        ssl=url.tls,
        timeout=CONNECT_SECONDS,
        server_settings={
            "application_name": "ai-sales-call",
            **dict(url.server_settings),
            "timezone": "UTC",
        },
    )


@cache
def _say_dropped(names: tuple[str, ...]) -> None:
    """Once a process: options of DATABASE_URL that mean nothing to us."""
    log.warning("database_url_options_dropped", options=list(names))


async def _is_pooled(connection: Connection) -> bool:
    """Whether a pooler is between us and Postgres: it greets with a process id of its own.

    Asked without a prepared statement, which a pooler could keep for somebody else.
    """
    told: list[str] = []

    def on_log(_: object, message: asyncpg.PostgresLogMessage) -> None:
        told.append(message.message)

    connection.add_log_listener(on_log)
    try:
        await connection.execute("do $$ begin raise info '%', pg_backend_pid(); end $$")
        await asyncio.sleep(0)  # listeners are called soon
    finally:
        connection.remove_log_listener(on_log)
    return told != [str(connection.get_server_pid())]


async def _prepare(connection: Connection) -> None:
    if await _is_pooled(connection):
        raise _ThroughPooler
    await _decode_json(connection)


async def _prepare_pooled(connection: Connection) -> None:
    async with connection.transaction():
        await _decode_json(connection)


async def _decode_json(connection: Connection) -> None:
    await connection.set_type_codec(
        "jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog"
    )
