"""The end of a call: once, with its last words, and never later than it may be."""

import asyncio
from dataclasses import dataclass, field

import pytest

from agent.conversation import ending
from agent.conversation.ending import Ending, speak
from agent.conversation.live_call import LiveCall
from agent.domain.calls import EventKind
from tests.unit.conversation.fake_session import FakeSession
from tests.unit.conversation.fakes import Facts, FakeLine, Rendered
from tests.unit.conversation.scene import DEFAULT, LINES, live_call


@dataclass
class Stage:
    """A call that is about to end."""

    session: FakeSession = field(default_factory=FakeSession)
    facts: Facts = field(default_factory=Facts)

    def __post_init__(self) -> None:
        self.line = FakeLine(self.facts)
        self.call: LiveCall = live_call(self.facts, line=self.line)
        self.ending = Ending(self.session.as_session, self.call)


@pytest.fixture
def stage() -> Stage:
    return Stage()


async def test_the_last_words_are_heard_to_their_end_before_the_line_is_put_down(
    stage: Stage,
) -> None:
    stage.ending.conclude(LINES.goodbye)
    assert stage.call.ending
    goodbye = await stage.session.speech(LINES.goodbye)
    assert not goodbye.allow_interruptions
    assert stage.line.hang_ups == 0
    goodbye.played()
    await stage.ending.wait()
    assert stage.facts.said == ["event: goodbye_said", "event: agent_hung_up", "line: down"]


async def test_a_call_is_concluded_once(stage: Stage) -> None:
    stage.ending.conclude(LINES.goodbye)
    stage.ending.conclude(LINES.time_is_up)
    (await stage.session.speech(LINES.goodbye)).played()
    await stage.ending.wait()
    stage.ending.conclude(LINES.time_is_up)
    await stage.ending.wait()
    assert stage.session.lines == [LINES.goodbye]
    assert stage.line.hang_ups == 1


async def test_waiting_for_an_end_that_was_not_begun_returns_at_once(stage: Stage) -> None:
    await stage.ending.wait()
    assert stage.line.hang_ups == 0


async def test_a_reply_being_spoken_is_cut_for_the_last_words(stage: Stage) -> None:
    reply = stage.session.say("And another advantage is …")
    stage.ending.conclude(LINES.opted_out)
    (await stage.session.speech(LINES.opted_out)).played()
    await stage.ending.wait()
    assert reply.interrupted


async def test_what_may_not_be_cut_is_let_finish_first(stage: Stage) -> None:
    disclosure = stage.session.say(DEFAULT.disclosure, allow_interruptions=False)
    stage.ending.conclude(LINES.opted_out)
    goodbye = await stage.session.speech(LINES.opted_out)
    assert not disclosure.interrupted
    disclosure.played()
    goodbye.played()
    await stage.ending.wait()
    assert stage.call.noted(EventKind.GOODBYE_SAID)


async def test_the_last_words_wait_for_the_reply_that_ended_the_call(stage: Stage) -> None:
    reply = stage.session.say("Then all is settled.")
    stage.ending.conclude(LINES.goodbye, after=reply)  # type: ignore[arg-type]
    for _ in range(5):
        await asyncio.sleep(0)
    assert stage.session.lines == ["Then all is settled."]
    reply.played()
    (await stage.session.speech(LINES.goodbye)).played()
    await stage.ending.wait()
    assert not reply.interrupted


async def test_the_caller_is_let_finish_speaking_before_the_last_words(stage: Stage) -> None:
    stage.session.caller_is("speaking")
    stage.ending.conclude(LINES.opted_out)
    for _ in range(5):
        await asyncio.sleep(0)
    assert stage.session.lines == []
    stage.session.caller_is("listening")
    (await stage.session.speech(LINES.opted_out)).played()
    await stage.ending.wait()


async def test_a_caller_who_never_stops_does_not_put_off_the_last_words_for_ever(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ending, "_CALLER_FINISHES", 0.01)
    stage.session.caller_is("speaking")
    stage.ending.conclude(LINES.goodbye)
    (await stage.session.speech(LINES.goodbye)).played()
    await stage.ending.wait()
    assert stage.line.hang_ups == 1


async def test_last_words_that_never_end_are_waited_for_their_length_and_a_little(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pipeline hangs: the line is put down all the same, and no goodbye is claimed."""
    waits: list[float] = []

    async def not_in_time(seconds: float, waited_for: object) -> bool:
        waits.append(seconds)
        waited_for.close()  # type: ignore[attr-defined]
        return False

    monkeypatch.setattr(ending, "_at_most", not_in_time)
    stage.call.spoken = Rendered()
    stage.ending.conclude(LINES.goodbye)
    await stage.ending.wait()
    assert waits == [5.0], "one second of audio and a margin of four"
    assert stage.facts.said == ["event: agent_hung_up", "line: down"]


async def test_a_goodbye_that_the_caller_cut_by_hanging_up_was_not_said(stage: Stage) -> None:
    stage.ending.conclude(LINES.goodbye)
    goodbye = await stage.session.speech(LINES.goodbye)
    stage.call.note(EventKind.CALLER_HUNG_UP)
    goodbye.cut()
    await stage.ending.wait()
    assert stage.facts.kinds == [EventKind.CALLER_HUNG_UP]
    assert stage.line.hang_ups == 1, "the room is closed all the same"


async def test_when_the_session_is_closing_the_line_is_put_down_without_a_word(
    stage: Stage,
) -> None:
    stage.session.closing = True
    stage.ending.conclude(LINES.goodbye)
    await stage.ending.wait()
    assert stage.facts.said == ["event: agent_hung_up", "line: down"]


async def test_without_last_words_the_line_is_put_down_at_once(stage: Stage) -> None:
    stage.ending.conclude(None)
    await stage.ending.wait()
    assert stage.session.lines == []
    assert stage.facts.said == ["event: agent_hung_up", "line: down"]


async def test_a_line_is_spoken_from_its_audio_where_there_is_some(stage: Stage) -> None:
    session = stage.session
    speak(session.as_session, stage.call, LINES.goodbye)
    stage.call.spoken = Rendered()
    speak(session.as_session, stage.call, LINES.goodbye)
    assert [speech.with_audio for speech in session.speeches] == [False, True]
