"""Whether a sentence claims that a human being speaks."""

from agent.domain.clauses import clauses, negations
from agent.domain.figures import counted
from agent.domain.speech_rules import Tongue
from agent.domain.spoken_patterns import plain

_NEAR = 45
"""Letters between "not" and "a machine" in one claim: some seven words."""


def claims_to_be_human(sentence: str, tongue: Tongue) -> bool:
    """Whether the sentence, read in this language, claims it: outright, by a life that only
    people have, or by denying the machine."""
    words = plain(sentence, tongue.contractions)
    spoken = clauses(words, tongue.grammar)
    numbered = clauses(counted(sentence, tongue).words, tongue.grammar)
    return any(_claims(clause, tongue) for clause in spoken) or any(
        _says_of_itself(clause, tongue) for clause in numbered
    )


def _claims(clause: str, tongue: Tongue) -> bool:
    return (
        _says_of_itself(clause, tongue)
        or _is_somebody(clause, tongue)
        or _no_machine(clause, tongue)
    )


def _says_of_itself(clause: str, tongue: Tongue) -> bool:
    match = tongue.person.claims.find(clause)
    return match is not None and not _denies(clause[: match.end], match.start, tongue)


def _is_somebody(clause: str, tongue: Tongue) -> bool:
    """ "I am a woman", "you are talking to a real person"."""
    person = tongue.person
    if person.hands_over.find(clause) is not None:
        return False
    for me in person.me.all(clause):
        for human in person.humans.all(clause[me.end :]):
            between = clause[me.end : me.end + human.start]
            if person.machines.find(between) is not None:
                continue
            if tongue.promises.links.find(between) is not None:
                continue
            end = me.end + human.end
            next_word = clause.find(" ", end + 1)  # "man noch vrouw"
            if not _denies(clause[: next_word if next_word > 0 else None], me.start, tongue):
                return True
    return False


def _no_machine(clause: str, tongue: Tongue) -> bool:
    """ "This is not a computer"."""
    person, grammar = tongue.person, tongue.grammar
    if grammar.shields.find(clause) is not None or person.here.find(clause) is None:
        return False
    for machine in person.machines.all(clause):
        for negation in negations(clause, grammar):
            gap = clause[negation.end : machine.start]
            if (
                negation.end <= machine.start
                and len(gap) <= _NEAR
                and "¦" not in gap
                and person.humans.find(gap) is None
            ):
                return True
    return False


def _denies(clause: str, start: int, tongue: Tongue) -> bool:
    """Whether a negation stands in the claim. Before it "no" is another matter's."""
    return any(match.start >= start - 12 for match in negations(clause, tongue.grammar))
