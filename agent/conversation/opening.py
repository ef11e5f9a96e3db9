"""The first words of a call: the disclosure to its last word, then a greeting or an answer.

The framework throws away what a caller says while the agent cannot be interrupted. A caller who
says "don't call me again" over the disclosure has said it, so the words are kept here and
answered as soon as the disclosure is over.
"""

import asyncio

import structlog
from livekit.agents import AgentSession

from agent.conversation.ending import Ending, speak
from agent.conversation.language_switch import LanguageSwitch
from agent.conversation.live_call import LiveCall
from agent.domain.calls import EventKind

log = structlog.get_logger(__name__)

_WORDS_COME_SECONDS = 3.0
"""A caller in mid-sentence has produced a transcript within this time, or is still speaking."""


class Opening:
    """The opening of one call."""

    def __init__(
        self,
        session: AgentSession[None],
        call: LiveCall,
        ending: Ending,
        languages: LanguageSwitch | None = None,
    ) -> None:
        self._session = session
        self._call = call
        self._ending = ending
        self._languages = languages
        self._disclosing = False
        self._said_meanwhile: list[str] = []
        self._words_came = asyncio.Event()

    def caller_said(self, text: str) -> None:
        """A final transcript has arrived; kept if the disclosure is still being spoken."""
        self._words_came.set()
        if self._disclosing:
            self._said_meanwhile.append(text)

    def take_unanswered(self) -> str:
        """What was said during the disclosure and nobody has answered yet."""
        said, self._said_meanwhile = " ".join(self._said_meanwhile), []
        return said

    async def speak(self) -> None:
        """Speak disclosure and greeting. Returns when the caller may be expected to talk."""
        self._disclosing = True
        disclosure = await self._disclose()
        self._disclosing = False
        if disclosure is None:
            return
        self._call.note(EventKind.DISCLOSED, text=disclosure)
        refused = self._call.noted(EventKind.RECORDING_REFUSED)
        if self._call.playbook.recording and not refused and await self._call.recorder.start():
            self._call.note(EventKind.RECORDING_STARTED)
        if self._session.user_state == "speaking" and await self._caller_has_words():
            return  # the turn that they become is answered as any other
        if not self._call.ending:
            self._greet_or_answer()

    async def _disclose(self) -> str | None:
        """Speak the disclosure to its last word; None: it was not, and the call is ending."""
        languages = self._languages
        if languages is None or len(languages.opening) < 2:
            text = self._call.playbook.disclosure
            if not await self._told(text):
                return None
            if languages is not None:
                languages.disclosed_in(self._call.playbook.language)
            return text
        told = []
        for language in languages.opening:
            await languages.speak(self._session.current_agent, language)
            text = language.playbook.short_disclosure or language.playbook.disclosure
            if not await self._told(text):
                return None
            languages.disclosed_in(language.code)
            told.append(text)
        await languages.settle(self._session.current_agent)
        return " ".join(told)

    async def _told(self, text: str) -> bool:
        """Speak what cannot be interrupted. False: it was not heard to its end."""
        rendered = self._call.spoken.frames(text) is not None
        failures = self._call.noted(EventKind.PROVIDER_FAILED)
        handle = speak(self._session, self._call, text, interruptible=False)
        await handle.wait_for_playout()
        if handle.interrupted:
            return False  # only the end of the call interrupts it
        if not rendered and self._call.noted(EventKind.PROVIDER_FAILED) > failures:
            # The framework reports failed speech as played. Without the disclosure we neither sell
            # nor record: end the call.
            self._ending.conclude(self._call.playbook.lines.technical_goodbye)
            return False
        return True

    async def _caller_has_words(self) -> bool:
        """Whether the sound that the caller is making turns into words; a cough does not."""
        self._words_came.clear()
        try:
            async with asyncio.timeout(_WORDS_COME_SECONDS):
                await self._words_came.wait()
        except TimeoutError:
            return self._session.user_state == "speaking"
        return True

    def _greet_or_answer(self) -> None:
        said = self.take_unanswered()
        if said and not self._call.understanding.only_listens(said):
            # These words were recognised during the disclosure; the framework must not answer
            # them a second time.
            self._session.clear_user_turn()
            self._session.generate_reply(user_input=said)
            return
        if self._languages is not None and len(self._languages.opening) > 1:
            return  # each language's short disclosure has ended with the question
        speak(self._session, self._call, self._call.playbook.greeting_for(self._call.direction))
