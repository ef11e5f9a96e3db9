"""Callers who do not speak the language of the opening.

What they say in French, Dutch and German is known by its sound to the recogniser's stand-in, not
recognised (docs/languages.md); what is heard of the agent is read from the record.
"""

import pytest

from agent.domain.calls import EventKind, Speaker
from agent.local.scenarios.agent_rules import Rule
from agent.store.calls import CallDetail
from tests.calls.call_centre import CallCentre, together, until
from tests.calls.caller import Caller

pytestmark = [pytest.mark.call(2), pytest.mark.asyncio(loop_scope="package")]

FRENCH, DUTCH, GERMAN = "pico:fr-FR", "pico:nl-NL", "pico:de-DE"
PRICE = Rule(id="prix", when="batterie", say="La batterie Home coûte 6.900 euros, tout compris.")
VISIT = Rule(id="bezoek", when="nederlands", say="Natuurlijk. Een adviseur komt gratis langs.")
OFFER = Rule(id="angebot", when="speicher", say="Wir bauen Batteriespeicher und Solaranlagen ein.")


async def test_a_caller_is_answered_in_their_own_language_and_may_change_it(
    centre: CallCentre,
) -> None:
    line = await centre.shipped_playbook()

    async def from_french_to_dutch(caller: Caller) -> None:
        await caller.hears("help you")
        await caller.says("Bonjour, je voudrais savoir combien coûte la batterie.", FRENCH)
        await answered(caller, "6.900 euros, tout compris")
        await caller.says("Kan het ook in het Nederlands, alstublieft?", DUTCH)
        await answered(caller, "adviseur komt gratis")

    async def in_german(caller: Caller) -> None:
        await caller.hears("help you")
        await caller.says("Guten Tag, haben Sie auch einen Speicher für mein Haus?", GERMAN)
        await answered(caller, "Batteriespeicher und Solaranlagen")

    async with line.call(PRICE, VISIT) as ann, line.call(OFFER) as bob:
        await together(from_french_to_dutch(ann), in_german(bob))
        await together(ann.hangs_up(), bob.hangs_up())
    changed, german = await ann.record(), await bob.record()

    assert (changed.record.language, german.record.language) == ("nl", "de")
    assert chosen(changed) == [("fr", "en", "greeted"), ("nl", "fr", "asked")]
    assert chosen(german) == [("de", "en", "greeted")]
    # Who speaks and that it is recorded was said in English: so it is said again, then the answer.
    in_french, in_dutch = said_after(changed, "Bonjour"), said_after(changed, "Kan het")
    assert "intelligence artificielle de Fernhill Energy" in in_french
    assert "6.900 euros" in in_french
    assert "artificiële intelligentie van Fernhill Energy" in in_dutch
    assert "Een adviseur komt gratis" in in_dutch
    assert "künstliche Intelligenz von Fernhill Energy" in said_after(german, "Guten Tag")


async def answered(caller: Caller, words: str) -> None:
    """Return when the agent has said `words` to the end: turns are on record once they were heard.

    The caller cannot wait for them with their ears, which know no foreign language.
    """

    async def said() -> bool:
        call = await caller.record_so_far()
        texts = [turn.text for turn in call.turns] if call else []
        return any(words in text for text in texts)

    await until(said, f"the agent says {words!r}")


def chosen(call: CallDetail) -> list[tuple[object, ...]]:
    """Each change of language: to, from, why."""
    events = [event for event in call.events if event.kind is EventKind.LANGUAGE_CHOSEN]
    return [(each.detail["language"], each.detail["before"], each.detail["why"]) for each in events]


def said_after(call: CallDetail, words: str) -> str:
    """What the agent said after the caller's turn that begins with `words`, until the next one."""
    texts: list[str] = []
    listening = False
    for turn in sorted(call.turns, key=lambda turn: turn.started_at):
        if turn.speaker is Speaker.CALLER:
            listening = turn.text.startswith(words)
        elif listening:
            texts.append(turn.text)
    return " ".join(texts)
