"""Between the model and the voice: sentence by sentence, and only what may be said."""

import re
from collections.abc import Callable

# With the next sentence's first letter, so that it does not matter how the text is cut.
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"')\]]*\s+(?=\S)")


class Guardrail:
    """Cuts streamed text into sentences and replaces those that must not be spoken.

    `why_not(sentence)` is the reason or None; `instead(reason)` is spoken in place of the first
    refused sentence of a reply (the others are left out); `on_refusal(reason)` is told of each.
    """

    def __init__(
        self,
        why_not: Callable[[str], str | None],
        instead: Callable[[str], str],
        on_refusal: Callable[[str], None],
    ) -> None:
        self._why_not = why_not
        self._instead = instead
        self._on_refusal = on_refusal
        self._held = ""
        self._replaced = False

    def push(self, text: str) -> str:
        """Take more text; returns the sentences that are complete now and may be spoken."""
        self._held += text
        passed = []
        while match := _SENTENCE_END.search(self._held):
            sentence, self._held = self._held[: match.end()], self._held[match.end() :]
            passed.append(self._check(sentence))
        return "".join(passed)

    def finish(self) -> str:
        """The rest, when the model has finished."""
        rest, self._held = self._held, ""
        return self._check(rest) if rest.strip() else rest

    def _check(self, sentence: str) -> str:
        reason = self._why_not(sentence)
        if reason is None:
            return sentence
        self._on_refusal(reason)
        if self._replaced:
            return ""
        self._replaced = True
        return self._instead(reason) + " "
