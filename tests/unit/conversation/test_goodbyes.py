"""How a call comes to its end: an opt-out, a goodbye of the model's, the clock."""

import pytest
from livekit.agents import SpeechCreatedEvent, UserInputTranscribedEvent

from agent.domain.calls import EventKind
from tests.scripted_llm import ToolCall
from tests.unit.conversation.scene import CALLER, LINES, Scene


async def test_an_opt_out_by_tool_is_kept_before_it_is_confirmed() -> None:
    async with Scene(ToolCall("opt_out")) as scene:
        assert await scene.caller_says("That was it for good, then.") == [LINES.opted_out]
        assert scene.facts.details(EventKind.OPTED_OUT) == [{"heard_by": "tool", "number": CALLER}]
        assert EventKind.OPTED_OUT in scene.facts.urgent
        assert scene.facts.said[-5:] == [
            "event: opted_out",
            f"agent: {LINES.opted_out}",
            "event: goodbye_said",
            "event: agent_hung_up",
            "line: down",
        ]


async def test_an_opt_out_is_kept_when_the_line_drops_on_the_confirmation() -> None:
    async with Scene(ToolCall("opt_out")) as scene:

        def line_drops(made: SpeechCreatedEvent) -> None:
            if made.source == "say":
                made.speech_handle.interrupt(force=True)

        scene.session.on("speech_created", line_drops)
        await scene.caller_says("Take me off everything.")
        assert scene.happened(EventKind.OPTED_OUT)
        assert not scene.happened(EventKind.GOODBYE_SAID)


async def test_an_opt_out_by_its_words_needs_no_model() -> None:
    async with Scene() as scene:
        assert await scene.caller_says("Please don't ever call me again.") == [LINES.opted_out]
        assert scene.model.asked == []
        assert scene.facts.details(EventKind.OPTED_OUT) == [
            {"heard_by": "phrase", "number": CALLER, "rule": "never_call (en)"}
        ]
        assert scene.line.hang_ups == 1


async def test_an_opt_out_in_the_middle_of_a_turn_counts_before_the_turn_is_over() -> None:
    async with Scene() as scene:
        scene.caller_is_heard("Stop calling me.")
        assert scene.facts.urgent == [EventKind.OPTED_OUT]


async def test_an_opt_out_that_the_recogniser_cut_in_two_is_one() -> None:
    async with Scene("I see.") as scene:
        scene.caller_is_heard("Please don't")
        scene.caller_is_heard("call me again")
        assert scene.facts.urgent == [EventKind.OPTED_OUT]


async def test_words_of_two_turns_are_not_put_together_to_an_opt_out() -> None:
    async with Scene("What should we not do?", "Tomorrow then.") as scene:
        await scene.caller_says("Please don't")
        await scene.caller_says("call me again")
        assert not scene.call.opted_out


async def test_words_that_are_not_yet_certain_do_not_opt_out() -> None:
    async with Scene() as scene:
        scene.session.emit(
            "user_input_transcribed",
            UserInputTranscribedEvent(transcript="Stop calling me", is_final=False),
        )
        assert scene.facts.events == []


async def test_an_opt_out_said_twice_is_one_fact_and_one_goodbye() -> None:
    async with Scene() as scene:
        scene.caller_is_heard("Stop calling me.")
        assert await scene.caller_says("Stop calling me!") == [LINES.opted_out]
        assert scene.facts.kinds.count(EventKind.OPTED_OUT) == 1
        assert scene.line.hang_ups == 1


@pytest.mark.parametrize(
    ("reason", "fact"),
    [
        ("finished", None),
        ("not_interested", EventKind.NOT_INTERESTED),
        ("wrong_number", EventKind.WRONG_NUMBER),
    ],
)
async def test_the_call_is_ended_with_its_reason_a_goodbye_and_one_hang_up(
    reason: str, fact: EventKind | None
) -> None:
    async with Scene(("I understand.", ToolCall("end_call", reason=reason))) as scene:
        assert await scene.caller_says("That is all.") == ["I understand.", LINES.goodbye]
        expected = [fact] if fact else []
        assert scene.facts.kinds == [*expected, EventKind.GOODBYE_SAID, EventKind.AGENT_HUNG_UP]
        assert scene.line.hang_ups == 1


async def test_a_call_is_not_ended_for_a_reason_that_does_not_exist() -> None:
    async with Scene(ToolCall("end_call", reason="bored"), "Go on.") as scene:
        assert await scene.caller_says("So…") == ["Go on."]
        assert scene.line.hang_ups == 0


async def test_nothing_is_answered_after_the_goodbye_has_begun() -> None:
    async with Scene(ToolCall("end_call", reason="finished")) as scene:
        assert await scene.caller_says("Bye.") == [LINES.goodbye]
        assert await scene.caller_says("Oh, one more thing.") == []
        assert len(scene.model.asked) == 1


async def test_a_call_that_lasts_too_long_is_ended_in_words() -> None:
    async with Scene() as scene:
        scene.conversation.time_is_up()
        await scene.conversation.ending.wait()
        assert scene.said == [LINES.time_is_up]
        assert scene.facts.kinds == [
            EventKind.MAX_DURATION_REACHED,
            EventKind.GOODBYE_SAID,
            EventKind.AGENT_HUNG_UP,
        ]
