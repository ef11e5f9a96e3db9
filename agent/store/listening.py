"""Being told at once what another process has written: LISTEN."""

import asyncio
import contextlib
from collections.abc import Callable

import asyncpg
import structlog

from agent.store.database import CONNECT_SECONDS

log = structlog.get_logger(__name__)

_AGAIN_SECONDS = 5.0


async def listen(dsn: str, channel: str, on_notify: Callable[[], None]) -> None:
    """Call `on_notify` for every NOTIFY on the channel, until cancelled.

    Only a help: who listens looks by itself as well, for while the connection is away.
    """
    while True:
        with contextlib.suppress(OSError, TimeoutError, asyncpg.PostgresError):
            await _listen_once(dsn, channel, on_notify)
        log.warning("listening_interrupted", channel=channel)
        await asyncio.sleep(_AGAIN_SECONDS)


async def _listen_once(dsn: str, channel: str, on_notify: Callable[[], None]) -> None:
    connection = await asyncpg.connect(dsn, timeout=CONNECT_SECONDS)
    lost = asyncio.Event()
    try:
        connection.add_termination_listener(lambda _: lost.set())
        await connection.add_listener(channel, lambda *_: on_notify())
        on_notify()  # for what was written while nobody listened
        await lost.wait()
    finally:
        with contextlib.suppress(OSError, TimeoutError, asyncpg.InterfaceError):
            await connection.close(timeout=1)
