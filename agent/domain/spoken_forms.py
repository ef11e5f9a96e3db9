"""How a language says what is written in signs: its words for numbers' units, times, addresses.

Read from prompts/spoken_forms/<language>.yaml; used by `agent/voice/saying.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class PhoneStyle(StrEnum):
    """How a group of a telephone number is read."""

    NUMBERS = "numbers"
    """Each group as a number, its leading zeros one by one: "zéro deux, six cent un"."""
    PAIRS = "pairs"
    """Groups of two as a number, longer ones digit by digit: "nul vijf, zes nul een"."""
    DIGITS = "digits"
    """Digit by digit: "oh two, six oh one"."""


@dataclass(frozen=True, slots=True)
class Clock:
    """How times are said. `{hour}`, `{next}` and `{minute}` are number words."""

    full: str
    other: str
    small: str
    """As `other`, where the minute is below ten: "two oh five"."""
    half: str
    quarter: str
    to_quarter: str
    noon: str
    midnight: str
    one: str
    """The hour 1: "une heure"."""
    twelve_hours: bool
    """14:00 is two o'clock; outside the day (7 to 21) hours are said as they are written."""


@dataclass(frozen=True, slots=True)
class Currency:
    """One euro, two euros; one cent, two cents."""

    one: str
    many: str
    small_one: str
    small_many: str


@dataclass(frozen=True, slots=True)
class Forms:
    """The words of one language."""

    numbers: str
    """The locale of CLDR's number words: "fr_BE" says septante."""
    ordinal: str
    """CLDR's rule set for "third", and the one after "on the"."""
    ordinal_after: Mapping[str, str]
    """Other rule sets, by the word before the ordinal: "am dritten"."""
    one: str
    """The number 1 before a noun."""
    decimal: str
    minus: str
    plus: str
    percent: str
    per: str
    to: str
    """Between the ends of a range: "nine to twelve"."""
    currencies: Mapping[str, Currency]
    """By sign and by code: "€", "EUR"."""
    currency_words: Mapping[str, str]
    """The sign of currencies in words: "euros" is "€"."""
    units: Mapping[str, tuple[str, str]]
    """One and many: "kWh"."""
    signs: Mapping[str, str]
    """What else is no word: "&", "n°"."""
    corrections: Mapping[str, str]
    """Of what the templates make: "une heures"."""
    address: Mapping[str, str]
    """Signs within an e-mail or web address: "@", "."."""
    phone: PhoneStyle
    zero: str
    """In a telephone number."""
    months: tuple[str, ...]
    day_first: str
    """The first of a month, before its name."""
    day_ordinal: bool
    """The days of a month are ordinals: "the third of December"."""
    date: str
    """`{day}`, `{month}` of a date written in numbers."""
    day_of_month: str
    """`{day}`, `{month}` of a date whose month is a word."""
    clock: Clock
