"""What a caller's short words are, in four languages: a yes, a no, a sign of listening."""

import pytest

from agent.domain.understanding import Understanding
from agent.playbook.caller_phrases import load_lexicons
from agent.settings import ROOT
from tests.unit.domain.spoken_table import table

EVERY_LANGUAGE = Understanding(load_lexicons(ROOT / "prompts"))


@pytest.mark.parametrize(
    ("words", "answer"),
    [
        ("Yes, please.", True),
        ("Oui.", True),
        ("Ja, doe maar.", True),
        ("Ja bitte.", True),
        ("No, no, go on.", False),
        ("Nee, dat hoeft niet.", False),
        ("Nein.", False),
        ("Oui, pourquoi pas.", True),
        ("Oui mais non.", False),
        ("Which list?", None),
    ],
)
def test_a_yes_and_a_no_are_told_from_everything_else(words: str, answer: bool | None) -> None:
    assert EVERY_LANGUAGE.answer(words) is answer


@pytest.mark.parametrize(
    "words",
    table("""
    en: Mm-hmm.
    en: Mmm.
    en: Mm.
    en: Mhm
    en: Mm hmm, mm-hm.
    en: Uh-huh.
    en: Hmm...
    en: Yeah.
    en: Yeah, yeah, okay.
    en: Okay, I see.
    en: Right.
    en: All right. Got it.
    fr: Oui oui, d'accord.
    fr: Ouais.
    fr: Ah bon.
    fr: Tout à fait.
    nl: Ja, ja.
    nl: Oké.
    nl: Amai.
    nl: Klopt, inderdaad.
    de: Ja genau.
    de: Ach so.
    de: Alles klar.
    """),
)
def test_a_sign_of_listening_claims_no_turn(words: str) -> None:
    assert EVERY_LANGUAGE.only_listens(words)


@pytest.mark.parametrize(
    "words",
    table("""
    en: Yeah, but how much is it?
    en: Right?
    en: Stop.
    en: No.
    en: Wait.
    en: Okay, what about Monday
    en: Yes yes yes yes yes yes yes.
    en: ...
    fr: Oui, mais attendez.
    fr: Non.
    nl: Nee.
    nl: Ja, wacht even.
    de: Nein.
    de: Moment.
    """),
)
def test_whatever_wants_the_floor_is_no_sign_of_listening(words: str) -> None:
    assert not EVERY_LANGUAGE.only_listens(words)
