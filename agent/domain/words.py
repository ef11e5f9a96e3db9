"""Spoken text as plain words: lower case, no accents, no punctuation, sentence by sentence.

>>> [each.words for each in sentences("N'appelez plus ! C'est fini.")]
[('n', 'appelez', 'plus'), ('c', 'est', 'fini')]
"""

import re
import unicodedata
from dataclasses import dataclass

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence. `asked`: it ends with a question mark. `commas`: the words that follow one.

    >>> sentences("Well, is it free?")
    [Sentence(words=('well', 'is', 'it', 'free'), asked=True, commas=frozenset({1}))]
    """

    words: Words
    asked: bool = False
    commas: frozenset[int] = frozenset()


def sentences(text: str) -> list[Sentence]:
    """The sentences of `text` that have a word. A point between two digits ends none."""
    found = []
    for match in _SENTENCE.finditer(_plain(text)):
        words: list[str] = []
        commas: set[int] = set()
        for part in _TOKEN.findall(match.group("words")):
            if part[0].isalnum():
                words.append(part)
            elif words:
                commas.add(len(words))
        if words:
            commas.discard(len(words))
            found.append(Sentence(tuple(words), "?" in match.group("end"), frozenset(commas)))
    return found


def words_of(text: str) -> Words:
    """All words of `text`, whatever sentences they stand in."""
    return tuple(word for sentence in sentences(text) for word in sentence.words)


_SENTENCE = re.compile(r"(?P<words>(?:[^.!?;…]|(?<=\d)\.(?=\d))+)(?P<end>[.!?;…\s]*)")
_TOKEN = re.compile(r"[^\W_]+|[,:()\u2013\u2014]|(?<=\s)-(?=\s)")
_APOSTROPHE = "['\u2018\u2019\u02bc]"
# "don't" and "do not" are the same words, with and without its apostrophe.
_NOT = (
    (re.compile(rf"\bca(?:n{_APOSTROPHE}?t|nnot)\b"), "can not"),
    (re.compile(rf"\bwo(?:n{_APOSTROPHE}t|nt)\b"), "will not"),
    (re.compile(rf"n{_APOSTROPHE}t\b"), " not"),
    (re.compile(r"\b(do|does|did|is|are|was|have|has|would|could|should)nt\b"), r"\1 not"),
)


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("œ", "oe"))
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    for pattern, written_out in _NOT:
        plain = pattern.sub(written_out, plain)
    return plain
