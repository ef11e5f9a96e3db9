"""Deletes what may not be kept for ever: recordings, the words of calls that ended long ago, the
webhooks of that time in the form in which they came, and who was to be called.

What stays is the record of the call: when, with whom, how it ended, what was agreed, its summary,
and the facts that it follows from. Opt-outs and the minutes of each day stay always.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias
from uuid import UUID

import asyncpg
import structlog

from agent.errors import DatabaseUnavailable
from agent.store.database import Database
from agent.store.query import query

log = structlog.get_logger(__name__)

_FILES = 500
_ROWS = 2000
"""Rows a statement: a fraction of a second, however many there are."""
_EVERY = timedelta(days=1)
_AGAIN = timedelta(minutes=1)
"""While another process holds the lock, or the database is away."""
# Any fixed number: of two processes that delete one waits.
_LOCK = 0x41495344
_ENDED = query("retention/ended_at")
_TURNS = query("retention/turns")
_WEBHOOKS = query("retention/webhooks")
_KEYS = query("retention/idempotency_keys")
_ATTEMPTS = query("retention/attempts")
_EVENTS = query("retention/events_without_call")
_Batch: TypeAlias = "Callable[[datetime], tuple[str, *tuple[object, ...]]]"
"""A statement that deletes the rows of one batch, from a time on."""
_FIRST = datetime.fromtimestamp(0, UTC)


@dataclass(frozen=True, slots=True)
class Deleted:
    """What one run has deleted. `failed` are files that could not be."""

    recordings: int
    transcripts: int
    failed: int


async def delete_older_than(cutoff: datetime, database: Database, recordings_dir: Path) -> Deleted:
    """Delete recordings and transcripts of calls that ended before `cutoff`; safe to run again.

    A file whose call is not known goes by the time it was last written. Raises DatabaseUnavailable,
    also half-way: what is deleted by then stays deleted, the next run does the rest.
    """
    recordings, failed = await _delete_recordings(cutoff, database, recordings_dir)
    transcripts = 0
    before: set[UUID] = set()  # a call's words may lie in two batches
    async for batch in _batches(
        lambda since: _TURNS(cutoff=cutoff, since=since, limit=_ROWS), database
    ):
        calls = set(batch["calls"])
        transcripts += len(calls - before)
        before = calls
    rows = 0
    statements: tuple[_Batch, ...] = (
        lambda since: _WEBHOOKS(cutoff=cutoff, since=since, limit=_ROWS),
        lambda since: _KEYS(cutoff=cutoff, since=since, limit=_ROWS),
        lambda since: _ATTEMPTS(cutoff=cutoff, since=since, limit=_ROWS),
        lambda since: _EVENTS(cutoff=cutoff, since=since, limit=_ROWS),
    )
    for statement in statements:
        async for batch in _batches(statement, database):
            rows += batch["deleted"]
    if recordings or transcripts or rows or failed:
        log.info(
            "retention", recordings=recordings, calls=transcripts, other_rows=rows, failed=failed
        )
    return Deleted(recordings, transcripts, failed)


class Retention:
    """Deletes once a day, and at the start, what is older than `keep`. `run` until cancelled.

    Every process that sees recordings has one: their folder may be another. One deletes at a time.
    """

    def __init__(
        self,
        database: Database,
        recordings_dir: Path,
        keep: timedelta,
        now: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._recordings_dir = recordings_dir
        self._keep = keep
        self._now = now

    async def run(self) -> None:
        """Delete again and again; what cannot be done now is done soon."""
        while True:
            pause = _AGAIN
            try:
                if await self.look() is not None:
                    pause = _EVERY
            except DatabaseUnavailable:
                log.warning("retention_waits_for_database")
            except Exception as error:  # noqa: BLE001  # the loop must not die
                log.error("retention_failed", error=type(error).__name__)
            await asyncio.sleep(pause.total_seconds())

    async def look(self) -> Deleted | None:
        """Delete what is old now; None when another process is at it. Raises DatabaseUnavailable.

        Needs two connections: one holds the lock.
        """
        async with self._database.connection() as connection, connection.transaction():
            # Of the transaction, not of the session: a pooler would keep a session's lock.
            if not await connection.fetchval("select pg_try_advisory_xact_lock($1)", _LOCK):
                return None
            return await delete_older_than(
                self._now() - self._keep, self._database, self._recordings_dir
            )


async def _batches(statement: _Batch, database: Database) -> AsyncIterator[asyncpg.Record]:
    """What each batch of a table answers. A batch is a transaction, and begins in the index where
    the one before ended: what had to stay, or is deleted and not vacuumed, is not read again."""
    since = _FIRST
    while True:
        async with database.connection() as connection:
            batch = await connection.fetchrow(*statement(since))
        assert batch is not None
        yield batch
        if batch["seen"] < _ROWS:
            return
        if batch["until"] == since and not batch["deleted"]:
            return  # so many of one moment, and each has to stay
        since = batch["until"]


async def _delete_recordings(cutoff: datetime, database: Database, folder: Path) -> tuple[int, int]:
    """How many were deleted, and how many could not be."""
    recordings = failed = 0
    for batch in await asyncio.to_thread(lambda: list(_files(folder))):
        async with database.connection() as connection:
            rows = await connection.fetch(*_ENDED(call_ids=list(batch.values())))
        ended: dict[UUID, datetime] = {row["id"]: row["ended_at"] for row in rows}
        gone, stayed = await asyncio.to_thread(_delete_files, batch, ended, cutoff)
        recordings, failed = recordings + gone, failed + stayed
    return recordings, failed


def _delete_files(
    batch: dict[Path, UUID], ended: dict[UUID, datetime], cutoff: datetime
) -> tuple[int, int]:
    """How many were deleted, and how many could not be."""
    deleted = failed = 0
    for path, call_id in batch.items():
        if ended.get(call_id, _written(path)) >= cutoff:
            continue
        try:
            path.unlink(missing_ok=True)
            deleted += 1
        except OSError as error:
            failed += 1
            log.error("recording_not_deleted", call_id=call_id, error=type(error).__name__)
    return deleted, failed


def _files(folder: Path) -> Iterator[dict[Path, UUID]]:
    """Recordings, also unfinished ones that a crash left, with their calls' ids, some at a time."""
    named = ((path, _call_of(path)) for path in sorted(folder.glob("*.ogg")))
    known = [(path, call) for path, call in named if call is not None]
    for start in range(0, len(known), _FILES):
        yield dict(known[start : start + _FILES])


def _call_of(path: Path) -> UUID | None:
    try:
        return UUID(path.name.removeprefix(".").split(".")[0])
    except ValueError:
        return None


def _written(path: Path) -> datetime:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:  # deleted meanwhile
        return datetime.max.replace(tzinfo=UTC)
