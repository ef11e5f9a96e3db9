"""Ending a call well: the last words are heard to their end, then we hang up.

Whatever decides that a call is over (a tool, an opt-out, silence, a failing provider, the clock)
comes through `Ending.conclude`, and only the first of them counts.
"""

import asyncio
from collections.abc import Awaitable

import structlog
from livekit.agents import AgentSession
from livekit.agents.voice import SpeechHandle

from agent.conversation.live_call import LiveCall
from agent.domain.calls import EventKind

log = structlog.get_logger(__name__)

_CALLER_FINISHES = 3.0
"""Seconds a caller may still be speaking before our last words begin anyway."""
_PLAYOUT_MARGIN = 4.0
"""Seconds beyond a line's own length until we stop waiting for it and hang up."""
_UNKNOWN_LENGTH = 12.0


class Ending:
    """The end of one call."""

    def __init__(self, session: AgentSession[None], call: LiveCall) -> None:
        self._session = session
        self._call = call
        self._task: asyncio.Task[None] | None = None

    def conclude(self, last_words: str | None, *, after: SpeechHandle | None = None) -> None:
        """Begin to end the call and return at once.

        `last_words` is a line of the playbook, or None to hang up without a word;
        `after` is speech that is let finish first.
        """
        if self._call.ending:
            return
        self._call.ending = True
        self._task = asyncio.create_task(self._end(last_words, after), name="end of call")

    async def wait(self) -> None:
        """Return when an end that was begun is done; at once if none was."""
        if self._task is not None:
            await asyncio.gather(self._task, return_exceptions=True)

    async def _end(self, last_words: str | None, after: SpeechHandle | None) -> None:
        try:
            if last_words is not None:
                await self._say(last_words, after)
            if not self._call.noted(EventKind.CALLER_HUNG_UP):
                self._call.note(EventKind.AGENT_HUNG_UP)
        finally:
            await self._call.phone.hang_up()

    async def _say(self, last_words: str, after: SpeechHandle | None) -> None:
        if after is not None:
            await _at_most(_UNKNOWN_LENGTH, after.wait_for_playout())
        await self._caller_finishes()
        # `say` waits for current speech. The disclosure may finish; a reply is interrupted.
        current = self._session.current_speech
        if current is not None and current.allow_interruptions:
            self._session.interrupt()
        length = self._call.spoken.seconds(last_words) or _UNKNOWN_LENGTH
        try:
            handle = speak(self._session, self._call, last_words, interruptible=False)
        except RuntimeError:
            return  # the session is closing: the caller has gone
        if current is not None and not current.allow_interruptions:
            length += _UNKNOWN_LENGTH
        played = await _at_most(length + _PLAYOUT_MARGIN, handle.wait_for_playout())
        if played and not handle.interrupted:  # only the caller's hanging up cuts it short
            self._call.note(EventKind.GOODBYE_SAID)

    async def _caller_finishes(self) -> None:
        """Wait until the caller stops speaking, but not for ever."""
        if self._session.user_state != "speaking":
            return
        stopped = asyncio.Event()

        def on_change(_: object) -> None:
            if self._session.user_state != "speaking":
                stopped.set()

        self._session.on("user_state_changed", on_change)
        try:
            await _at_most(_CALLER_FINISHES, stopped.wait())
        finally:
            self._session.off("user_state_changed", on_change)


def speak(
    session: AgentSession[None], call: LiveCall, line: str, *, interruptible: bool = True
) -> SpeechHandle:
    """Say a line word for word, from audio rendered ahead where there is some."""
    frames = call.spoken.frames(line)
    if frames is None:
        return session.say(line, allow_interruptions=interruptible)
    return session.say(line, audio=frames, allow_interruptions=interruptible)


async def _at_most(seconds: float, waited_for: Awaitable[object]) -> bool:
    """Await; False if it took longer."""
    try:
        async with asyncio.timeout(seconds):
            await waited_for
    except TimeoutError:
        log.warning("waited_too_long", seconds=seconds)
        return False
    return True
