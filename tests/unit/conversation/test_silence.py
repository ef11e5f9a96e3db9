"""A quiet line: asked twice, then a goodbye."""

import asyncio
from dataclasses import dataclass, field

import pytest
from livekit.agents import UserInputTranscribedEvent

from agent.conversation.conversation import Conversation
from agent.conversation.silence import PATIENCE
from agent.domain.calls import EventKind
from tests.unit.conversation.clock import Clock
from tests.unit.conversation.fake_session import FakeSession
from tests.unit.conversation.fakes import Facts, FakeLine
from tests.unit.conversation.scene import LINES, live_call

FIRST, SECOND = LINES.still_there


@dataclass
class Stage:
    """A conversation whose caller can be silent."""

    session: FakeSession = field(default_factory=FakeSession)
    facts: Facts = field(default_factory=Facts)

    def __post_init__(self) -> None:
        self.line = FakeLine(self.facts)
        self.conversation = Conversation(
            self.session.as_session, live_call(self.facts, line=self.line), "instructions"
        )
        self.conversation._opened = True  # the first words have been spoken

    async def asked(self, line: str) -> None:
        """The caller stays silent; the agent asks and is heard to the end."""
        self.session.caller_is("away")
        resets = self.session.away_resets
        speech = await self.session.speech(line)
        assert speech.allow_interruptions
        speech.played()
        for _ in range(5):
            await asyncio.sleep(0)
        assert self.session.away_resets == resets + 1, "or silence is never reported again"
        self.session.user_state = "listening"

    def heard(self, words: str) -> None:
        """The caller says something."""
        self.session.emit(
            "user_input_transcribed", UserInputTranscribedEvent(transcript=words, is_final=True)
        )


@pytest.fixture
def stage() -> Stage:
    return Stage()


async def test_silence_is_asked_about_twice_and_then_ends_the_call(stage: Stage) -> None:
    await stage.asked(FIRST)
    await stage.asked(SECOND)
    assert stage.facts.events == []
    stage.session.caller_is("away")
    (await stage.session.speech(LINES.silence_goodbye)).played()
    await stage.conversation.ending.wait()
    assert stage.session.lines == [FIRST, SECOND, LINES.silence_goodbye]
    assert stage.facts.kinds == [
        EventKind.CALLER_SILENT,
        EventKind.GOODBYE_SAID,
        EventKind.AGENT_HUNG_UP,
    ]


async def test_a_word_of_the_caller_starts_the_counting_again(stage: Stage) -> None:
    await stage.asked(FIRST)
    stage.heard("Yes, I am here.")
    await stage.asked(FIRST)
    assert stage.session.lines == [FIRST, FIRST]


async def test_a_caller_who_asks_for_a_moment_is_left_in_peace(stage: Stage) -> None:
    clock = Clock()
    stage.heard("One moment, I will fetch my bill.")
    await clock.passes(0)
    await clock.passes(PATIENCE - 1)
    stage.session.caller_is("away")
    assert stage.session.lines == []
    await clock.passes(1)
    assert stage.session.lines == [LINES.still_here]
    (await stage.session.speech(LINES.still_here)).played()
    await clock.passes(PATIENCE - 1)
    stage.session.caller_is("away")
    assert stage.session.lines == [LINES.still_here]
    resets = stage.session.away_resets
    await clock.passes(1)
    assert stage.session.away_resets == resets + 1, "or silence is never reported again"
    await stage.asked(FIRST)


async def test_patience_ends_with_the_next_words(stage: Stage) -> None:
    clock = Clock()
    stage.heard("One moment, please.")
    await clock.passes(0)
    await clock.passes(30)
    stage.heard("Here it is.")
    await clock.passes(PATIENCE)
    assert stage.session.lines == []
    await stage.asked(FIRST)


async def test_a_key_of_the_caller_starts_the_counting_again(stage: Stage) -> None:
    await stage.asked(FIRST)
    stage.conversation.key_pressed("1")
    await stage.asked(FIRST)


async def test_nobody_is_asked_after_the_end_has_begun(stage: Stage) -> None:
    stage.conversation.time_is_up()
    stage.session.caller_is("away")
    (await stage.session.speech(LINES.time_is_up)).played()
    await stage.conversation.ending.wait()
    assert stage.session.lines == [LINES.time_is_up]
    assert EventKind.CALLER_SILENT not in stage.facts.kinds


async def test_a_question_that_is_still_being_asked_is_given_up_when_the_call_closes(
    stage: Stage,
) -> None:
    stage.session.caller_is("away")
    await stage.session.speech(FIRST)
    await asyncio.wait_for(stage.conversation.close(), 1)
    assert stage.session.away_resets == 0


async def test_nobody_is_asked_while_the_phone_rings(stage: Stage) -> None:
    stage.conversation._opened = False
    stage.session.caller_is("away")
    assert stage.session.lines == []
