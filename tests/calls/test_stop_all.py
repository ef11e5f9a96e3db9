"""The kill switch, and opt-outs that come while a call is on its way: whole calls."""

import asyncio
import re
import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import pytest_asyncio

from agent.domain.attempts import Attempt, AttemptOutcome, AttemptState
from agent.domain.phone_numbers import parse
from agent.local.phone_network.behaviours import Answers, NeverAnswers, Refuses
from agent.local.phones.phone import Phone
from agent.store.attempts import AttemptStore
from agent.store.dialings import DialingStore
from agent.store.heartbeats import BEAT_SECONDS, HeartbeatStore, ProcessKind
from agent.store.kill_switch import KillSwitchStore
from agent.store.trunks import TrunkStore
from tests.calls.call_centre import CallCentre, until
from tests.calls.caller import Caller
from tests.calls.outbound import COMMAND_SECONDS, Outbound, command, held, until_somebody_waits

pytestmark = [
    pytest.mark.call,
    pytest.mark.asyncio(loop_scope="package"),
]

STOPPED = re.compile(r"dialling is stopped; 1 calls said goodbye, 1 were cut")


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def out(centre: CallCentre) -> AsyncIterator[Outbound]:
    """A worker and a dialler."""
    database = centre.database
    async with centre.worker(IDLE_PROCESSES="2", RINGING_SECONDS="90") as ours:
        outbound = Outbound(
            centre, ours, AttemptStore(database), TrunkStore(database), KillSwitchStore(database)
        )
        async with outbound.dialler(RINGING_SECONDS="90"):
            yield outbound


@pytest_asyncio.fixture(autouse=True, loop_scope="package")
async def dialling_goes_on(out: Outbound) -> AsyncIterator[None]:
    """Whatever a test did to the switch, and wherever it failed."""
    await out.kill_switch.resume()
    yield
    await out.kill_switch.resume()


async def test_stop_all_cuts_what_rings_and_lets_the_agent_say_goodbye(out: Outbound) -> None:
    talking: asyncio.Future[Caller] = asyncio.get_running_loop().create_future()

    async def picks_up(phone: Phone) -> None:
        caller = Caller(phone, out.centre.speech, out.centre.store)
        async with caller.on_the_line((), "A test.", interim=False):
            talking.set_result(caller)
            await phone.wait_ended(120)

    talker = await out.wish(out.number(Answers(after=0.2, handler=picks_up)))
    caller = await asyncio.wait_for(talking, 60)
    await caller.hears("AI of Fernhill")
    await _until_answered(out, talker)
    ringing_number = out.number(NeverAnswers())
    ringing = await out.wish(ringing_number)
    phone = await out.rings(ringing_number)

    stopping = asyncio.create_task(_command(out, "calls", "stop-all", "--reason", "a test"))
    end = await phone.wait_ended(COMMAND_SECONDS)
    assert end.by == "them"
    assert phone.answered_at is None
    await caller.is_hung_up_on()
    assert "goodbye" in (await caller.heard()).lower()
    stopped = await stopping
    assert stopped.returncode == 0, stopped.stderr
    assert STOPPED.search(" ".join(stopped.stdout.split())), stopped.stdout
    for attempt in (talker, ringing):
        assert (await out.done(attempt)).outcome is AttemptOutcome.RANG
        await out.call(attempt.call_id)
    assert len(out.rung(ringing_number)) == 1

    later_number = out.number(Refuses(486))
    later = await out.wish(later_number)
    await _until_the_dialler_has_looked(out)
    assert (await out.attempts.show(later.id)).state is AttemptState.QUEUED
    assert out.rung(later_number) == []

    resumed = await _command(out, "calls", "stop-all", "--resume")
    assert resumed.returncode == 0, resumed.stderr
    assert (await out.done(later)).outcome is AttemptOutcome.RANG
    assert len(out.rung(later_number)) == 1


@pytest.mark.call(0)
async def test_who_opts_out_while_it_rings_is_not_rung_again(out: Outbound) -> None:
    number = out.number(Refuses(486, after=2.0))
    first = await out.wish(number)
    await out.rings(number)
    await out.centre.opt_outs.add([parse(number)], source="test", at=datetime.now(UTC))
    assert (await out.done(first)).outcome is AttemptOutcome.RANG

    again = await out.done(await out.wish(number))
    assert (again.outcome, again.last_error) == (AttemptOutcome.REFUSED, "opted_out")
    assert len(out.rung(number)) == 1


@pytest.mark.call(0)
async def test_who_opts_out_after_the_gate_and_before_the_dialling_is_not_rung(
    out: Outbound,
) -> None:
    number = out.number(Refuses(486))
    async with held(out.centre, "select from trunks for update"):
        attempt = await out.wish(number)
        await until_somebody_waits(out.centre)
        gate = (await out.attempts.show(attempt.id)).gate
        await out.centre.opt_outs.add([parse(number)], source="test", at=datetime.now(UTC))
    done = await out.done(attempt)
    assert gate is not None
    assert gate.allowed  # it had passed; the statement that dials is what kept it back
    assert (done.outcome, done.last_error) == (AttemptOutcome.REFUSED, "opted_out")
    assert out.rung(number) == []


async def _until_answered(out: Outbound, attempt: Attempt) -> None:
    async def answered() -> bool:
        open_now = await DialingStore(out.centre.database).open()
        return any(each.attempt_id == attempt.id and each.answered for each in open_now)

    await until(answered, "it is written that somebody answered")


async def _until_the_dialler_has_looked(out: Outbound) -> None:
    """It looks every second; two beats from now are four."""
    heartbeats = HeartbeatStore(out.centre.database)
    beats = 0
    seen = 0.0

    async def beaten_twice() -> bool:
        nonlocal beats, seen
        before = seen
        seen = min(each.seen_seconds_ago for each in await heartbeats.live(ProcessKind.DIALER))
        beats += seen < before
        return beats > 2

    await until(beaten_twice, "the dialler goes on looking", within=10 * BEAT_SECONDS)


async def _command(out: Outbound, *words: str) -> subprocess.CompletedProcess[str]:
    return await command(out.centre.environment | {"PHONE_NUMBER": out.line.number}, *words)
