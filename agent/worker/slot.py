"""Waiting for the trunk's slot: not before it, not in a bunch with others, not long after it."""

import asyncio
from typing import Protocol
from uuid import UUID

import structlog

from agent.store.dialings import NotNow, Slot

log = structlog.get_logger(__name__)

_LONG_WAIT_SECONDS = 0.5
"""A call that waits longer than this asks again, before its slot, whether it may still dial."""
_ASK_AHEAD_SECONDS = 0.2
"""Ask this long before the slot, so that a slow answer does not make us late."""
_LOOK_AGAIN_SECONDS = 0.05
"""While a call before this one has not reported its dialling. It has a second to do so."""
_SLOTS = 10
"""After missing this many slots, give up: this process is too slow."""


class SlotSource(Protocol):
    """What a call that waits for its slot asks: `store.dialings.DialingStore`."""

    async def look(self, call_id: UUID) -> Slot | NotNow:
        """The slot as it stands now."""
        ...

    async def renew(self, call_id: UUID, trunk: str, seconds_per_call: float) -> Slot | NotNow:
        """Another one, in place of one that was not used in time."""
        ...


async def until_slot(
    source: SlotSource, call_id: UUID, trunk: str, slot: Slot, seconds_per_call: float
) -> NotNow | None:
    """Return when the call may dial, and must at once; or why it may not any more.

    `slot.wait` and `slot.usable` count from when the database answered, which lies between our
    question (`asked`) and its arrival (`told`). Safe on both sides: `wait` counts from `told`,
    `usable` from `asked`. Asked 10.00, told 10.05, wait 0.30, usable 1.20: dial between 10.35 and
    11.20.
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
            asking = source.renew(call_id, trunk, seconds_per_call)
        else:
            await asyncio.sleep(max(_LOOK_AGAIN_SECONDS, slot.wait - _ASK_AHEAD_SECONDS))
            asking = source.look(call_id)
        asked = clock()
        answer = await asking
        told = clock()
        if isinstance(answer, NotNow):
            return answer
        slot = answer
