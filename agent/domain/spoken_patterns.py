"""Patterns over spoken words: how the word lists of prompts/speech_rules/ are written and found.

Text is compared word by word, without case, accents, apostrophes and hyphens. In a pattern
`[a|b]` is either (an empty alternative is nothing), `*` the rest of a word, `...` up to three
words, `#` a number, `^` and `$` the beginning and the end of a clause.

>>> saving = Patterns(["[save|saves|saving] [you|] ... #"], {})
>>> saving.find("it will save you about #0 euro") is not None
True
"""

import functools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

CLAUSE_END = " ¦ "
"""Stands in plain words where punctuation was: no pattern reaches over it."""

NUMBER = "#"
"""A figure in plain words is this and its index: `#0`."""

_PAUSE = re.compile(r"[,;:()\u2013\u2014\u2026.!?\"\u00ab\u00bb\u201c-\u201f]+|\s-+\s")
_TOKEN = re.compile(r"[\w']+")
_NO_WORD = re.compile(r"[^\w#¦]+")


def plain(text: str, contractions: Mapping[str, str]) -> str:
    """The words of a text, one blank between them, `CLAUSE_END` for punctuation.

    `contractions` are written out first: "won't" → "will not".

    >>> plain("C'est à vous, n'est-ce pas ?", {})
    'c est a vous ¦ n est ce pas ¦'
    """
    lowered = without_accents(text).replace("\u2019", "'").replace("\u02bc", "'")
    lowered = _TOKEN.sub(lambda token: contractions.get(token[0], token[0]), lowered)
    return " ".join(_NO_WORD.sub(" ", _PAUSE.sub(CLAUSE_END, lowered)).split())


def without_accents(text: str) -> str:
    """Case and accents do not count when words are compared."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


class Place(NamedTuple):
    """Where a pattern stands: its first letter, and the one after its last."""

    start: int
    end: int


class Patterns:
    """A list of patterns, found as one. Raises ValueError for one that could match nothing.

    `contractions` are written out in the patterns as they are in the text. Lists are long and
    sentences short, so a pattern is looked for only where a word begins as it does.
    """

    __slots__ = ("_anywhere", "_by_key", "_by_word")

    def __init__(self, written: Iterable[str], contractions: Mapping[str, str]) -> None:
        self._by_word: dict[str, list[_Pattern]] = {}
        self._by_key: dict[str, list[_Pattern]] = {}
        self._anywhere: list[_Pattern] = []
        for text in written:
            pattern = _read(text, contractions)
            for beginning in pattern.beginnings:
                known = beginning.rstrip("*")
                if known == beginning and known != NUMBER:
                    self._by_word.setdefault(known, []).append(pattern)
                elif len(known) >= _KEY:
                    self._by_key.setdefault(known[:_KEY], []).append(pattern)
                elif pattern not in self._anywhere:
                    self._anywhere.append(pattern)

    def find(self, words: str) -> Place | None:
        """The first place in plain words, or None."""
        return next(self._places(words), None)

    def begins(self, words: str) -> Place | None:
        """The place at the beginning of the words, or None."""
        tokens = _tokens(words)
        end = self._longest(tokens, 0)
        return None if end is None else Place(0, tokens.ends[end - 1])

    def ends(self, words: str) -> bool:
        """Whether the words end with one of them."""
        tokens = _tokens(words)
        last = len(tokens.words)
        return any(
            last in _follow(tokens.words, {start}, pattern.parts)
            for start in range(last)
            for pattern in self._candidates(tokens.words[start])
        )

    def all(self, words: str) -> list[Place]:
        """Every place, from left to right."""
        return list(self._places(words))

    def _places(self, words: str) -> Iterator[Place]:
        tokens = _tokens(words)
        at = 0
        while at < len(tokens.words):
            end = self._longest(tokens, at)
            if end is None:
                at += 1
                continue
            yield Place(tokens.starts[at], tokens.ends[end - 1])
            at = end

    def _longest(self, tokens: "_Tokens", at: int) -> int | None:
        """Where the longest pattern that begins with this word ends; None if none does."""
        if at >= len(tokens.words):
            return None
        found = [
            min(ends) if pattern.has_gap else max(ends)
            for pattern in self._candidates(tokens.words[at])
            if (ends := _follow(tokens.words, {at}, pattern.parts))
        ]
        return max(found, default=None)

    def _candidates(self, word: str) -> Iterator["_Pattern"]:
        yield from self._by_word.get(word, ())
        yield from self._by_key.get(word[:_KEY], ())
        yield from self._anywhere


_KEY = 2
_PIECE = re.compile(r"\[|\]|\||\.\.\.|\^|\$|[^\[\]|^$\s]+")
_GAP, _START, _STOP, _MARK = "...", "^", "$", "¦"
_WIDEST_GAP = 3

_Parts = tuple[Any, ...]
"""Words and signs in order; a tuple among them is a choice between such rows."""


class _Tokens(NamedTuple):
    words: tuple[str, ...]
    starts: tuple[int, ...]
    ends: tuple[int, ...]


class _Pattern(NamedTuple):
    parts: _Parts
    beginnings: frozenset[str]
    """The words with which it can begin; with a star, how those words begin."""
    has_gap: bool


@functools.lru_cache(maxsize=256)
def _tokens(words: str) -> _Tokens:
    """The words of a text; the same few texts are searched with every list."""
    found = list(re.finditer(r"\S+", words))
    return _Tokens(
        tuple(word[0] for word in found),
        tuple(word.start() for word in found),
        tuple(word.end() for word in found),
    )


def _follow(words: tuple[str, ...], places: set[int], parts: _Parts) -> set[int]:
    """Where one can be after these parts, having been before the words at `places`."""
    for part in parts:
        if not places:
            break
        if isinstance(part, tuple):
            places = {end for choice in part for end in _follow(words, places, choice)}
        elif part == _GAP:
            reached = set(places)
            for place in places:
                for end in range(place, min(place + _WIDEST_GAP, len(words))):
                    if words[end] == _MARK:
                        break
                    reached.add(end + 1)
            places = reached
        elif part == _START:
            places = {place for place in places if place == 0 or words[place - 1] == _MARK}
        elif part == _STOP:
            places = {place for place in places if place == len(words) or words[place] == _MARK}
        else:
            places = {
                place + 1 for place in places if place < len(words) and _is(words[place], part)
            }
    return places


def _is(word: str, wanted: str) -> bool:
    if "*" not in wanted:
        return word == wanted or (wanted == NUMBER and word.startswith(NUMBER))
    if word == _MARK:
        return False
    before, _, after = wanted.partition("*")
    if "*" in after:
        return after.strip("*") in word
    return (
        len(word) >= len(before) + len(after) and word.startswith(before) and word.endswith(after)
    )


def _read(pattern: str, contractions: Mapping[str, str]) -> _Pattern:
    pieces = _PIECE.findall(pattern.replace(_GAP, f" {_GAP} "))
    choices, rest = _choices(pieces, contractions)
    if rest:
        raise ValueError(f"{pattern!r} has a bracket without its partner")
    if 0 in _follow((), {0}, (choices,)) or not pieces:
        raise ValueError(f"{pattern!r} may be empty")
    beginnings = _beginnings((choices,))
    return _Pattern((choices,), beginnings or frozenset({"*"}), _GAP in pieces)


def _choices(
    pieces: list[str], contractions: Mapping[str, str]
) -> tuple[tuple[_Parts, ...], list[str]]:
    """Read up to the closing bracket or the end; what is left comes back too."""
    choices: list[list[Any]] = [[]]
    while pieces and pieces[0] != "]":
        piece, *pieces = pieces
        if piece == "[":
            inner, pieces = _choices(pieces, contractions)
            if not pieces:
                raise ValueError("a bracket without its partner")
            pieces = pieces[1:]
            choices[-1].append(inner)
        elif piece == "|":
            choices.append([])
        elif piece in (_GAP, _START, _STOP):
            choices[-1].append(piece)
        else:
            choices[-1] += _spelled(piece, contractions)
    return tuple(tuple(choice) for choice in choices), pieces


def _spelled(piece: str, contractions: Mapping[str, str]) -> list[str]:
    if piece.isascii() and piece.isalpha() and piece.islower() and piece not in contractions:
        return [piece]
    return [
        word.replace("zstarz", "*")
        for word in plain(piece.replace("*", "zstarz"), contractions).split()
    ]


def _beginnings(parts: _Parts) -> frozenset[str]:
    """How the first word of a match can begin."""
    found: set[str] = set()
    for part in parts:
        if isinstance(part, tuple):
            for choice in part:
                found |= _beginnings(choice)
            if all(0 not in _follow((), {0}, choice) for choice in part):
                return frozenset(found)
        elif part == _GAP:
            return frozenset({*found, "*"})
        elif part not in (_START, _STOP):
            known, star, _ = part.partition("*")
            return frozenset({*found, known + star})
    return frozenset(found)
