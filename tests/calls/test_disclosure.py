"""The first words of a call, and a caller who speaks while they are spoken."""

import pytest

from agent.domain.calls import EventKind, Speaker
from agent.domain.dispositions import Disposition, Reason
from agent.local.scenarios.agent_rules import Rule
from agent.playbook.load import load_playbook
from agent.settings import ROOT
from tests.calls.call_centre import SHORT_DISCLOSURE, CallCentre, Line
from tests.calls.speech import how_far, words

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="package")]

PRICE = Rule(id="price", when="battery|cost", say="It costs €6,900, installed.")
# As it ships: long enough that what is said over it is recognised before it ends.
DISCLOSURE = load_playbook(ROOT / "prompts", "default").disclosure


async def test_what_is_said_over_the_disclosure_is_answered_after_it(centre: CallCentre) -> None:
    line = await centre.shipped_playbook()
    async with line.call(PRICE) as caller:
        await caller.talks_over("What does the battery cost?")
        await caller.hears("6[., ]?900|six thousand")
    call = await caller.record()
    heard = await caller.heard()
    assert how_far(DISCLOSURE, heard) == len(words(DISCLOSURE)), heard
    assert "help you" not in heard
    assert EventKind.DISCLOSED in [event.kind for event in call.events]
    disclosure, *_ = (turn for turn in call.turns if turn.speaker is Speaker.AGENT)
    assert disclosure.text == DISCLOSURE
    assert not disclosure.interrupted
    asked = [turn.text for turn in call.turns if turn.speaker is Speaker.CALLER]
    assert len(asked) == 1
    assert "cost" in asked[0]


async def test_an_opt_out_over_the_disclosure_counts_and_the_disclosure_is_spoken_to_its_end(
    centre: CallCentre,
) -> None:
    line = await centre.shipped_playbook()
    async with line.call() as caller:
        await caller.talks_over("Please take me off your list.")
        await caller.is_hung_up_on()
    call = await caller.record()
    assert call.record.outcome is not None
    assert call.record.outcome.disposition is Disposition.DO_NOT_CALL
    assert await centre.opt_outs.standing(caller.number)
    heard = await caller.heard()
    assert how_far(DISCLOSURE, heard) == len(words(DISCLOSURE)), heard
    assert "help you" not in heard
    assert "will not call you again" in heard
    assert [turn.text for turn in call.turns if turn.speaker is Speaker.AGENT] == [
        DISCLOSURE,
        "I have taken your number off our list. Fernhill Energy will not call you again. Goodbye.",
    ]
    assert EventKind.DISCLOSED in [event.kind for event in call.events]


async def test_who_hangs_up_during_the_disclosure_was_not_told_and_is_not_recorded(
    line: Line,
) -> None:
    async with line.call() as caller:
        await caller.hears_it_speak(for_seconds=1.5)
        await caller.hangs_up()
    call = await caller.record(also=lambda call: bool(call.turns))
    assert call.record.outcome is not None
    assert call.record.outcome.disposition is Disposition.HUNG_UP
    assert call.record.outcome.reason is Reason.DURING_DISCLOSURE
    assert call.record.disclosed_at is None
    assert call.record.recording is None
    assert not list(line.recordings.glob(f"*{call.record.id}*"))
    (disclosure,) = call.turns
    assert disclosure.interrupted
    assert len(words(disclosure.text)) < len(words(SHORT_DISCLOSURE))
