"""What an agent may not say, whatever the model writes: prices, promises and claims to be a person
that neither the playbook nor the truth allows.

A sentence is judged before it is spoken, in every language that it may be in: by its figures
(`money_talk`), by what it promises (here) and by what it says of the speaker (`human_claims`). What
stands in the playbook may be said, in its words and in others.
"""

from collections.abc import Collection

from agent.domain.clauses import blotted, clauses, is_denied, negations
from agent.domain.figures import counted
from agent.domain.human_claims import claims_to_be_human
from agent.domain.money_talk import names_unknown_amount
from agent.domain.speech_rules import Allowance, Amount, Grammar, SpeechRules, Tongue
from agent.domain.spoken_patterns import Patterns, plain
from agent.domain.tongues import languages_of

CLAIMS_TO_BE_A_PERSON = "claims to be a person"
"""The reason of `why_not` to which the truth is the answer, and not "I cannot promise that"."""

UNKNOWN_AMOUNT = "names an amount that is not in the playbook"
UNKNOWN_LANGUAGE = "is in a language that has no rules"

FREE = "free"
"""The kind of promise that holds for the thing alone for which the playbook makes it."""

Claim = tuple[str, str | None]
"""A kind of promise, and for what: ("free", "visit")."""


def why_not(
    sentence: str, rules: SpeechRules, told: Collection[Amount] = (), before: str = ""
) -> str | None:
    """Why this sentence must not be spoken, or None if it may.

    `told` are amounts that the caller has named, `before` what was said just before: "It costs
    nothing" is about the visit after "The adviser comes to your home".
    """
    if plain(sentence, {}).strip("¦ ") in rules.allowed.sentences:
        return None
    spoken_in = languages_of(sentence, rules.tongues, rules.foreign)
    if not spoken_in:
        return UNKNOWN_LANGUAGE
    for tongue in spoken_in:
        if claims_to_be_human(sentence, tongue):
            return CLAIMS_TO_BE_A_PERSON
        if names_unknown_amount(sentence, tongue, rules.allowed, told):
            return UNKNOWN_AMOUNT
        for claim in claims(sentence, tongue, before):
            if not _is_allowed(claim, rules.allowed):
                return f"promises something: {claim[0]}"
    return None


def claims(sentence: str, tongue: Tongue, before: str = "") -> set[Claim]:
    """What the sentence, read in this language, promises: a kind for each thing of its clause."""
    promises = tongue.promises
    words = blotted(promises.harmless, plain(sentence, tongue.contractions))
    if sentence.rstrip().endswith("?") and promises.asks.find(words) is not None:
        return set()
    found: set[Claim] = set()
    in_sentence = things(words, tongue)
    around = in_sentence or things(plain(before, tongue.contractions), tongue)
    for clause in clauses(words, tongue.grammar):
        here = things(clause, tongue)
        for kind in _kinds(clause, tongue):
            found |= {(kind, thing) for thing in here or around} or {(kind, None)}
    if promises.open.find(words) is None:
        found |= _guarantees(sentence, tongue)
    return found


def things(words: str, tongue: Tongue) -> set[str]:
    """The things in some plain words that a promise can be about."""
    return {
        name
        for name, patterns in tongue.promises.things.items()
        if patterns.find(words) is not None
    }


def _is_allowed(claim: Claim, allowed: Allowance) -> bool:
    kind, thing = claim
    if thing is not None and (kind, thing) in allowed.claims:
        return True
    same = {other for name, other in allowed.claims if name == kind}
    return None in same or (bool(same) and thing is None and kind != FREE)


def _kinds(clause: str, tongue: Tongue) -> set[str]:
    """The kinds of promise in a clause that it neither denies nor leaves open."""
    promises, grammar = tongue.promises, tongue.grammar
    if promises.boasts.find(clause) is not None:
        return {"boast"}
    if promises.open.find(clause) is not None or promises.wishes.find(clause) is not None:
        return set()
    found = {
        kind
        for kind, patterns in promises.benefits.items()
        for match in patterns.all(clause)
        if not is_denied(clause, match.start, match.end, grammar)
    }
    for vow in promises.vows.all(clause):
        if not _takes_back(clause, vow.start, vow.end, tongue):
            found.add("vow")
    if promises.deadlines.find(clause) is not None and _is_said(promises.delivers, clause, grammar):
        found.add("delivery")
    if promises.covers.find(clause) is not None and _is_said(promises.guarantees, clause, grammar):
        found.add("guarantee")
    return found


def _takes_back(clause: str, start: int, end: int, tongue: Tongue) -> bool:
    """ "I cannot promise", "I promise nothing"; not "I promise that you won't pay"."""
    grammar = tongue.grammar
    for negation in negations(clause, grammar):
        if negation.start < end:
            return True
        between = clause[end : negation.start]
        if grammar.none.begins(clause[negation.start :]) is not None:
            if tongue.promises.links.find(between) is None:
                return True
        elif grammar.speakers.find(between) is not None or grammar.hearers.find(between) is None:
            return True
    return False


def _is_said(patterns: Patterns, clause: str, grammar: Grammar) -> bool:
    """Whether one of them stands in the clause and is not denied."""
    place = patterns.find(clause)
    return place is not None and not is_denied(clause, place.start, place.end, grammar)


def _guarantees(sentence: str, tongue: Tongue) -> set[Claim]:
    """For how long something is guaranteed, in years."""
    promises = tongue.promises
    read = counted(sentence, tongue)
    found: set[Claim] = set()
    for clause in clauses(read.words, tongue.grammar):
        guarantee = promises.guarantees.find(clause)
        if guarantee is None or is_denied(clause, guarantee.start, guarantee.end, tongue.grammar):
            continue
        for figure in read.figures(clause):
            if promises.years.begins(clause[figure.end :].strip()) is not None:
                found.add(("guarantee", f"{figure.value:g} years"))
    return found
