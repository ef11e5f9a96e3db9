"""Failing providers: the caller is told, once with patience, then let go politely."""

import time
from dataclasses import dataclass, field

import pytest
from livekit.agents import (
    AgentStateChangedEvent,
    APIConnectionError,
    ErrorEvent,
    UserInputTranscribedEvent,
    UserTranscriptionTimeoutEvent,
)
from livekit.agents.llm import LLMError
from livekit.agents.stt import STTError
from livekit.agents.tts import TTSError

from agent.conversation.conversation import Conversation
from agent.domain.calls import EventKind
from agent.voice.recogniser_chain import RecogniserChain
from tests.scripted_llm import Fails, word_by_word
from tests.scripted_recognisers import ScriptedRecogniser, until
from tests.unit.conversation.fake_session import FakeSession
from tests.unit.conversation.fakes import Facts, FakeLine
from tests.unit.conversation.scene import LINES, Scene, live_call

FAILURES = {"llm": LLMError, "stt": STTError, "tts": TTSError}


@dataclass
class Stage:
    """A conversation whose providers can fail."""

    session: FakeSession = field(default_factory=FakeSession)
    facts: Facts = field(default_factory=Facts)

    def __post_init__(self) -> None:
        self.line = FakeLine(self.facts)
        self.conversation = Conversation(
            self.session.as_session, live_call(self.facts, line=self.line), "instructions"
        )

    def fails(self, provider: str, *, recoverable: bool = False) -> None:
        """The framework reports that a provider failed."""
        error = FAILURES[provider](
            timestamp=time.time(),
            label=provider,
            error=APIConnectionError("scripted"),
            recoverable=recoverable,
        )
        self.session.emit("error", ErrorEvent(error=error, source=None))

    def replies(self) -> None:
        """A reply of the model begins to be spoken."""
        self.session.emit(
            "agent_state_changed",
            AgentStateChangedEvent(old_state="thinking", new_state="speaking"),
        )


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.mark.parametrize("provider", FAILURES)
async def test_the_first_failure_is_told_to_the_caller_and_noted(
    stage: Stage, provider: str
) -> None:
    stage.fails(provider)
    assert stage.session.lines == [LINES.say_again]
    assert stage.facts.details(EventKind.PROVIDER_FAILED) == [
        {"provider": provider, "error": "APIConnectionError"}
    ]
    assert stage.line.hang_ups == 0


async def test_the_second_failure_ends_the_call_with_an_apology(stage: Stage) -> None:
    stage.fails("llm")
    stage.session.speeches[0].played()
    stage.fails("tts")
    (await stage.session.speech(LINES.technical_goodbye)).played()
    await stage.conversation.ending.wait()
    assert stage.session.lines == [LINES.say_again, LINES.technical_goodbye]
    assert stage.line.hang_ups == 1


async def test_a_reply_in_between_forgives_the_first_failure(stage: Stage) -> None:
    stage.fails("llm")
    stage.session.speeches[0].played()
    stage.replies()
    stage.fails("llm")
    assert stage.session.lines == [LINES.say_again, LINES.say_again]
    assert stage.facts.kinds == [
        EventKind.PROVIDER_FAILED,
        EventKind.PROVIDER_RECOVERED,
        EventKind.PROVIDER_FAILED,
    ]


async def test_a_goodbye_after_the_last_failure_is_no_reply(stage: Stage) -> None:
    stage.fails("llm")
    stage.session.speeches[0].played()
    stage.fails("llm")
    stage.replies()
    assert EventKind.PROVIDER_RECOVERED not in stage.facts.kinds


async def test_a_failure_that_is_being_retried_is_not_told(stage: Stage) -> None:
    stage.fails("llm", recoverable=True)
    assert stage.session.lines == []
    assert stage.facts.events == []


async def test_an_error_that_is_no_providers_is_left_alone(stage: Stage) -> None:
    stage.session.emit("error", ErrorEvent(error=ValueError("x"), source=None))
    assert stage.session.lines == []


async def test_speech_that_nobody_recognises_is_a_failure_too(stage: Stage) -> None:
    stage.session.emit(
        "user_transcription_timeout",
        UserTranscriptionTimeoutEvent(speech_duration=2.0, vad_speech_started_at=time.time()),
    )
    assert stage.session.lines == [LINES.say_again]
    assert stage.facts.details(EventKind.PROVIDER_FAILED) == [
        {"provider": "stt", "error": "nothing_recognised"}
    ]


@pytest.mark.parametrize(("later", "told"), [(1.0, []), (3.0, [LINES.say_again])])
async def test_speech_right_after_recognised_words_is_the_end_of_them(
    stage: Stage, later: float, told: list[str]
) -> None:
    words = UserInputTranscribedEvent(transcript="Tell me about the battery.", is_final=True)
    stage.session.emit("user_input_transcribed", words)
    stage.session.emit(
        "user_transcription_timeout",
        UserTranscriptionTimeoutEvent(
            speech_duration=2.0, vad_speech_started_at=words.created_at + later
        ),
    )
    assert stage.session.lines == told


async def test_speech_that_a_second_recogniser_hears_now_is_no_failure_yet(stage: Stage) -> None:
    first, second = ScriptedRecogniser("first", deaf=True), ScriptedRecogniser("second", deaf=True)
    ears = RecogniserChain([first, second])
    stage.session.stt = ears
    unheard = UserTranscriptionTimeoutEvent(speech_duration=2.0, vad_speech_started_at=time.time())
    async with ears.stream():
        await until(lambda: first.opened == 1)
        stage.session.emit("user_transcription_timeout", unheard)
        await until(lambda: second.opened == 1)
        assert stage.session.lines == []
        stage.session.emit("user_transcription_timeout", unheard)
        assert stage.session.lines == [LINES.say_again], "nobody is left who could hear it"


async def test_failures_after_the_end_has_begun_are_not_told(stage: Stage) -> None:
    stage.conversation.time_is_up()
    stage.fails("llm")
    (await stage.session.speech(LINES.time_is_up)).played()
    await stage.conversation.ending.wait()
    assert stage.session.lines == [LINES.time_is_up]
    assert not stage.facts.details(EventKind.PROVIDER_FAILED)


# ---- with the real session


async def test_a_model_that_fails_once_is_asked_again() -> None:
    async with Scene(Fails(), "Good. What can I do for you?") as scene:
        assert await scene.caller_says("Hello") == [LINES.say_again]
        assert await scene.caller_says("Hello, I said.") == ["Good. What can I do for you?"]
        assert scene.line.hang_ups == 0


async def test_a_model_that_fails_twice_ends_the_call() -> None:
    """Our own apology is not taken for a sign that the model works again."""
    async with Scene(Fails(), Fails()) as scene:
        assert await scene.caller_says("Hello") == [LINES.say_again]
        assert await scene.caller_says("Hello, I said.") == [LINES.technical_goodbye]
        assert scene.line.hang_ups == 1


async def test_failures_with_a_reply_between_them_do_not_end_the_call() -> None:
    async with Scene(Fails(), "Good.", Fails(), "Good again.") as scene:
        for words in ("One", "Two", "Three", "Four"):
            await scene.caller_says(words)
        assert scene.said == [LINES.say_again, "Good.", LINES.say_again, "Good again."]
        assert scene.line.hang_ups == 0


async def test_a_model_that_fails_in_the_middle_of_a_sentence_is_apologised_for() -> None:
    async with Scene((*word_by_word("The battery costs"), Fails())) as scene:
        said = await scene.caller_says("What does it cost?")
        assert LINES.say_again in said
        assert scene.happened(EventKind.PROVIDER_FAILED)
