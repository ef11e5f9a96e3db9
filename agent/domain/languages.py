"""The languages that a call can be held in: one table, and everything that differs by language.

A language is a row here and its files (`FILES`); nothing else in the code names one.
docs/languages.md says how another is added; tests/unit/domain/test_languages.py sees that every row
and file is whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from agent.domain.disclosures import DisclosureWords

FILES = (
    "languages/{code}.yaml",
    "caller_phrases/{code}.yaml",
    "speech_rules/{code}.yaml",
    "spoken_forms/{code}.yaml",
    "examples/{code}.md",
)
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
    disclosure: DisclosureWords
    """How it tells that an AI speaks, and that the call is recorded."""
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
        """Whether `text` tells that an artificial intelligence speaks."""
        return self.disclosure.says_ai(text)

    def says_recorded(self, text: str) -> bool:
        """Whether `text` says that the call is recorded."""
        return self.disclosure.says_recorded(text)

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
    disclosure=DisclosureWords(
        ai=("artificial intelligence", "artificially intelligent", "AI"),
        speaks=(
            r"\b(?:i am|i'm|i\u2019m|this is|you(?:'re| are)(?: now)? (?:speaking|talking))\b",
            r"\b(?:handled|made|answered|held|generated|conducted|placed|spoken|run) by\b",
            r"\b(?:assistant|agent|voice|bot|robot|system|caller|program|receptionist)\b",
        ),
        articles=("an?", "the", "your", "our"),
        topics=(r"\b(?:about|regarding|leaders? in|experts? in|sell|selling|offer|use|using)\b",),
        negations=(r"\b(?:not|never|no|nothing|nobody|without|neither|nor)\b", r"n['\u2019]t\b"),
        parts=("but", "and", "although"),
        recorded=(
            r"\b(?:is|are|am|be|being|gets?)\b.*\brecorded\b",
            r"\brecorded (?:line|call|conversation)\b",
            r"\b(?:we|i)(?: (?:may|will|do|also|always))* (?:record|tape)\b",
            r"\brecording\b",
        ),
        not_recorded=(
            r"\b(?:order|wish|request|data|details|address|payment)s?\b[^.,]*\brecorded\b",
            r"\brecord\w* (?:your|the|an?) (?:order|wish|request|data|details|address)\b",
        ),
    ),
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
    disclosure=DisclosureWords(
        ai=("intelligence artificielle", "IA", "AI"),
        speaks=(
            r"\b(?:je suis|c['\u2019]est|vous parlez|vous parle|ici|je m['\u2019]appelle)\b",
            r"\b(?:générée?|réalisée?|effectuée?|passée?|menée?|tenue?|assurée?) par\b",
            r"\b(?:assistante?|agente?|voix|robot|bot|système|programme|logiciel)\b",
        ),
        articles=("une?", "l['\u2019]", "votre", "notre"),
        topics=(r"\b(?:au sujet|à propos|concernant|spécialiste|leader|vend\w*|propos\w+)\b",),
        negations=(r"\b(?:pas|jamais|aucune?|rien|sans|ni|non|point|nullement)\b",),
        parts=("mais", "et", "bien que"),
        recorded=("enregistr",),
        not_recorded=(
            r"\b(?:demande|commande|souhait|données|coordonnées|adresse|choix)s?\b[^.,]*enregistr\w+",
            r"enregistr\w+ (?:votre|vos|une?|la|le|les) "
            r"(?:demande|commande|souhait|données|coordonnées|adresse|choix|rendez)",
        ),
    ),
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
    disclosure=DisclosureWords(
        ai=("kunstmatige intelligentie", "artificiële intelligentie", "AI"),
        speaks=(
            r"\b(?:ik ben|dit is|hier is|(?:u|je) spreekt|spreekt|u bent verbonden)\b",
            r"\b(?:gevoerd|gegenereerd|beantwoord|gemaakt|gesproken) door\b",
            r"(?:assistente?|agent|stem|robot|bot|systeem|programma|medewerker)\b",
        ),
        articles=("een", "de", "uw", "onze"),
        topics=(r"\b(?:over|betreffende|leider|specialist|verkopen|verkoopt|bieden|gebruiken)\b",),
        negations=(r"\b(?:niet|niets|geen|nooit|zonder|noch)\b",),
        parts=("maar", "en", "hoewel"),
        recorded=(
            *("opgenomen", "opnem", "opneem", "opname", r"\bne(?:em|emt|men)\b.*\bop\b"),
            *("registreren", "geregistreerd"),
        ),
        not_recorded=(
            r"\bne(?:em|emt|men)\b[^.,]*\bcontact\b[^.,]*\bop\b",
            r"\bcontact\b[^.,]*\b(?:opgenomen|opnemen|opneemt)\b",
            r"\b(?:gegevens|bestelling|adres|wens|vraag)\b[^.,]*\b(?:opgenomen|geregistreerd)\b",
        ),
    ),
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
    disclosure=DisclosureWords(
        ai=(r"künstliche[nr]? intelligenz", "KI", "AI"),
        speaks=(
            r"\b(?:ich bin|hier spricht|hier ist|spricht|sie sprechen)\b",
            r"\b(?:geführt|erzeugt|gesprochen|beantwortet) (?:von|durch)\b|\b(?:von|durch) eine",
            r"(?:assistent\w*|agent(?:in)?|stimme|roboter|bot|system|programm|software)\b",
        ),
        articles=("eine?r?", "die", "ihre", "unsere"),
        topics=(r"\b(?:über|bezüglich|führend\w*|experten|verkaufen|bieten|nutzen|verwenden)\b",),
        negations=(r"\b(?:nicht|nichts|keine?[nrms]?|nie|niemals|ohne|weder|noch)\b",),
        parts=("aber", "sondern", "und", "obwohl"),
        recorded=(
            *("aufgezeichnet", "aufgenommen", "aufzeichn", "aufnahme", "aufnehmen"),
            *("mitgeschnitten", "mitschn", r"\b(?:zeichnen|nehmen|nimmt|zeichnet)\b.*\bauf\b"),
            r"\bschneide[nt]\b.*\bmit\b",
        ),
        not_recorded=(
            r"\bkontakt\b[^.,]*\b(?:aufgenommen|aufnehmen|auf)\b",
            r"\b(?:bestellung|daten|adresse|wunsch|anliegen)\b[^.,]*\baufgenommen\b",
        ),
    ),
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
