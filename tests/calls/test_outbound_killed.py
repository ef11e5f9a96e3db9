"""kill -9 between any two steps of a call that we place: nobody is rung twice, nothing is lost."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
import pytest_asyncio

from agent.domain.attempts import Attempt, AttemptOutcome, DialingState
from agent.domain.dispositions import Disposition, Reason
from agent.local.phone_network.behaviours import Answers, NeverAnswers, Refuses
from agent.store.attempts import AttemptStore
from agent.store.dialings import DialingStore
from agent.store.kill_switch import KillSwitchStore
from agent.store.trunks import TrunkStore
from tests.calls.call_centre import CallCentre, until
from tests.calls.outbound import Outbound, held, until_somebody_waits

pytestmark = [
    pytest.mark.call(0),
    pytest.mark.asyncio(loop_scope="package"),
]


@asynccontextmanager
async def _worker(centre: CallCentre) -> AsyncIterator[Outbound]:
    database = centre.database
    async with centre.worker(IDLE_PROCESSES="1") as ours:
        yield Outbound(
            centre, ours, AttemptStore(database), TrunkStore(database), KillSwitchStore(database)
        )


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def out(centre: CallCentre) -> AsyncIterator[Outbound]:
    """A worker whose jobs may be killed. No dialler yet."""
    async with _worker(centre) as outbound:
        await outbound.kill_switch.resume()
        yield outbound


async def _until_dialling(out: Outbound, attempt: Attempt, state: DialingState) -> None:
    async def reached() -> bool:
        open_now = await DialingStore(out.centre.database).open()
        return any(each.attempt_id == attempt.id and each.state is state for each in open_now)

    await until(reached, f"the call is {state}")


@pytest.mark.slow
async def test_a_dialler_killed_before_the_call_is_written(out: Outbound) -> None:
    number = out.number(Refuses(486))
    async with out.dialler() as first:
        async with held(out.centre, "lock table dialings in share mode"):
            attempt = await out.wish(number)
            await until_somebody_waits(out.centre)
            os.kill(first.pid, signal.SIGKILL)
        assert await out.attempts.show(attempt.id) != attempt  # it is claimed
    async with out.dialler():
        done = await out.done(attempt)
    assert done.outcome is AttemptOutcome.RANG
    assert len(out.rung(number)) == 1


@pytest.mark.slow
async def test_diallers_killed_before_the_room_and_between_room_and_agent(out: Outbound) -> None:
    numbers = [out.number(Refuses(486)) for _ in range(2)]
    steps = [b"RoomService/CreateRoom", b"AgentDispatchService/CreateDispatch"]
    attempts = []
    async with AsyncExitStack() as stuck:
        for number, step in zip(numbers, steps, strict=True):
            cable, url = await stuck.enter_async_context(out.cable("LIVEKIT_URL"))
            reached = await stuck.enter_async_context(cable.stopped_at(step))
            dialler = await stuck.enter_async_context(out.dialler(LIVEKIT_URL=url))
            # A room that somebody named: what is left of the first try must not be in the way.
            attempts.append(await out.wish(number, room_name=f"room-of-{number[1:]}"))
            await asyncio.wait_for(reached.wait(), 30)
            os.kill(dialler.pid, signal.SIGKILL)
    async with out.dialler():
        for attempt, number in zip(attempts, numbers, strict=True):
            done = await out.done(attempt, within=90)
            assert (done.outcome, done.tries) == (AttemptOutcome.RANG, 2)
            assert len(out.rung(number)) == 1
            first = await out.call(attempt.call_id)
            assert first.record.outcome is not None
            assert first.record.outcome.reason is Reason.NO_AGENT


async def test_a_dialler_killed_after_it_asked_for_an_agent(out: Outbound) -> None:
    number = out.number(Refuses(486))
    async with out.dialler() as first, held(out.centre, "select from trunks for update"):
        attempt = await out.wish(number)
        await _until_dialling(out, attempt, DialingState.DISPATCHED)
        await until_somebody_waits(out.centre)
        os.kill(first.pid, signal.SIGKILL)
    done = await out.done(attempt)
    assert (done.outcome, done.tries) == (AttemptOutcome.RANG, 1)
    assert len(out.rung(number)) == 1


@pytest.mark.slow
async def test_a_job_killed_before_it_dials_is_replaced_by_another(out: Outbound) -> None:
    number = out.number(Refuses(486))
    async with out.dialler():
        async with held(out.centre, "select from trunks for update"):
            attempt = await out.wish(number)
            await until_somebody_waits(out.centre)
            os.kill(await out.job_of(attempt), signal.SIGKILL)
        done = await out.done(attempt, within=90)
    assert (done.outcome, done.tries) == (AttemptOutcome.RANG, 2)
    first = await out.call(attempt.call_id)
    assert first.record.outcome is not None
    assert first.record.outcome.disposition is Disposition.FAILED
    assert len(out.rung(number)) == 1


async def test_a_job_killed_between_its_slot_and_the_invite_is_not_replaced(out: Outbound) -> None:
    number = out.number(Refuses(486))
    async with out.dialler():
        async with out.line.to_livekit.stopped_at(b"SIP/CreateSIPParticipant") as reached:
            attempt = await out.wish(number)
            await asyncio.wait_for(reached.wait(), 60)
            os.kill(await out.job_of(attempt), signal.SIGKILL)
        done = await out.done(attempt, within=90)
    call = await out.call(attempt.call_id)
    # Nobody can know whether the phone has rung: so it never rings again.
    assert (done.outcome, done.tries) == (AttemptOutcome.RANG, 1)
    assert call.record.outcome is not None
    assert call.record.outcome.reason is Reason.CRASHED
    assert out.rung(number) == []


@pytest.mark.slow
async def test_a_job_killed_before_it_has_written_what_came_of_its_call(out: Outbound) -> None:
    number = out.number(Refuses(486, after=2.0))
    async with out.dialler():
        attempt = await out.wish(number)
        phone = await out.rings(number)
        async with held(out.centre, "lock table dialings in share mode"):
            await phone.wait_ended(30)
            call = await out.call(attempt.call_id)
            os.kill(await out.job_of(attempt), signal.SIGKILL)
        done = await out.done(attempt, within=90)
    assert (done.outcome, done.tries) == (AttemptOutcome.RANG, 1)
    assert call.record.outcome is not None
    assert call.record.outcome.disposition is Disposition.BUSY
    assert len(out.rung(number)) == 1


@pytest.mark.slow
async def test_a_phone_stops_ringing_when_its_agent_dies(out: Outbound) -> None:
    number = out.number(NeverAnswers())
    async with out.dialler(RINGING_SECONDS="60"):
        attempt = await out.wish(number)
        phone = await out.rings(number)
        os.kill(await out.job_of(attempt), signal.SIGKILL)
        await phone.wait_ended(60)
        done = await out.done(attempt)
    await _crashed_once(out, attempt, done, number)


@pytest.mark.slow
@pytest.mark.call
async def test_a_worker_killed_in_the_middle_of_a_talk(centre: CallCentre) -> None:
    async with _worker(centre) as out:
        await _killed_while_talking(out)


async def _killed_while_talking(out: Outbound) -> None:
    number = out.number(Answers(after=0.2))
    async with out.dialler():
        attempt = await out.wish(number)
        phone = await out.rings(number)
        await phone.wait_active(30)
        job = await out.job_of(attempt)
        os.kill(out.line.worker.pid, signal.SIGKILL)
        os.kill(job, signal.SIGKILL)
        await phone.wait_ended(60)
        done = await out.done(attempt)
    await _crashed_once(out, attempt, done, number)


async def _crashed_once(out: Outbound, attempt: Attempt, done: Attempt, number: str) -> None:
    call = await out.call(attempt.call_id)
    assert done.outcome is AttemptOutcome.RANG  # used up: somebody's phone rang
    assert call.record.outcome is not None
    assert call.record.outcome.reason is Reason.CRASHED
    assert len(out.rung(number)) == 1
