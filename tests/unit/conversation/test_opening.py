"""The first words: the disclosure to its end, then an answer or a greeting."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from livekit.agents import UserInputTranscribedEvent

from agent.conversation.conversation import Conversation
from agent.domain.calls import Direction, EventKind
from tests.unit.conversation.fake_session import FakeSession, FakeSpeech
from tests.unit.conversation.fakes import Facts, FakeLine, Rendered
from tests.unit.conversation.scene import DEFAULT, LINES, live_call


class Opened:
    """A call whose disclosure is being spoken."""

    def __init__(self, *, recorder_starts: bool = True) -> None:
        self.session = FakeSession()
        self.facts = Facts()
        self.line = FakeLine(self.facts)
        self.call = live_call(self.facts, line=self.line)
        self.recorder = _Recorder(self.facts, recorder_starts)
        self.call.recorder = self.recorder  # type: ignore[assignment]
        self.conversation = Conversation(self.session.as_session, self.call, "instructions")
        self.opening: asyncio.Task[None]

    def heard(self, words: str) -> None:
        """The recogniser is sure of these words."""
        self.session.emit(
            "user_input_transcribed", UserInputTranscribedEvent(transcript=words, is_final=True)
        )

    async def disclosed(self) -> None:
        """The disclosure is played to its end and the opening does what comes next."""
        self.disclosure.played()
        await self.opening

    @property
    def disclosure(self) -> FakeSpeech:
        """What is spoken first."""
        return self.session.speeches[0]


class _Recorder:
    """A CallRecorder that writes nothing."""

    def __init__(self, facts: Facts, starts: bool) -> None:
        self._facts = facts
        self._starts = starts

    async def start(self) -> bool:
        """Say whether it could."""
        self._facts.said.append("recorder: start")
        return self._starts


@asynccontextmanager
async def _opened(*, recorder_starts: bool = True) -> AsyncIterator[Opened]:
    stage = Opened(recorder_starts=recorder_starts)
    stage.opening = asyncio.create_task(stage.conversation.open())
    await asyncio.sleep(0)
    assert stage.session.lines == [DEFAULT.disclosure]
    yield stage
    for speech in stage.session.speeches:
        speech.played()
    await asyncio.gather(stage.opening)
    await stage.conversation.ending.wait()


async def test_the_disclosure_comes_first_and_cannot_be_interrupted() -> None:
    async with _opened() as stage:
        assert not stage.disclosure.allow_interruptions
        assert stage.facts.events == []


async def test_after_the_disclosure_comes_the_greeting_which_may_be_interrupted() -> None:
    async with _opened() as stage:
        await stage.disclosed()
        assert stage.session.lines == [DEFAULT.disclosure, DEFAULT.greeting]
        assert stage.session.speeches[1].allow_interruptions


async def test_disclosed_is_noted_when_its_last_word_was_spoken_and_then_recording_begins() -> None:
    async with _opened() as stage:
        assert not stage.call.noted(EventKind.DISCLOSED)
        await stage.disclosed()
        assert stage.facts.details(EventKind.DISCLOSED) == [{"text": DEFAULT.disclosure}]
        assert stage.facts.said == [
            "event: disclosed",
            "recorder: start",
            "event: recording_started",
        ]


async def test_a_recorder_that_cannot_start_is_not_told_as_started_and_the_call_goes_on() -> None:
    async with _opened(recorder_starts=False) as stage:
        await stage.disclosed()
        assert stage.facts.kinds == [EventKind.DISCLOSED]
        assert stage.session.lines[-1] == DEFAULT.greeting


async def test_nothing_is_recorded_where_the_playbook_says_so() -> None:
    stage = Opened()
    stage.call.playbook = DEFAULT.model_copy(update={"recording": False})
    stage.opening = asyncio.create_task(stage.conversation.open())
    await asyncio.sleep(0)
    await stage.disclosed()
    assert stage.facts.said == ["event: disclosed"]


async def test_nothing_is_greeted_recorded_or_disclosed_when_the_caller_has_left() -> None:
    async with _opened() as stage:
        stage.disclosure.cut()
        await stage.opening
        assert stage.session.lines == [DEFAULT.disclosure]
        assert stage.facts.events == []


async def test_words_said_during_the_disclosure_are_answered_after_it() -> None:
    async with _opened() as stage:
        stage.heard("Hi,")
        stage.heard("what does the battery cost?")
        assert stage.session.replies == []
        await stage.disclosed()
        assert stage.session.replies == ["Hi, what does the battery cost?"]
        assert stage.session.forgotten_turns == 1, "or the framework answers them again"
        assert stage.session.lines == [DEFAULT.disclosure]


async def test_words_said_after_the_disclosure_are_left_to_the_framework() -> None:
    async with _opened() as stage:
        await stage.disclosed()
        stage.heard("What does the battery cost?")
        assert stage.session.replies == []


@pytest.mark.parametrize("sound", ["Mm-hm.", "Yeah, okay."])
async def test_a_sign_of_listening_during_the_disclosure_gets_the_greeting(sound: str) -> None:
    async with _opened() as stage:
        stage.heard(sound)
        await stage.disclosed()
        assert stage.session.replies == []
        assert stage.session.lines == [DEFAULT.disclosure, DEFAULT.greeting]


async def test_a_caller_in_the_middle_of_a_sentence_is_not_talked_over() -> None:
    async with _opened() as stage:
        stage.heard("I would like")
        stage.session.user_state = "speaking"
        await stage.disclosed()
        assert stage.session.lines == [DEFAULT.disclosure]
        assert stage.session.replies == []


async def test_an_opt_out_during_the_disclosure_is_kept_at_once_and_ends_the_call_ungreeted() -> (
    None
):
    async with _opened() as stage:
        stage.heard("Don't call me again.")
        assert stage.facts.urgent == [EventKind.OPTED_OUT]
        assert not stage.disclosure.interrupted
        await stage.disclosed()
        (await stage.session.speech(LINES.opted_out)).played()
        await stage.conversation.ending.wait()
        assert stage.session.lines == [DEFAULT.disclosure, LINES.opted_out]
        assert stage.session.replies == []
        assert stage.line.hang_ups == 1


async def test_a_disclosure_that_nobody_could_hear_is_not_told_as_spoken() -> None:
    """Its audio was not rendered ahead and the speech provider failed while it was due."""
    async with _opened() as stage:
        stage.call.note(EventKind.PROVIDER_FAILED, provider="tts", error="APIConnectionError")
        await stage.disclosed()
        assert stage.facts.kinds == [EventKind.PROVIDER_FAILED]
        assert "recorder: start" not in stage.facts.said
        (await stage.session.speech(LINES.technical_goodbye)).played()
        await stage.conversation.ending.wait()
        assert stage.session.lines == [DEFAULT.disclosure, LINES.technical_goodbye]


async def test_a_disclosure_from_rendered_audio_needs_no_provider() -> None:
    stage = Opened()
    stage.call.spoken = Rendered()
    stage.opening = asyncio.create_task(stage.conversation.open())
    await asyncio.sleep(0)
    assert stage.disclosure.with_audio
    stage.call.note(EventKind.PROVIDER_FAILED, provider="stt", error="APIConnectionError")
    await stage.disclosed()
    assert stage.call.noted(EventKind.DISCLOSED)
    assert stage.session.lines == [DEFAULT.disclosure, DEFAULT.greeting]


async def test_whom_we_call_is_greeted_in_other_words_than_who_calls_us() -> None:
    async with _opened() as stage:
        stage.call.direction = Direction.OUTBOUND
        await stage.disclosed()
        assert DEFAULT.outbound_greeting is not None
        assert stage.session.lines == [DEFAULT.disclosure, DEFAULT.outbound_greeting]
