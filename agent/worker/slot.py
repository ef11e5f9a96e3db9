"""Waiting for the trunk's slot: not before it, not in a bunch with others, not long after it."""

import asyncio
from typing import Protocol
from uuid import UUID

import structlog

from agent.store.dialings import NotNow, Slot

log = structlog.get_logger(__name__)

_LONG_WAIT_SECONDS = 0.5
"""Who waits longer for the slot asks again whether the call is still allowed."""
_ASK_AHEAD_SECONDS = 0.2
"""So long before the slot: an answer that takes its time must not make the call late."""
_LOOK_AGAIN_SECONDS = 0.05
"""While a call before this one has not said when it dialled. It has a second to say so."""
_SLOTS = 10
"""A process that has come too late for so many is of no use now."""


class SlotSource(Protocol):
    """What a call that waits for its slot asks: `store.dialings.DialingStore`."""

    async def look(self, call_id: UUID) -> Slot | NotNow:
        """The slot as it stands now."""
        ...

    async def renew(self, call_id: UUID, trunk: str, seconds_per_call: float) -> Slot | NotNow:
        """Another one, in place of one that was not used in time."""
        ...


async def until_slot(
    door: SlotSource, call_id: UUID, trunk: str, slot: Slot, seconds_per_call: float
) -> NotNow | None:
    """Return when the call may dial, and must at once; or why it may not any more.

    A slot is the database's moment. Its answers are under way for a while: what may not come too
    early counts from their arrival, what may not come too late from the question.
    """
    clock = asyncio.get_running_loop().time
    asked = told = clock()
    taken = 1
    while True:
        if slot.settled and slot.wait <= _LONG_WAIT_SECONDS:
            await asyncio.sleep(max(0.0, told + slot.wait - clock()))
            if clock() <= asked + slot.usable:
                return None
            if taken == _SLOTS:
                return NotNow.LATE
            log.warning("slot_missed", call_id=str(call_id))
            taken += 1
            asking = door.renew(call_id, trunk, seconds_per_call)
        else:
            await asyncio.sleep(max(_LOOK_AGAIN_SECONDS, slot.wait - _ASK_AHEAD_SECONDS))
            asking = door.look(call_id)
        asked = clock()
        found = await asking
        told = clock()
        if isinstance(found, NotNow):
            return found
        slot = found
