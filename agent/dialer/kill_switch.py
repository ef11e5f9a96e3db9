"""The kill switch, thrown by a person: stop dialling, and end the calls that we placed."""

import asyncio
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

import structlog
from livekit import api

from agent.domain.attempts import DialingState
from agent.errors import DatabaseUnavailable, LiveKitUnavailable
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
    The switch is thrown first and counts even if LiveKit is away. Every call is asked or cut,
    whatever became of the others; LiveKitUnavailable names those that could not be ended. Raises
    DatabaseUnavailable.
    """
    await switch.stop(reason)
    return await _end_calls(dialings, livekit, secret)


async def _end_calls(dialings: DialingStore, livekit: api.LiveKitAPI, secret: str) -> Stopped:
    # The switch refuses calls that wait for their slot, or are only dispatched.
    begun = [each for each in await dialings.open() if each.state is DialingState.DIALLING]
    talking = [each for each in begun if each.answered]
    ringing = [each for each in begun if not each.answered]
    not_cut, told = await asyncio.gather(
        _cut(livekit, ringing), asyncio.gather(*(_ask(livekit, each, secret) for each in talking))
    )
    # Who could not be asked is cut at once.
    not_cut += await _cut(
        livekit, [each for each, heard in zip(talking, told, strict=True) if not heard]
    )
    waiting = [each for each, heard in zip(talking, told, strict=True) if heard]
    left = await _after_goodbyes(dialings, waiting)
    not_cut += await _cut(livekit, left)
    if not_cut:
        log.error("calls_not_cut", count=len(not_cut))
        raise LiveKitUnavailable(
            f"these calls could not be ended: {', '.join(call for call, _ in not_cut)} "
            f"({not_cut[0][1]}). Dialling is stopped and all other calls are over; run this again"
        )
    said_goodbye = len(waiting) - len(left)
    return Stopped(asked=said_goodbye, cut=len(begun) - said_goodbye)


async def _ask(livekit: api.LiveKitAPI, call: OpenDialing, secret: str) -> bool:
    """Ask the agent to say goodbye; False: it could not be asked."""
    end = ControlMessage(call.room_name, uuid4(), datetime.now(UTC), ControlText.END)
    try:
        await tell_agent(livekit, end, secret)
    except LiveKitUnavailable:
        return False
    return True


async def _after_goodbyes(dialings: DialingStore, waiting: list[OpenDialing]) -> list[OpenDialing]:
    """Those that go on after the time for goodbyes, or of which nothing can be known any more."""
    deadline = time.monotonic() + _GOODBYE_SECONDS
    while waiting and time.monotonic() < deadline:
        await asyncio.sleep(_LOOK_SECONDS)
        try:
            open_now = await dialings.open()
        except DatabaseUnavailable:
            break
        still_open = {each.call_id for each in open_now if each.ended_for is None}
        waiting = [each for each in waiting if each.call_id in still_open]
    return waiting


async def _cut(
    livekit: api.LiveKitAPI, calls: list[OpenDialing]
) -> list[tuple[str, BaseException]]:
    """Delete the rooms. Returns the calls whose room is still there, and why."""
    ended = await asyncio.gather(
        *(delete_room(livekit, each.room_name) for each in calls), return_exceptions=True
    )
    return [
        (str(call.call_id), error)
        for call, error in zip(calls, ended, strict=True)
        if isinstance(error, BaseException)
    ]
