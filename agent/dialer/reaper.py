"""Requeues what got lost: agents that never came, processes that died in the middle of a call.

Every dialer runs one. All steps are compare-and-sets in `store.dialings`: two reapers, or a reaper
and the job that it took for dead, cannot both have their way.
"""

import asyncio
from uuid import UUID

import structlog
from livekit import api

from agent.dialer.parts import DialerParts
from agent.domain import outbound_events
from agent.domain.attempts import DialingState, next_try
from agent.domain.calls import Source
from agent.domain.dispositions import Reason
from agent.errors import DatabaseUnavailable, LiveKitUnavailable
from agent.store.dialings import Again, OpenDialing
from agent.telephony.dispatch import delete_room, is_agent, people_in
from agent.telephony.remote_party import STATUS

log = structlog.get_logger(__name__)

NO_AGENT_SECONDS = 20.0
"""From asking for an agent until its session must be ready to dial."""
_LOOK_SECONDS = 2.0
_SETTLING_SECONDS = 3.0
"""Leave younger calls alone; their job is still writing."""
_ENDED_SECONDS = 15.0
"""The job reports the end itself. If the record ended this long ago and it has not, it is dead."""
_RING_MARGIN_SECONDS = 60.0
_TALK_MARGIN_SECONDS = 120.0
_LOST_CLAIM_SECONDS = 10.0
"""A dialer without a heartbeat for so long is dead."""
_LOOKS_WITHOUT_AGENT = 2


class Reaper:
    """Looks at every open call every two seconds. `run` until cancelled."""

    def __init__(self, parts: DialerParts) -> None:
        self._parts = parts
        self._alone: dict[UUID, int] = {}
        """Calls without an agent in their room, and how often in a row they were seen so."""

    async def run(self) -> None:
        """Look, again and again; what is away is waited for."""
        while True:
            try:
                await self.look()
            except DatabaseUnavailable:
                log.warning("reaper_waits_for_database")
            except Exception as error:  # noqa: BLE001  # the loop must not die
                log.error("reaper_failed", error=type(error).__name__)
            await asyncio.sleep(_LOOK_SECONDS)

    async def look(self) -> None:
        """One look at everything that is open."""
        parts = self._parts
        for lost in await parts.attempts.lost_claims(_LOST_CLAIM_SECONDS):
            await parts.attempts.requeue(
                lost.id,
                after=0,
                call_id=lost.call_id,
                why=lost.last_error,
                claimed_by=lost.claimed_by,
            )
            log.warning("lost_claim_taken_back", attempt_id=str(lost.id))
        open_now = await parts.dialings.open()
        for dialing in open_now:
            try:
                await self._look_at(dialing)
            except DatabaseUnavailable:
                raise
            except Exception as error:  # noqa: BLE001  # the others are looked at all the same
                call_id, why = str(dialing.call_id), type(error).__name__
                log.error("call_not_looked_at", call_id=call_id, error=why)
        still_open = {dialing.call_id for dialing in open_now}
        self._alone = {call: seen for call, seen in self._alone.items() if call in still_open}

    async def _look_at(self, dialing: OpenDialing) -> None:
        if dialing.state is DialingState.DISPATCHED:
            if dialing.age > NO_AGENT_SECONDS:
                await self._requeue(dialing)
        elif dialing.age > _SETTLING_SECONDS:
            await self._look_after(dialing)

    async def _requeue(self, dialing: OpenDialing) -> None:
        """No agent came: try again. Nobody was rung, and the late agent may not dial any more."""
        parts = self._parts
        attempt = await parts.attempts.show(dialing.attempt_id)
        now = parts.now()
        due = next_try(attempt.tries, now, parts.rng)
        taken = await parts.dialings.give_back(
            dialing.call_id,
            [outbound_events.not_connected(dialing.call_id, now, Source.DIALER, Reason.NO_AGENT)],
            Reason.NO_AGENT,
            Again((due - now).total_seconds(), parts.new_id()) if due else None,
            only_if=DialingState.DISPATCHED,
        )
        if taken:
            log.warning("no_agent_came", call_id=str(dialing.call_id))
            await self._end_room(dialing)

    async def _look_after(self, dialing: OpenDialing) -> None:
        if dialing.ended_for is not None:
            if dialing.ended_for > _ENDED_SECONDS:
                await self._parts.dialings.finish(dialing.call_id)
            return
        try:
            inside = await people_in(self._parts.livekit, dialing.room_name)
        except LiveKitUnavailable:
            return  # nothing is known, so nothing is done
        if self._is_alone(dialing, inside) or self._lasts_too_long(dialing, inside):
            # The room first: from here on nobody's phone rings without an agent behind it.
            if not await self._end_room(dialing):
                return  # the phone may ring on: its number is not free yet
            events = outbound_events.died(dialing.call_id, self._parts.now())
            if await self._parts.dialings.finish(dialing.call_id, events):
                log.error("call_without_agent_ended", call_id=str(dialing.call_id))

    def _lasts_too_long(self, dialing: OpenDialing, inside: list[api.ParticipantInfo]) -> bool:
        parts = self._parts
        talks = any(each.attributes.get(STATUS) == "active" for each in inside)
        if dialing.answered or talks:
            longest = parts.ringing_seconds + parts.max_call_seconds + _TALK_MARGIN_SECONDS
        else:
            longest = parts.ringing_seconds + _RING_MARGIN_SECONDS
        return dialing.age > longest

    def _is_alone(self, dialing: OpenDialing, inside: list[api.ParticipantInfo]) -> bool:
        if any(map(is_agent, inside)):
            self._alone.pop(dialing.call_id, None)
            return False
        seen = self._alone.get(dialing.call_id, 0) + 1
        self._alone[dialing.call_id] = seen
        return seen >= _LOOKS_WITHOUT_AGENT

    async def _end_room(self, dialing: OpenDialing) -> bool:
        try:
            await delete_room(self._parts.livekit, dialing.room_name)
        except LiveKitUnavailable:
            log.warning("room_not_deleted", call_id=str(dialing.call_id))
            return False
        return True
