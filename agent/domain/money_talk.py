"""Amounts and shares that an agent may not name: neither the playbook's nor the caller's own."""

import re
from collections.abc import Collection
from dataclasses import replace
from itertools import combinations

from agent.domain.clauses import blotted, clauses, negations
from agent.domain.figures import Figure, amount, counted, value_of
from agent.domain.speech_rules import Allowance, Amount, Tongue
from agent.domain.spoken_patterns import plain

_NUMBERS = re.compile(r"\d+(?:[.,]\d+)*")


def names_unknown_amount(
    sentence: str, tongue: Tongue, allowed: Allowance, told: Collection[Amount]
) -> bool:
    """Whether the sentence, read in this language, names an amount that nobody gave it.

    `told` are the caller's own figures: they may be read back as theirs, and not be made a price.
    """
    money = tongue.money
    read = counted(sentence, tongue)
    ours = money.ours.find(read.words) is not None and money.others.find(read.words) is None
    question = sentence.rstrip().endswith("?")
    for clause in clauses(read.words, tongue.grammar):
        kept = blotted(money.harmless, clause)
        for figure in read.figures(kept):
            named = amount(figure, kept, tongue)
            if named is None or _is_sure(named, kept, tongue):
                continue
            if _is_stated(named, allowed.stated, kept, tongue):
                continue
            theirs = {*told, *(allowed.asked if question or not ours else ())}
            if _is_theirs(named, theirs) and (
                not ours or question_of(named, allowed, question) or _denied(figure, kept, tongue)
            ):
                continue
            return True
    return _names_share_in_words(sentence, tongue, allowed)


def amounts_told(text: str, tongue: Tongue) -> set[Amount]:
    """Every number in what a caller said, as an amount and as a share: it may be either."""
    read = counted(text, tongue)
    # "Een honderdvijftig" is read as 1 and 150: of numbers side by side each may be meant.
    found = {Amount(value_of(each)) for each in _NUMBERS.findall(tongue.digits(text))}
    for figure in read.figures(read.words):
        after = read.words[figure.end :].strip()
        share = tongue.money.percent.begins(after) is not None
        found.add(Amount(figure.value, percent=share))
    return found


def amounts_stated(text: str, tongue: Tongue) -> set[Amount]:
    """Every amount and share that a text of the playbook names."""
    read = counted(text, tongue)
    found: set[Amount] = set()
    for clause in clauses(read.words, tongue.grammar):
        for figure in read.figures(clause):
            named = amount(figure, clause, tongue)
            if named is not None:
                found.add(named)
    return found


def question_of(named: Amount, allowed: Allowance, question: bool) -> bool:
    """Whether the playbook asks for this amount and so does the sentence."""
    return question and replace(named, per=None) in {replace(a, per=None) for a in allowed.asked}


def _is_stated(named: Amount, stated: Collection[Amount], clause: str, tongue: Tongue) -> bool:
    if named.value == 0 and not named.percent:
        return True  # "zero euros" is a promise, and judged as one
    if named in stated:
        return True
    same = [each for each in stated if each.percent == named.percent]
    if named.per is None and any(each.value == named.value for each in same):
        return True
    if named.percent or named.per is not None:
        return False
    values = {each.value for each in same if each.per is None}
    pairs = list(combinations(values, 2))
    if tongue.money.difference.find(clause) is not None:
        return any(abs(one - other) == named.value for one, other in pairs)
    if tongue.money.together.find(clause) is not None:
        return any(one + other == named.value for one, other in pairs)
    return False


def _is_theirs(named: Amount, told: Collection[Amount]) -> bool:
    """The caller's figure, or what it comes to in another period: 150 a month is 1,800 a year."""
    for each in told:
        if each.percent != named.percent:
            continue
        if each.value == named.value:
            return True
        if not named.percent and named.value in (each.value * 12, each.value / 12):
            return True
    return False


def _is_sure(named: Amount, clause: str, tongue: Tongue) -> bool:
    money = tongue.money
    return (
        named.percent and money.sure.find(clause) is not None and money.prices.find(clause) is None
    )


def _denied(figure: Figure, clause: str, tongue: Tongue) -> bool:
    """ "Not five thousand": the figure is said not to be it."""
    before = negations(clause[: figure.start], tongue.grammar)
    return any(figure.start - match.end <= 14 for match in before)


def _names_share_in_words(sentence: str, tongue: Tongue, allowed: Allowance) -> bool:
    money = tongue.money
    words = plain(sentence, tongue.contractions)
    for clause in clauses(words, tongue.grammar):
        kept = blotted(money.harmless, clause)
        if money.changes.find(kept) is not None:
            return True
        speaks_of_money = (
            money.prices.find(kept) is not None or money.currencies.find(kept) is not None
        )
        if speaks_of_money and (
            money.fractions.find(kept) is not None or money.vague.find(kept) is not None
        ):
            return True
    return False
