"""Deletes what may not be kept for ever: recordings, the words of calls that ended long ago, and
the webhooks of that time in the form in which they came.

What stays is the record of the call: when, with whom, how it ended, what was agreed, its summary.
Opt-outs stay always.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import structlog

from agent.store.database import Database
from agent.store.queries import query

log = structlog.get_logger(__name__)

_BATCH = 500
_ENDED = query("ended_at_of_calls")
_DELETE_TURNS = query("delete_old_turns")
_DELETE_WEBHOOKS = query("delete_old_webhooks")


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
    transcripts = 0
    while True:
        async with database.connection() as connection:
            calls: int = await connection.fetchval(_DELETE_TURNS, cutoff, _BATCH)
        transcripts += calls
        if calls < _BATCH:
            break
    while True:
        async with database.connection() as connection:
            if await connection.fetchval(_DELETE_WEBHOOKS, cutoff, _BATCH) < _BATCH:
                break
    recordings = failed = 0
    for batch in _batches(recordings_dir):
        async with database.connection() as connection:
            rows = await connection.fetch(_ENDED, list(batch.values()))
        ended: dict[UUID, datetime] = {row["id"]: row["ended_at"] for row in rows}
        for path, call_id in batch.items():
            if ended.get(call_id, _written(path)) >= cutoff:
                continue
            try:
                path.unlink(missing_ok=True)
                recordings += 1
            except OSError as error:
                failed += 1
                log.error("recording_not_deleted", call_id=call_id, error=type(error).__name__)
    if recordings or transcripts or failed:
        log.info("retention", recordings=recordings, calls=transcripts, failed=failed)
    return Deleted(recordings, transcripts, failed)


def _batches(folder: Path) -> Iterator[dict[Path, UUID]]:
    """Recordings, also unfinished ones that a crash left, with their calls' ids."""
    named = ((path, _call_of(path)) for path in sorted(folder.glob("*.ogg")))
    known = [(path, call) for path, call in named if call is not None]
    return (dict(batch) for batch in _in_batches(known))


def _in_batches(known: list[tuple[Path, UUID]]) -> Iterator[list[tuple[Path, UUID]]]:
    for start in range(0, len(known), _BATCH):
        yield known[start : start + _BATCH]


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
