"""What the caller meant, in whatever language or mixture: every language's lists, read at once.

>>> understanding = Understanding(lexicons)
>>> understanding.opt_out("Arrêtez de m'appeler, please.")
OptOutVerdict(level=<OptOut.CERTAIN: 'certain'>, rule='never_call (fr)')
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import NamedTuple

from agent.domain import requests
from agent.domain.lexicon import Clause, Lexicon, Utterance
from agent.domain.opt_outs import NO_OPT_OUT, STRENGTH, OptOutVerdict, judge_opt_out
from agent.domain.replies import Reply, judge_reply, only_listens, waits_for_answer
from agent.domain.word_classes import WordClass as W
from agent.domain.words import sentences


class Wish(StrEnum):
    """What a caller wants of the one who speaks."""

    PERSON = "wants_person"
    ROBOT = "asks_if_robot"
    WHO = "who_is_it"
    NONE = "none"


class WishVerdict(NamedTuple):
    """The wish, and the rule that found it (empty when none did)."""

    wish: Wish
    rule: str = ""


@dataclass(frozen=True, eq=False)
class Understanding:
    """The word lists of all languages. Callers switch and mix; a list that is not read hears
    nothing."""

    lexicons: Sequence[Lexicon]
    _recent: dict[str, tuple[Utterance, ...]] = field(default_factory=dict, repr=False)
    """The last few texts as they were read: each is judged for several things."""

    def read(self, text: str) -> tuple[Utterance, ...]:
        """The utterance in each language, only with the clauses that are said in it.

        A clause is left out where another language knows many more of its words: "for the moment"
        holds a French "moment", and is English.
        """
        if (before := self._recent.get(text)) is not None:
            return before
        read = [lexicon.read(text) for lexicon in self.lexicons]
        known = [said.known for said in read]
        if len(self._recent) >= _REMEMBERED:
            self._recent.clear()
        self._recent[text] = tuple(
            Utterance(
                said.language,
                tuple(
                    clause
                    for clause in said.clauses
                    if _words_known(clause, ours)
                    >= _SHARE * max(_words_known(clause, other) for other in known)
                ),
            )
            for said, ours in zip(read, known, strict=True)
        )
        return self._recent[text]

    def opt_out(self, text: str) -> OptOutVerdict:
        """Whether the caller wants no more calls; the surest of the languages counts."""
        best = NO_OPT_OUT
        for said in self.read(text):
            found = judge_opt_out(said)
            if STRENGTH[found.level] > STRENGTH[best.level]:
                best = replace(found, rule=f"{found.rule} ({said.language})")
        return best

    def person(self, text: str) -> WishVerdict:
        """Whether a person is wanted, a robot suspected, a name asked for: the first that is so."""
        read = self.read(text)
        for wish, judge in (
            (Wish.PERSON, requests.wants_person),
            (Wish.ROBOT, requests.asks_if_robot),
            (Wish.WHO, requests.who_is_it),
        ):
            for said in read:
                if rule := judge(said):
                    return WishVerdict(wish, f"{rule} ({said.language})")
        return WishVerdict(Wish.NONE)

    def asks_more(self, text: str) -> bool:
        """Whether something else was said than a wish about who speaks, and has to be answered."""
        for said in self.read(text):
            for clause in said.clauses:
                alone = Utterance(said.language, (clause,))
                wish = any(judge(alone) for judge in _WISHES)
                filler = alone.consists_of(*requests.FILLERS, W.LISTENING, W.ASK, W.YOU)
                if not wish and not filler and len(clause.words) > _SHORTEST_QUESTION:
                    return True
        return False

    def answer(self, text: str) -> bool | None:
        """Yes or no, as the answer to a question that wants one of them; None: neither."""
        read = self.read(text)
        if any(said.has(W.SHAKE) for said in read):
            return False
        # "Yes, why not."
        if any(said.clauses and said.clauses[0].opens_with(W.NOD, W.CHOICE) for said in read):
            return True
        return False if any(said.has(W.NOT) for said in read) else None

    def refuses_recording(self, text: str) -> str:
        """The rule by which the caller does not want to be recorded, or ""."""
        return _first(requests.no_recording, self.read(text))

    def asks_to_wait(self, text: str) -> str:
        """The rule by which the caller asks for a moment's patience, or ""."""
        read = self.read(text)
        if any(requests.goes_on_talking(said) for said in read):
            return ""
        return _first(requests.asks_to_wait, read)

    def only_listens(self, text: str) -> bool:
        """Whether the words may be a sign of listening, whatever is being said to the caller."""
        return any(only_listens(lexicon.read(text)) for lexicon in self.lexicons)

    def waits_for_answer(self, agent_text: str) -> bool:
        """Whether the agent's last sentence, as far as heard, is a question or an offer."""
        last = len(sentences(agent_text)) - 1
        return any(waits_for_answer(said, last) for said in self.read(agent_text))

    def reply(self, text: str, agent_text: str) -> Reply:
        """What the caller's words over the agent's sentence are."""
        waits = self.waits_for_answer(agent_text)
        if self.only_listens(text):
            return Reply.ANSWER if waits else Reply.LISTENING
        if self.person(text).wish is not Wish.NONE:
            return Reply.TAKES_TURN
        found = {judge_reply(said, waits) for said in self.read(text) if said.clauses}
        return Reply.TAKES_TURN if Reply.TAKES_TURN in found or not found else Reply.ANSWER


_REMEMBERED = 16
_SHORTEST_QUESTION = 2
"""Words. What is shorter beside a wish is no question of its own: "or what"."""
_WISHES = (
    requests.wants_person,
    requests.asks_if_robot,
    requests.who_is_it,
    requests.no_recording,
)
_SHARE = 0.6
"""Of the words that another language knows in a clause: with fewer it is said in that one."""


def _words_known(clause: Clause, known: frozenset[tuple[int, int]]) -> int:
    places = range(clause.start, clause.start + len(clause.words))
    return sum((clause.sentence, place) in known for place in places)


def _first(judge: Callable[[Utterance], str], read: Iterable[Utterance]) -> str:
    return next((f"{rule} ({said.language})" for said in read if (rule := judge(said))), "")
