"""Who said what: session events in, turns out."""

from datetime import UTC, datetime

import pytest
from livekit.agents.llm import ChatMessage
from livekit.agents.llm.chat_context import MetricsReport

from agent.conversation.certainty import Certainty
from agent.conversation.transcript import Transcript
from agent.domain.calls import Speaker
from tests.unit.conversation.fakes import Facts
from tests.unit.conversation.scene import CALL_ID

T0 = 1_772_442_000.0


def _at(seconds: float) -> datetime:
    return datetime.fromtimestamp(T0 + seconds, UTC)


@pytest.fixture
def facts() -> Facts:
    return Facts()


@pytest.fixture
def transcript(facts: Facts) -> Transcript:
    return Transcript(CALL_ID, facts, Certainty())


def _user(text: str, created: float = 0.0) -> ChatMessage:
    return ChatMessage(role="user", content=[text], created_at=T0 + created)


def _agent(text: str, *, interrupted: bool = False, **metrics: float) -> ChatMessage:
    report: MetricsReport = {}
    report.update(metrics)  # type: ignore[typeddict-item]
    return ChatMessage(
        role="assistant", content=[text], interrupted=interrupted, created_at=T0, metrics=report
    )


def test_a_callers_turn_has_its_words_and_the_times_of_the_speech(
    transcript: Transcript, facts: Facts
) -> None:
    transcript.caller_speaks(True, T0 + 1)
    transcript.caller_said(" I own it, ", T0 + 2)
    transcript.caller_said("and I have panels.", T0 + 3)
    transcript.caller_speaks(False, T0 + 2.8)
    transcript.added(_user("I own it, and I have panels.", 3.5))
    (turn,) = facts.turns
    assert turn.speaker is Speaker.CALLER
    assert turn.text == "I own it, and I have panels."
    assert (turn.started_at, turn.ended_at) == (_at(1), _at(2.8))
    assert turn.call_id == CALL_ID


def test_a_turn_with_a_pause_before_its_first_words_are_recognised_starts_at_its_first_sound(
    transcript: Transcript, facts: Facts
) -> None:
    transcript.caller_speaks(True, T0 + 1)
    transcript.caller_speaks(False, T0 + 2)
    transcript.caller_speaks(True, T0 + 3.4)
    transcript.caller_said("Yes,", T0 + 3.6)
    transcript.caller_speaks(False, T0 + 5)
    transcript.caller_speaks(True, T0 + 6)
    transcript.caller_said("since two thousand and ten.", T0 + 7)
    transcript.caller_speaks(False, T0 + 7)
    transcript.added(_user("Yes, since two thousand and ten.", 8))
    (turn,) = facts.turns
    assert (turn.started_at, turn.ended_at) == (_at(1), _at(7))


def test_a_cough_long_before_does_not_begin_the_turn(transcript: Transcript, facts: Facts) -> None:
    transcript.caller_speaks(True, T0 + 1)
    transcript.caller_speaks(False, T0 + 1.5)
    transcript.caller_speaks(True, T0 + 20)
    transcript.caller_said("Hello?", T0 + 21)
    transcript.caller_speaks(False, T0 + 21)
    transcript.added(_user("Hello?", 22))
    assert facts.turns[0].started_at == _at(20)


def test_words_that_the_framework_dropped_from_its_message_are_in_the_record(
    transcript: Transcript, facts: Facts
) -> None:
    transcript.caller_said("Don't you record this.", T0)
    transcript.caller_said("And what does it cost?", T0 + 1)
    transcript.added(_user("And what does it cost?", 2))
    assert facts.by(Speaker.CALLER) == ["Don't you record this. And what does it cost?"]


def test_words_of_one_turn_are_not_told_again_with_the_next(
    transcript: Transcript, facts: Facts
) -> None:
    transcript.caller_said("One.", T0)
    transcript.added(_user("One."))
    transcript.caller_said("Two.", T0 + 5)
    transcript.added(_user("Two.", 5))
    assert facts.by(Speaker.CALLER) == ["One.", "Two."]
    assert facts.turns[1].started_at == _at(5)


def test_a_turn_of_which_no_words_were_recognised_has_the_messages_own(
    transcript: Transcript, facts: Facts
) -> None:
    transcript.added(_user("typed", 4))
    assert facts.by(Speaker.CALLER) == ["typed"]
    assert facts.turns[0].started_at == _at(4)


def test_what_never_became_a_turn_is_kept_at_the_end(transcript: Transcript, facts: Facts) -> None:
    transcript.caller_speaks(True, T0)
    transcript.caller_said("Take me off your list.", T0 + 1)
    transcript.flush()
    transcript.flush()
    assert facts.by(Speaker.CALLER) == ["Take me off your list."]
    assert facts.turns[0].turn_id == "caller-1"
    assert (facts.turns[0].started_at, facts.turns[0].ended_at) == (_at(0), _at(1))


def test_silence_and_blank_words_make_no_turn(transcript: Transcript, facts: Facts) -> None:
    transcript.caller_said("  ", T0)
    transcript.added(_user("  "))
    transcript.added(_agent(""))
    transcript.added(ChatMessage(role="system", content=["Be kind."]))
    transcript.flush()
    assert facts.turns == []


def test_an_agents_turn_has_its_times_its_latency_and_the_frameworks_figures(
    transcript: Transcript, facts: Facts
) -> None:
    transcript.added(
        _agent(
            " It costs €6,900. ",
            started_speaking_at=T0 + 2,
            stopped_speaking_at=T0 + 5,
            e2e_latency=0.9,
            llm_node_ttft=0.4,
        )
    )
    (turn,) = facts.turns
    assert turn.speaker is Speaker.AGENT
    assert turn.text == "It costs €6,900."
    assert (turn.started_at, turn.ended_at) == (_at(2), _at(5))
    assert turn.heard_latency == 0.9
    assert turn.metrics == {"e2e_latency": 0.9, "llm_node_ttft": 0.4}
    assert not turn.interrupted


def test_an_agents_turn_that_was_cut_is_told_as_cut(transcript: Transcript, facts: Facts) -> None:
    transcript.added(_agent("It costs", interrupted=True))
    assert facts.turns[0].interrupted
    assert facts.turns[0].started_at == facts.turns[0].ended_at == _at(0)


def test_a_turn_never_ends_before_it_began(transcript: Transcript, facts: Facts) -> None:
    transcript.added(_agent("Hm", started_speaking_at=T0 + 5, stopped_speaking_at=T0 + 4))
    transcript.caller_speaks(False, T0 + 1)  # the end of an earlier stretch
    transcript.caller_said("Yes.", T0 + 6)
    transcript.added(_user("Yes.", 6))
    assert all(turn.started_at <= turn.ended_at for turn in facts.turns)
