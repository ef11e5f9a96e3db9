"""When a provider fails: the caller is told, once more with patience, then let go politely.

The framework reports errors and then says nothing. Silence is the one thing a caller must not
meet, so every failure is spoken, from audio that needs no provider.
"""

from livekit.agents import AgentSession, ErrorEvent
from livekit.agents.llm import LLMError
from livekit.agents.stt import STTError
from livekit.agents.tts import TTSError
from livekit.agents.voice import SpeechHandle

from agent.conversation.ending import Ending, speak
from agent.conversation.live_call import LiveCall
from agent.domain.calls import EventKind

_STRIKES = 2
"""Failures without a reply in between after which the call is ended."""


class ProviderFailures:
    """Failures of one call's providers."""

    def __init__(self, session: AgentSession[None], call: LiveCall, ending: Ending) -> None:
        self._session = session
        self._call = call
        self._ending = ending
        self._strikes = 0
        self._apology: SpeechHandle | None = None

    def on_error(self, event: ErrorEvent) -> None:
        """A provider failed. Errors that the framework still retries do not count."""
        error = event.error
        if isinstance(error, LLMError | STTError | TTSError) and not error.recoverable:
            self._strike(error.type.removesuffix("_error"), type(error.error).__name__)

    def on_unheard(self) -> None:
        """The caller spoke and the recogniser has said nothing about it."""
        self._strike("stt", "nothing_recognised")

    def answered(self) -> None:
        """Speech begins: unless it is our own apology, the providers work again."""
        if self._apology is not None and self._session.current_speech is self._apology:
            return
        if self._strikes and not self._call.ending:
            self._call.note(EventKind.PROVIDER_RECOVERED)
        self._strikes = 0

    def _strike(self, provider: str, error: str) -> None:
        self._strikes += 1
        if self._call.ending:
            return
        self._call.note(EventKind.PROVIDER_FAILED, provider=provider, error=error)
        lines = self._call.playbook.lines
        if self._strikes >= _STRIKES:
            self._ending.conclude(lines.technical_goodbye)
        else:
            self._apology = speak(self._session, self._call, lines.say_again)
