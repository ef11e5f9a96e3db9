"""One call that a customer places: it rings until somebody's voice is in the room."""

import asyncio

from agent.local.phone_network.behaviours import Handler
from agent.local.phone_network.callee import ended_within, talk
from agent.local.phones.phone import CallStatus, EndOfCall, Phone


async def ring_and_talk(
    phone: Phone, *, ringing_timeout: float, max_call_duration: float, handler: Handler | None
) -> None:
    """The whole call of a phone that is in its room, ringing; the network owns the task.

    livekit-sip answers when it has subscribed to an audio track, and within 20 ms of it.
    """
    deadline = asyncio.get_running_loop().time() + max_call_duration
    heard = asyncio.create_task(phone.hears_somebody.wait(), name=f"rings {phone.call_id}")
    over = asyncio.create_task(ended_within(phone, ringing_timeout))
    try:
        await asyncio.wait([heard, over], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in (heard, over):
            task.cancel()
        await asyncio.gather(heard, over, return_exceptions=True)
    if phone.end is not None:
        return
    if not phone.hears_somebody.is_set():
        await phone.leave(EndOfCall("us", "rang_out"))
        return
    await phone.become(CallStatus.ACTIVE)
    if phone.end is None:
        await talk(phone, handler, deadline)
