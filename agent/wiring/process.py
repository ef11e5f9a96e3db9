"""What every process does: it works until it is signalled, and says meanwhile that it lives."""

import asyncio
import os
import signal
import socket
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from uuid import UUID, uuid4

import structlog

from agent.errors import DatabaseUnavailable
from agent.settings import Settings
from agent.store.database import Database
from agent.store.heartbeats import BEAT_SECONDS, HeartbeatStore, Process, ProcessKind

log = structlog.get_logger(__name__)


async def until_signalled(*work: Coroutine[None, None, None]) -> None:
    """Run all of it until the first SIGTERM or SIGINT, then cancel it.

    None of it ends by itself. Work that fails ends everything, and its error is raised.
    """
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    tasks = [asyncio.create_task(each) for each in work]
    stopping = asyncio.create_task(stop.wait(), name="signal")
    try:
        await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task.done():
                task.result()
    finally:
        stopping.cancel()
        for task in tasks:
            task.cancel()
        await asyncio.gather(stopping, *tasks, return_exceptions=True)


async def keep_beating(
    settings: Settings,
    kind: ProcessKind,
    detail: Callable[[], dict[str, int | str]] = dict,
    *,
    process_id: UUID | None = None,
) -> None:
    """Send heartbeats until cancelled, each with a new `detail`. Waits for an absent database."""
    me = process_id or uuid4()
    started_at = datetime.now(UTC)
    async with Database(settings.database_url or "", max_size=1) as database:
        store = HeartbeatStore(database)
        try:
            while True:
                process = Process(me, kind, socket.gethostname(), os.getpid(), started_at, detail())
                try:
                    await store.beat(process)
                except DatabaseUnavailable:
                    log.warning("heartbeat_not_stored", kind=kind)
                await asyncio.sleep(BEAT_SECONDS)
        finally:
            try:
                await store.leave(me)
            except DatabaseUnavailable:
                log.info("heartbeat_not_withdrawn", kind=kind)
