"""Replies that are not the model's: where the truth, a right or a promise is at stake.

The caller asks whether a robot speaks, or who does: one fixed sentence, then the model answers what
else was asked. The caller wants a person: a fixed sentence and the transfer. What only sounds like
an opt-out: the question.
"""

from dataclasses import dataclass

from agent.conversation.live_call import LiveCall
from agent.conversation.opt_out import OptOutTalk
from agent.conversation.person import PersonTransfer
from agent.domain.understanding import Wish


@dataclass(frozen=True, slots=True)
class FixedReply:
    """One reply. `transfers`: the call is handed over behind it. `model_goes_on`: the model answers
    the rest of what was said."""

    line: str
    transfers: bool = False
    model_goes_on: bool = False


class FixedReplies:
    """The fixed replies of one call."""

    def __init__(self, call: LiveCall, opt_out: OptOutTalk, person: PersonTransfer) -> None:
        self._call = call
        self._opt_out = opt_out
        self._person = person

    def to(self, words: str) -> FixedReply | None:
        """The fixed reply to the caller's words, or None where the model replies alone."""
        understanding, lines = self._call.understanding, self._call.playbook.lines
        if self._opt_out.is_to_be_asked(words):
            return FixedReply(lines.ask_opt_out)
        wish, _ = understanding.person(words)
        more = understanding.asks_more(words)
        if self._call.playbook.recording and understanding.refuses_recording(words):
            return FixedReply(lines.recording_stopped, model_goes_on=more)
        match wish:
            case Wish.PERSON if self._person.is_possible:
                return FixedReply(lines.transferring, transfers=True)
            case Wish.PERSON:
                return FixedReply(lines.no_person)
            case Wish.ROBOT:
                return FixedReply(lines.i_am_ai, model_goes_on=more)
            case Wish.WHO:
                return FixedReply(lines.who_we_are, model_goes_on=more)
            case Wish.NONE:
                return None
