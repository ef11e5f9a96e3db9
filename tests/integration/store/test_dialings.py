"""The one door out, in a real Postgres: what may dial, when, and that it does so once."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count, pairwise
from uuid import UUID, uuid4

import pytest

from agent.domain import outbound_events
from agent.domain.attempts import (
    Attempt,
    AttemptOutcome,
    AttemptState,
    Basis,
    CallRequest,
    DialingState,
    Origin,
    seconds_per_call,
)
from agent.domain.calls import CallEvent, EventKind, Source
from agent.domain.contactability import Decision, Rules
from agent.domain.dispositions import Disposition, Reason
from agent.domain.phone_numbers import PhoneNumber, parse
from agent.errors import TrunkBusy, TrunkMisconfigured
from agent.store.attempts import AttemptStore
from agent.store.calls import CallStore
from agent.store.database import Database
from agent.store.dialings import Again, DialingStore, NotNow, Slot
from agent.store.kill_switch import KillSwitchStore
from agent.store.opt_outs import OptOutList
from agent.store.trunks import TrunkStore
from tests.facts import NOON

TRUNK = "trunk"
ME = UUID(int=1)
RULES = Rules(
    allowed_countries=frozenset({"BE"}),
    own_numbers=frozenset(),
    calls_per_number_per_day=3,
    daily_budget=None,
    price_per_minute=5,
)
FAST = seconds_per_call(1000)
_numbers = count(1000)


class Office:
    """All stores over one database, and the way to a dispatched call."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.attempts = AttemptStore(database)
        self.dialings = DialingStore(database)
        self.trunks = TrunkStore(database)
        self.kill_switch = KillSwitchStore(database)
        self.opt_outs = OptOutList(database)
        self.calls = CallStore(database)

    async def wished(self, number: PhoneNumber | None = None) -> Attempt:
        request = CallRequest(
            Origin.CLI, number or parse(f"+3247055{next(_numbers)}"), Basis.CONSENT, NOON
        )
        return await self.attempts.add(request, attempt_id=uuid4(), call_id=uuid4(), now=NOON)

    async def dispatched(self, number: PhoneNumber | None = None) -> Attempt:
        wished = await self.wished(number)
        (claimed,) = await self.attempts.claim(ME, 1, TRUNK)
        assert claimed.id == wished.id
        assert await self.send(claimed)
        return claimed

    async def send(self, attempt: Attempt) -> bool:
        created = outbound_events.created(
            attempt,
            NOON,
            our_number="+3226010500",
            playbook="default",
            language="en",
            required_questions=(),
        )
        return await self.dialings.dispatch(attempt, ME, TRUNK, created)

    async def begin(self, attempt: Attempt, rules: Rules = RULES) -> Slot | NotNow:
        return await self.dialings.begin(attempt.call_id, TRUNK, rules, FAST)

    async def execute(self, statement: str) -> None:
        async with self.database.connection() as connection:
            await connection.execute(statement)


@pytest.fixture
async def office(dsn: str) -> AsyncIterator[Office]:
    async with Database(dsn, max_size=8) as database:
        office = Office(database)
        await office.trunks.ensure(TRUNK, 1000)
        yield office


async def test_a_call_is_on_record_before_its_agent_is_asked_for(office: Office) -> None:
    attempt = await office.dispatched()
    (record,) = await office.calls.recent()
    assert (record.id, record.to_number) == (attempt.call_id, attempt.request.number)
    assert record.outcome is None
    (dialing,) = await office.dialings.open()
    assert (dialing.state, dialing.room_name) == (DialingState.DISPATCHED, attempt.room_name)
    assert (await office.attempts.show(attempt.id)).tries == 1


async def test_only_the_first_of_many_that_begin_gets_through(office: Office) -> None:
    attempt = await office.dispatched()
    got = await asyncio.gather(*(office.begin(attempt) for _ in range(8)))
    assert [isinstance(each, Slot) for each in got].count(True) == 1
    assert got.count(NotNow.TAKEN_BACK) == 7


async def test_of_the_reaper_and_the_late_agent_one_has_its_way(office: Office) -> None:
    for _ in range(10):
        attempt = await office.dispatched()
        begun, taken = await asyncio.gather(
            office.begin(attempt),
            office.dialings.give_back(
                attempt.call_id,
                [
                    outbound_events.not_connected(
                        attempt.call_id, NOON, Source.DIALER, Reason.NO_AGENT
                    )
                ],
                Reason.NO_AGENT,
                None,
                only_if=DialingState.DISPATCHED,
            ),
        )
        assert isinstance(begun, Slot) is not taken
        if isinstance(begun, Slot):
            await office.dialings.finish(attempt.call_id)


async def test_an_opt_out_at_the_last_moment_counts(office: Office) -> None:
    attempt = await office.dispatched()
    await office.opt_outs.add([attempt.request.number], source="voice", at=NOON)
    assert await office.begin(attempt) is NotNow.OPTED_OUT


async def test_an_opt_out_counts_also_for_who_waited_at_the_door(office: Office) -> None:
    attempt = await office.dispatched()
    async with office.database.connection() as other, other.transaction():
        await other.execute("select from trunks for update")
        waiting = asyncio.create_task(office.begin(attempt))
        await _until_somebody_waits(office)
        await office.opt_outs.add([attempt.request.number], source="voice", at=NOON)
    assert await waiting is NotNow.OPTED_OUT


async def test_nothing_dials_while_stopped_or_paused(office: Office) -> None:
    attempt = await office.dispatched()
    await office.kill_switch.stop("test")
    assert await office.begin(attempt) is NotNow.STOPPED
    await office.kill_switch.resume()
    await office.trunks.failed(TRUNK, TrunkMisconfigured("credentials"))
    assert await office.begin(attempt) is NotNow.PAUSED
    await office.trunks.works(TRUNK)
    assert isinstance(await office.begin(attempt), Slot)


async def test_a_stop_is_seen_by_who_already_has_a_slot(office: Office) -> None:
    attempt = await office.dispatched()
    assert isinstance(await office.begin(attempt), Slot)
    assert isinstance(await office.dialings.look(attempt.call_id), Slot)
    await office.kill_switch.stop("test")
    assert await office.dialings.look(attempt.call_id) is NotNow.STOPPED


async def test_a_number_is_rung_so_often_a_day_whoever_wants_it(office: Office) -> None:
    number = parse("+32479202020")
    for _ in range(3):
        attempt = await office.dispatched(number)
        assert isinstance(await office.begin(attempt), Slot)
        await office.dialings.finish(attempt.call_id)
    assert await office.begin(await office.dispatched(number)) is NotNow.TOO_OFTEN


async def test_what_rang_nobody_does_not_count_against_the_number(office: Office) -> None:
    number = parse("+32479202020")
    for _ in range(5):
        attempt = await office.dispatched(number)
        assert isinstance(await office.begin(attempt), Slot)
        await office.dialings.give_back(attempt.call_id, [], Reason.TRUNK_BUSY, None)


async def test_the_budget_is_looked_at_by_the_statement_that_dials(office: Office) -> None:
    rules = replace(RULES, daily_budget=10)  # two minutes
    for _ in range(2):
        attempt = await office.dispatched()
        assert isinstance(await office.begin(attempt, rules), Slot)
    assert await office.begin(await office.dispatched(), rules) is NotNow.BUDGET
    await office.execute("update dialings set dialling_at = dialling_at - interval '1 day'")
    assert isinstance(await office.begin(await office.dispatched(), rules), Slot)


async def test_a_number_that_is_being_called_is_not_called_a_second_time(office: Office) -> None:
    number = parse("+32479202020")
    first = await office.wished(number)
    second = await office.wished(number)
    claimed = await office.attempts.claim(ME, 2, TRUNK)
    assert {each.id for each in claimed} == {first.id, second.id}
    assert await office.send(claimed[0])
    assert not await office.send(claimed[1])
    await office.attempts.requeue(
        claimed[1].id, after=0, call_id=uuid4(), why="busy", claimed_by=ME
    )
    assert await office.attempts.claim(ME, 2, TRUNK) == []
    await office.dialings.finish(claimed[0].call_id)
    assert len(await office.attempts.claim(ME, 2, TRUNK)) == 1


async def test_slots_of_all_takers_lie_apart_and_no_second_holds_too_many(
    office: Office,
) -> None:
    rate = 20
    attempts = [await office.dispatched() for _ in range(40)]
    await asyncio.gather(
        *(
            office.dialings.begin(each.call_id, TRUNK, RULES, seconds_per_call(rate))
            for each in attempts
        )
    )
    async with office.database.connection() as connection:
        rows = await connection.fetch(
            "select slot_at, slot_at <= dialling_at as was_free from dialings order by slot_at"
        )
    slots = [row["slot_at"].timestamp() for row in rows]
    assert len(slots) == 40
    assert all(late - early >= 1 / rate for early, late in pairwise(slots))
    assert all(sum(at <= other < at + 1 for other in slots) <= rate for at in slots)
    # 0.98 of the rate, and whatever is missing is the takers': who came late found a free slot.
    gaps = zip(pairwise(slots), rows[1:], strict=True)
    assert all(late - early <= 1 / rate / 0.98 or row["was_free"] for (early, late), row in gaps)


async def test_a_call_per_second_is_one_slot_in_every_window(office: Office) -> None:
    attempts = [await office.dispatched() for _ in range(5)]
    began = time.monotonic()
    got = await asyncio.gather(
        *(
            office.dialings.begin(each.call_id, TRUNK, RULES, seconds_per_call(1))
            for each in attempts
        )
    )
    took = time.monotonic() - began  # each waits from when it asked
    waits = sorted(each.wait for each in got if isinstance(each, Slot))
    assert len(waits) == 5
    assert waits[-1] > 3.9 - took
    async with office.database.connection() as connection:
        rows = await connection.fetch("select slot_at from dialings order by slot_at")
    slots = [row["slot_at"].timestamp() for row in rows]
    assert all(late - early >= 1 for early, late in pairwise(slots))


async def test_a_finished_call_uses_its_attempt_up(office: Office) -> None:
    attempt = await office.dispatched()
    await office.begin(attempt)
    busy = outbound_events.not_connected(
        attempt.call_id, NOON, Source.WORKER, "", sip_code=486, sip_status="Busy Here"
    )
    assert await office.dialings.finish(attempt.call_id, [busy])
    assert not await office.dialings.give_back(attempt.call_id, [], "late", None)
    done = await office.attempts.show(attempt.id)
    assert (done.state, done.outcome) == (AttemptState.DONE, AttemptOutcome.RANG)
    (record,) = await office.calls.recent()
    assert record.outcome is not None
    assert record.outcome.disposition is Disposition.BUSY


async def test_a_call_given_back_is_tried_again_as_another_call(office: Office) -> None:
    attempt = await office.dispatched()
    await office.begin(attempt)
    again = Again(0, uuid4())
    event = outbound_events.not_connected(
        attempt.call_id, NOON, Source.WORKER, "", sip_code=503, sip_status="CPS"
    )
    assert await office.dialings.give_back(attempt.call_id, [event], "TrunkBusy", again)
    waiting = await office.attempts.show(attempt.id)
    assert (waiting.state, waiting.call_id) == (AttemptState.QUEUED, again.call_id)
    assert await office.attempts.of_call(attempt.call_id) == waiting  # the first answer's id
    (claimed,) = await office.attempts.claim(ME, 1, TRUNK)
    assert await office.send(claimed)
    assert isinstance(await office.begin(claimed), Slot)


async def test_a_dialler_that_died_after_its_claim_loses_it(office: Office) -> None:
    attempt = await office.wished()
    (claimed,) = await office.attempts.claim(ME, 1, TRUNK)
    assert [each.id for each in await office.attempts.lost_claims(0)] == [attempt.id]
    await office.attempts.requeue(
        attempt.id, after=0, call_id=attempt.call_id, why=None, claimed_by=ME
    )
    (again,) = await office.attempts.claim(UUID(int=2), 1, TRUNK)
    assert not await office.send(claimed)  # it was only slow, and finds it is another's
    assert again.id == attempt.id


async def test_failures_in_a_row_make_the_pause_longer_until_a_call_goes_through(
    office: Office,
) -> None:
    busy = TrunkBusy("channel limit")
    pauses = [(await office.trunks.failed(TRUNK, busy)).total_seconds() for _ in range(3)]
    assert pauses == [1, 2, 4]
    (trunk,) = await office.trunks.list()
    assert (trunk.failures_in_a_row, trunk.pause_reason) == (3, "TrunkBusy")
    await office.wished()
    assert await office.attempts.claim(ME, 1, TRUNK) == []
    await office.trunks.works(TRUNK)
    assert (await office.trunks.failed(TRUNK, busy)).total_seconds() == 1


async def _until_somebody_waits(office: Office) -> None:
    async with asyncio.timeout(5), office.database.connection() as connection:
        while not await connection.fetchval(  # noqa: ASYNC110  # another session's fact
            "select count(*) from pg_locks join pg_stat_activity using (pid) "
            "where not granted and datname = current_database()"
        ):
            await asyncio.sleep(0.01)


async def test_a_call_whose_answer_is_only_on_record_is_answered_and_counts_its_minutes(
    office: Office,
) -> None:
    attempt = await office.dispatched()
    await office.begin(attempt)
    now = datetime.now(UTC)
    answer = f"{attempt.call_id}:answered"
    await office.calls.append(
        [
            CallEvent(
                attempt.call_id,
                EventKind.ANSWERED,
                now - timedelta(seconds=150),
                Source.WORKER,
                answer,
            )
        ]
    )
    (open_now,) = await office.dialings.open()
    assert open_now.answered
    await office.dialings.finish(attempt.call_id)
    facts = await office.attempts.contact_facts(attempt.request.number, now)
    assert facts.minutes_today == 3


async def test_a_dialler_that_lost_its_claim_changes_nothing_of_it(office: Office) -> None:
    attempt = await office.wished()
    await office.attempts.claim(UUID(int=9), 1, TRUNK)
    assert not await office.attempts.record_gate(attempt.id, ME, Decision(()), NOON)
    assert not await office.attempts.end(attempt.id, ME, AttemptOutcome.REFUSED)
    assert not await office.attempts.requeue(
        attempt.id, after=0, call_id=uuid4(), why=None, claimed_by=ME
    )
    after = await office.attempts.show(attempt.id)
    assert (after.state, after.call_id, after.gate) == (
        AttemptState.CLAIMED,
        attempt.call_id,
        None,
    )
