"""Appointments: when we are open, which slots are free, and who may have one.

>>> week = {day: (Opening(time(9), time(12)),) for day in range(5)}
>>> hours = OpeningHours(week, ZoneInfo("Europe/Brussels"), slot_minutes=30)
>>> slots = free_slots(hours, taken=set(), now=now, limit=3)
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from agent.errors import Refused


@dataclass(frozen=True, slots=True)
class Opening:
    """From `start` up to `end` on one day, local time. The last slot ends by `end`."""

    start: time
    end: time


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """When appointments can be had.

    `week`: weekday (0 is Monday) to its openings; a day that is not there is closed.
    `lead_minutes`: how soon at the earliest; `horizon_days`: how far ahead at the latest.
    """

    week: Mapping[int, tuple[Opening, ...]]
    zone: ZoneInfo
    slot_minutes: int = 30
    lead_minutes: int = 60
    horizon_days: int = 21


@dataclass(frozen=True, slots=True)
class TimeSlot:
    """A time that can be offered. `starts_at` in the calendar's own zone, fit to be spoken."""

    starts_at: datetime
    minutes: int


@dataclass(frozen=True, slots=True)
class Appointment:
    """A booked slot. `starts_at` is UTC."""

    id: UUID
    call_id: UUID
    starts_at: datetime
    minutes: int
    note: str = ""


class Calendar(Protocol):
    """Where appointments are kept. Never gives one slot to two calls."""

    async def free_slots(self, now: datetime, limit: int) -> list[TimeSlot]:
        """The next `limit` free slots, soonest first."""
        ...

    async def book(
        self, call_id: UUID, starts_at: datetime, note: str, now: datetime
    ) -> Appointment:
        """Take the slot that starts at `starts_at` (aware).

        The same call asking for the same slot again gets the same appointment. Raises Refused
        (in the past, outside the hours, not on the grid, taken) with a reason fit to be told.
        """
        ...


class MemoryCalendar:
    """A Calendar of one process, empty at first: what a test call books is gone with it."""

    def __init__(self, hours: OpeningHours, new_id: Callable[[], UUID]) -> None:
        self._hours = hours
        self._new_id = new_id
        self.booked: dict[datetime, Appointment] = {}

    async def free_slots(self, now: datetime, limit: int) -> list[TimeSlot]:
        """See `Calendar`."""
        return free_slots(self._hours, self.booked.keys(), now, limit)

    async def book(
        self, call_id: UUID, starts_at: datetime, note: str, now: datetime
    ) -> Appointment:
        """See `Calendar`."""
        slot = slot_at(self._hours, starts_at, now)
        start = slot.starts_at.astimezone(UTC)
        if (taken := self.booked.get(start)) is not None:
            if taken.call_id == call_id:
                return taken
            raise Refused("that slot is already taken: offer another one")
        made = Appointment(self._new_id(), call_id, start, slot.minutes, note)
        self.booked[start] = made
        return made


def free_slots(
    hours: OpeningHours, taken: Collection[datetime], now: datetime, limit: int
) -> list[TimeSlot]:
    """The next `limit` slots that nobody has, soonest first. `taken` are starts, aware."""
    busy = {start.astimezone(UTC) for start in taken}
    slots: list[TimeSlot] = []
    for slot in _slots(hours, now):
        if len(slots) >= limit:
            break
        if slot.starts_at.astimezone(UTC) not in busy:
            slots.append(slot)
    return slots


def slot_at(hours: OpeningHours, starts_at: datetime, now: datetime) -> TimeSlot:
    """The slot that starts at `starts_at`, taken or not.

    Raises Refused, in words that can be told to the caller, when there is no such slot.
    """
    if starts_at.tzinfo is None:
        raise Refused("the time must name its time zone")
    # Compared in UTC: two times of one zone would be compared by the clock on the wall, which goes
    # wrong in the night in which it is set back.
    now, moment = now.astimezone(UTC), starts_at.astimezone(UTC)
    if moment <= now:
        raise Refused("that time is in the past")
    if moment < now + timedelta(minutes=hours.lead_minutes):
        raise Refused(f"that is too soon: we need {hours.lead_minutes} minutes' notice")
    if moment > now + timedelta(days=hours.horizon_days):
        raise Refused(f"that is too far ahead: we book up to {hours.horizon_days} days ahead")
    local = starts_at.astimezone(hours.zone)
    openings = hours.week.get(local.weekday(), ())
    day = [slot for opening in openings for slot in _slots_of(hours, opening, local)]
    for slot in day:
        if slot.starts_at.astimezone(UTC) == moment:
            return slot
    if any(_covers(slot, moment) for slot in day):
        raise Refused(f"appointments start every {hours.slot_minutes} minutes: offer a free slot")
    raise Refused("that is outside our opening hours")


def _slots(hours: OpeningHours, now: datetime) -> Iterator[TimeSlot]:
    earliest = now.astimezone(UTC) + timedelta(minutes=hours.lead_minutes)
    latest = now.astimezone(UTC) + timedelta(days=hours.horizon_days)
    today = now.astimezone(hours.zone)
    for days in range(hours.horizon_days + 1):
        day = today + timedelta(days=days)
        for opening in sorted(hours.week.get(day.weekday(), ()), key=lambda each: each.start):
            for slot in _slots_of(hours, opening, day):
                if earliest <= slot.starts_at.astimezone(UTC) <= latest:
                    yield slot


def _slots_of(hours: OpeningHours, opening: Opening, day: datetime) -> Iterator[TimeSlot]:
    """The slots of one opening, counted on the wall clock; those that DST skips are left out."""
    length = timedelta(minutes=hours.slot_minutes)
    start = datetime.combine(day.date(), opening.start)
    end = datetime.combine(day.date(), opening.end)
    while start + length <= end:
        local = start.replace(tzinfo=hours.zone)
        if local.astimezone(UTC).astimezone(hours.zone).replace(tzinfo=None) == start:
            yield TimeSlot(local, hours.slot_minutes)
        start += length


def _covers(slot: TimeSlot, moment: datetime) -> bool:
    start = slot.starts_at.astimezone(UTC)
    return start <= moment < start + timedelta(minutes=slot.minutes)
