"""Putting the caller through to a person: asked for by the caller's words, a key, or the model."""

import asyncio

from livekit.agents import AgentSession

from agent.conversation.ending import speak
from agent.conversation.live_call import LiveCall
from agent.domain.calls import EventKind
from agent.domain.phone_numbers import PhoneNumber
from agent.errors import Refused


class PersonTransfer:
    """The way to the playbook's person; nobody else can be named."""

    def __init__(self, session: AgentSession[None], call: LiveCall) -> None:
        self._session = session
        self._call = call
        self._task: asyncio.Task[None] | None = None

    @property
    def is_possible(self) -> bool:
        """Whether somebody can be tried: there is a person, and they were not out of reach yet."""
        return bool(self._call.playbook.transfer) and not self._call.noted(
            EventKind.TRANSFER_FAILED
        )

    async def put_through(self) -> None:
        """Hand the caller over; when it returns we are out of the call. Raises Refused."""
        target = self._call.playbook.transfer[0]
        self._call.handing_over = True
        try:
            await self._dial(PhoneNumber(target.number))
        except Refused as refusal:
            self._call.handing_over = False
            self._call.note(EventKind.TRANSFER_FAILED, to=target.name, reason=str(refusal))
            raise
        self._call.ending = True  # we are out of it: nothing is said any more
        self._call.note(EventKind.TRANSFERRED, urgent=True, to=target.name)

    def by_key(self) -> None:
        """The caller pressed the key for a person. Returns at once."""
        if self._call.ending or self._call.handing_over:
            return
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._announced(), name="transfer by key")

    async def close(self) -> None:
        """Stop what a key has begun."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _announced(self) -> None:
        lines = self._call.playbook.lines
        current = self._session.current_speech
        if current is not None and current.allow_interruptions:
            self._session.interrupt()
        if self.is_possible:
            handle = speak(self._session, self._call, lines.transferring)
            await handle.wait_for_playout()
            try:
                await self.put_through()
            except Refused:
                speak(self._session, self._call, lines.no_person)
            return
        speak(self._session, self._call, lines.no_person)

    async def _dial(self, number: PhoneNumber) -> None:
        try:
            await self._call.phone.transfer(number)
        except Refused:
            if self._call.warm_transfer is None:
                raise
            await self._call.warm_transfer(number)
