"""Which of our processes live: each says so every two seconds, with what it can do.

LiveKit's API cannot say which workers there are, and nothing else knows of a dialler.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from agent.store.database import Database
from agent.store.query import query

BEAT_SECONDS = 2.0
LIVE_SECONDS = 10.0
"""A process that has not been heard of for so long is taken for dead."""

_BEAT = query("heartbeats/beat")
_LIVE = query("heartbeats/live")
_LEAVE = query("heartbeats/leave")


class ProcessKind(StrEnum):
    """What a process does."""

    WORKER = "worker"
    DIALER = "dialer"
    API = "api"


@dataclass(frozen=True, slots=True)
class Process:
    """One process of ours. `detail`: a worker's `places` and `free`; True counts as 1."""

    id: UUID
    kind: ProcessKind
    host: str
    pid: int
    started_at: datetime
    detail: Mapping[str, int | str]
    seen_seconds_ago: float = 0.0


class HeartbeatStore:
    """Heartbeats. Every method raises DatabaseUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def beat(self, process: Process) -> None:
        """Say that the process lives, now by the database's clock."""
        async with self._database.connection() as connection:
            await connection.execute(
                *_BEAT(
                    process_id=process.id,
                    kind=process.kind,
                    host=process.host,
                    pid=process.pid,
                    started_at=process.started_at,
                    detail=dict(process.detail),
                )
            )

    async def leave(self, process_id: UUID) -> None:
        """The process ends on its own accord."""
        async with self._database.connection() as connection:
            await connection.execute(*_LEAVE(process_id=process_id))

    async def live(self, kind: ProcessKind | None = None) -> list[Process]:
        """Processes heard of in the last ten seconds, of one kind or of all."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(*_LIVE(kind=kind, live_seconds=LIVE_SECONDS))
        return [
            Process(
                id=row["process_id"],
                kind=ProcessKind(row["kind"]),
                host=row["host"],
                pid=row["pid"],
                started_at=row["started_at"].astimezone(UTC),
                detail=row["detail"],
                seen_seconds_ago=row["seen_seconds_ago"],
            )
            for row in rows
            if row["kind"] in set(ProcessKind)
        ]
