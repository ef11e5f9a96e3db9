"""The state of trunks: calls per second, and pauses after the carrier refused us."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from agent.domain.attempts import busy_pause, misconfigured_pause
from agent.errors import TrunkBusy, TrunkDown, TrunkMisconfigured
from agent.store.database import Database
from agent.store.query import query

TrunkFault = TrunkBusy | TrunkDown | TrunkMisconfigured

_ENSURE = query("trunks/ensure")
_FAILURES = query("trunks/failures")
_PAUSE = query("trunks/pause")
_WORKS = query("trunks/works")
_LIST = query("trunks/list")
_LOCK = query("trunks/lock")


@dataclass(frozen=True, slots=True)
class Trunk:
    """A trunk as it stands. `paused_until` None: it takes calls."""

    name: str
    calls_per_second: float
    failures_in_a_row: int
    paused_until: datetime | None
    pause_reason: str | None


class TrunkStore:
    """Trunks. Every method raises DatabaseUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ensure(self, name: str, calls_per_second: float) -> None:
        """Register the trunk, or update its calls per second."""
        async with self._database.connection() as connection:
            await connection.execute(*_ENSURE(name=name, calls_per_second=calls_per_second))

    async def failed(self, name: str, fault: TrunkFault) -> timedelta:
        """The carrier refused us or is away: let no call go out for a while; returns how long."""
        longer: Callable[[int], timedelta]
        longer = misconfigured_pause if isinstance(fault, TrunkMisconfigured) else busy_pause
        async with self._database.connection() as connection, connection.transaction():
            await connection.execute(*_LOCK(name=name))
            failures = await connection.fetchval(*_FAILURES(name=name)) or 0
            pause = longer(failures + 1)
            await connection.execute(
                *_PAUSE(name=name, seconds=pause.total_seconds(), reason=type(fault).__name__)
            )
        return pause

    async def works(self, name: str) -> None:
        """A call went through to somebody's phone: earlier failures do not count any more."""
        async with self._database.connection() as connection:
            await connection.execute(*_WORKS(name=name))

    async def list(self) -> list[Trunk]:
        """All trunks over which a dialler has worked."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(*_LIST())
        return [
            Trunk(
                row["name"],
                row["calls_per_second"],
                row["failures_in_a_row"],
                row["paused_until"],
                row["pause_reason"],
            )
            for row in rows
        ]
