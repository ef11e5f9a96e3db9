"""Appointments: free times are offered, and a slot is given to one call only."""

import asyncio
from datetime import datetime
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest

from agent.conversation import tools
from agent.domain.appointments import Appointment, TimeSlot
from agent.domain.calls import EventKind
from agent.errors import DatabaseUnavailable
from tests.scripted_llm import ToolCall
from tests.unit.conversation.fakes import NOW, MemoryCalendar
from tests.unit.conversation.scene import DEFAULT, Scene, opening_hours

BRUSSELS = ZoneInfo("Europe/Brussels")
TUESDAY_9 = "2026-03-03T09:00"


async def test_free_times_are_listed_and_one_is_booked() -> None:
    calendar = MemoryCalendar(opening_hours(DEFAULT))
    async with Scene(
        ToolCall("list_slots"),
        "Tuesday at nine or at ten?",
        ToolCall("book_appointment", starts_at=TUESDAY_9),
        "Booked for Tuesday.",
        calendar=calendar,
    ) as scene:
        assert await scene.caller_says("When can you come?") == ["Tuesday at nine or at ten?"]
        assert await scene.caller_says("At nine.") == ["Booked for Tuesday."]
        offered, booked = scene.told()
        assert offered.splitlines() == [
            "2026-03-03T09:00 = Tuesday 3 March, 09:00",
            "2026-03-03T10:00 = Tuesday 3 March, 10:00",
            "2026-03-03T11:00 = Tuesday 3 March, 11:00",
            "2026-03-03T13:00 = Tuesday 3 March, 13:00",
        ]
        assert booked == "booked: Tuesday 3 March, 09:00"
        (taken,) = calendar.booked.values()
        assert scene.facts.details(EventKind.APPOINTMENT_BOOKED) == [
            {"appointment_id": str(taken.id), "starts_at": "2026-03-03T08:00:00+00:00"}
        ]
        assert EventKind.APPOINTMENT_BOOKED in scene.facts.urgent


@pytest.mark.parametrize(
    ("starts_at", "told"),
    [
        ("2026-03-01T10:00", "not booked: that time is in the past"),
        ("2026-03-02T11:00", "not booked: that is too soon: we need 1200 minutes' notice"),
        ("2026-03-07T10:00", "not booked: that is outside our opening hours"),
        ("2026-03-03T12:00", "not booked: that is outside our opening hours"),
        ("2026-03-03T09:20", "not booked: appointments start every 60 minutes: offer a free slot"),
        ("2027-03-03T09:00", "not booked: that is too far ahead: we book up to 14 days ahead"),
    ],
)
async def test_a_time_that_cannot_be_had_is_refused_in_words_and_noted(
    starts_at: str, told: str
) -> None:
    calendar = MemoryCalendar(opening_hours(DEFAULT))
    async with Scene(
        ToolCall("book_appointment", starts_at=starts_at), "Another time?", calendar=calendar
    ) as scene:
        assert await scene.caller_says("Then, please.") == ["Another time?"]
        assert scene.told() == [told]
        assert calendar.booked == {}
        assert not scene.happened(EventKind.APPOINTMENT_BOOKED)
        (blocked,) = scene.facts.details(EventKind.REPLY_BLOCKED)
        assert blocked["what"] == "book_appointment"


@pytest.mark.parametrize(
    "starts_at",
    ["tomorrow", "2026-02-30T09:00", "2026-03-03T09:00Z", "0001-01-01T00:00", 1772528400],
)
async def test_a_time_that_is_none_is_refused_in_words(starts_at: object) -> None:
    async with Scene(ToolCall("book_appointment", starts_at=starts_at), "When?") as scene:
        assert await scene.caller_says("Then.") == ["When?"]
        (answer,) = scene.told()
        assert "internal error" not in answer
        assert not scene.happened(EventKind.APPOINTMENT_BOOKED)


async def test_a_slot_is_never_given_to_two_calls() -> None:
    calendar = MemoryCalendar(opening_hours(DEFAULT))
    await calendar.book(uuid4(), datetime(2026, 3, 3, 9, tzinfo=BRUSSELS), "", NOW)
    async with Scene(
        ToolCall("book_appointment", starts_at=TUESDAY_9),
        "That one is gone. Ten o'clock?",
        calendar=calendar,
    ) as scene:
        assert await scene.caller_says("Nine.") == ["That one is gone. Ten o'clock?"]
        assert scene.told() == ["not booked: that slot is already taken: offer another one"]


async def test_booking_the_same_slot_twice_in_one_call_makes_one_appointment() -> None:
    calendar = MemoryCalendar(opening_hours(DEFAULT))
    booking = ToolCall("book_appointment", starts_at=TUESDAY_9)
    async with Scene(booking, booking, "Booked.", calendar=calendar) as scene:
        await scene.caller_says("Nine.")
        assert len(calendar.booked) == 1
        ids = {each["appointment_id"] for each in scene.facts.details(EventKind.APPOINTMENT_BOOKED)}
        assert len(ids) == 1


class _Closed(MemoryCalendar):
    """Has nothing free."""

    async def free_slots(self, now: datetime, limit: int) -> list[TimeSlot]:
        return []


class _Down(MemoryCalendar):
    """Its database is away."""

    async def free_slots(self, now: datetime, limit: int) -> list[TimeSlot]:
        raise DatabaseUnavailable("Postgres does not answer")

    async def book(
        self, call_id: UUID, starts_at: datetime, note: str, now: datetime
    ) -> Appointment:
        raise DatabaseUnavailable("Postgres does not answer")


class _Slow(MemoryCalendar):
    """Never answers."""

    async def free_slots(self, now: datetime, limit: int) -> list[TimeSlot]:
        forever: asyncio.Future[list[TimeSlot]] = asyncio.get_running_loop().create_future()
        return await forever


async def test_when_nothing_is_free_the_model_is_told_to_agree_a_callback() -> None:
    async with Scene(
        ToolCall("list_slots"), "May we call back?", calendar=_Closed(opening_hours(DEFAULT))
    ) as scene:
        await scene.caller_says("When?")
        assert scene.told() == ["no time is free; agree a callback instead"]


@pytest.mark.parametrize(
    "call", [ToolCall("list_slots"), ToolCall("book_appointment", starts_at=TUESDAY_9)]
)
async def test_a_calendar_that_is_down_is_told_and_books_nothing(call: ToolCall) -> None:
    async with Scene(call, "May we call back?", calendar=_Down(opening_hours(DEFAULT))) as scene:
        assert await scene.caller_says("When?") == ["May we call back?"]
        assert scene.told() == ["the calendar cannot be reached; agree a callback instead"]
        assert not scene.happened(EventKind.APPOINTMENT_BOOKED)


async def test_nobody_waits_for_a_calendar_that_does_not_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tools, "_CALENDAR_SECONDS", 0.01)
    async with Scene(
        ToolCall("list_slots"), "May we call back?", calendar=_Slow(opening_hours(DEFAULT))
    ) as scene:
        assert await scene.caller_says("When?") == ["May we call back?"]
        assert scene.told() == ["the calendar cannot be reached; agree a callback instead"]
