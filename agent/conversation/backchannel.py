"""Words of the caller over our own sentence that were taken for a sign of listening.

"Yes, great." in the middle of an offer is left out, so that the agent speaks on, and may turn out
to be the answer when the sentence is complete: "I can offer you a visit ... on Tuesday at nine?"
What came in the last sentence is then answered; everything else is kept as overheard.
"""

import asyncio
from collections.abc import Callable

from livekit.agents import AgentSession

from agent.conversation.live_call import LiveCall
from agent.conversation.transcript import Transcript
from agent.domain.words import sentences

ANSWER_WAITS = 0.7
"""Seconds after our sentence in which the caller may still add something."""


class Backchannel:
    """Signs of listening in one call."""

    def __init__(
        self,
        session: AgentSession[None],
        call: LiveCall,
        transcript: Transcript,
        now: Callable[[], float],
    ) -> None:
        self._session = session
        self._call = call
        self._transcript = transcript
        self._now = now
        self._last: tuple[str, int] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def is_one(self, text: str) -> bool:
        """Whether these words, heard now, are only a sign of listening."""
        speech = self._session.current_speech
        if speech is None or speech.done() or self._call.ending:
            return False
        understanding = self._call.understanding
        # After a question or an offer "yes" is an answer.
        return understanding.only_listens(text) and not understanding.waits_for_answer(
            self._call.heard.text
        )

    def left_out(self, text: str) -> None:
        """Words that `is_one` was true of, and that nobody answers for now."""
        self._give_up()
        self._last = (text, len(sentences(self._call.heard.text)))

    def caller_speaks(self) -> None:
        """The caller says something else: that is what is answered."""
        self._give_up()

    def agent_finished(self) -> None:
        """Our sentence is over."""
        if self._last is None or self._timer is not None:
            return
        text, sentence = self._last
        heard = self._call.heard.text
        in_the_last = sentence >= len(sentences(heard))
        if in_the_last and self._call.understanding.waits_for_answer(heard):
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(ANSWER_WAITS, self._answer, text)
        else:
            self._give_up()

    def close(self) -> None:
        """The call is over: keep what was not answered."""
        self._give_up()

    def _answer(self, text: str) -> None:
        self._timer = None
        if self._call.ending or self._session.current_speech is not None:
            self._give_up()
            return
        self._last = None
        self._session.generate_reply(user_input=text)

    def _give_up(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._last is not None:
            self._transcript.overheard(self._last[0], self._now())
            self._last = None
