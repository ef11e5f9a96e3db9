"""What a disclosure tells, by its meaning: that an AI speaks, and that the call is recorded.

A word alone tells nothing: "j'ai" is no AI, "I am not an AI" denies it, "leaders in AI" is about
the company, "we nemen contact met u op" records nobody. So a disclosure is read clause by clause;
the words of each language are in its row of `languages`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_CLAUSE_ENDS = r"[,;:()\n\u2013\u2014]|\s-\s"
_SENTENCE = re.compile(r"[^.!?\n]*(?:[.!?]+|\n|$)")
_INITIALS = re.compile(r"\b([A-Z])\.([A-Z])\.")


@dataclass(frozen=True, slots=True)
class DisclosureWords:
    """How one language tells it; regular expressions, compared without case."""

    ai: tuple[str, ...]
    """Names of an artificial intelligence; an acronym is one in capitals only."""
    speaks: tuple[str, ...]
    """Beside which such a name is the one who speaks: "I am", "assistant"."""
    articles: tuple[str, ...]
    """With which a clause begins that is such a name and nothing else."""
    topics: tuple[str, ...]
    """Behind which it is what the talk is about."""
    negations: tuple[str, ...]
    parts: tuple[str, ...]
    """Conjunctions: what is denied before "but" is not denied behind it."""
    recorded: tuple[str, ...]
    """That sound is kept."""
    not_recorded: tuple[str, ...] = ()
    """What uses the same verb for something else: contact, an order, an address."""

    def says_ai(self, text: str) -> bool:
        """Whether a clause of `text` tells that the one who speaks is an AI."""
        return any(self._is_ai(clause) for clause in self._clauses(text))

    def says_recorded(self, text: str) -> bool:
        """Whether a clause of `text` tells that the call is recorded."""
        for trap in self.not_recorded:
            text = re.sub(trap, " ", text, flags=re.IGNORECASE)
        return any(
            _any(self.recorded, clause) and not _any(self.negations, clause)
            for clause in self._clauses(text)
        )

    def _is_ai(self, clause: str) -> bool:
        for name in self.ai:
            # "ai" in small letters is a cry of pain in Dutch, and "have" in French.
            flags = 0 if name.isupper() else re.IGNORECASE
            found = re.search(rf"(?<![\w'\u2019])(?:\w['\u2019])?{name}(?!\w)", clause, flags)
            if found is None and name.isupper():
                found = re.search(rf"(?<![\w'\u2019]){name}(?=-\w)", clause, re.IGNORECASE)
            if found is None or _any(self.negations, clause):
                continue
            before = clause[: found.start()]
            if _any(self.topics, before):
                continue
            named = rf"\s*(?:{'|'.join(self.articles)})?\s*{name}(?!\w)"
            if _any(self.speaks, clause) or re.match(named, clause, re.IGNORECASE):
                return True
        return False

    def _clauses(self, text: str) -> Iterator[str]:
        """Clauses of what is stated; a question states nothing."""
        parts = "|".join(rf"\b{word}\b" for word in self.parts)
        for sentence in _SENTENCE.findall(_INITIALS.sub(r"\1\2", text)):
            if not sentence.rstrip().endswith("?"):
                yield from re.split(rf"{_CLAUSE_ENDS}|{parts}", sentence, flags=re.IGNORECASE)


def _any(patterns: tuple[str, ...], text: str) -> bool:
    return any(re.search(pattern, text, re.IGNORECASE) for pattern in patterns)
