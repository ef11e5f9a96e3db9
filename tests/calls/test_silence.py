"""A caller who does not say a word."""

import pytest

from agent.domain.calls import EventKind
from agent.domain.dispositions import Disposition, Reason
from tests.calls.call_centre import Line

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="package")]


async def test_silence_is_asked_about_twice_and_then_taken_leave_of(line: Line) -> None:
    async with line.call() as caller:
        await caller.hears("help you.*are you still there.*cannot hear you.*are you still there")
        await caller.is_hung_up_on()
    call = await caller.record()
    assert [turn.text for turn in call.turns[-3:]] == [
        "Are you still there?",
        "Hello? I cannot hear you. Are you still there?",
        "I cannot hear anybody, so I will hang up now. Please call us again any time. Goodbye.",
    ]
    assert "cannot hear anybody" in await caller.heard()
    assert call.record.outcome is not None
    assert call.record.outcome.disposition is Disposition.HUNG_UP
    assert call.record.outcome.reason is Reason.SILENCE
    kinds = [event.kind for event in call.events]
    assert EventKind.GOODBYE_SAID in kinds
    assert EventKind.CALLER_HUNG_UP not in kinds


@pytest.mark.slow
async def test_a_caller_who_answers_are_you_still_there_is_served(line: Line) -> None:
    async with line.call() as caller:
        await caller.hears("are you still there")
        await caller.says("What do you offer?")
        await caller.hears("batter")
        await caller.says("That would be all for today.")
        await caller.is_hung_up_on()
    call = await caller.record()
    assert call.record.outcome is not None
    assert call.record.outcome.disposition is Disposition.NOT_INTERESTED
