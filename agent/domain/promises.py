"""What an agent may not say, whatever the model writes: prices and promises nobody made.

A sentence is checked before it is spoken. Allowed are the amounts that the playbook names and those
that the caller's own saved answers contain; a word of promise ("discount") is allowed only where
the sentence refuses it ("I cannot give a discount").
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

_NUMBER = r"\d[\d.,\u00a0 ]*\d|\d"
_MONEY = re.compile(
    rf"(?:€|\$|£|\beur\b|\busd\b)\s*(?P<before>{_NUMBER})"
    rf"|(?P<after>{_NUMBER})\s*(?:€|\$|£|euros?\b|eur\b|dollars?\b|pounds?\b|pfund\b|livres?\b"
    r"|cents?\b|grand\b|bucks?\b)",
    re.IGNORECASE,
)
_PERCENT = re.compile(
    rf"(?P<n>{_NUMBER})\s*(?:%|per ?cent\b|percent\b|procent\b|prozent\b|pour ?(?:cent|100)\b)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class SpeechRules:
    """What sentences of one call are checked against.

    `digits` writes number words as digits ("twenty" → "20") in the call's language; amounts are
    compared as numbers. `promise_words` and `refusing_words` are lower case; `human_claims` are
    phrases by which an agent would claim to be a person.
    """

    allowed_amounts: frozenset[float]
    promise_words: tuple[str, ...]
    refusing_words: tuple[str, ...]
    human_claims: tuple[str, ...]
    digits: Callable[[str], str]


def amounts_in(text: str, digits: Callable[[str], str]) -> frozenset[float]:
    """Every amount of money and every percentage that `text` names, in digits or in words."""
    written = digits(text)
    found: set[float] = set()
    for match in _MONEY.finditer(written):
        found.add(_value(match.group("before") or match.group("after")))
    for match in _PERCENT.finditer(written):
        found.add(_value(match.group("n")))
    return frozenset(found)


def why_not(sentence: str, rules: SpeechRules, said_by_caller: Iterable[float] = ()) -> str | None:
    """Why this sentence must not be spoken, or None if it may.

    >>> from dataclasses import replace
    >>> rules = SpeechRules(frozenset({6900.0}), ("discount",), ("cannot", "not"), (), lambda t: t)
    >>> why_not("It costs €6,900.", rules), why_not("It costs €69.", rules)
    (None, 'names an amount that is not in the playbook')
    >>> why_not("I cannot give a discount.", rules)
    """
    allowed = rules.allowed_amounts | frozenset(said_by_caller)
    if not amounts_in(sentence, rules.digits) <= allowed:
        return "names an amount that is not in the playbook"
    lowered = sentence.lower().replace("\u2019", "'")
    words = set(re.findall(r"[\w']+", lowered))
    refuses = any(word in words for word in rules.refusing_words)
    for promise in rules.promise_words:
        if re.search(rf"\b{re.escape(promise)}", lowered) and not refuses:
            return f"promises something: {promise}"
    for claim in rules.human_claims:
        # "not a robot" denies by itself; "a real person" only where the sentence does not refuse it.
        if claim in lowered and (not refuses or set(claim.split()) & set(rules.refusing_words)):
            return "claims to be a person"
    return None


def _value(text: str) -> float:
    """'4,900' and '4.900' are 4900; '4.90' and '4,90' are 4.9."""
    compact = re.sub(r"[\s\u00a0]", "", text).strip(".,")
    parts = re.split(r"[.,]", compact)
    if len(parts) > 1 and len(parts[-1]) != 3:
        return float("".join(parts[:-1]) + "." + parts[-1])
    return float("".join(parts))
