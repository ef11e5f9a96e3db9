"""How sure the recogniser was of what the caller said, and whether to ask again.

A yearly bill of 500 that was really 5,000 is worse than one question more. So an answer that is
kept or booked, and was heard badly, is read back to the caller first; once, and then believed.
"""

UNSURE_BELOW = 0.5
"""Of 1. Telephone speech that was understood is recognised with 0.8 and more; mis-hearings lie
mostly below a half."""


class Certainty:
    """Of one call. Words come piece by piece and become turns."""

    def __init__(self) -> None:
        self._heard: list[tuple[int, float]] = []
        self._asked: set[str] = set()
        self.latest: float | None = None
        """Of the caller's latest turn, 0 to 1; None where the recogniser says nothing of it."""

    def heard(self, text: str, confidence: float) -> None:
        """Final words have come. A recogniser that gives no confidence gives 0."""
        words = len(text.split())
        if words and confidence > 0:
            self._heard.append((words, confidence))

    def end_turn(self) -> float | None:
        """What was heard since the last turn was one turn: how sure, its words on average."""
        words = sum(count for count, _ in self._heard)
        self.latest = (
            sum(count * confidence for count, confidence in self._heard) / words if words else None
        )
        self._heard.clear()
        return self.latest

    def must_ask(self, about: str) -> bool:
        """Whether to read back what the caller has just said of `about`; never twice for one."""
        if self.latest is None or self.latest >= UNSURE_BELOW or about in self._asked:
            return False
        self._asked.add(about)
        return True
