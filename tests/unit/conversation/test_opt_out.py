"""Not to be called again: certain, asked about, or nothing of the kind."""

import pytest

from agent.domain.calls import EventKind
from tests.unit.conversation.scene import CALLER, LINES, Scene

LIKELY = "Maybe it is better if you do not call any more."


@pytest.mark.parametrize(
    "words",
    [
        "My husband told you to stop calling us.",
        "Ne m'appelez plus jamais !",
        "Bel ons nooit meer op.",
        "Nehmen Sie mich aus Ihrer Liste.",
    ],
)
async def test_an_order_is_carried_out_in_every_language_at_once(words: str) -> None:
    async with Scene() as scene:
        assert await scene.caller_says(words) == [LINES.opted_out]
        (detail,) = scene.facts.details(EventKind.OPTED_OUT)
        assert detail["heard_by"] == "phrase"
        assert detail["number"] == CALLER
        assert detail["rule"]
        assert scene.model.asked == []


async def test_what_only_sounds_like_it_is_asked_and_a_yes_is_an_opt_out() -> None:
    async with Scene() as scene:
        assert await scene.caller_says(LIKELY) == [LINES.ask_opt_out]
        assert not scene.call.opted_out
        assert await scene.caller_says("Yes, please.") == [LINES.opted_out]
        assert scene.facts.details(EventKind.OPTED_OUT) == [
            {"heard_by": "question", "number": CALLER, "rule": "yes"}
        ]


async def test_after_a_no_the_talk_goes_on_and_nothing_is_asked_again() -> None:
    async with Scene("Good. Do you own your home?", "As you like.") as scene:
        assert await scene.caller_says(LIKELY) == [LINES.ask_opt_out]
        assert await scene.caller_says("No, no.") == ["Good. Do you own your home?"]
        assert await scene.caller_says(LIKELY) == ["As you like."]
        scene.call.note(EventKind.CALLER_HUNG_UP)
        await scene.conversation.close()
        assert not scene.call.opted_out


async def test_who_hangs_up_on_the_question_is_taken_off() -> None:
    async with Scene() as scene:
        await scene.caller_says(LIKELY)
        scene.call.note(EventKind.CALLER_HUNG_UP)
        await scene.conversation.close()
        (detail,) = scene.facts.details(EventKind.OPTED_OUT)
        assert detail["heard_by"] == "hung_up"


async def test_who_hangs_up_on_anything_else_is_not() -> None:
    async with Scene("Do you own your home?") as scene:
        await scene.caller_says("Hello.")
        scene.call.note(EventKind.CALLER_HUNG_UP)
        await scene.conversation.close()
        assert not scene.call.opted_out


async def test_a_question_that_was_cut_off_is_answered_all_the_same() -> None:
    async with Scene() as scene:
        await scene.call.heard.capture_text("Shall I take you")
        scene.caller_is_heard("Yes, do.")
        assert scene.call.opted_out


async def test_a_yes_to_another_question_is_no_opt_out() -> None:
    async with Scene("Do you own your home?", "Very good.") as scene:
        await scene.caller_says("Hello.")
        assert await scene.caller_says("Yes.") == ["Very good."]
        assert not scene.call.opted_out


async def test_an_answer_that_is_neither_goes_to_the_model_and_twice_is_enough() -> None:
    async with Scene("Our list of callers.", "Fine.") as scene:
        assert await scene.caller_says(LIKELY) == [LINES.ask_opt_out]
        assert await scene.caller_says("Which one?") == ["Our list of callers."]
        assert await scene.caller_says(LIKELY) == [LINES.ask_opt_out]
        assert await scene.caller_says(LIKELY) == ["Fine."]
        assert not scene.call.opted_out


@pytest.mark.parametrize("number", ["", "anonymous"])
async def test_a_hidden_number_is_promised_no_list(number: str) -> None:
    async with Scene() as scene:
        scene.call.caller_number = number
        assert await scene.caller_says("Stop calling me.") == [LINES.opted_out_hidden]
        assert scene.happened(EventKind.OPTED_OUT)
