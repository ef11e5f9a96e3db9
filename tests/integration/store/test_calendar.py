"""Appointments in a real Postgres: a slot is never given to two calls."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, time, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from agent.domain.appointments import Appointment, Calendar, Opening, OpeningHours
from agent.errors import Refused
from agent.store.calendar import PostgresCalendar
from agent.store.calls import CallStore
from agent.store.database import Database
from tests.facts import NOON, Story

HOURS = OpeningHours({day: (Opening(time(9), time(17)),) for day in range(5)}, ZoneInfo("UTC"))
TUESDAY_TEN = datetime(2026, 9, 15, 10, tzinfo=UTC)


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    async with Database(dsn) as database:
        yield database


@pytest.fixture
def calendar(database: Database) -> Calendar:
    return PostgresCalendar(database, HOURS)


async def test_a_booked_slot_is_offered_to_nobody_else(calendar: Calendar) -> None:
    first, second = await calendar.free_slots(NOON, 2)
    call_id = uuid4()
    booked = await calendar.book(call_id, first.starts_at, "wants a visit", NOON)
    assert booked == Appointment(booked.id, call_id, first.starts_at, 30, "wants a visit")
    assert (await calendar.free_slots(NOON, 1)) == [second]
    with pytest.raises(Refused, match="already taken"):
        await calendar.book(uuid4(), first.starts_at, "", NOON)


async def test_of_many_calls_that_want_one_slot_at_once_one_gets_it(dsn: str) -> None:
    databases = [Database(dsn) for _ in range(8)]
    answers = await asyncio.gather(
        *(
            PostgresCalendar(database, HOURS).book(uuid4(), TUESDAY_TEN, "", NOON)
            for database in databases
        ),
        return_exceptions=True,
    )
    for database in databases:
        await database.close()
    assert sum(isinstance(answer, Appointment) for answer in answers) == 1
    assert sum(isinstance(answer, Refused) for answer in answers) == 7


async def test_asking_again_for_the_own_slot_gives_the_same_appointment(
    calendar: Calendar,
) -> None:
    call_id = uuid4()
    first = await calendar.book(call_id, TUESDAY_TEN, "", NOON)
    assert await calendar.book(call_id, TUESDAY_TEN, "", NOON) == first


async def test_two_diaries_do_not_know_each_other(database: Database) -> None:
    for name in ("north", "south"):
        await PostgresCalendar(database, HOURS, name=name).book(uuid4(), TUESDAY_TEN, "", NOON)


@pytest.mark.parametrize("starts_at", [NOON - timedelta(days=1), NOON + timedelta(hours=30)])
async def test_what_cannot_be_had_is_refused(calendar: Calendar, starts_at: datetime) -> None:
    with pytest.raises(Refused):
        await calendar.book(uuid4(), starts_at, "", NOON)


async def test_the_appointment_is_shown_with_its_call(
    calendar: Calendar, database: Database
) -> None:
    call = Story()
    store = CallStore(database)
    await store.append([call.created()])
    booked = await calendar.book(call.call_id, TUESDAY_TEN, "\0note", NOON)
    assert booked.note == "note"
    assert (await store.show(call.call_id)).appointment == booked
