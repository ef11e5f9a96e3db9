"""The keys of the caller's telephone.

A 9 by itself takes the caller off the list, where the playbook says so to callers; a 0 by itself
asks for a person. "By itself": no other key within `ALONE` seconds before and after, so that a 9
in "2900" is a digit. Several digits are what the caller says with the keys, and so is one digit
after a question that wants a number.
"""

import asyncio

from livekit.agents import AgentSession

from agent.conversation.live_call import LiveCall
from agent.conversation.opt_out import OptOutTalk
from agent.conversation.person import PersonTransfer
from agent.domain.words import words_of
from agent.playbook.model import AnswerType

ALONE = 2.0
"""Seconds without another key after which the digits are complete."""
OPT_OUT_KEY, PERSON_KEY = "9", "0"

_SAME_QUESTION = 0.6
"""Share of a question's words that must be in what the agent has said last."""


class Keys:
    """Keys pressed in one call."""

    def __init__(
        self,
        session: AgentSession[None],
        call: LiveCall,
        opt_out: OptOutTalk,
        person: PersonTransfer,
    ) -> None:
        self._session = session
        self._call = call
        self._opt_out = opt_out
        self._person = person
        self._digits = ""
        self._timer: asyncio.TimerHandle | None = None

    def pressed(self, key: str) -> None:
        """A key went down."""
        self._digits += key
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(ALONE, self._complete)

    def close(self) -> None:
        """The call is over."""
        if self._timer is not None:
            self._timer.cancel()

    def _complete(self) -> None:
        pressed, self._digits, self._timer = self._digits, "", None
        if self._call.ending:
            return
        number = "".join(key for key in pressed if key.isdigit())
        wanted = self._number_is_asked_for()
        if pressed == OPT_OUT_KEY and self._call.playbook.opt_out_key and not wanted:
            self._opt_out.act("key")
        elif pressed == PERSON_KEY and not wanted:
            self._person.by_key()
        elif len(number) > 1 or (number and wanted):
            self._session.interrupt()
            self._session.generate_reply(user_input=number)

    def _number_is_asked_for(self) -> bool:
        """Whether one of the playbook's questions for a number is what the agent said last."""
        said = set(words_of(self._call.heard.text))
        for question in self._call.playbook.questions:
            asked = set(words_of(question.ask))
            if question.type is AnswerType.NUMBER and len(said & asked) >= (
                _SAME_QUESTION * len(asked)
            ):
                return True
        return False
