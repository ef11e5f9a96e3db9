"""What an agent may not say, whatever the model writes: prices and promises nobody made.

A sentence is checked before it is spoken. Allowed are the amounts that the playbook names and those
that the caller's own saved answers contain; a word of promise ("discount") is allowed only where
the sentence refuses it ("I cannot give a discount").
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

CLAIMS_TO_BE_A_PERSON = "claims to be a person"
"""The reason of `why_not` to which the truth is the answer, and not "I cannot promise that"."""

_SPACE = r" \u00a0\u2009\u202f"
_NUMBER = rf"\d[\d.,{_SPACE}]*\d|\d"
_MONEY = re.compile(
    rf"(?:€|\$|£|\beur\b|\busd\b)\s*(?P<before>{_NUMBER})(?P<thousands>\s?k\b)?"
    # "500 euros", "500-euro", "500,- euro", "5k euros"
    rf"|(?P<after>{_NUMBER})(?P<more_thousands>\s?k\b)?[\s.,\u2013\u2014-]*"
    r"(?:€|\$|£|euros?\b|eur\b|dollars?\b|pounds?\b|quid\b|pfund\b|livres?\b"
    r"|cents?\b|centimes?\b|grand\b|bucks?\b)",
    re.IGNORECASE,
)
_PERCENT = re.compile(
    rf"(?P<n>{_NUMBER})\s*(?:%|per ?cent\b|percent\b|procent\b|prozent\b|pour ?(?:cent|100)\b)",
    re.IGNORECASE,
)
_CLAUSE_END = re.compile(r"[,;:\u2013\u2014](?!\d)|\s-\s")


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount of money, or a percentage. Which money is not told apart."""

    value: float
    percent: bool = False


@dataclass(frozen=True, slots=True)
class SpeechRules:
    """What sentences of one call are checked against.

    `digits` writes number words as digits ("twenty" → "20") in the call's language; amounts are
    compared as numbers. `promise_words` and `refusing_words` are lower case; `human_claims` are
    phrases by which an agent would claim to be a person.
    """

    allowed_amounts: frozenset[Amount]
    promise_words: tuple[str, ...]
    refusing_words: tuple[str, ...]
    human_claims: tuple[str, ...]
    digits: Callable[[str], str]


def amounts_in(text: str, digits: Callable[[str], str]) -> frozenset[Amount]:
    """Every amount of money and every percentage that `text` names, in digits or in words."""
    written = digits(text)
    found: set[Amount] = set()
    for match in _MONEY.finditer(written):
        thousands = match.group("thousands") or match.group("more_thousands")
        value = _value(match.group("before") or match.group("after"))
        found.add(Amount(value * 1000 if thousands else value))
    for match in _PERCENT.finditer(written):
        found.add(Amount(_value(match.group("n")), percent=True))
    return frozenset(found)


def why_not(sentence: str, rules: SpeechRules, said_by_caller: Iterable[float] = ()) -> str | None:
    """Why this sentence must not be spoken, or None if it may.

    `said_by_caller` are amounts of money that the caller has named.

    >>> rules = SpeechRules(
    ...     frozenset({Amount(6900.0)}), ("discount",), ("cannot", "not"), (), lambda text: text
    ... )
    >>> why_not("It costs €6,900.", rules), why_not("It costs €69.", rules)
    (None, 'names an amount that is not in the playbook')
    >>> why_not("I cannot give a discount.", rules)
    >>> why_not("Why not, I can give a discount.", rules)
    'promises something: discount'
    """
    allowed = rules.allowed_amounts | {Amount(value) for value in said_by_caller}
    if not amounts_in(sentence, rules.digits) <= allowed:
        return "names an amount that is not in the playbook"
    # A refusal holds for its own clause: "no problem, you get a discount" refuses nothing.
    for clause in _CLAUSE_END.split(sentence.lower().replace("\u2019", "'")):
        if reason := _why_not_clause(clause, rules):
            return reason
    return None


def _why_not_clause(clause: str, rules: SpeechRules) -> str | None:
    words = set(re.findall(r"[\w']+", clause))
    refuses = any(word in words for word in rules.refusing_words)
    for promise in rules.promise_words:
        if re.search(rf"\b{re.escape(promise)}", clause) and not refuses:
            return f"promises something: {promise}"
    for claim in rules.human_claims:
        # "not a robot" denies by itself; "a real person" only where the clause does not refuse it.
        denies = bool(set(claim.split()) & set(rules.refusing_words))
        if re.search(rf"\b{re.escape(claim)}\b", clause) and (denies or not refuses):
            return CLAIMS_TO_BE_A_PERSON
    return None


def _value(text: str) -> float:
    """'4,900' and '4.900' are 4900; '4.90' and '4,90' are 4.9."""
    compact = re.sub(r"\s", "", text).strip(".,")
    parts = re.split(r"[.,]", compact)
    if len(parts) > 1 and len(parts[-1]) != 3:
        return float("".join(parts[:-1]) + "." + parts[-1])
    return float("".join(parts))
