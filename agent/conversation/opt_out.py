"""Not to be called again: acted upon where it is certain, asked where it is only likely.

A caller who says it in so many words is taken off at once. One who only sounds like it is asked
"Shall I take you off our list?"; yes is an opt-out, and so is hanging up on the question. After a
no the talk goes on and nothing is asked again.
"""

from agent.conversation.ending import Ending
from agent.conversation.live_call import LiveCall
from agent.domain.opt_outs import STRENGTH, OptOut
from agent.domain.phone_numbers import parse
from agent.errors import Refused

_MOST_QUESTIONS = 2
"""A caller who answers neither yes nor no is not asked for ever."""


class OptOutTalk:
    """What one caller says about being called again."""

    def __init__(self, call: LiveCall, ending: Ending) -> None:
        self._call = call
        self._ending = ending
        self._asked = 0
        self._open = False
        self._declined = False

    def heard(self, *texts: str) -> None:
        """Words of the caller that the recogniser is sure of, alone and with those before them."""
        understanding = self._call.understanding
        verdict = max(map(understanding.opt_out, texts), key=lambda each: STRENGTH[each.level])
        if verdict.level is OptOut.CERTAIN:
            self.act("phrase", verdict.rule)
        elif self._is_open():
            answer = understanding.answer(texts[0])
            if answer is True:
                self.act("question", "yes")
            elif answer is False and verdict.level is OptOut.NOT:
                self._declined = True
            self._open = False
            self._call.heard.forget()

    def is_to_be_asked(self, words: str) -> bool:
        """Whether the reply to these words is the question."""
        if self._declined or self._asked >= _MOST_QUESTIONS:
            return False
        return self._call.understanding.opt_out(words).level is OptOut.LIKELY

    def agent_said(self, text: str) -> None:
        """Something that the agent has said, as far as it was heard."""
        if self._is_question(text):
            self._asked += 1
            self._open = True

    def hung_up(self) -> None:
        """The caller has left. On the question that is a yes."""
        if self._is_open():
            self._call.opt_out("hung_up")

    def act(self, heard_by: str, rule: str | None = None) -> None:
        """Keep the wish at once, confirm what can be kept, end the call."""
        self._call.opt_out(heard_by, rule)
        self._ending.conclude(goodbye_line(self._call))

    def _is_open(self) -> bool:
        """Asked, even if the caller cut in, and nothing was said since."""
        return self._open or self._is_question(self._call.heard.text)

    def _is_question(self, text: str) -> bool:
        question = self._call.playbook.lines.ask_opt_out
        said = text.strip().rstrip(".?! ")
        # Cut short, or behind a word about the language of the call.
        return question in text or (len(said) > 1 and question.startswith(said))


def goodbye_line(call: LiveCall) -> str:
    """The confirmation. A hidden number is on no list, so nothing is promised about lists."""
    lines = call.playbook.lines
    try:
        parse(call.caller_number)
    except Refused:
        return lines.opted_out_hidden
    return lines.opted_out
