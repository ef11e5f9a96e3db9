"""Where a sentence ends for the voice: not after "dem 3." of "dem 3. Dezember"."""

import re

from livekit.agents.tokenize import (
    BufferedSentenceStream,
    SentenceStream,
    SentenceTokenizer,
    blingfire,
)

_ORDINAL = re.compile(r"(?<!\S)(\d{1,2})\.(?=\s)")
_DOT = ","
"""For the rules in place of the full stop: as long, and the end of nothing."""
_SHORTEST = 20
"""Letters of a sentence that is spoken by itself; shorter ones go with the next."""
_CONTEXT = 10
"""Letters that must follow before a sentence is known to have ended."""


class Sentences(SentenceTokenizer):
    """The framework's rules, except that a day's number with a full stop ends nothing."""

    def __init__(self) -> None:
        self._rules = blingfire.SentenceTokenizer(min_sentence_len=_SHORTEST, retain_format=True)

    def tokenize(self, text: str, *, language: str | None = None) -> list[str]:
        """The sentences of a text; joined they are the text."""
        return [sentence for sentence, _, _ in self._split(text)]

    def stream(self, *, language: str | None = None) -> SentenceStream:
        """The same while the text is being written."""
        return BufferedSentenceStream(
            tokenizer=self._split, min_token_len=_SHORTEST, min_ctx_len=_CONTEXT
        )

    def _split(self, text: str) -> list[tuple[str, int, int]]:
        found = []
        start = 0
        for sentence in self._rules.tokenize(_ORDINAL.sub(rf"\g<1>{_DOT}", text)):
            end = start + len(sentence)
            found.append((text[start:end], start, end))
            start = end
        return found
