"""Which of our processes live: each says so every two seconds, with what it can do.

LiveKit's API cannot say which workers there are, and nothing else knows of a dialler.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

from agent.store.database import Database
from agent.store.queries import query

BEAT_SECONDS = 2.0
LIVE_SECONDS = 10.0
"""A process that has not been heard of for so long is taken for dead."""

_BEAT = query("heartbeats/beat")
_LIVE = query("heartbeats/live")
_LEAVE = query("heartbeats/leave")
_SWITCH = query("kill_switch/show")


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
                _BEAT,
                *(process.id, process.kind, process.host, process.pid),
                *(process.started_at, dict(process.detail)),
            )

    async def leave(self, process_id: UUID) -> None:
        """The process ends on its own accord."""
        async with self._database.connection() as connection:
            await connection.execute(_LEAVE, process_id)

    async def live(self, kind: ProcessKind | None = None) -> list[Process]:
        """Processes heard of in the last ten seconds, of one kind or of all."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_LIVE, kind, LIVE_SECONDS)
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

    async def why_no_dialling(self) -> list[str]:
        """What keeps a call that is asked for now from being placed soon; empty: nothing."""
        kinds = {process.kind for process in await self.live()}
        async with self._database.connection() as connection:
            switch = await connection.fetchrow(_SWITCH, "dialling")
        problems = []
        if ProcessKind.DIALER not in kinds:
            problems.append("no dialler is running: start `python agent.py dialer`")
        if ProcessKind.WORKER not in kinds:
            problems.append("no worker is running: start `python agent.py start`")
        if switch is not None and switch["stopped"]:
            problems.append(
                "dialling was stopped by hand: `python agent.py calls stop-all --resume`"
            )
        return problems


async def why_no_dialling(database: Database) -> list[str]:
    """What keeps calls from being placed now, in words; an empty list: nothing does.

    Ask it before an attempt is added, so that nobody waits for a call that nobody will place.
    """
    return await HeartbeatStore(database).why_no_dialling()
