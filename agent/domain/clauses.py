"""A sentence's clauses, and whether a negation in one of them governs what it promises."""

import re

from agent.domain.speech_rules import Grammar
from agent.domain.spoken_patterns import CLAUSE_END, Patterns, Place


def clauses(words: str, grammar: Grammar) -> list[str]:
    """The clauses of plain words: cut at punctuation and before "but", asides left out.

    A fragment belongs to a neighbour: "Discounts, I cannot give those" is one clause, and so is the
    list "no discount, no gift or rebate".
    """
    kept = _without(grammar.asides, words)
    kept = re.sub(r"¦(?: ¦)+", "¦", kept).strip("¦ ")
    for match in reversed(grammar.breaks.all(kept)):
        kept = f"{kept[: match.start]} ¦ {kept[match.start :]}"
    pieces = [piece.strip() for piece in kept.split("¦") if piece.strip()]
    joined: list[str] = []
    waiting = ""
    for piece in pieces:
        if grammar.finite.find(piece) is not None:
            joined.append(_together(waiting, piece))
            waiting = ""
        elif joined and grammar.breaks.begins(piece) is None:
            joined[-1] = _together(joined[-1], piece)
        else:
            waiting = _together(waiting, piece)
    return [*joined, waiting] if waiting else joined


def is_denied(clause: str, start: int, end: int, grammar: Grammar) -> bool:
    """Whether the clause denies its words from `start` to `end`.

    "I cannot give you a discount", "there is no discount", "a discount is not something I give"
    deny it; "this discount won't last", "you don't have to ask for a refund" do not.
    """
    if grammar.shields.find(clause) is not None:
        return False
    if not any(not start <= match.start < end for match in negations(clause, grammar)):
        return False
    if grammar.speakers.find(clause) is not None:
        return True
    if grammar.hearers.find(clause) is not None:
        return grammar.receives.find(clause) is not None
    return True


def negations(clause: str, grammar: Grammar) -> list[Place]:
    """Where the clause says no; "not only" and its like say nothing."""
    return grammar.negation.all(blotted(grammar.not_negation, clause))


def blotted(patterns: Patterns, words: str) -> str:
    """The words with every match made unreadable and all places kept."""
    for match in patterns.all(words):
        blot = "\u00d7" * (match.end - match.start)
        words = f"{words[: match.start]}{blot}{words[match.end :]}"
    return words


def _without(patterns: Patterns, words: str) -> str:
    for place in reversed(patterns.all(words)):
        words = f"{words[: place.start]}{words[place.end :]}"
    return " ".join(words.split())


def _together(one: str, other: str) -> str:
    """Two pieces as one clause. Their border stays: numbers on both sides of it are two."""
    return f"{one}{CLAUSE_END}{other}" if one else other
