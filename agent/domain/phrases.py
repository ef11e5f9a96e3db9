"""What callers say that code must understand even where the model does not.

A list of phrases a language (`Phrases`, kept in prompts/phrases/) is looked for in what was
heard: accents, case and punctuation do not count, up to three other words may stand between two
words of a phrase, and no phrase reaches over the end of a sentence.

>>> is_opt_out("Please don't ever call me again.", english)
"don't call me again"
>>> is_opt_out("Don't call me before six.", english)       # a wish about when, not an opt-out

In a phrase `[call|phone]` is either of these, an empty alternative is nothing, and ` $` at its
end for the end of the sentence.
"""

import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

FILLERS = 3
"""Words that may stand between two words of a phrase: "don't *you ever* call me"."""

LONGEST_BACKCHANNEL = 6
"""Words. Who says more than "yeah, yeah, okay, I see" wants the floor."""


Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Phrase:
    """One phrase: as written in the list, and its parts, each a choice between words.

    `starts` are the words that it can begin with: most sentences hold none of them.
    """

    text: str
    parts: tuple[tuple[Words, ...], ...]
    starts: frozenset[str]


@dataclass(frozen=True, slots=True)
class Phrases:
    """The phrases of one language.

    `not_opt_out` takes back an `opt_out` that it overlaps ("call me before"); `other_channel` takes
    back all of them, wherever it stands, unless a word of `negation` stands before it.
    """

    language: str
    opt_out: tuple[Phrase, ...]
    not_opt_out: tuple[Phrase, ...]
    other_channel: tuple[Phrase, ...]
    negation: frozenset[str]
    robot: tuple[Phrase, ...]
    not_robot: tuple[Phrase, ...]
    backchannel: frozenset[str]
    goodbye: tuple[Phrase, ...]


def is_opt_out(text: str, phrases: Phrases) -> str | None:
    """The phrase with which the speaker asks not to be called again, or None."""
    heard = sentences(text)
    for words in heard:
        for start, _ in _found(words, phrases.other_channel):
            if start == 0 or words[start - 1] not in phrases.negation:
                return None
    return _first(heard, phrases.opt_out, unless=phrases.not_opt_out)


def asks_if_robot(text: str, phrases: Phrases) -> str | None:
    """The phrase with which the speaker asks whether this is a machine, or None."""
    return _first(sentences(text), phrases.robot, unless=phrases.not_robot)


def says_goodbye(text: str, phrases: Phrases) -> str | None:
    """The phrase with which the speaker takes leave, or None. It must close what was said."""
    heard = sentences(text)
    return _first(heard[-1:], phrases.goodbye) if heard else None


def is_backchannel(text: str, phrases: Phrases) -> bool:
    """Whether this is only a sign of listening ("mm-hm", "yeah, okay") and claims no turn.

    True says nothing about when: after a question of the agent's "yes" is an answer.
    """
    # "Right?" and "Hm?" want something.
    if "?" in text:
        return False
    words = [word for sentence in sentences(text) for word in sentence]
    if not 0 < len(words) <= LONGEST_BACKCHANNEL:
        return False
    # Recognisers write "mm-hm", "Mhm", "mmhmm" and "Mm. Hmm." for the same sound, so spaces and
    # doubled letters do not count; what is left must be signs of listening from end to end.
    return _consists_of(_squeezed("".join(words)), phrases.backchannel)


def phrase(text: str) -> Phrase:
    """Read one phrase of a list. Raises ValueError when it has no words or an open bracket."""
    pieces = re.split(r"\[([^\[\]]*)\]", text)
    if any("[" in piece or "]" in piece for piece in pieces):
        raise ValueError("a bracket without its partner")
    choices = [piece.split("|") if index % 2 else [piece] for index, piece in enumerate(pieces)]
    parts = tuple(tuple(_words(text) for text in choice) for choice in choices)
    starts: set[str] = set()
    for part in parts:
        starts |= {words[0] for words in part if _spoken(words)}
        if all(_spoken(words) for words in part):
            return Phrase(text, tuple(part for part in parts if any(part)), frozenset(starts))
    # It would be found everywhere.
    raise ValueError("a phrase that may be empty")


def backchannels(texts: Iterable[str]) -> frozenset[str]:
    """Read a list of signs of listening, in the form that `is_backchannel` compares."""
    return frozenset(
        _squeezed("".join(itertools.chain.from_iterable(words)))
        for text in texts
        for words in itertools.product(*phrase(text).parts)
    )


def sentences(text: str) -> list[list[str]]:
    """The words of each sentence, in lower case without accents and punctuation.

    >>> sentences("N'appelez plus ! C'est fini.")
    [['n', 'appelez', 'plus'], ['c', 'est', 'fini']]
    """
    plain = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    # "don't" and "do not" are the same words.
    plain = re.sub(r"n['\u2019\u02bc]t\b", " not", plain)
    split = [re.findall(r"[^\W_]+", part) for part in re.split(r"[.!?;…]+", plain)]
    return [words for words in split if words]


_END = "$"
_Span = tuple[int, int]


def _first(
    heard: Sequence[Sequence[str]], wanted: Iterable[Phrase], unless: Sequence[Phrase] = ()
) -> str | None:
    """The first phrase of the list that was said and is not taken back by one of `unless`."""
    taken_back = [list(_found(words, unless)) for words in heard]
    for candidate in wanted:
        for words, exceptions in zip(heard, taken_back, strict=True):
            for start, end in _found(words, (candidate,)):
                if not any(start < other[1] and other[0] < end for other in exceptions):
                    return candidate.text
    return None


def _found(words: Sequence[str], wanted: Iterable[Phrase]) -> Iterator[_Span]:
    """Where in one sentence the phrases stand: first word, and the one after the last."""
    for each in wanted:
        for start, word in enumerate(words):
            if word not in each.starts:
                continue
            places = {start}
            for part in each.parts:
                places = {
                    place for choice in part for place in _follow(words, start, places, choice)
                }
            if places:
                yield start, min(places)


def _follow(words: Sequence[str], start: int, places: set[int], wanted: Words) -> set[int]:
    """Where one can be after `wanted`, having been at one of `places`."""
    for word in wanted:
        if word == _END:
            places = places & {len(words)}
            continue
        places = {
            place + 1
            for before in places
            # The first word stands where the phrase starts; before the others come fillers.
            for place in range(before, before + (FILLERS + 1 if before > start else 1))
            if place < len(words) and words[place] == word
        }
    return places


def _words(text: str) -> Words:
    """The words of a piece of a phrase."""
    spoken = tuple(word for sentence in sentences(text.replace(_END, " ")) for word in sentence)
    return (*spoken, _END) if _END in text else spoken


def _spoken(words: Words) -> bool:
    return any(word != _END for word in words)


def _squeezed(text: str) -> str:
    return re.sub(r"(.)\1+", r"\1", text)


def _consists_of(text: str, parts: frozenset[str]) -> bool:
    reachable = {0}
    for place in range(len(text)):
        if place in reachable:
            reachable |= {place + len(part) for part in parts if text.startswith(part, place)}
    return len(text) in reachable
