"""The kill switch, thrown by a person: stop dialling, and end the calls that we placed."""

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

import structlog
from livekit import api

from agent.domain.attempts import DialingState
from agent.errors import LiveKitUnavailable
from agent.store.dialings import DialingStore, OpenDialing
from agent.store.kill_switch import KillSwitchStore
from agent.telephony.control import ControlMessage, ControlText
from agent.telephony.dispatch import delete_room, tell_agent

log = structlog.get_logger(__name__)

_GOODBYE_SECONDS = 20.0
"""For the goodbyes; then the calls are cut."""
_LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Stopped:
    """How many calls ended by themselves when asked, and how many rooms were deleted."""

    asked: int
    cut: int


async def stop_dialling(
    switch: KillSwitchStore,
    dialings: DialingStore,
    livekit: api.LiveKitAPI,
    secret: str,
    reason: str,
) -> Stopped:
    """Throw the switch, then end what rings and what talks; returns when nothing is left.

    `secret`, of LiveKit's key, signs what we ask of the agents.
    The switch is thrown first and counts even if LiveKit is away. Raises DatabaseUnavailable,
    LiveKitUnavailable.
    """
    await switch.stop(reason)
    return await _end_calls(dialings, livekit, secret)


async def _end_calls(dialings: DialingStore, livekit: api.LiveKitAPI, secret: str) -> Stopped:
    # The switch refuses calls that wait for their slot, or are only dispatched.
    begun = [each for each in await dialings.open() if each.state is DialingState.DIALLING]
    talking = [each for each in begun if each.answered]
    ringing = [each for each in begun if not each.answered]
    await _cut(livekit, ringing)
    for each in talking:
        end = ControlMessage(each.room_name, uuid4(), datetime.now(UTC), ControlText.END)
        await tell_agent(livekit, end, secret)
    deadline = time.monotonic() + _GOODBYE_SECONDS
    left = talking
    while left and time.monotonic() < deadline:
        await asyncio.sleep(_LOOK_SECONDS)
        still_open = {each.call_id for each in await dialings.open() if each.ended_for is None}
        left = [each for each in left if each.call_id in still_open]
    await _cut(livekit, left)
    return Stopped(asked=len(talking) - len(left), cut=len(ringing) + len(left))


async def _cut(livekit: api.LiveKitAPI, calls: list[OpenDialing]) -> None:
    """Delete the rooms; one that cannot be deleted does not keep the others alive."""
    ended = await asyncio.gather(
        *(delete_room(livekit, each.room_name) for each in calls), return_exceptions=True
    )
    failed = [error for error in ended if isinstance(error, BaseException)]
    if failed:
        log.error("calls_not_cut", count=len(failed))
        raise LiveKitUnavailable(f"{len(failed)} calls could not be cut: {failed[0]}")
