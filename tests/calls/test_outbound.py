"""Calls that we place, whole: from the wish to what stands in Postgres, over real WebRTC."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from livekit import api

from agent.domain.attempts import AttemptOutcome
from agent.domain.calls import Direction, EventKind
from agent.domain.dispositions import Disposition, Reason
from agent.domain.phone_numbers import parse
from agent.local.phone_network import behaviours
from agent.local.phone_network.behaviours import (
    Answers,
    Behaviour,
    CredentialsRefused,
    NeverAnswers,
    Refuses,
)
from agent.store.attempts import AttemptStore
from agent.store.kill_switch import KillSwitchStore
from agent.store.trunks import TrunkStore
from tests.calls.call_centre import CallCentre, until
from tests.calls.outbound import Outbound
from tests.calls.replays import check_rows

pytestmark = [
    pytest.mark.call,
    pytest.mark.asyncio(loop_scope="package"),
]


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def out(centre: CallCentre) -> AsyncIterator[Outbound]:
    """A worker and a dialler of our own: what comes in elsewhere takes no place of theirs."""
    database = centre.database
    async with centre.worker(IDLE_PROCESSES="3", MAX_CONCURRENT_CALLS="8") as ours:
        outbound = Outbound(
            centre, ours, AttemptStore(database), TrunkStore(database), KillSwitchStore(database)
        )
        async with outbound.dialler():
            yield outbound


@pytest_asyncio.fixture(autouse=True, loop_scope="package")
async def no_pauses(out: Outbound) -> None:
    """What the trunk did in the test before is forgotten."""
    await out.kill_switch.resume()


async def test_a_customer_who_answers_talks_to_the_agent_and_has_one_row_however_webhooks_come(
    out: Outbound,
) -> None:
    number, talked = out.customer()
    attempt = await out.wish(number, participant_identity="callee-7", participant_name="Ms Doe")
    caller = await asyncio.wait_for(talked, 60)
    done = await out.done(attempt)
    call = await out.call(attempt.call_id)

    assert (done.outcome, done.call_id) == (AttemptOutcome.RANG, attempt.call_id)
    assert caller.phone.identity == "callee-7"
    assert caller.phone.headers["X-Call-Id"] == str(attempt.call_id)
    assert call.record.direction is Direction.OUTBOUND
    assert (call.record.to_number, call.record.from_number) == (number, out.line.number)
    assert call.record.customer_id == "c-1"
    assert call.record.outcome is not None
    assert call.record.outcome.disposition is Disposition.NOT_INTERESTED
    assert [event.kind for event in call.events].count(EventKind.CREATED) == 1
    assert len(out.rung(number)) == 1
    # The same call, for it is a long one: its row does not depend on its webhooks.
    await check_rows(out.centre, caller.phone, await caller.record())


REFUSALS: list[tuple[Behaviour, Disposition]] = [
    (Refuses(486), Disposition.BUSY),
    (Refuses(600), Disposition.BUSY),
    (Refuses(603), Disposition.DECLINED),
    (Refuses(480), Disposition.NO_ANSWER),
    (Refuses(404), Disposition.INVALID_NUMBER),
    (NeverAnswers(), Disposition.NO_ANSWER),
]


@pytest.mark.slow
@pytest.mark.call(0)
async def test_who_is_not_reached_is_rung_once_and_their_place_is_free_again(
    out: Outbound,
) -> None:
    numbers = [out.number(behaviour) for behaviour, _ in REFUSALS]
    attempts = [await out.wish(number) for number in numbers]
    for (_, disposition), attempt, number in zip(REFUSALS, attempts, numbers, strict=True):
        done = await out.done(attempt, within=90)
        # Not the attempt's first call: on a busy machine its agent may have come too late.
        call = await out.call(done.call_id)
        assert done.outcome is AttemptOutcome.RANG
        assert call.record.outcome is not None
        assert call.record.outcome.disposition is disposition
        assert len(out.rung(number)) == 1
    await until(out.all_free, "all places are free", within=15)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("behaviour", "reason", "fault"),
    [
        (behaviours.CHANNEL_LIMIT, Reason.TRUNK_BUSY, "TrunkBusy"),
        (behaviours.CPS_LIMIT, Reason.TRUNK_BUSY, "TrunkBusy"),
        (behaviours.NO_VOICE_PROFILE, Reason.TRUNK_MISCONFIGURED, "TrunkMisconfigured"),
        (CredentialsRefused(), Reason.TRUNK_MISCONFIGURED, "TrunkMisconfigured"),
    ],
)
@pytest.mark.call(0)
async def test_a_fault_of_the_trunk_uses_nothing_up(
    out: Outbound, behaviour: Behaviour, reason: Reason, fault: str
) -> None:
    number = out.number(behaviour)
    attempt = await out.wish(number)
    waiting = await out.tried(attempt)
    call = await out.call(attempt.call_id)
    assert call.record.outcome is not None
    assert call.record.outcome.disposition is Disposition.FAILED
    assert call.record.outcome.reason is reason
    assert (waiting.last_error, waiting.tries) == (fault, 1)
    assert waiting.due_at > attempt.due_at
    (trunk,) = await out.trunks.list()
    assert trunk.pause_reason == fault

    out.centre.network.on_outbound(number, Refuses(486))
    await out.kill_switch.resume()
    assert (await out.done(attempt)).outcome is AttemptOutcome.RANG
    assert [phone.end is not None for phone in out.rung(number)] == [True, True]


@pytest.mark.call(0)
async def test_who_opted_out_after_the_wish_is_never_rung(out: Outbound) -> None:
    number = out.number(Answers())
    await out.kill_switch.stop("a test")
    attempt = await out.wish(number)
    await out.centre.opt_outs.add([parse(number)], source="test", at=attempt.created_at)
    await out.kill_switch.resume()
    done = await out.done(attempt)
    assert (done.outcome, done.last_error) == (AttemptOutcome.REFUSED, "opted_out")
    assert done.gate is not None
    assert not done.gate.allowed
    assert out.rung(number) == []


@pytest.mark.call(0)
async def test_a_wished_room_that_others_use_is_left_alone(out: Outbound) -> None:
    await out.centre.livekit.room.create_room(api.CreateRoomRequest(name="somebody-elses"))
    number = out.number(Answers())
    done = await out.done(await out.wish(number, room_name="somebody-elses"))
    assert (done.outcome, done.last_error) == (AttemptOutcome.REFUSED, "room_in_use")
    assert out.rung(number) == []
    rooms = await out.centre.livekit.room.list_rooms(api.ListRoomsRequest(names=["somebody-elses"]))
    assert len(rooms.rooms) == 1
