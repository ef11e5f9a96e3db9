"""A caller who speaks while the agent speaks: an interruption, a sign of listening, an answer."""

import time

import pytest

from agent.domain.calls import CallTurn, Speaker
from agent.local.scenarios.agent_rules import Rule
from agent.store.calls import CallDetail
from tests.calls.call_centre import Line
from tests.calls.speech import how_far, words

pytestmark = [pytest.mark.call, pytest.mark.asyncio(loop_scope="package")]

# Long sentences without a comma: the voice makes no pause in them by itself.
EXPLAINS = Rule(
    id="explain",
    when="tell me|battery",
    once=True,
    say=(
        "A home battery keeps the power that your solar panels make during the day and gives it "
        "back to you in the evening and at night when you need the most of it for cooking and "
        "washing and watching television. An adviser looks at your roof first and leaves you a "
        "written offer."
    ),
)
PRICE = Rule(id="price", when="how much|cost|price", say="It costs €6,900, installed.")
ASKS = Rule(
    id="ask",
    when="interested",
    once=True,
    say=(
        "Do you own the home you live in? Most of the people who call us here do and a few of them "
        "rent it from somebody else who has to decide about the roof in the end."
    ),
)
# Whatever the recogniser makes of so short a word.
OWNS = Rule(id="owns", when=".", after="ask", say="Very good, then you decide alone.")


async def test_an_interrupted_turn_holds_what_was_heard_and_nothing_from_after_the_cut(
    line: Line,
) -> None:
    async with line.call(PRICE, EXPLAINS) as caller:
        await caller.hears("help you")
        await caller.says("Can you tell me about the battery?")
        asked = time.monotonic()
        cut = await caller.interrupts("Excuse me, how much does it cost?", after=4)
        await caller.hears("6[., ]?900|six thousand")
    call = await caller.record()
    explained = _turn(call, "A home")
    assert explained.interrupted
    stored = words(explained.text)
    assert stored == words(EXPLAINS.say)[: len(stored)]
    heard = await caller.heard(asked, cut + 0.1)
    too_many = len(stored) - how_far(EXPLAINS.say, heard)
    # Two words, and the one in the middle of which the line fell silent: no recogniser hears it.
    assert -2 <= too_many <= 2 + 1, (explained.text, heard)
    assert "written offer" not in await caller.heard()
    answer = _turn(call, "It costs")
    assert not answer.interrupted
    assert answer.started_at > explained.ended_at


async def test_a_sign_of_listening_pauses_the_agent_and_it_goes_on_to_the_end(line: Line) -> None:
    async with line.call(EXPLAINS) as caller:
        await caller.hears("help you")
        await caller.says("Can you tell me about the battery?")
        asked = time.monotonic()
        await caller.interrupts("Aha.", after=3)
        await caller.hears_it_go_on()
        await caller.hears("written offer")
        explained_until = time.monotonic()
        await caller.says("That would be all for today.")
        await caller.is_hung_up_on()
    call = await caller.record()
    explained = _turn(call, "A home")
    assert not explained.interrupted
    assert words(explained.text) == words(EXPLAINS.say)
    heard = await caller.heard(asked, explained_until)
    missed = set(words(EXPLAINS.say)) - set(words(heard))
    assert len(missed) <= 5, f"not heard: {missed}"
    said = [turn for turn in call.turns if turn.speaker is Speaker.CALLER]
    overheard = [turn for turn in said if turn.metrics.get("backchannel")]
    # Kept, marked as what it was, and no turn of the talk.
    assert len(overheard) == 1, [turn.text for turn in said]
    assert len(said) == 3, [turn.text for turn in said]


@pytest.mark.slow
async def test_after_a_question_yes_is_an_answer_even_over_the_agents_next_sentence(
    line: Line,
) -> None:
    async with line.call(OWNS, ASKS) as caller:
        await caller.hears("help you")
        await caller.says("I am interested.")
        await caller.interrupts("Yes.", after=4)
        await caller.hears("you decide alone")
    call = await caller.record()
    asked = _turn(call, "Do you own")
    assert asked.interrupted
    assert "?" in asked.text
    assert "in the end" not in asked.text
    said = [turn.text for turn in call.turns if turn.speaker is Speaker.CALLER]
    assert len(said) == 2, said


def _turn(call: CallDetail, beginning: str) -> CallTurn:
    found = [turn for turn in call.turns if turn.text.startswith(beginning)]
    assert len(found) == 1, [turn.text for turn in call.turns]
    return found[0]
