"""Closing the record of a call whose process died before it could."""

from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from pathlib import Path
from uuid import UUID

from agent.domain.outbound_events import died
from agent.store.calls import CallStore
from agent.store.database import Database
from agent.store.query import query
from agent.store.spool import recover

_LOCK_SWEEP = query("calls/lock_sweep")
_OTHERS_IN_ROOM = query("calls/others_in_room")
_ABANDONED_CALLS = query("calls/abandoned")
_IS_OPEN = query("calls/is_open")


class CrashedCalls:
    """Writes the end that nobody else will. Every method raises DatabaseUnavailable.

    `database` needs two connections: a sweep holds one.
    """

    def __init__(self, database: Database, spool_dir: Path) -> None:
        self._database = database
        self._store = CallStore(database)
        self._spool_dir = spool_dir

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[bool]:
        """For the length of a sweep; False: another process sweeps at this moment.

        The lock is the transaction's, so that it works through a pooler and dies with us.
        """
        async with self._database.connection() as connection, connection.transaction():
            yield bool(await connection.fetchval(*_LOCK_SWEEP()))

    async def unfinished(self, before: datetime) -> Mapping[UUID, str]:
        """The room of each call that rang or was answered, began before then, has not ended."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(*_ABANDONED_CALLS(before=before))
        return {row["id"]: row["room_name"] for row in rows}

    async def others_in(self, room_name: str, calls: Collection[UUID]) -> bool:
        """Whether a call that has not ended, and is none of these, names this room."""
        async with self._database.connection() as connection:
            found: bool = await connection.fetchval(
                *_OTHERS_IN_ROOM(room_name=room_name, calls=list(calls))
            )
        return found

    async def close_crashed(self, call_id: UUID, at: datetime) -> bool:
        """Close the call as crashed at `at`; False if it has ended, or there is none.

        What its process left on this host's disk is read first: it may tell the true end. Doing
        it twice is doing it once.
        """
        await recover(self._spool_dir, self._store)
        async with self._database.connection() as connection:
            if not await connection.fetchval(*_IS_OPEN(call_id=call_id)):
                return False
        await self._store.append(died(call_id, at))
        return True
