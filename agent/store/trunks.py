"""The state of trunks: their pace, and pauses after the carrier refused us. And the kill switch."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from agent.domain.attempts import busy_pause, misconfigured_pause
from agent.errors import TrunkBusy, TrunkDown, TrunkMisconfigured
from agent.store.database import Database
from agent.store.queries import query

DIALLING = "dialling"
"""The name of the kill switch."""

TrunkFault = TrunkBusy | TrunkDown | TrunkMisconfigured

_ENSURE = query("trunks/ensure")
_FAILURES = query("trunks/failures")
_PAUSE = query("trunks/pause")
_WORKS = query("trunks/works")
_LIST = query("trunks/list")
_UNPAUSE = query("trunks/unpause")
_LOCK = query("trunks/lock")
_SWITCH = query("kill_switch/show")
_SET_SWITCH = query("kill_switch/set")
_NOTIFY = query("attempts/notify")


@dataclass(frozen=True, slots=True)
class Trunk:
    """A trunk as it stands. `paused_until` None: it takes calls."""

    name: str
    calls_per_second: float
    failures_in_a_row: int
    paused_until: datetime | None
    pause_reason: str | None


@dataclass(frozen=True, slots=True)
class Switch:
    """The kill switch: whether dialling is stopped, since when and why."""

    stopped: bool
    since: datetime
    reason: str


class TrunkStore:
    """Trunks and the switch. Every method raises DatabaseUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ensure(self, name: str, calls_per_second: float) -> None:
        """Make the trunk known, or its pace another one."""
        async with self._database.connection() as connection:
            await connection.execute(_ENSURE, name, calls_per_second)

    async def failed(self, name: str, fault: TrunkFault) -> timedelta:
        """The carrier refused us or is away: let no call go out for a while; returns how long."""
        longer: Callable[[int], timedelta]
        longer = misconfigured_pause if isinstance(fault, TrunkMisconfigured) else busy_pause
        async with self._database.connection() as connection, connection.transaction():
            await connection.execute(_LOCK, name)
            failures = await connection.fetchval(_FAILURES, name) or 0
            pause = longer(failures + 1)
            reason = type(fault).__name__
            await connection.execute(_PAUSE, name, pause.total_seconds(), reason)
        return pause

    async def works(self, name: str) -> None:
        """A call went through to somebody's phone: earlier failures do not count any more."""
        async with self._database.connection() as connection:
            await connection.execute(_WORKS, name)

    async def list(self) -> list[Trunk]:
        """All trunks over which a dialler has worked."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_LIST)
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

    async def switch(self) -> Switch:
        """The kill switch as it stands."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_SWITCH, DIALLING)
        assert row is not None, "the migration makes it"
        return Switch(row["stopped"], row["since"], row["reason"])

    async def stop_dialling(self, reason: str) -> None:
        """No call goes out from now on, whoever wants it. Those that wait are not lost."""
        async with self._database.connection() as connection:
            await connection.execute(_SET_SWITCH, DIALLING, True, reason)

    async def resume_dialling(self) -> None:
        """Calls go out again, pauses of trunks included: a person has looked."""
        async with self._database.connection() as connection, connection.transaction():
            await connection.execute(_SET_SWITCH, DIALLING, False, "")
            await connection.execute(_UNPAUSE)
            await connection.execute(_NOTIFY)
