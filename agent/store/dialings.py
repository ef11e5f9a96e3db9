"""The calls of attempts on their way out: dispatched, dialling, over. Each step exactly once.

    dispatched ──begin(): the one statement that lets a phone ring──► dialling ──finish()──► over
        └──────────── give_back() / refuse(): nobody was rung ───────────┘

Every step is a compare-and-set in one transaction with the facts of the call and the state of its
attempt, so that whatever is killed between two steps finds a whole state when it looks again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Self
from uuid import UUID

import asyncpg

from agent.domain.attempts import Attempt, AttemptOutcome, DialingState
from agent.domain.calls import CallEvent
from agent.domain.contactability import Rules
from agent.store.calls import append_within
from agent.store.database import Connection, Database
from agent.store.query import query

_BEGIN_TRY = query("dialings/begin_try")
_ADD_DIALING = query("dialings/add")
_LOCK_TRUNK = query("trunks/lock")
_BEGIN_DIALLING = query("dialings/may_dial")
_LOOK_AT_SLOT = query("dialings/look_at_slot")
_RENEW_SLOT = query("dialings/renew_slot")
_DIALLED = query("dialings/dialled")
_ANSWERED = query("dialings/answered")
_END_DIALING = query("dialings/end")
_END_ATTEMPT = query("attempts/end")
_REQUEUE = query("attempts/requeue")
_OPEN = query("dialings/open")
_FREE_CAPACITY = query("heartbeats/free_capacity")


class NotNow(StrEnum):
    """Why a call may not dial although its agent is ready. Nobody was rung."""

    TAKEN_BACK = "taken_back"
    """The dialler has given this call up: it is another's now."""
    OPTED_OUT = "opted_out"
    STOPPED = "stopped"
    TOO_OFTEN = "too_often"
    BUDGET = "budget"
    PAUSED = "paused"
    LATE = "late"
    """This process comes too late for every slot that it takes."""

    @property
    def is_final(self) -> bool:
        """Whether the attempt is over, rather than to be tried again."""
        return self in (NotNow.OPTED_OUT, NotNow.TOO_OFTEN, NotNow.BUDGET)


@dataclass(frozen=True, slots=True)
class Slot:
    """The slot this call has taken. Seconds count from the database's answer.

    >>> Slot(wait=0.3, usable=1.2, settled=True)  # answered at 10.00: dial from 10.30 to 11.20
    """

    wait: float
    """Dial after this time, not before."""
    usable: float
    """Nor later than this: the slot then stays empty, and `renew` takes another."""
    settled: bool
    """False: the call before this one has not reported its dialing yet, so `wait` may grow."""


@dataclass(frozen=True, slots=True)
class Again:
    """Try again `after` seconds from now, as the call `call_id`."""

    after: float
    call_id: UUID


@dataclass(frozen=True, slots=True)
class OpenDialing:
    """A call on its way out or going on. Seconds by the database's clock."""

    call_id: UUID
    attempt_id: UUID
    room_name: str
    trunk: str
    state: DialingState
    age: float
    """Since its agent was asked for; once it dials, since its slot."""
    answered: bool
    ended_for: float | None
    """Since its record says that it is over; None while it does not."""


class DialingStore:
    """Calls on their way out. Every method raises DatabaseUnavailable.

    `holder`: the job that acts, by LiveKit's id; None: the dialler and its reaper. A call that a
    job has let dial is that job's: another job's steps have no effect on it.
    """

    def __init__(self, database: Database, holder: str | None = None) -> None:
        self._database = database
        self._holder = holder

    def held_by(self, job_id: str) -> Self:
        """The same calls, for a job."""
        return type(self)(self._database, job_id)

    async def dispatch(
        self, attempt: Attempt, dialler_id: UUID, trunk: str, created: CallEvent
    ) -> bool:
        """Write the call down, before its agent is asked for.

        False when the attempt is not this dialler's any more, or its number is being called.
        """
        try:
            async with self._database.connection() as connection, connection.transaction():
                mine = await connection.fetchval(
                    *_BEGIN_TRY(
                        attempt_id=attempt.id, call_id=attempt.call_id, dialler_id=dialler_id
                    )
                )
                if mine is None:
                    return False
                await connection.execute(
                    *_ADD_DIALING(
                        call_id=attempt.call_id,
                        attempt_id=attempt.id,
                        number=attempt.request.number,
                        room_name=attempt.room_name,
                        trunk=trunk,
                    )
                )
                await append_within(connection, attempt.call_id, [created])
        except asyncpg.UniqueViolationError:
            return False
        return True

    async def begin(
        self, call_id: UUID, trunk: str, rules: Rules, seconds_per_call: float
    ) -> Slot | NotNow:
        """Let the call dial, if everything still allows it, and take the trunk's next slot.

        From here on the attempt is used up unless the trunk itself refuses.
        """
        async with self._database.connection() as connection, connection.transaction():
            await connection.execute(*_LOCK_TRUNK(name=trunk))
            row = await connection.fetchrow(
                *_BEGIN_DIALLING(
                    call_id=call_id,
                    calls_a_day=rules.calls_per_number_per_day,
                    minutes_a_day=rules.minutes_a_day,
                    spacing=seconds_per_call,
                    holder=self._holder,
                )
            )
        return _slot(row)

    async def look(self, call_id: UUID) -> Slot | NotNow:
        """The slot as it stands, or what has come in between since `begin`."""
        async with self._database.connection() as connection:
            return _slot(
                await connection.fetchrow(*_LOOK_AT_SLOT(call_id=call_id, holder=self._holder))
            )

    async def renew(self, call_id: UUID, trunk: str, seconds_per_call: float) -> Slot | NotNow:
        """Another slot for a call that came too late for its own and has not dialled."""
        async with self._database.connection() as connection, connection.transaction():
            await connection.execute(*_LOCK_TRUNK(name=trunk))
            row = await connection.fetchrow(
                *_RENEW_SLOT(call_id=call_id, spacing=seconds_per_call, holder=self._holder)
            )
        return _slot(row)

    async def dialled(self, call_id: UUID) -> None:
        """The call dials now. Said at once: another one waits for it."""
        async with self._database.connection() as connection:
            await connection.execute(*_DIALLED(call_id=call_id, holder=self._holder))

    async def answered(self, call_id: UUID) -> None:
        """Somebody picked up."""
        async with self._database.connection() as connection:
            await connection.execute(*_ANSWERED(call_id=call_id, holder=self._holder))

    async def finish(self, call_id: UUID, events: Sequence[CallEvent] = ()) -> bool:
        """The call is over and may have rung: its attempt is done. False: it was over before."""
        return await self._end(call_id, events, returned=False, outcome=AttemptOutcome.RANG)

    async def refuse(
        self,
        call_id: UUID,
        events: Sequence[CallEvent],
        why: str,
        *,
        only_if: DialingState | None = None,
    ) -> bool:
        """A rule forbade the call at the last moment: nobody was rung, and nobody will be."""
        return await self._end(
            call_id,
            events,
            returned=True,
            outcome=AttemptOutcome.REFUSED,
            why=why,
            only_if=only_if,
        )

    async def give_back(
        self,
        call_id: UUID,
        events: Sequence[CallEvent],
        why: str,
        again: Again | None,
        *,
        only_if: DialingState | None = None,
    ) -> bool:
        """Nobody can have been rung: the attempt is tried again, or given up without `again`.

        False when the call was over before, or is not in the state `only_if`.
        """
        return await self._end(
            call_id,
            events,
            returned=True,
            outcome=AttemptOutcome.GAVE_UP,
            why=why,
            again=again,
            only_if=only_if,
        )

    async def open(self) -> list[OpenDialing]:
        """Every call on its way out or going on, oldest first."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(*_OPEN())
        return [
            OpenDialing(
                call_id=row["call_id"],
                attempt_id=row["attempt_id"],
                room_name=row["room_name"],
                trunk=row["trunk"],
                state=DialingState(row["state"]),
                age=row["age"],
                answered=row["answered"],
                ended_for=row["ended_for"] if row["ended"] else None,
            )
            for row in rows
        ]

    async def free_capacity(self, agent_name: str, live_seconds: float) -> int:
        """How many more calls the agent's workers of the last `live_seconds` can take now."""
        async with self._database.connection() as connection:
            free: int = await connection.fetchval(
                *_FREE_CAPACITY(agent=agent_name, live_seconds=live_seconds)
            )
        return free

    async def _end(
        self,
        call_id: UUID,
        events: Sequence[CallEvent],
        *,
        returned: bool,
        outcome: AttemptOutcome,
        why: str | None = None,
        again: Again | None = None,
        only_if: DialingState | None = None,
    ) -> bool:
        async with self._database.connection() as connection, connection.transaction():
            attempt_id = await connection.fetchval(
                *_END_DIALING(
                    call_id=call_id, returned=returned, only_if=only_if, holder=self._holder
                )
            )
            if attempt_id is None:
                return False
            await _move_attempt(connection, attempt_id, call_id, outcome, why, again)
            await append_within(connection, call_id, events)
        return True


def _slot(row: asyncpg.Record | None) -> Slot | NotNow:
    if row is not None and row["refusal"] is not None:
        return NotNow(row["refusal"])
    if row is None or row["wait"] is None:
        return NotNow.TAKEN_BACK
    return Slot(row["wait"], row["usable"], row["settled"])


async def _move_attempt(
    connection: Connection,
    attempt_id: UUID,
    of_call: UUID,
    outcome: AttemptOutcome,
    why: str | None,
    again: Again | None,
) -> None:
    if again is not None:
        await connection.execute(
            *_REQUEUE(
                attempt_id=attempt_id,
                after=again.after,
                call_id=again.call_id,
                why=why,
                dialler_id=None,
                of_call=of_call,
            )
        )
    else:
        await connection.execute(
            *_END_ATTEMPT(
                attempt_id=attempt_id, outcome=outcome, why=why, dialler_id=None, of_call=of_call
            )
        )
