"""What the caller's words over the agent's own sentence are: listening, an answer, or a claim.

    listening    "mm-hm" while the agent tells something: it goes on
    answer       "yes, great" over an offer or a question: the reply that it waited for
    takes_turn   "wait", "what does it cost?": the agent stops and listens

"Yes" can be either of the first two. What the agent is saying decides, and only its last sentence
as far as it was heard: "And in winter? It fills more slowly" waits for nothing.
"""

from enum import StrEnum

from agent.domain.lexicon import Utterance
from agent.domain.word_classes import WordClass as W

LONGEST_SIGN = 6
"""Words. A caller who says more than "yeah, yeah, okay, I see" wants the floor."""


_SHORT_NO = 3
"""Words: "not at the moment" answers, more words correct or object."""
_PLAIN_ANSWER = (W.NOD, W.SHAKE, W.CHOICE, W.LISTENING, W.PLEASE, W.BREAK)


class Reply(StrEnum):
    """What words over the agent's sentence are."""

    LISTENING = "listening"
    ANSWER = "answer"
    TAKES_TURN = "takes_turn"


def only_listens(said: Utterance) -> bool:
    """Whether the words may be a sign of listening. It says nothing about when.

    "Right?" and "Hm?" want something.
    """
    if not 0 < said.length <= LONGEST_SIGN or any(clause.asked for clause in said.clauses):
        return False
    return said.consists_of(W.LISTENING, W.NOD)


def waits_for_answer(agent: Utterance, sentence: int) -> bool:
    """Whether this sentence of the agent's, as far as it was heard, is a question or an offer."""
    last = [each for each in agent.clauses if each.sentence == sentence]
    return any(
        # "Your meter sees, what comes in" asks nothing.
        each.asked or each.has(W.OFFER) or (each is last[0] and each.opens_with(W.ASK))
        for each in last
    )


def judge_reply(said: Utterance, waits: bool) -> Reply:
    """What these words are. `waits`: the agent's sentence waits for an answer."""
    if only_listens(said):
        return Reply.ANSWER if waits else Reply.LISTENING
    if said.clauses and said.consists_of(*_PLAIN_ANSWER) and said.has(*_PLAIN_ANSWER[:4]):
        return Reply.ANSWER if waits else Reply.TAKES_TURN
    if said.has(W.NOT) and said.length > _SHORT_NO:
        return Reply.TAKES_TURN  # "it's Peters, not Peterson"
    if any(clause.asked for clause in said.clauses) or said.has(W.TURN):
        return Reply.TAKES_TURN
    first = said.clauses[0] if said.clauses else None
    if first is None or first.opens_with(W.ASK, W.WHO_IS_IT, W.WHICH, W.WHO):
        return Reply.TAKES_TURN
    return Reply.ANSWER if waits else Reply.TAKES_TURN
