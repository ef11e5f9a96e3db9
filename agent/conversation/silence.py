"""A quiet line: ask whether anybody is there, twice, then say goodbye.

A caller who asked for a moment ("I fetch my bill") is left in peace for `PATIENCE` seconds, hears
once that we are still here, and has as long again before the questions begin.
"""

import asyncio

from livekit.agents import AgentSession

from agent.conversation.ending import Ending, speak
from agent.conversation.live_call import LiveCall
from agent.domain.calls import EventKind

PATIENCE = 60.0
"""Seconds, twice."""


class Silence:
    """Watches one caller's silence. The session tells when it has lasted `silence_seconds`."""

    def __init__(self, session: AgentSession[None], call: LiveCall, ending: Ending) -> None:
        self._session = session
        self._call = call
        self._ending = ending
        self._asked = 0
        self._task: asyncio.Task[None] | None = None
        self._patience: asyncio.Task[None] | None = None

    def broken(self) -> None:
        """The caller has said something."""
        self._asked = 0
        if self._patience is not None:
            self._patience.cancel()

    def be_patient(self) -> None:
        """The caller has asked for a moment: no question before it is over."""
        self.broken()
        self._patience = asyncio.create_task(self._wait(), name="patience")

    def lasted(self) -> None:
        """The caller has been quiet for the playbook's `silence_seconds`."""
        if self._call.ending or (self._patience is not None and not self._patience.done()):
            return
        lines = self._call.playbook.lines
        if self._asked == len(lines.still_there):
            self._call.note(EventKind.CALLER_SILENT)
            self._ending.conclude(lines.silence_goodbye)
            return
        self._task = asyncio.create_task(self._ask(lines.still_there[self._asked]), name="silence")
        self._asked += 1

    async def close(self) -> None:
        """Stop asking."""
        running = [task for task in (self._task, self._patience) if task is not None]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)

    async def _ask(self, line: str) -> None:
        handle = speak(self._session, self._call, line)
        await handle.wait_for_playout()
        # The framework reports a caller who stays away only once.
        self._session.reset_away_timer()

    async def _wait(self) -> None:
        await asyncio.sleep(PATIENCE)
        if self._call.ending:
            return
        speak(self._session, self._call, self._call.playbook.lines.still_here)
        await asyncio.sleep(PATIENCE)
        self._session.reset_away_timer()
