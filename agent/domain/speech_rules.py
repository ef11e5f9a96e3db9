"""What sentences of a call are checked against: each language's word lists, and the playbook.

The lists are prompts/speech_rules/<language>.yaml, a section for each class here and a key for each
field; how a pattern is written is told in `spoken_patterns`. All languages are always loaded.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from agent.domain.spoken_patterns import Patterns


class Period(StrEnum):
    """How often an amount is paid."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"


@dataclass(frozen=True, slots=True)
class Grammar:
    """How sentences are built."""

    breaks: Patterns
    """Begin a new clause where no comma does: "but", "and you"."""
    asides: Patterns
    """Without force of their own, left out: "no problem", "I'm afraid"."""
    finite: Patterns
    """A clause without one of these is a fragment and belongs to its neighbour."""
    negation: Patterns
    none: Patterns
    """Those of `negation` that deny what follows them: "no", "nothing"."""
    not_negation: Patterns
    """Left out before negations are looked for: "not only", "not even"."""
    shields: Patterns
    """The negation is not about what follows: "you don't have to ask for"."""
    speakers: Patterns
    """Who can refuse: I, we, nobody, the adviser."""
    hearers: Patterns
    receives: Patterns
    """What a hearer can be refused: "you do not get"."""


@dataclass(frozen=True, slots=True)
class Money:
    """Amounts, and what is no amount."""

    currencies: Patterns
    percent: Patterns
    per_day: Patterns
    per_week: Patterns
    per_month: Patterns
    per_year: Patterns
    per_other: Patterns
    """For each piece, kilowatt hour, person."""
    units: Patterns
    """After a number: no money."""
    labels: Patterns
    """Before a number: no money ("number", "postcode")."""
    year_before: Patterns
    """Before 1975 in "built in 1975"."""
    harmless: Patterns
    """Numbers and shares that are none: "a quarter to nine", "fifty-fifty"."""
    prices: Patterns
    """A clause with one of these speaks of money."""
    vague: Patterns
    """Amounts without a figure: "hundreds"."""
    fractions: Patterns
    """Shares without a figure: "half", "a third"."""
    changes: Patterns
    """Amounts that shrink or double, whatever else is said: "halves your bill"."""
    sure: Patterns
    """A percentage here is no share: "sure", "agree"."""
    difference: Patterns
    together: Patterns
    ours: Patterns
    """A sentence with one of these speaks of what we ask or give, not of what the caller told."""
    others: Patterns
    """Whose figure it is when it is not ours: another company, the supplier."""


@dataclass(frozen=True, slots=True)
class Promises:
    """What nobody may be promised, unless the playbook has it."""

    things: Mapping[str, Patterns]
    """What can be free: the same keys in every language."""
    benefits: Mapping[str, Patterns]
    """What is offered, by kind: the same keys in every language."""
    boasts: Patterns
    """Claims that a negation makes, or does not take back: "you won't find a better one"."""
    vows: Patterns
    """"I promise", "guaranteed"."""
    links: Patterns
    """After a vow its content begins: what is denied then is not the vow."""
    delivers: Patterns
    deadlines: Patterns
    """With one of `delivers` a delivery date."""
    guarantees: Patterns
    years: Patterns
    """After a number with one of `guarantees`: how long."""
    covers: Patterns
    """What a guarantee is said to do beyond being there."""
    harmless: Patterns
    """Left out: words of promise that are none ("feel free", "are you free on")."""
    open: Patterns
    """Says that it is not known or not ours to tell: "whether", "depends", "your question on"."""
    wishes: Patterns
    """Says what the caller wants or has said: "you are asking for"."""
    asks: Patterns
    """Asks what the caller has: "do you already get"."""


@dataclass(frozen=True, slots=True)
class Person:
    """Claims to be a human being."""

    me: Patterns
    """Is followed by what the agent says to be: "I am", "you are talking to"."""
    humans: Patterns
    machines: Patterns
    here: Patterns
    """"Not a machine" is said of this call: "you are speaking", "here"."""
    hands_over: Patterns
    """The human being is somebody else: "I'll put you through to"."""
    claims: Patterns
    """Whole claims: a family, a childhood, a cold."""


@dataclass(frozen=True, slots=True)
class Tongue:
    """The word lists of one language. `digits` writes number words as digits."""

    language: str
    common: frozenset[str]
    """Its most frequent words, by which it is recognised."""
    contractions: Mapping[str, str]
    digits: Callable[[str], str]
    grammar: Grammar
    money: Money
    promises: Promises
    person: Person


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount of money, or a share in percent. Which money is not told apart."""

    value: float
    percent: bool = False
    per: Period | None = None


@dataclass(frozen=True, slots=True)
class Allowance:
    """What the playbook says and the agent may therefore say.

    `stated` stands in its text, `asked` only in its questions and is the caller's. `claims` are
    kinds of promise with the thing they are made for, or none. `sentences` are its own, as plain
    words.
    """

    stated: frozenset[Amount] = frozenset()
    asked: frozenset[Amount] = frozenset()
    claims: frozenset[tuple[str, str | None]] = frozenset()
    sentences: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class SpeechRules:
    """Everything that a sentence of one call is checked against."""

    tongues: tuple[Tongue, ...]
    foreign: frozenset[str]
    """Frequent words of other languages: nothing is said in a language that has no rules."""
    allowed: Allowance
    say_again: str
    """What the model is told when a sentence was stopped, with `$sentence` and `$reason`."""
