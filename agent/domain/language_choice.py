"""Which language a caller speaks: by an open wish, by the recogniser, by the words themselves.

    first utterances   one unmistakable word, or three counted words, 70 % of them of one
                       language; undecided after two utterances: what was assumed stays
    later              two utterances in a row, of four words and more, in another language
    at any time        an open wish: "en français, s'il vous plaît", "kan het in het Nederlands?"

A word that several languages have counts for none, and neither do names, numbers, "ja" or "ok": one
loan sentence changes nothing. Each decision carries what it rests on.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

_TOKEN = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*'?")
_DECIDES_WORDS = 3
_DECIDES_SHARE = 0.7
_SWITCHES_WORDS = 4
_SWITCHES_AFTER = 2
_UNDECIDED_AFTER = 2
_REPORTED_WEIGHT = 0.5
"""Of the words of an utterance for the language that the recogniser reports, times its confidence:
alone it is believed from six words on; beside our own count it tips the balance."""


class Why(StrEnum):
    """What a decision rests on."""

    ASKED = "asked"
    """The caller asked for the language."""
    GREETED = "greeted"
    """One unmistakable word or phrase."""
    SPOKEN = "spoken"
    """The words of the first utterances."""
    ASSUMED = "assumed"
    """Two utterances decided nothing: what was assumed stays."""
    CHANGED = "changed"
    """The caller went on in another language."""


@dataclass(frozen=True, slots=True)
class LanguageMarks:
    """By what one language is known; lower case. `wishes` name the language asked for."""

    words: frozenset[str]
    unmistakable: tuple[str, ...]
    wishes: Mapping[str, str]
    """How a language is asked for in this one: the phrase to the code of the language."""


@dataclass(frozen=True, slots=True)
class LanguageDecision:
    """The language to go on in. `counted` is how many words of each were heard, for the record."""

    language: str
    why: Why
    counted: Mapping[str, float]


def count_words(text: str, marks: Mapping[str, LanguageMarks]) -> dict[str, float]:
    """How many words of each language stand in `text`; a word of two languages is of none."""
    found: dict[str, float] = {}
    for token in _tokens(text):
        # "l'appareil" is no word of the list, "l'" is.
        owners = _owners(token, marks) or [
            code for part in _parts(token) for code in _owners(part, marks)
        ]
        if len(set(owners)) == 1:
            found[owners[0]] = found.get(owners[0], 0) + 1
    return found


@dataclass(slots=True)
class LanguageChoice:
    """The language of one call as it goes on. `offered` are those that the call can be held in.

    >>> choice = LanguageChoice(("en", "fr"), "en", marks)
    >>> choice.heard("Bonjour, c'est pour une batterie.").language
    'fr'
    """

    offered: Sequence[str]
    current: str
    marks: Mapping[str, LanguageMarks]
    decided: bool = False
    _utterances: int = 0
    _counted: dict[str, float] = field(default_factory=dict)
    _elsewhere: str = ""
    _in_a_row: int = 0

    def heard(
        self, text: str, reported: str | None = None, confidence: float = 1.0
    ) -> LanguageDecision | None:
        """A final transcript. The decision it leads to; None: the call goes on as it is.

        `reported`: the language that the recogniser says it heard, None or "multi" if it does not
        say. A decision for the current language is returned once, when it is made.
        """
        if len(self.offered) < 2 or not text.strip():
            return None
        counted = self._count(text, reported, confidence)
        if (wish := self._wish(text)) is not None:
            return self._decide(wish, Why.ASKED, counted) if wish != self.current else None
        if self.decided:
            return self._later(text, counted)
        return self._first(text, counted)

    def _count(self, text: str, reported: str | None, confidence: float) -> dict[str, float]:
        counted = count_words(text, self.marks)
        code = (reported or "").partition("-")[0].lower()
        if code in self.marks:
            weight = len(_tokens(text)) * confidence * _REPORTED_WEIGHT
            counted[code] = counted.get(code, 0) + weight
        return counted

    def _wish(self, text: str) -> str | None:
        said = f" {' '.join(_tokens(text))} "
        for each in self.marks.values():
            for phrase, code in each.wishes.items():
                if code in self.offered and f" {phrase} " in said:
                    return code
        return None

    def _first(self, text: str, counted: dict[str, float]) -> LanguageDecision | None:
        self._utterances += 1
        for code, words in counted.items():
            self._counted[code] = self._counted.get(code, 0) + words
        said = f" {' '.join(_tokens(text))} "
        greeted = {
            code
            for code, each in self.marks.items()
            if code in self.offered and any(f" {phrase} " in said for phrase in each.unmistakable)
        }
        best = _clear(self._counted)
        if len(greeted) == 1 and best in (None, *greeted):
            return self._decide(greeted.pop(), Why.GREETED, self._counted)
        if best is not None and best in self.offered:
            return self._decide(best, Why.SPOKEN, self._counted)
        if self._utterances >= _UNDECIDED_AFTER:
            return self._decide(self.current, Why.ASSUMED, self._counted)
        return None

    def _later(self, text: str, counted: dict[str, float]) -> LanguageDecision | None:
        best = _clear(counted, words=2)
        if best is None or best == self.current or best not in self.offered:
            # A short "ok" between two sentences of another language breaks nothing off.
            if best == self.current or len(_tokens(text)) >= _SWITCHES_WORDS:
                self._elsewhere, self._in_a_row = "", 0
            return None
        if len(_tokens(text)) < _SWITCHES_WORDS:
            return None
        self._in_a_row = self._in_a_row + 1 if best == self._elsewhere else 1
        self._elsewhere = best
        if self._in_a_row >= _SWITCHES_AFTER:
            return self._decide(best, Why.CHANGED, counted)
        return None

    def _decide(self, code: str, why: Why, counted: dict[str, float]) -> LanguageDecision:
        self.current, self.decided = code, True
        self._elsewhere, self._in_a_row = "", 0
        return LanguageDecision(code, why, dict(counted))


def first_language(
    offered: Sequence[str], *, known: Sequence[str | None], country: str | None
) -> str | None:
    """What to assume before the first word; None: nothing is known, the opening covers it.

    `known`, best first: what the contact's data, the last call and the number dialled say.
    `country`: the language of the caller's country, where numbers of that country tell one.
    """
    for code in (*known, country):
        if code is not None and code in offered:
            return code
    return None


def _clear(counted: dict[str, float], *, words: float = _DECIDES_WORDS) -> str | None:
    """The language of at least `words` counted words and 70 % of all; None: it is not clear."""
    total = sum(counted.values())
    if total < words:
        return None
    code, most = max(counted.items(), key=lambda each: each[1])
    return code if most >= words and most >= _DECIDES_SHARE * total else None


def _owners(token: str, marks: Mapping[str, LanguageMarks]) -> list[str]:
    return [code for code, each in marks.items() if token in each.words]


def _parts(token: str) -> list[str]:
    head, apostrophe, tail = token.partition("'")
    return [f"{head}'", tail] if apostrophe and tail else []


def _tokens(text: str) -> list[str]:
    return _TOKEN.findall(text.casefold().replace("\u2019", "'"))
