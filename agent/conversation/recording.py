"""The caller's say about the recording: refused, it stops and is deleted, and the talk goes on."""

import asyncio

from agent.conversation.live_call import LiveCall
from agent.domain.calls import EventKind


class Recording:
    """What one caller says about being recorded."""

    def __init__(self, call: LiveCall) -> None:
        self._call = call
        self._task: asyncio.Task[None] | None = None

    def heard(self, text: str) -> None:
        """Words of the caller. A refusal counts at once, also before the recording has begun."""
        if self._call.noted(EventKind.RECORDING_REFUSED) or not self._call.playbook.recording:
            return
        rule = self._call.understanding.refuses_recording(text)
        if rule:
            self._call.note(EventKind.RECORDING_REFUSED, urgent=True, rule=rule)
            self._task = asyncio.create_task(self._delete(), name="deletion of the recording")

    async def close(self) -> None:
        """Return when a deletion that was begun is done."""
        if self._task is not None:
            await self._task

    async def _delete(self) -> None:
        if await self._call.recorder.discard():
            self._call.note(EventKind.RECORDING_DELETED, urgent=True)
