"""The words of one language by what they do in a sentence, and an utterance read with them.

A list entry is a word or several: `ring*` is every word that begins so, `[a|b]` either of these
(an empty alternative is nothing), `~` up to six words that do not matter: `take ~ off`. A longer
entry of a class in `HIDING` hides the shorter ones inside it: in "no more" there is no "no".
"""

import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from agent.domain.word_classes import HIDING, WordClass
from agent.domain.words import Sentence, Words, sentences, words_of

LONGEST_GAP = 6
"""Words that a `~` may stand for."""

_GAP = "~"


@dataclass(frozen=True, slots=True)
class Entry:
    """One way to say something of a class: a word a part, `~` for a gap, `ring*` for a stem."""

    kind: WordClass
    parts: Words
    whole: frozenset[str]
    """The parts that are whole words: a sentence without them all does not hold the entry."""


@dataclass(frozen=True, slots=True)
class Span:
    """Words of a clause that belong to a class; `at` are their places in the clause."""

    kind: WordClass
    at: tuple[int, ...]

    @property
    def start(self) -> int:
        """The place of the first word."""
        return self.at[0]


@dataclass(frozen=True, slots=True)
class Clause:
    """A stretch of speech with one verb or none, and what its words do.

    `asked`: it ends with a question mark. `conditional`: it begins with an "if". `sentence` and
    `start` say where it stands: the sentence, and its first word's place in it, counted from 0.
    """

    words: Words
    spans: tuple[Span, ...]
    asked: bool = False
    conditional: bool = False
    sentence: int = 0
    start: int = 0

    def at(self, *kinds: WordClass) -> list[int]:
        """Where words of these classes begin, in order."""
        return sorted(span.start for span in self.spans if span.kind in kinds)

    def has(self, *kinds: WordClass) -> bool:
        """Whether a word of one of these classes is there."""
        return any(span.kind in kinds for span in self.spans)

    def before(self, first: WordClass, *then: WordClass) -> bool:
        """Whether a word of `first` comes before one of `then`."""
        ours, theirs = self.at(first), self.at(*then)
        return bool(ours and theirs) and ours[0] < theirs[-1]

    def near(self, first: WordClass, then: WordClass, most: int) -> bool:
        """Whether `then` begins at most `most` words behind the last word of `first`."""
        ends = [span.at[-1] for span in self.spans if span.kind is first]
        return any(0 < place - end <= most for end in ends for place in self.at(then))

    def opens_with(self, *kinds: WordClass) -> bool:
        """Whether the first word, behind an "and" or a "please", belongs to one of these."""
        fillers = self.covered(WordClass.BREAK, WordClass.PLEASE, WordClass.LISTENING)
        place = 0
        while place in fillers and place not in self.at(*kinds):
            place += 1
        return place in self.at(*kinds)

    def covered(self, *kinds: WordClass) -> frozenset[int]:
        """The places of all words of these classes."""
        return frozenset(place for span in self.spans if span.kind in kinds for place in span.at)

    def consists_of(self, *kinds: WordClass) -> bool:
        """Whether every word belongs to one of these classes."""
        return len(self.covered(*kinds)) == len(self.words)

    def besides(self, *kinds: WordClass, behind: int = -1) -> int:
        """How many words behind the place `behind` belong to none of these classes."""
        covered = self.covered(*kinds)
        return sum(place not in covered for place in range(behind + 1, len(self.words)))


@dataclass(frozen=True)
class Utterance:
    """What one speaker said in one go, as read in one language."""

    language: str
    clauses: tuple[Clause, ...]

    def has(self, *kinds: WordClass) -> bool:
        """Whether a word of one of these classes stands anywhere."""
        return any(clause.has(*kinds) for clause in self.clauses)

    def consists_of(self, *kinds: WordClass) -> bool:
        """Whether every word of it belongs to one of these classes."""
        return all(clause.consists_of(*kinds) for clause in self.clauses)

    @property
    def known(self) -> frozenset[tuple[int, int]]:
        """The words that this language knows, each by its sentence and its place in it."""
        return frozenset(
            (clause.sentence, clause.start + place)
            for clause in self.clauses
            for span in clause.spans
            for place in span.at
        )

    @property
    def length(self) -> int:
        """How many words it has."""
        return sum(len(clause.words) for clause in self.clauses)


@dataclass(frozen=True, eq=False)
class Lexicon:
    """The words of one language. `language` is its two-letter code."""

    language: str
    entries: tuple[Entry, ...] = field(repr=False)

    @cached_property
    def _by_word(self) -> Mapping[str, list[Entry]]:
        index: dict[str, list[Entry]] = {}
        for entry in self.entries:
            index.setdefault(_key(entry.parts[0]), []).append(entry)
        return index

    def read(self, text: str) -> Utterance:
        """Cut `text` into clauses and say what each word does."""
        clauses = [
            clause
            for number, sentence in enumerate(sentences(text))
            for clause in self._clauses(sentence, number)
        ]
        return Utterance(self.language, tuple(clauses))

    def _clauses(self, sentence: Sentence, number: int) -> Iterator[Clause]:
        spans = _not_hidden(self._spans(sentence.words))
        breaks = {span.start for span in spans if span.kind in (WordClass.BREAK, WordClass.IF)}
        conditional = {span.start for span in spans if span.kind is WordClass.IF}
        joined = {span.start for span in spans if span.kind is WordClass.JOIN}
        edges = _edges(len(sentence.words), breaks, sentence.commas, joined)
        for start, end in itertools.pairwise(edges):
            inside = tuple(
                Span(span.kind, tuple(place - start for place in span.at if place < end))
                for span in spans
                if start <= span.start < end
            )
            yield Clause(
                words=sentence.words[start:end],
                spans=inside,
                asked=sentence.asked and end == len(sentence.words),
                conditional=start in conditional,
                sentence=number,
                start=start,
            )

    def _spans(self, words: Words) -> list[Span]:
        found: list[Span] = []
        said = frozenset(words)
        for start, word in enumerate(words):
            stems = (f"{word[:length]}*" for length in range(_SHORTEST, min(len(word), _STEM) + 1))
            for key in (word, *stems):
                for entry in self._by_word.get(key, ()):
                    if entry.whole <= said and (span := _match(entry, words, start)):
                        found.append(span)
        return found


def entries(kind: WordClass, text: str) -> Iterator[Entry]:
    """Read one line of a list. Raises ValueError when it has no words or an open bracket."""
    pieces = re.split(r"\[([^\[\]]*)\]", text)
    if any("[" in piece or "]" in piece for piece in pieces):
        raise ValueError("a bracket without its partner")
    choices = [piece.split("|") if index % 2 else [piece] for index, piece in enumerate(pieces)]
    for chosen in itertools.product(*choices):
        parts = tuple(part for piece in "".join(chosen).split() for part in _parts(piece))
        if not parts or _GAP in (parts[0], parts[-1]):
            raise ValueError("an entry without a word at its beginning or end")
        whole = frozenset(part for part in parts if part != _GAP and not part.endswith("*"))
        yield Entry(kind, parts, whole)


_SHORTEST, _STEM = 2, 12
"""Letters of the stems that an index holds; longer stems are compared whole."""


@lru_cache(maxsize=8192)
def _parts(piece: str) -> Words:
    if piece == _GAP:
        return (_GAP,)
    words = words_of(piece.removesuffix("*"))
    return (*words[:-1], words[-1] + "*") if piece.endswith("*") and words else words


def _edges(length: int, breaks: set[int], commas: frozenset[int], joined: set[int]) -> list[int]:
    """Where clauses begin, and the end. "Stop, *to* call me" is one: the comma is left out."""
    edges = sorted({0, *breaks, *commas, length})
    return [
        edge
        for edge, after in zip(edges, [*edges[1:], length + 1], strict=True)
        if edge in (0, length) or edge in breaks or not joined & set(range(edge, after))
    ]


def _key(part: str) -> str:
    return part[:_STEM].rstrip("*") + "*" if part.endswith("*") else part


def _match(entry: Entry, words: Words, start: int) -> Span | None:
    """Where the entry stands when its first word is at `start`: the shortest way only."""
    places: list[int] = []
    place, gap = start, 0
    for part in entry.parts:
        if part == _GAP:
            gap = LONGEST_GAP
            continue
        reach = range(place, min(place + gap + 1, len(words)))
        found = next((at for at in reach if _is(words[at], part)), None)
        if found is None:
            return None
        places.append(found)
        place, gap = found + 1, 0
    return Span(entry.kind, tuple(places))


def _is(word: str, part: str) -> bool:
    return word.startswith(part[:-1]) if part.endswith("*") else word == part


def _not_hidden(spans: list[Span]) -> list[Span]:
    hiding = [frozenset(span.at) for span in spans if span.kind in HIDING and len(span.at) > 1]
    kept = [span for span in spans if not any(frozenset(span.at) < other for other in hiding)]
    return list(dict.fromkeys(kept))
