"""Appointments in Postgres: the built-in Calendar. A slot is never given to two calls."""

from datetime import UTC, datetime
from uuid import UUID

import asyncpg

from agent.domain.appointments import Appointment, OpeningHours, TimeSlot, free_slots, slot_at
from agent.errors import Refused
from agent.store.database import Database
from agent.store.event_json import storable
from agent.store.query import query

_TAKEN_SLOTS = query("calendar/taken")
_BOOK = query("calendar/book")
_APPOINTMENT_AT = query("calendar/at")


class PostgresCalendar:
    """One diary, `name`, with its opening hours. Methods also raise DatabaseUnavailable."""

    def __init__(self, database: Database, hours: OpeningHours, *, name: str = "default") -> None:
        self._database = database
        self._hours = hours
        self._name = name

    async def free_slots(self, now: datetime, limit: int) -> list[TimeSlot]:
        """The next `limit` free slots, soonest first."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(*_TAKEN_SLOTS(calendar=self._name, since=now))
        return free_slots(self._hours, {row["starts_at"] for row in rows}, now, limit)

    async def book(
        self, call_id: UUID, starts_at: datetime, note: str, now: datetime
    ) -> Appointment:
        """Take a slot; the same call and slot again give the same appointment.

        Raises Refused: in the past, outside the hours, not on the grid, taken.
        """
        slot = slot_at(self._hours, starts_at, now)
        starts_at = slot.starts_at.astimezone(UTC)
        async with self._database.connection() as connection:
            row = await connection.fetchrow(
                *_BOOK(
                    calendar=self._name,
                    starts_at=starts_at,
                    minutes=slot.minutes,
                    call_id=call_id,
                    note=str(storable(note)),
                    now=now,
                )
            )
            # Who lost the race, or asks again because the answer was lost, looks who has it. Its
            # own statement: the one above does not see what was committed while it waited.
            row = row or await connection.fetchrow(
                *_APPOINTMENT_AT(calendar=self._name, starts_at=starts_at)
            )
        if row is None or row["call_id"] != call_id:
            raise Refused("that slot is already taken: offer another one")
        return appointment_from(row)


def appointment_from(row: asyncpg.Record) -> Appointment:
    """A row of `appointments`."""
    return Appointment(
        id=row["id"],
        call_id=row["call_id"],
        starts_at=row["starts_at"].astimezone(UTC),
        minutes=row["minutes"],
        note=row["note"],
    )
