"""The part of AgentSession that opening, silence, trouble and ending use, under the test's hand."""

import asyncio
from collections.abc import AsyncIterator
from typing import cast

from livekit import rtc
from livekit.agents import AgentSession, UserStateChangedEvent
from livekit.agents.voice.events import UserState


class FakeSpeech:
    """One utterance; it lasts until the test says that it was played, or cuts it."""

    def __init__(self, text: str, interruptible: bool, *, with_audio: bool) -> None:
        self.text = text
        self.allow_interruptions = interruptible
        self.with_audio = with_audio
        self.interrupted = False
        self._over = asyncio.Event()

    def played(self) -> None:
        """It was heard to its last word."""
        self._over.set()

    def cut(self) -> None:
        """The end of the session, or the caller, cut it."""
        self.interrupted = True
        self._over.set()

    def done(self) -> bool:
        """Whether it is over."""
        return self._over.is_set()

    async def wait_for_playout(self) -> None:
        """As the framework's."""
        await self._over.wait()


class FakeSession(rtc.EventEmitter[str]):
    """Says what it is told to say, one utterance after the other, in `speeches`."""

    def __init__(self) -> None:
        super().__init__()
        self.speeches: list[FakeSpeech] = []
        self.replies: list[str] = []
        """User inputs for which a reply was generated."""
        self.user_state: UserState = "listening"
        self.forgotten_turns = 0
        self.away_resets = 0
        self.closing = False
        self.stt: object = None
        """The recogniser; nobody listens with it."""

    @property
    def as_session(self) -> AgentSession[None]:
        """For constructors that want the real one."""
        return cast("AgentSession[None]", self)

    @property
    def lines(self) -> list[str]:
        """Everything that was begun to be said."""
        return [speech.text for speech in self.speeches]

    @property
    def current_speech(self) -> FakeSpeech | None:
        """The oldest utterance that is not over."""
        return next((speech for speech in self.speeches if not speech.done()), None)

    def say(
        self,
        text: str,
        *,
        audio: AsyncIterator[rtc.AudioFrame] | None = None,
        allow_interruptions: bool = True,
    ) -> FakeSpeech:
        """Begin (or queue) an utterance."""
        if self.closing:
            raise RuntimeError("AgentSession is closing, cannot use say()")
        speech = FakeSpeech(text, allow_interruptions, with_audio=audio is not None)
        self.speeches.append(speech)
        self.emit("test_said", speech)
        return speech

    def generate_reply(self, *, user_input: str) -> None:
        """Ask the model."""
        self.replies.append(user_input)

    def interrupt(self) -> None:
        """Cut what is being said."""
        if (speech := self.current_speech) is not None:
            assert speech.allow_interruptions, "the framework raises RuntimeError here"
            speech.cut()

    def clear_user_turn(self) -> None:
        """Forget what the caller has said so far."""
        self.forgotten_turns += 1

    def reset_away_timer(self) -> None:
        """Count the caller's silence from now."""
        self.away_resets += 1

    def caller_is(self, state: UserState) -> None:
        """The caller begins or stops to speak, or is away."""
        old, self.user_state = self.user_state, state
        self.emit("user_state_changed", UserStateChangedEvent(old_state=old, new_state=state))

    async def speech(self, text: str) -> FakeSpeech:
        """Wait until this is being said, or is the next to be."""
        said = asyncio.Event()
        self.on("test_said", lambda _: said.set())
        async with asyncio.timeout(1):
            while True:
                for speech in self.speeches:
                    if speech.text == text and not speech.done():
                        return speech
                said.clear()
                await said.wait()
