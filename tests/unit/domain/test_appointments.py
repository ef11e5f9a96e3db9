"""Appointments: what can be offered, and what is refused in words for the caller."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from agent.domain.appointments import Opening, OpeningHours, free_slots, slot_at
from agent.errors import Refused
from tests.facts import NOON

BRUSSELS = ZoneInfo("Europe/Brussels")
HOURS = OpeningHours(
    week={
        day: (Opening(time(9), time(12)), Opening(time(13, 30), time(17, 15))) for day in range(5)
    },
    zone=BRUSSELS,
    slot_minutes=30,
    lead_minutes=60,
    horizon_days=14,
)


def _local(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=BRUSSELS)  # type: ignore[misc,arg-type]


def test_the_next_free_slots_come_soonest_first() -> None:
    # NOON is 14:00 in Brussels, and an hour's notice is needed.
    slots = free_slots(HOURS, {_local(2026, 9, 14, 15, 30)}, NOON, 5)
    assert [slot.starts_at.isoformat() for slot in slots] == [
        "2026-09-14T15:00:00+02:00",
        "2026-09-14T16:00:00+02:00",
        "2026-09-14T16:30:00+02:00",
        "2026-09-15T09:00:00+02:00",
        "2026-09-15T09:30:00+02:00",
    ]


def test_a_taken_slot_is_known_in_any_time_zone() -> None:
    taken = {_local(2026, 9, 14, 15, 0).astimezone(ZoneInfo("Asia/Tokyo"))}
    first = free_slots(HOURS, taken, NOON, 1)[0]
    assert first.starts_at == _local(2026, 9, 14, 15, 30)


def test_nothing_is_offered_on_closed_days_or_beyond_the_horizon() -> None:
    slots = free_slots(HOURS, set(), NOON, 1000)
    assert {slot.starts_at.weekday() for slot in slots} == {0, 1, 2, 3, 4}
    assert max(slot.starts_at for slot in slots) <= NOON + timedelta(days=14)


@pytest.mark.parametrize("minutes", [0, 30, 7 * 24 * 60])
def test_every_slot_that_is_offered_can_be_had(minutes: int) -> None:
    now = NOON + timedelta(minutes=minutes)
    for slot in free_slots(HOURS, set(), now, 50):
        assert slot_at(HOURS, slot.starts_at.astimezone(UTC), now) == slot


@pytest.mark.parametrize(
    ("starts_at", "why"),
    [
        (_local(2026, 9, 14, 10, 0), "in the past"),
        (_local(2026, 9, 14, 14, 30), "too soon"),
        (_local(2026, 9, 15, 12, 0), "outside our opening hours"),
        (_local(2026, 9, 15, 17, 0), "outside our opening hours"),
        (_local(2026, 9, 19, 10, 0), "outside our opening hours"),
        (_local(2026, 9, 15, 9, 10), "every 30 minutes"),
        (_local(2027, 9, 14, 10, 0), "too far ahead"),
        (datetime(2026, 9, 15, 10, 0), "time zone"),  # noqa: DTZ001
    ],
)
def test_a_time_that_cannot_be_had_is_refused_in_words(starts_at: datetime, why: str) -> None:
    with pytest.raises(Refused, match=why):
        slot_at(HOURS, starts_at, NOON)


def test_an_hour_that_summer_time_skips_is_not_offered() -> None:
    hours = OpeningHours({6: (Opening(time(1), time(4)),)}, BRUSSELS, slot_minutes=60)
    now = datetime(2026, 3, 28, 12, tzinfo=UTC)
    starts = [slot.starts_at for slot in free_slots(hours, set(), now, 2)]
    assert [start.isoformat() for start in starts] == [
        "2026-03-29T01:00:00+01:00",
        "2026-03-29T03:00:00+02:00",
    ]


def test_notice_is_counted_in_real_hours_in_the_night_the_clock_is_set_back() -> None:
    hours = OpeningHours({6: (Opening(time(0), time(6)),)}, BRUSSELS, slot_minutes=60)
    now = datetime(2026, 10, 24, 23, 30, tzinfo=UTC)  # 01:30 in Brussels, in summer time
    first = free_slots(hours, set(), now.astimezone(BRUSSELS), 1)[0]
    # 02:00 (the first one) is in half an hour; the next slot on the wall is 03:00, in 2.5 hours.
    assert first.starts_at.astimezone(UTC) == datetime(2026, 10, 25, 2, 0, tzinfo=UTC)
