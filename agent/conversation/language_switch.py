"""The language of a call: begun in what is assumed, changed to what the caller speaks.

A change takes effect before the recogniser's words reach the framework, so that the reply, which is
begun ahead of the end of the turn, is already in the new language: afterwards it would be thrown
away and made again, with a second of silence.
"""

import re
from collections.abc import Mapping, Sequence

import structlog
from livekit.agents import Agent

from agent.conversation.live_call import LiveCall
from agent.conversation.spoken_language import SpokenLanguage
from agent.domain.calls import EventKind
from agent.domain.language_choice import LanguageChoice, LanguageDecision, Why

_SENTENCE = re.compile(r"[^.!?]+[.!?]+")

log = structlog.get_logger(__name__)


class LanguageSwitch:
    """Follows the caller's language. `opening` are the languages of the first sentences."""

    def __init__(
        self,
        call: LiveCall,
        choice: LanguageChoice,
        languages: Mapping[str, SpokenLanguage],
        opening: Sequence[str],
    ) -> None:
        self._call = call
        self._choice = choice
        self._languages = languages
        self.opening = tuple(languages[code] for code in opening)
        self._disclosed: set[str] = set()

    async def heard(
        self, agent: Agent, words: str, reported: str | None, confidence: float
    ) -> None:
        """A final transcript: go on in the language it decides on, if it decides on another."""
        before = self._choice.current
        decision = self._choice.heard(words, reported, confidence)
        if decision is None:
            return
        self._note(decision, before)
        if decision.language != before:
            await self.speak(agent, self._languages[decision.language])

    async def assume(self, agent: Agent, code: str) -> None:
        """Begin in this language: something is known of the caller before the first word."""
        if code in self._languages:
            self._choice.current = code
            self.opening = (self._languages[code],)
            await self.speak(agent, self._languages[code])

    async def settle(self, agent: Agent) -> None:
        """After an opening in several languages: on in the caller's, else in the first."""
        await self.speak(agent, self._languages[self._choice.current])

    async def speak(self, agent: Agent, language: SpokenLanguage) -> None:
        """From the next sentence on, everything is in this language."""
        self._call.speak_in(language)
        agent.update_options(tts=language.voice)
        await agent.update_instructions(language.instructions)

    def disclosed_in(self, code: str) -> None:
        """The disclosure was heard to its end in this language."""
        self._disclosed.add(code)

    @property
    def notice(self) -> str | None:
        """Who speaks and that the call is recorded, for a caller who was told in another language.

        It comes before the first reply in the language; None: it was said.
        """
        playbook = self._call.playbook
        if playbook.language in self._disclosed:
            return None
        told = _SENTENCE.findall(playbook.short_disclosure or playbook.disclosure)
        return " ".join(each.strip() for each in told if not each.rstrip().endswith("?"))

    def agent_said(self, text: str) -> None:
        """What was heard of a reply; with the whole notice in it, the caller has been told."""
        notice = self.notice
        if notice is not None and notice in text:
            self.disclosed_in(self._call.playbook.language)
            self._call.note(EventKind.DISCLOSED, text=notice)

    def _note(self, decision: LanguageDecision, before: str) -> None:
        if decision.language == before and decision.why is Why.ASSUMED and not self._chose_before:
            return  # nothing was decided: the record's language is the one that was begun in
        log.info("language_chosen", call_id=str(self._call.id), language=decision.language)
        counted = sorted(decision.counted.items(), key=lambda each: -each[1])
        self._call.note(
            EventKind.LANGUAGE_CHOSEN,
            language=decision.language,
            before=before,
            why=decision.why,
            words=", ".join(f"{code} {words:g}" for code, words in counted),
        )

    @property
    def _chose_before(self) -> bool:
        return self._call.noted(EventKind.LANGUAGE_CHOSEN) > 0
