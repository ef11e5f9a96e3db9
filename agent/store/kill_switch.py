"""The kill switch: whether anything may dial, who stopped it and why; and what else prevents it.

    await switch.stop("the carrier called"); await switch.resume()
    problems = await switch.why_no_dialling()     # before a call is asked for: empty, or in words

The statement that dials reads the switch itself (queries/dialings/may_dial.sql).
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from agent.store.database import Database
from agent.store.heartbeats import HeartbeatStore, ProcessKind
from agent.store.query import query

_NAME = "dialling"
_SHOW = query("kill_switch/show")
_SET = query("kill_switch/set")
_UNPAUSE = query("trunks/unpause")
_NOTIFY = query("attempts/notify")


@dataclass(frozen=True, slots=True)
class Switch:
    """The kill switch as it stands: whether dialing is stopped, since when and why."""

    stopped: bool
    since: datetime
    reason: str


class KillSwitchStore:
    """Stops and resumes all dialing. Every method raises DatabaseUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def show(self) -> Switch:
        """The switch as it stands."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(*_SHOW(name=_NAME))
        assert row is not None, "the migration makes it"
        return Switch(row["stopped"], row["since"].astimezone(UTC), row["reason"])

    async def stop(self, reason: str) -> None:
        """No call goes out from now on, whoever asked for it. Those that wait are not lost."""
        async with self._database.connection() as connection:
            await connection.execute(*_SET(name=_NAME, stopped=True, reason=reason))

    async def resume(self) -> None:
        """Calls go out again, pauses of trunks included: a person has looked."""
        async with self._database.connection() as connection, connection.transaction():
            await connection.execute(*_SET(name=_NAME, stopped=False, reason=""))
            await connection.execute(*_UNPAUSE())
            await connection.execute(*_NOTIFY())

    async def why_no_dialling(self) -> list[str]:
        """What keeps a call that is asked for now from being placed soon; empty: nothing does."""
        kinds = {process.kind for process in await HeartbeatStore(self._database).live()}
        problems = []
        if ProcessKind.DIALER not in kinds:
            problems.append("no dialler is running: start `python agent.py dialer`")
        if ProcessKind.WORKER not in kinds:
            problems.append("no worker is running: start `python agent.py start`")
        if (await self.show()).stopped:
            problems.append(
                "dialling was stopped by hand: `python agent.py calls stop-all --resume`"
            )
        return problems
