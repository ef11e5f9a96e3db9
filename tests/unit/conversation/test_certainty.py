"""What was heard badly is read back before it is kept, once."""

import pytest

from agent.conversation.certainty import Certainty
from agent.domain.calls import EventKind, Speaker
from tests.scripted_llm import ToolCall
from tests.unit.conversation.scene import Scene


def test_a_turn_is_as_certain_as_its_words_on_average() -> None:
    certainty = Certainty()
    certainty.heard("about five thousand euros", 0.9)
    certainty.heard("a year", 0.3)
    assert certainty.end_turn() == pytest.approx((4 * 0.9 + 2 * 0.3) / 6)
    assert certainty.end_turn() is None, "nothing was said since"


def test_a_recogniser_that_gives_no_confidence_is_never_doubted() -> None:
    certainty = Certainty()
    certainty.heard("yes", 0.0)
    assert certainty.end_turn() is None
    assert not certainty.must_ask("owns_home")


@pytest.mark.parametrize(("confidence", "asks"), [(0.49, True), (0.5, False), (0.95, False)])
def test_only_what_was_heard_badly_is_asked_again_and_only_once(
    confidence: float, asks: bool
) -> None:
    certainty = Certainty()
    certainty.heard("five hundred", confidence)
    certainty.end_turn()
    assert certainty.must_ask("yearly_bill") is asks
    assert not certainty.must_ask("yearly_bill")


async def test_an_answer_that_was_heard_badly_is_kept_after_the_caller_confirmed_it() -> None:
    save = ToolCall("save_answers", owns_home=True)
    async with Scene(save, "Did you say that you own it?", save, "Thank you.") as scene:
        scene.call.certainty.heard("I do", 0.3)
        assert await scene.caller_says("I do") == ["Did you say that you own it?"]
        assert not scene.call.answers
        scene.call.certainty.heard("yes", 0.4)
        assert await scene.caller_says("yes") == ["Thank you."]
        assert scene.call.answers == {"owns_home": True}
    assert scene.call.noted(EventKind.ANSWER_SAVED) == 1
    turns = [turn for turn in scene.facts.turns if turn.speaker is Speaker.CALLER]
    assert [turn.metrics["confidence"] for turn in turns] == [0.3, 0.4]


async def test_an_answer_that_was_heard_well_is_kept_at_once() -> None:
    async with Scene(ToolCall("save_answers", yearly_bill=500), "Thank you.") as scene:
        scene.call.certainty.heard("five hundred", 0.9)
        assert await scene.caller_says("five hundred") == ["Thank you."]
        assert scene.call.answers == {"yearly_bill": 500}
