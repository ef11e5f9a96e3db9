"""Connections to Postgres: a small pool, and one error for everything that makes it unusable."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Self, TypeAlias
from urllib.parse import urlsplit

import asyncpg
import structlog
from asyncpg.pool import PoolConnectionProxy

from agent.errors import DatabaseUnavailable, SettingsError

log = structlog.get_logger(__name__)

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"

CONNECT_SECONDS = 5.0
"""Longest wait for a connection, new or from the pool."""
COMMAND_SECONDS = 10.0
"""Longest wait for one statement: a half-open socket must not hold a call's record for ever."""
_LISTEN_AGAIN_SECONDS = 5.0

_UNAVAILABLE = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what asyncpg says of a connection that was cut under it
    asyncpg.PostgresConnectionError,
    asyncpg.InvalidAuthorizationSpecificationError,  # wrong user or password
    asyncpg.InvalidCatalogNameError,  # no such database
    asyncpg.InsufficientPrivilegeError,
    asyncpg.InsufficientResourcesError,  # disk full, too many connections
    asyncpg.OperatorInterventionError,  # shut down, starting up
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.PostgresSystemError,
    asyncpg.TransactionRollbackError,  # deadlock, serialisation: the same again will do
)


class Database:
    """A pool of at most `max_size` connections, opened when first used.

    A process can therefore start while Postgres is away. Made inside the loop that uses it.

    >>> async with Database(dsn) as database, database.connection() as connection: ...
    """

    def __init__(self, dsn: str, *, max_size: int = 2) -> None:
        self._dsn = dsn
        self._max_size = max_size
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None
        self._opening = asyncio.Lock()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """A connection for the length of the block; jsonb is decoded to Python values.

        Raises DatabaseUnavailable, also for what fails inside the block for that reason.
        """
        pool = await self._opened()
        try:
            async with pool.acquire(timeout=CONNECT_SECONDS) as connection:
                yield connection
        except _UNAVAILABLE as error:
            raise unavailable(self._dsn, error) from error
        except asyncpg.UndefinedTableError as error:
            raise DatabaseUnavailable(
                f"the database at {place_of(self._dsn)} has no tables of ours: run "
                "`python agent.py migrate`"
            ) from error

    async def close(self) -> None:
        """Close all connections; those still in use are cut off after a moment."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await pool.close()
        except (*_UNAVAILABLE, asyncpg.PostgresError):
            pool.terminate()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self.close()

    async def _opened(self) -> "asyncpg.Pool[asyncpg.Record]":
        async with self._opening:
            if self._pool is None:
                check_dsn(self._dsn)
                self._pool = await asyncpg.create_pool(
                    self._dsn,
                    min_size=0,
                    max_size=self._max_size,
                    timeout=CONNECT_SECONDS,
                    command_timeout=COMMAND_SECONDS,
                    init=_prepare,
                    server_settings={"application_name": "ai-sales-call", "timezone": "UTC"},
                )
            return self._pool


async def listen(dsn: str, channel: str, on_notify: Callable[[], None]) -> None:
    """Call `on_notify` for every NOTIFY on the channel, until cancelled.

    Only a help: the listener looks by itself as well, for while the connection is away.
    """
    while True:
        with contextlib.suppress(DatabaseUnavailable):
            await _listen_once(dsn, channel, on_notify)
        log.warning("listening_interrupted", channel=channel)
        await asyncio.sleep(_LISTEN_AGAIN_SECONDS)


async def _listen_once(dsn: str, channel: str, on_notify: Callable[[], None]) -> None:
    async with connect(dsn) as connection:
        lost = asyncio.Event()
        connection.add_termination_listener(lambda _: lost.set())
        await connection.add_listener(channel, lambda *_: on_notify())
        on_notify()  # for what was written while nobody listened
        await lost.wait()


@asynccontextmanager
async def connect(dsn: str) -> AsyncIterator[Connection]:
    """One connection outside any pool, closed after the block. Errors as in `Database`."""
    check_dsn(dsn)
    try:
        connection = await asyncpg.connect(dsn, timeout=CONNECT_SECONDS)
        try:
            yield connection
        finally:
            with contextlib.suppress(OSError, TimeoutError, asyncpg.InterfaceError):
                await connection.close(timeout=1)
    except _UNAVAILABLE as error:
        raise unavailable(dsn, error) from error


def check_dsn(dsn: str) -> None:
    """Raises SettingsError where the text cannot be a Postgres URL."""
    try:
        parts = urlsplit(dsn)
        readable = parts.scheme in ("postgres", "postgresql") and parts.port != 0
    except ValueError:  # a port that is no number
        readable = False
    if not readable:
        raise SettingsError(
            "DATABASE_URL is not a Postgres URL: write postgresql://user:password@host:5432/name"
        )


def unavailable(dsn: str, error: BaseException) -> DatabaseUnavailable:
    """The error in words that name the place and never the password."""
    said = str(error).strip() or "no answer in time"
    return DatabaseUnavailable(
        f"Postgres at {place_of(dsn)} cannot be used ({said}): start it, or check DATABASE_URL"
    )


def place_of(dsn: str) -> str:
    """Host, port and database of a URL, fit to be shown."""
    parts = urlsplit(dsn)
    return f"{parts.hostname or 'localhost'}:{parts.port or 5432}{parts.path}"


async def _prepare(connection: Connection) -> None:
    await connection.set_type_codec(
        "jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog"
    )
