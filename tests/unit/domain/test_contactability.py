"""The gate: which numbers may be called, and what forbids it."""

from dataclasses import replace

import pytest

from agent.domain.contactability import ContactFacts, Decision, Rule, Rules, may_call
from agent.domain.phone_numbers import parse
from agent.errors import Refused

RULES = Rules(
    allowed_countries=frozenset({"BE"}),
    own_numbers=frozenset({parse("+3226010500")}),
    calls_per_number_per_day=3,
    daily_budget=100,
    price_per_minute=5,
)
ARABIC = "+" + "32479202020".translate({ord("0") + n: 0x660 + n for n in range(10)})
FULL_WIDTH = "+" + "32479202020".translate({ord("0") + n: 0xFF10 + n for n in range(10)})
NOBODY_OBJECTS = ContactFacts(opted_out=False, calls_in_a_day=0, minutes_today=0)


def _ask(number: str, facts: ContactFacts = NOBODY_OBJECTS, rules: Rules = RULES) -> Decision:
    return may_call(parse(number), facts, rules)


def _rules(decision: Decision) -> set[Rule]:
    return {objection.rule for objection in decision.denials}


@pytest.mark.parametrize("number", ["+32479202020", "+3226010501", "+32 (0)479 20 20 20"])
def test_ordinary_numbers_of_an_allowed_country_may_be_called(number: str) -> None:
    assert _ask(number).allowed
    assert str(_ask(number)) == "allowed"


@pytest.mark.parametrize(
    ("number", "rule"),
    [
        ("+31612345678", Rule.COUNTRY),
        ("+18764123456", Rule.COUNTRY),  # Jamaica, behind a number that looks like the US
        ("+12684641234", Rule.COUNTRY),  # Antigua
        ("+12025550123", Rule.COUNTRY),
        ("+3290212345", Rule.NUMBER_KIND),  # premium
        ("+3278151515", Rule.NUMBER_KIND),  # shared cost
        ("+881612345678", Rule.NUMBER_KIND),  # satellite
        ("+88213300655", Rule.NUMBER_KIND),
        ("+883510012345", Rule.NUMBER_KIND),
        ("+3226010500", Rule.OWN_NUMBER),
    ],
)
def test_what_costs_or_goes_astray_is_never_called(number: str, rule: Rule) -> None:
    assert rule in _rules(_ask(number))


@pytest.mark.parametrize(
    "number",
    [
        *("112", "100", "101", "110", "911", "999", "1733", "+32112", "+32100", "8850"),
        *("+32479202020x12", "+32479202020;ext=5"),
        *("sip:+32479202020@example.com", "+32479", "", "anonymous"),
    ],
)
def test_emergency_short_and_extended_numbers_are_no_numbers(number: str) -> None:
    for country in ("BE", "FR", "DE", None):
        with pytest.raises(Refused):
            parse(number, country=country)


@pytest.mark.parametrize("number", [ARABIC, FULL_WIDTH])
def test_digits_of_another_script_get_past_no_rule(number: str) -> None:
    assert parse(number) == "+32479202020"
    own = replace(RULES, own_numbers=frozenset({parse("+32479202020")}))
    assert Rule.OWN_NUMBER in _rules(_ask(number, rules=own))


def test_an_allowed_country_does_not_allow_its_expensive_numbers() -> None:
    everywhere = replace(RULES, allowed_countries=frozenset({"BE", "US", "GB", "NL"}))
    assert _ask("+12025550123", rules=everywhere).allowed
    for number in ("+19002345678", "+449098790000", "+31900123456"):
        assert Rule.NUMBER_KIND in _rules(_ask(number, rules=everywhere))
    assert Rule.COUNTRY in _rules(_ask("+18764123456", rules=everywhere))


def test_who_opted_out_is_not_called() -> None:
    facts = replace(NOBODY_OBJECTS, opted_out=True)
    assert _rules(_ask("+32479202020", facts)) == {Rule.OPTED_OUT}


@pytest.mark.parametrize(("calls", "allowed"), [(2, True), (3, False), (50, False)])
def test_a_number_is_called_so_often_a_day(calls: int, allowed: bool) -> None:
    assert _ask("+32479202020", replace(NOBODY_OBJECTS, calls_in_a_day=calls)).allowed is allowed


@pytest.mark.parametrize(("minutes", "allowed"), [(19, True), (20, False)])
def test_nothing_is_called_when_the_budget_is_spent(minutes: int, allowed: bool) -> None:
    assert _ask("+32479202020", replace(NOBODY_OBJECTS, minutes_today=minutes)).allowed is allowed


def test_without_a_budget_minutes_do_not_count() -> None:
    rules = replace(RULES, daily_budget=None)
    assert _ask("+32479202020", replace(NOBODY_OBJECTS, minutes_today=10**6), rules).allowed


def test_a_budget_of_nothing_calls_nobody() -> None:
    assert _rules(_ask("+32479202020", rules=replace(RULES, daily_budget=0))) == {Rule.BUDGET}


def test_every_objection_is_told_not_only_the_first() -> None:
    decision = _ask("+3290212345", ContactFacts(True, 9, 99))
    assert _rules(decision) == {Rule.NUMBER_KIND, Rule.OPTED_OUT, Rule.TOO_OFTEN, Rule.BUDGET}
    assert str(decision).count(";") >= 3
