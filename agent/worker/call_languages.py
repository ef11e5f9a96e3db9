"""The languages of one call, from its parts: what each needs, and which to begin in."""

import asyncio
import contextlib

from agent.conversation.language_switch import LanguageSwitch
from agent.conversation.live_call import LiveCall
from agent.conversation.spoken_language import SpokenLanguage
from agent.domain.language_choice import LanguageChoice, first_language
from agent.domain.languages import language_of_country
from agent.domain.phone_numbers import country_of, parse
from agent.errors import DatabaseUnavailable, Refused
from agent.playbook.instructions import Callee, instructions
from agent.worker.parts import CallParts

_KNOWN_SECONDS = 0.5
"""For what is known of the caller's language: nobody waits longer for it."""


def language_switch(call: LiveCall, parts: CallParts) -> LanguageSwitch | None:
    """What follows the caller's language; None where the call can be held in one only."""
    if len(parts.languages) < 2:
        return None
    now = parts.now()
    languages = {
        code: SpokenLanguage(
            playbook=each.playbook,
            spoken=each.spoken,
            voice=parts.pipeline.voices.of(code),
            instructions=instructions(
                parts.prompts_dir, each.playbook, call.direction, now, callee_of(parts)
            ),
        )
        for code, each in parts.languages.items()
    }
    choice = LanguageChoice(tuple(languages), parts.playbook.language, parts.marks)
    return LanguageSwitch(call, choice, languages, parts.opening)


async def assumed_language(parts: CallParts, number: str) -> str | None:
    """That of the last call with this number, else of its country; None: nothing is known."""
    if len(parts.languages) < 2:
        return None
    last: str | None = None
    if parts.last_language is not None and number:
        with contextlib.suppress(TimeoutError, DatabaseUnavailable):
            async with asyncio.timeout(_KNOWN_SECONDS):
                last = await parts.last_language(number)
    return first_language(tuple(parts.languages), known=(last,), country=_country_says(number))


def callee_of(parts: CallParts) -> Callee | None:
    """Whom we call and on which ground; None where we were called."""
    if parts.outbound is None:
        return None
    request = parts.outbound.attempt.request
    return Callee(request.participant_name, request.basis)


def _country_says(number: str) -> str | None:
    try:
        country = country_of(parse(number))
    except Refused:  # hidden, or no number at all
        return None
    return language_of_country(country) if country else None
