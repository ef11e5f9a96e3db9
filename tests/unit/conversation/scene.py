"""A conversation on stage: the real session, agent and tools, with a scripted model and no sound.

>>> async with Scene("Do you own your home?") as scene:
...     assert await scene.caller_says("Hello") == ["Do you own your home?"]
"""

import contextlib
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import UUID

from livekit.agents import (
    AgentSession,
    APIConnectOptions,
    APIError,
    StopResponse,
    UserInputTranscribedEvent,
)
from livekit.agents.llm import ChatContext, ChatMessage
from livekit.agents.voice.agent_session import SessionConnectOptions

from agent.conversation.conversation import Conversation
from agent.conversation.live_call import LiveCall
from agent.domain.appointments import Calendar, OpeningHours
from agent.domain.calls import Direction, EventKind, Speaker
from agent.domain.understanding import Understanding
from agent.playbook.caller_phrases import load_lexicons
from agent.playbook.instructions import instructions
from agent.playbook.load import load_playbook
from agent.playbook.model import Playbook
from agent.playbook.speech_rules import load_speech_rules
from agent.settings import ROOT
from agent.voice.recorder import CallRecorder
from agent.voice.speech_cache import SpeechCache
from tests.scripted_llm import Reply, ScriptedLLM
from tests.unit.conversation.fakes import NOW, Facts, FakeLine, MemoryCalendar

PROMPTS = ROOT / "prompts"
DEFAULT = load_playbook(PROMPTS, "default")
UNDERSTANDING = Understanding(load_lexicons(PROMPTS))
RULES = load_speech_rules(PROMPTS, DEFAULT)
LINES = DEFAULT.lines
CALL_ID = UUID("00000000-0000-4000-8000-000000000001")
CALLER = "+32479202020"


def opening_hours(playbook: Playbook) -> OpeningHours:
    """The hours of a playbook that has appointments."""
    assert playbook.appointment is not None
    return playbook.appointment.opening_hours()


def live_call(
    facts: Facts,
    *,
    playbook: Playbook = DEFAULT,
    line: FakeLine | None = None,
    calendar: Calendar | None = None,
    now: datetime = NOW,
) -> LiveCall:
    """A call with the default playbook, whose lines have not been rendered to sound."""
    nowhere = Path("/nonexistent")
    return LiveCall(
        id=CALL_ID,
        direction=Direction.INBOUND,
        caller_number=CALLER,
        playbook=playbook,
        understanding=UNDERSTANDING,
        rules=RULES if playbook is DEFAULT else load_speech_rules(PROMPTS, playbook),
        events=facts,
        phone=line or FakeLine(facts),
        spoken=SpeechCache(nowhere, "nobody"),
        recorder=CallRecorder(nowhere, "nothing"),
        now=lambda: now,
        calendar=calendar,
    )


class Scene:
    """One conversation. `replies` is what the model will say, in order."""

    def __init__(
        self,
        *replies: Reply,
        playbook: Playbook = DEFAULT,
        calendar: Calendar | None = None,
        transfer_refused: str | None = None,
        now: datetime = NOW,
    ) -> None:
        self.model = ScriptedLLM(*replies)
        self.facts = Facts()
        self.line = FakeLine(self.facts, refuses=transfer_refused)
        self.calendar = calendar or MemoryCalendar(opening_hours(DEFAULT))
        self.call = live_call(
            self.facts, playbook=playbook, line=self.line, calendar=self.calendar, now=now
        )
        self.session = AgentSession[None](
            llm=self.model,
            vad=None,
            turn_handling={"turn_detection": None},
            max_tool_steps=4,
            conn_options=SessionConnectOptions(
                llm_conn_options=APIConnectOptions(max_retry=0), max_unrecoverable_errors=1000
            ),
        )
        self.conversation = Conversation(
            self.session, self.call, instructions(PROMPTS, playbook, Direction.INBOUND, now)
        )

    async def __aenter__(self) -> Self:
        await self.session.start(self.conversation.agent, record=False)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.conversation.ending.wait()
        await self.conversation.close()
        await self.session.aclose()

    def caller_is_heard(self, words: str) -> None:
        """The recogniser is sure of these words; the turn they belong to is not over yet."""
        self.session.emit(
            "user_input_transcribed", UserInputTranscribedEvent(transcript=words, is_final=True)
        )

    async def caller_says(self, words: str) -> list[str]:
        """A whole turn of the caller, in the framework's order. Returns what the agent answers.

        When the call ends on it, the end is waited for and its last words are in the answer.
        """
        before = len(self.said)
        self.caller_is_heard(words)
        turn = ChatMessage(role="user", content=[words])
        try:
            await self.conversation.agent.on_user_turn_completed(ChatContext.empty(), turn)
        except StopResponse:
            pass
        else:
            with contextlib.suppress(APIError):  # the call's facts tell
                await self.session.run(user_input=turn.text_content or "")
        await self.conversation.ending.wait()
        return self.said[before:]

    @property
    def said(self) -> list[str]:
        """Everything the agent has said, turn by turn."""
        return self.facts.by(Speaker.AGENT)

    def told(self) -> list[str]:
        """What the tools have answered the model, in order."""
        return [
            item.output
            for item in self.session.history.items
            if item.type == "function_call_output"
        ]

    def happened(self, kind: EventKind) -> bool:
        """Whether such a fact was recorded."""
        return kind in self.facts.kinds


def playbook_with(**changes: object) -> Playbook:
    """The default playbook, with some keys changed; validated like a file."""
    return Playbook.model_validate({**DEFAULT.model_dump(), **changes})
