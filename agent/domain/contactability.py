"""The gate: may we call this number now? Asked for every call, whoever wants it.

>>> decision = may_call(parse("+32479202020"), facts, rules)
>>> decision.allowed
True

The rules protect people (opt-outs, not too often) and money (countries, kinds of numbers, budget).
What is told here beforehand is checked once more in the statement that dials.
"""

from dataclasses import dataclass
from enum import StrEnum

from agent.domain.phone_numbers import PhoneNumber, country_of, kind_of


class Rule(StrEnum):
    """What can forbid a call."""

    OPTED_OUT = "opted_out"
    COUNTRY = "country"
    NUMBER_KIND = "number_kind"
    OWN_NUMBER = "own_number"
    TOO_OFTEN = "too_often"
    BUDGET = "budget"
    ROOM_IN_USE = "room_in_use"
    PLAYBOOK = "playbook"
    """The attempt names a playbook that does not exist."""


@dataclass(frozen=True, slots=True)
class Denial:
    """One rule that forbids the call. `why` is fit to be told to whoever asked for it."""

    rule: Rule
    why: str


@dataclass(frozen=True, slots=True)
class Decision:
    """The gate's answer: allowed, or every denial."""

    denials: tuple[Denial, ...] = ()

    @property
    def allowed(self) -> bool:
        """Whether the number may be called."""
        return not self.denials

    def __str__(self) -> str:
        return "; ".join(denial.why for denial in self.denials) or "allowed"


@dataclass(frozen=True, slots=True)
class ContactFacts:
    """What Postgres knows at this moment that matters for a call to one number."""

    opted_out: bool
    calls_in_a_day: int
    """Calls to this number in the last 24 hours that may have rung."""
    minutes_today: int
    """Begun minutes of all outbound calls since midnight UTC, running ones included."""


@dataclass(frozen=True, slots=True)
class Rules:
    """The installation's limits. Money in cents of one currency; None: no budget."""

    allowed_countries: frozenset[str]
    own_numbers: frozenset[PhoneNumber]
    calls_per_number_per_day: int
    daily_budget: int | None
    price_per_minute: int

    @property
    def minutes_a_day(self) -> int | None:
        """How many begun minutes the budget pays for; None: no budget."""
        if self.daily_budget is None:
            return None
        return self.daily_budget // max(self.price_per_minute, 1)


def may_call(number: PhoneNumber, facts: ContactFacts, rules: Rules) -> Decision:
    """Ask every rule; the decision names all that deny."""
    denials = (
        _country(number, rules),
        _kind(number),
        _own(number, rules),
        _opted_out(facts),
        _too_often(facts, rules),
        _budget(facts, rules),
    )
    return Decision(tuple(denial for denial in denials if denial is not None))


def _country(number: PhoneNumber, rules: Rules) -> Denial | None:
    country = country_of(number)
    if country in rules.allowed_countries:
        return None
    allowed = ", ".join(sorted(rules.allowed_countries))
    where = f"in {country}" if country else "in no country"
    return Denial(
        Rule.COUNTRY, f"the number is {where}; calls go to {allowed} only (ALLOWED_COUNTRIES)"
    )


def _kind(number: PhoneNumber) -> Denial | None:
    kind = kind_of(number)
    if kind.is_ordinary:
        return None
    return Denial(
        Rule.NUMBER_KIND, f"{kind.replace('_', '-')} numbers are never called: give a personal one"
    )


def _own(number: PhoneNumber, rules: Rules) -> Denial | None:
    if number not in rules.own_numbers:
        return None
    return Denial(Rule.OWN_NUMBER, "this is our own number: we would be talking to ourselves")


def _opted_out(facts: ContactFacts) -> Denial | None:
    if not facts.opted_out:
        return None
    return Denial(Rule.OPTED_OUT, "whoever answers there does not want to be called")


def _too_often(facts: ContactFacts, rules: Rules) -> Denial | None:
    if facts.calls_in_a_day < rules.calls_per_number_per_day:
        return None
    return Denial(
        Rule.TOO_OFTEN,
        f"called {facts.calls_in_a_day} times in 24 hours; {rules.calls_per_number_per_day} are "
        "allowed (CALLS_PER_NUMBER_PER_DAY): try tomorrow",
    )


def _budget(facts: ContactFacts, rules: Rules) -> Denial | None:
    minutes = rules.minutes_a_day
    if minutes is None or facts.minutes_today < minutes:
        return None
    return Denial(
        Rule.BUDGET,
        "today's budget is spent (DAILY_BUDGET, in cents, until midnight UTC): raise it or wait",
    )
