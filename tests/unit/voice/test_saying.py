"""What is written in signs and numbers, as each language says it."""
# ruff: noqa: E501 (a row of the table is a line)

import re
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from text_to_num import alpha2digit

from agent.playbook.spoken_forms import load_forms
from agent.settings import ROOT
from agent.voice.saying import Saying

LANGUAGES = ("en", "fr", "nl", "de")


@cache
def _say(language: str) -> Saying:
    return Saying(load_forms(ROOT / "prompts", language))


def _table(text: str) -> list[tuple[str, str, str]]:
    rows = (line.strip() for line in text.strip().splitlines())
    return [(row[:2], *map(str.strip, row[3:].split(" => "))) for row in rows if row]  # type: ignore[misc]


@pytest.mark.parametrize(
    ("language", "written", "said"),
    _table("""
    en: It costs €6,900, installed. => It costs six thousand nine hundred euros, installed.
    en: It is €57.50 or $1. => It is fifty-seven euros fifty or one dollar.
    en: 10 kWh at €0.30/kWh => ten kilowatt hours at thirty cents per kilowatt hour
    en: 6% VAT, 0.5 % more => six percent VAT, zero point five percent more
    en: Thursday 3 December at 14:30 => Thursday the third of December at half past two
    en: on the 3 December, December 1 => on the third of December, December first
    en: at 9:00, 9:15, 9:45, 9:05, 12:00 => at nine o'clock, a quarter past nine, a quarter to ten, nine oh five, noon
    en: at 2:30 p.m. or 5pm => at half past two or five o'clock
    en: 02 601 05 01 => oh two, six oh one, oh five, oh one
    en: jan.peeters@example.be => jan dot peeters at example dot be
    en: www.fernhill-energy.be => www dot fernhill dash energy dot be
    en: built in 1975, 75 m², 9-12, €5-10 => built in nineteen seventy-five, seventy-five square metres, nine to twelve, five to ten euros
    en: 1 visit, 2.5 hours, -5 °C => one visit, two point five hours, minus five degrees
    en: the 2nd floor, no. 12345678 => the second floor, no. one two three four five six seven eight
    fr: Elle coûte 6.900 €. => Elle coûte six mille neuf cents euros.
    fr: 6 900 euros, 57,50 €, 0,30 €/kWh => six mille neuf cents euros, cinquante-sept euros cinquante, trente cents par kilowattheure
    fr: 71 ou 91 panneaux => septante-et-un ou nonante-et-un panneaux
    fr: 80 %, 2,5 heures => quatre-vingts pour cent, deux virgule cinq heures
    fr: jeudi 3 décembre à 14h30, à 9 h => jeudi trois décembre à quatorze heures trente, à neuf heures
    fr: le 1er mars à 12h, à 1 h => le premier mars à midi, à une heure
    fr: le 03/12/2026 => le trois décembre deux mille vingt-six
    fr: 02 601 05 01 => zéro deux, six cent un, zéro cinq, zéro un
    fr: +32 470 12 34 56 => plus trente-deux, quatre cent septante, douze, trente-quatre, cinquante-six
    fr: 0471809195 => zéro quatre cent septante-et-un, quatre-vingts, nonante-et-un, nonante-cinq
    fr: jean@example.be => jean arobase example point be
    nl: Dat kost € 6.900,-. => Dat kost zesduizendnegenhonderd euro.
    nl: 57,50 euro, 1 euro => zevenenvijftig euro vijftig, één euro
    nl: donderdag 3 december om 14:30 of 9:15 => donderdag drie december om half drie of kwart over negen
    nl: om 20u30, om 10.45 uur => om half negen, om kwart voor elf
    nl: de 3e keer, 6 %, 75 m² => de derde keer, zes procent, vijfenzeventig vierkante meter
    nl: 02 601 05 01 => nul twee, zes nul een, nul vijf, nul een
    nl: 0470 12 34 56 => nul vier zeven nul, twaalf, vierendertig, zesenvijftig
    nl: jan@example.be => jan apenstaartje example punt be
    de: Er kostet 6.900 €. => Er kostet sechstausendneunhundert Euro.
    de: 57,50 Euro, 0,30 €/kWh => siebenundfünfzig Euro fünfzig, dreißig Cent pro Kilowattstunde
    de: am 3. Dezember um 14:30 Uhr => am dritten Dezember um halb drei
    de: der 3. Dezember, um 1 Uhr, um 9 Uhr => der dritte Dezember, um ein Uhr, um neun Uhr
    de: 10 kWh, 6 %, seit 1975 => zehn Kilowattstunden, sechs Prozent, seit neunzehnhundertfünfundsiebzig
    de: 02 601 05 01 => null zwei, sechs null eins, null fünf, null eins
    de: jan@example.de => jan ät example Punkt de
    """),
)
def test_signs_and_numbers_are_said_as_the_language_says_them(
    language: str, written: str, said: str
) -> None:
    assert _say(language)(written) == said


@pytest.mark.parametrize("language", LANGUAGES)
@settings(deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                "€",
                "$",
                "%",
                "@",
                "kWh",
                "m²",
                " ",
                ",",
                ".",
                ":",
                "-",
                "/",
                "a",
                "h",
                "+",
                "Uhr",
                "é",
            ]
        )
        | st.integers(0, 10_000_000).map(str),
        max_size=12,
    )
)
def test_no_digit_and_no_sign_reaches_the_voice(language: str, pieces: list[str]) -> None:
    said = _say(language)("".join(pieces))
    assert re.search(r"[\d€$%@]", said) is None


@pytest.mark.parametrize("language", LANGUAGES)
@settings(deadline=None)
@given(st.integers(2, 999_999))
def test_an_amount_that_is_said_is_the_amount_that_was_written(language: str, value: int) -> None:
    said = _say(language)(f"{value} €")
    heard = alpha2digit(said.replace("-et-", " et "), language, threshold=0)
    assert re.sub(r"\D", "", heard) == str(value)


@pytest.mark.parametrize("language", LANGUAGES)
def test_plain_words_are_said_as_they_are_written(language: str) -> None:
    for text in ("Robin, d'accord ? Goed zo: ja!", "Wir kommen — gern…", "It's fine; thank you."):
        assert _say(language)(text) == text.replace(" ?", "?")


def test_names_are_said_as_the_playbook_writes_them() -> None:
    say = Saying(load_forms(ROOT / "prompts", "fr"), {"Fernhill": "Feurn-il", "kWh": "kawéhache"})
    assert say("Fernhill, 10 kWh. Fernhillien.") == "Feurn-il, dix kawéhache. Fernhillien."


def test_a_name_that_is_said_otherwise_is_other_sound() -> None:
    forms = load_forms(ROOT / "prompts", "nl")
    versions = {Saying(forms).version, Saying(forms, {"a": "b"}).version, _say("fr").version}
    assert len(versions) == 3
    assert Saying(forms).version == _say("nl").version
