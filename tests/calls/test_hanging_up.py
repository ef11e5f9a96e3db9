"""Callers who hang up: while it rings, and while a tool is at work."""

from collections.abc import Awaitable

import pytest

from agent.domain.calls import EventKind
from agent.domain.dispositions import Disposition, Reason
from agent.local.scenarios.agent_rules import Branch, FromOutput, Rule
from agent.store.calls import CallDetail
from tests.calls.call_centre import CallCentre, Line, until

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="package")]

# The last of the times that are offered, so that no other call wants it.
BOOKS = Rule(
    id="books",
    when="visit",
    call={"list_slots": {}},
    then=(
        Branch(
            call={"book_appointment": {"starts_at": FromOutput(match=r"(?s).*(\d{4}-\S+) =")}},
            then=(Branch(say="Your visit is booked."),),
        ),
    ),
)

TAKE_EVERY_SLOT = """
    insert into appointments (calendar, starts_at, minutes, call_id, note, booked_at)
    select 'default', at, 60, gen_random_uuid(), '', now()
    from generate_series(
        date_trunc('hour', now()) + interval '1 day', now() + interval '20 days', interval '1 hour'
    ) at
    on conflict do nothing"""


@pytest.mark.call(0)
async def test_who_hangs_up_before_the_agent_is_there_is_in_the_record(line: Line) -> None:
    async with line.call() as caller:
        await caller.hangs_up()
    call = await caller.record()
    assert call.record.outcome is not None
    assert call.record.outcome.disposition is Disposition.HUNG_UP
    assert call.record.outcome.reason is Reason.WHILE_RINGING
    assert not [entry for entry in line.logged() if entry["event"] == "call_crashed"]


@pytest.mark.call(0)
async def test_who_hangs_up_while_it_rings_is_in_the_record(line: Line) -> None:
    async with line.call() as caller:
        await until(
            lambda: _is_written(caller.record_so_far()), "the call is written down", every=0.01
        )
        await caller.hangs_up()
    call = await caller.record()
    assert call.record.outcome is not None
    assert call.record.outcome.disposition is Disposition.HUNG_UP
    assert call.record.outcome.reason in (Reason.WHILE_RINGING, Reason.DURING_DISCLOSURE)


async def test_who_hangs_up_while_a_tool_waits_gets_no_appointment_and_a_whole_record(
    line: Line, centre: CallCentre, calendar: None
) -> None:
    async with centre.database.connection() as other:
        taking = other.transaction()
        await taking.start()
        async with line.call(BOOKS) as caller:
            await caller.hears("help you")
            # Somebody else is about to take every slot: whoever wants one waits for them.
            await other.execute(TAKE_EVERY_SLOT)
            await caller.says("I would like to have a visit.")
            await until(lambda: _somebody_waits(centre), "the tool waits for the slot")
            await caller.hangs_up()
        call = await caller.record()
        await taking.rollback()
    assert call.record.outcome is not None
    assert call.record.outcome.disposition is Disposition.HUNG_UP
    assert call.record.outcome.reason is Reason.MID_CONVERSATION
    assert EventKind.APPOINTMENT_BOOKED not in [event.kind for event in call.events]
    assert not await _somebody_waits(centre), "the tool still wants its slot"
    again = await centre.store.show(call.record.id)
    assert again.appointment is None


@pytest.mark.slow
async def test_an_appointment_that_the_caller_did_not_wait_for_is_in_the_calendar_and_the_record(
    line: Line, centre: CallCentre, calendar: None
) -> None:
    async with centre.database.connection() as other:
        taking = other.transaction()
        await taking.start()
        async with line.call(BOOKS) as caller:
            await caller.hears("help you")
            await other.execute(TAKE_EVERY_SLOT)
            await caller.says("I would like to have a visit.")
            await until(lambda: _somebody_waits(centre), "the tool waits for the slot")
            await caller.hangs_up()
            await taking.rollback()
    call = await caller.record()
    assert call.record.outcome is not None
    assert call.record.outcome.disposition is Disposition.CONVERTED
    assert call.appointment is not None
    assert call.appointment.starts_at == call.record.facts.appointment_at


async def _is_written(call: Awaitable[CallDetail | None]) -> bool:
    return await call is not None


async def _somebody_waits(centre: CallCentre) -> bool:
    async with centre.database.connection() as connection:
        return bool(
            await connection.fetchval(
                "select count(*) from pg_stat_activity"
                " where wait_event_type = 'Lock' and query like '%appointments%'"
            )
        )
