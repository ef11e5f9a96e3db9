"""The languages that a call can be held in: one table, and everything that differs by language.

A language is a row here and its files (`FILES`); nothing else in the code names one.
docs/languages.md says how another is added; tests/unit/domain/test_languages.py sees that every row
and file is whole.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

FILES = ("phrases/{code}.yaml", "speech_rules/{code}.yaml")
"""Of each language, below prompts/."""


@dataclass(frozen=True, slots=True)
class Language:
    """One language. Words are lower case where case does not belong to them."""

    code: str
    """ISO 639-1: what playbooks, files and records call it."""
    names: Mapping[str, str]
    """How this language calls each language, itself included."""
    countries: tuple[str, ...]
    """Whose phone numbers speak it, as far as a number can tell: BE, CH and LU are nobody's."""
    ai_words: tuple[str, ...]
    """Of which a disclosure needs one, to say that an artificial intelligence speaks."""
    recorded_words: tuple[str, ...]
    """Of which a disclosure needs one where the call is recorded; regular expressions."""
    percent_words: tuple[str, ...]
    """How "%" is said."""
    test_phrase: str
    """What the doctor has spoken and recognised."""
    recogniser: str
    """Deepgram's code for a call in this language alone."""
    hints: tuple[str, ...]
    """What Deepgram is told to expect where a call may be in several languages."""
    voice: str
    """The default voice, as engine:voice (agent/voice/voices.py)."""
    number_words: str
    """text2num's code: number words to digits."""
    weekdays: tuple[str, str, str, str, str, str, str]
    """From Monday on."""
    months: tuple[str, ...]
    """From January on."""
    date: str = "{weekday} {day} {month}"
    first_day: str = "1"
    """How the first day of a month is written in a date."""

    def says_ai(self, text: str) -> bool:
        """Whether `text` names an artificial intelligence. An acronym is one in capitals only."""
        return any(
            re.search(rf"\b{re.escape(word)}\b", text, 0 if word.isupper() else re.IGNORECASE)
            for word in self.ai_words
        )

    def says_recorded(self, text: str) -> bool:
        """Whether `text` says that the call is recorded."""
        return any(re.search(pattern, text, re.IGNORECASE) for pattern in self.recorded_words)

    def said_date(self, moment: datetime) -> str:
        """Weekday, day and month, as it is read out: "mardi 2 mars"."""
        return self.date.format(
            weekday=self.weekdays[moment.weekday()],
            day=self.first_day if moment.day == 1 else moment.day,
            month=self.months[moment.month - 1],
        )

    def said_moment(self, moment: datetime) -> str:
        """Date and time of day: "dinsdag 2 maart, 14:30"."""
        return f"{self.said_date(moment)}, {moment:%H:%M}"


_ENGLISH = Language(
    code="en",
    names={"en": "English", "fr": "French", "nl": "Dutch", "de": "German"},
    countries=("GB", "IE", "US", "CA", "AU", "NZ"),
    ai_words=("artificial intelligence", "AI"),
    recorded_words=("record",),
    percent_words=("per cent", "percent"),
    test_phrase="Please call me back tomorrow morning at ten.",
    recogniser="en",
    hints=("en",),
    voice="deepgram:aura-2-thalia-en",
    number_words="en",
    weekdays=("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    months=(
        *("January", "February", "March", "April", "May", "June"),
        *("July", "August", "September", "October", "November", "December"),
    ),
)

_FRENCH = Language(
    code="fr",
    names={"en": "anglais", "fr": "français", "nl": "néerlandais", "de": "allemand"},
    countries=("FR", "MC"),
    ai_words=("intelligence artificielle", "IA"),
    recorded_words=("enregistr",),
    percent_words=("pour cent", "pourcent"),
    test_phrase="Rappelez-moi demain matin à dix heures, s'il vous plaît.",
    recogniser="fr",
    hints=("fr",),
    voice="deepgram:aura-2-agathe-fr",
    number_words="fr",
    weekdays=("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche"),
    months=(
        *("janvier", "février", "mars", "avril", "mai", "juin"),
        *("juillet", "août", "septembre", "octobre", "novembre", "décembre"),
    ),
    first_day="1er",
)

_DUTCH = Language(
    code="nl",
    names={"en": "Engels", "fr": "Frans", "nl": "Nederlands", "de": "Duits"},
    countries=("NL",),
    ai_words=("kunstmatige intelligentie", "artificiële intelligentie", "AI"),
    recorded_words=("opgenomen", "opnem", "opneem", "opname", r"\bnem(?:en|t)\b[^.?!]*\bop\b"),
    percent_words=("procent",),
    test_phrase="Bel mij morgenochtend om tien uur terug, alstublieft.",
    recogniser="nl-BE",
    hints=("nl", "nl-BE"),
    voice="deepgram:aura-2-rhea-nl",
    number_words="nl",
    weekdays=("maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag", "zondag"),
    months=(
        *("januari", "februari", "maart", "april", "mei", "juni"),
        *("juli", "augustus", "september", "oktober", "november", "december"),
    ),
)

_GERMAN = Language(
    code="de",
    names={"en": "Englisch", "fr": "Französisch", "nl": "Niederländisch", "de": "Deutsch"},
    countries=("DE", "AT", "LI"),
    ai_words=("künstliche intelligenz", "KI"),
    recorded_words=("aufgezeichnet", "aufgenommen", "aufzeichn", "aufnahme", "mitgeschnitten"),
    percent_words=("prozent",),
    test_phrase="Bitte rufen Sie mich morgen früh um zehn Uhr zurück.",
    recogniser="de",
    hints=("de",),
    voice="deepgram:aura-2-viktoria-de",
    number_words="de",
    weekdays=(
        *("Montag", "Dienstag", "Mittwoch", "Donnerstag", "Freitag"),
        *("Samstag", "Sonntag"),
    ),
    months=(
        *("Januar", "Februar", "März", "April", "Mai", "Juni"),
        *("Juli", "August", "September", "Oktober", "November", "Dezember"),
    ),
    date="{weekday}, {day}. {month}",
)

LANGUAGES: dict[str, Language] = {row.code: row for row in (_ENGLISH, _FRENCH, _DUTCH, _GERMAN)}


def language(code: str) -> Language:
    """The row of `code`. Raises ValueError naming those that there are."""
    try:
        return LANGUAGES[code]
    except KeyError:
        known = ", ".join(LANGUAGES)
        raise ValueError(f"unknown language {code!r}: one of {known} (docs/languages.md)") from None


def name_of(code: str, *, in_language: str) -> str:
    """How `in_language` calls the language `code`; by its own name where it has none for it."""
    wanted = language(code)
    return language(in_language).names.get(code, wanted.names[code])


def language_of_country(country: str) -> str | None:
    """The language that numbers of a country (ISO 3166, two letters) speak; None: it says nothing.

    >>> language_of_country("NL"), language_of_country("BE")
    ('nl', None)
    """
    return next((row.code for row in LANGUAGES.values() if country in row.countries), None)
