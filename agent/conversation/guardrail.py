"""Between the model and the voice: clause by clause, and only what may be said."""

import re
from collections.abc import Callable
from dataclasses import dataclass

# With the next sentence's first letter, so that it does not matter how the text is cut.
# "Dem 3. Dezember" is no end.
_SENTENCE_END = re.compile(r"(?<=[.!?…])(?<!\s\d\.)(?<!\s\d\d\.)[\"')\]]*\s+(?=\S)")
_CLAUSE_END = re.compile(r"(?<=[,;:\u2013\u2014])\s+(?=\S)")

_SHORTEST = 4
"""Words of a clause that is let go before its sentence is complete: "No, I am a person" must not
begin with "No," and go on with the truth."""

WhyNot = Callable[[str, str], str | None]
"""Why a sentence must not be spoken, given what was said just before it; None if it may."""


@dataclass(frozen=True, slots=True)
class Stopped:
    """A sentence that must not be spoken."""

    sentence: str
    reason: str


class Guardrail:
    """Cuts streamed text into clauses and lets go what may be spoken, up to the first that may not.

    A clause is judged with all of its sentence that is there, so the voice waits for one clause at
    most, and a sentence that turns bad is cut off there. `before` is what was said before the text.
    """

    def __init__(self, why_not: WhyNot, before: str = "") -> None:
        self._why_not = why_not
        self._before = before
        self._held = ""
        self._spoken = ""
        """Of the sentence that is being written."""
        self.stopped: Stopped | None = None
        """The sentence at which it ended; nothing is let through any more."""

    def push(self, text: str) -> str:
        """Take more text; returns what may be spoken now."""
        self._held += text
        passed = ""
        start = 0
        while self.stopped is None:
            sentence = _SENTENCE_END.search(self._held, start)
            clause = _CLAUSE_END.search(self._held, start)
            if clause is not None and (sentence is None or clause.start() < sentence.start()):
                start = clause.end()
                if self._may_go(self._held[:start]):
                    passed += self._let_go(start)
                    start = 0
            elif sentence is not None:
                passed += self._finish_sentence(sentence.end())
                start = 0
            else:
                break
        return passed

    def finish(self) -> str:
        """The rest, when the model has finished."""
        if self.stopped is not None:
            return ""
        return self._finish_sentence(len(self._held))

    def _may_go(self, clause: str) -> bool:
        if len(clause.split()) < _SHORTEST:
            return False
        return self._why_not((self._spoken + clause).strip(), self._before) is None

    def _let_go(self, end: int) -> str:
        clause, self._held = self._held[:end], self._held[end:]
        self._spoken += clause
        return clause

    def _finish_sentence(self, end: int) -> str:
        rest = self._held[:end]
        sentence = (self._spoken + rest).strip()
        reason = self._why_not(sentence, self._before) if sentence else None
        if reason is not None:
            self.stopped = Stopped(sentence, reason)
            return ""
        self._held = self._held[end:]
        self._spoken, self._before = "", sentence or self._before
        return rest
