"""Saying every two seconds that this process lives, as long as it does."""

import asyncio
import os
import socket
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID, uuid4

import structlog

from agent.errors import DatabaseUnavailable
from agent.settings import Settings
from agent.store.database import Database
from agent.store.heartbeats import BEAT_SECONDS, HeartbeatStore, Process, ProcessKind

log = structlog.get_logger(__name__)


async def keep_beating(
    settings: Settings,
    kind: ProcessKind,
    detail: Callable[[], dict[str, int | str]] = dict,
    *,
    process_id: UUID | None = None,
) -> None:
    """Beat until cancelled; `detail` is asked each time. A database that is away is waited for."""
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
