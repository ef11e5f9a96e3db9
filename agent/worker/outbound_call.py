"""A call that we place: the agent gets ready, takes the trunk's slot, then a phone rings."""

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime
from uuid import UUID

import structlog
from livekit import rtc
from livekit.agents import AutoSubscribe, JobContext

from agent.conversation.live_call import LiveCall
from agent.domain import outbound_events
from agent.domain.attempts import next_try
from agent.domain.calls import CallEvent, Direction, EventKind, Source
from agent.domain.dispositions import Reason
from agent.errors import DatabaseUnavailable, TrunkMisconfigured
from agent.store.dialings import Again, NotNow, Slot
from agent.telephony.dial import originate
from agent.telephony.dispatch import JobMetadata
from agent.telephony.remote_party import RemoteParty, read_caller, wait_until_active
from agent.telephony.sip_errors import NotReached
from agent.worker.call import CallJob
from agent.worker.parts import BuildParts, CallParts, OutboundParts
from agent.worker.slot import until_slot

log = structlog.get_logger(__name__)

_WRITE_TRIES = 5
_WRITE_AGAIN_SECONDS = 1.0


async def take_outbound(build: BuildParts, ctx: JobContext, metadata: JobMetadata) -> CallJob:
    """The call that the dialer asked for. Raises Refused when it was requeued meanwhile."""
    connecting = asyncio.create_task(ctx.connect(auto_subscribe=AutoSubscribe.AUDIO_ONLY))
    try:
        parts = await build(ctx.proc, metadata, ctx.job.id)
    finally:
        await connecting
    assert parts.outbound is not None
    attempt = parts.outbound.attempt
    callee = RemoteParty(
        identity=attempt.participant_identity,
        number=attempt.request.number,
        our_number=parts.outbound.dial.our_number,
        trunk_id=metadata.trunk_id,
        telnyx_session_id=None,
        telnyx_leg_id=None,
    )
    leg = OutboundCall(ctx.room, parts, parts.outbound, metadata.call_id)
    return CallJob(ctx, parts, callee, leg)


class OutboundCall:
    """The leg of a callee: places one call and records in Postgres what became of it."""

    direction = Direction.OUTBOUND

    def __init__(
        self, room: rtc.Room, parts: CallParts, placing: OutboundParts, call_id: UUID
    ) -> None:
        self.may_hear_us = False
        self.holds_room = False
        """From when the call is ours: until then another job may dial in this room."""
        self._room = room
        self._now: Callable[[], datetime] = parts.now
        self._journal = parts.journal
        self._parts = placing
        self._attempt = placing.attempt
        self._call_id = call_id
        self._dial = placing.dial
        self._may_have_rung = False
        self._tasks: list[
            asyncio.Task[None] | asyncio.Task[bool] | asyncio.Task[NotReached | None]
        ] = []

    def note_created(self, call: LiveCall) -> None:
        """The dialer has recorded the call before it sent for this job."""

    async def reach(self, call: LiveCall) -> bool:
        """Dial; True as soon as somebody answers. Raises DatabaseUnavailable before it dials."""
        log.info("ready_to_dial", call_id=str(self._call_id))
        if await self._take_slot():
            # On record from here on: a phone may ring.
            call.note(EventKind.RINGING, urgent=True)
            self.may_hear_us = await self._ring()
        return self.may_hear_us

    def note_answered(self, call: LiveCall) -> None:
        """Record the answer, with the carrier's ids that came with it: webhooks carry them."""
        callee = self._room.remote_participants.get(self._dial.identity)
        if callee is None:
            call.note(EventKind.ANSWERED)
            return
        party = read_caller(callee)
        call.note(
            EventKind.ANSWERED,
            telnyx_session_id=party.telnyx_session_id,
            telnyx_leg_id=party.telnyx_leg_id,
        )

    async def over(self) -> None:
        """End the attempt if the phone may have rung; otherwise requeue it."""
        for task in self._tasks:
            await task
        if self._may_have_rung:
            await self._write_again(lambda: self._parts.dialings.finish(self._call_id))
        else:
            await self._requeue([], Reason.CRASHED)

    async def _take_slot(self) -> bool:
        parts = self._parts
        slot = await parts.dialings.begin(
            self._call_id, parts.trunk, parts.rules, parts.seconds_per_call
        )
        if isinstance(slot, NotNow):
            await self._not_now(slot)
            return False
        self.holds_room = True
        return await self._wait_for(slot)

    async def _wait_for(self, slot: Slot) -> bool:
        """Until the slot comes; what changed meanwhile counts. False: not dialled."""
        parts = self._parts
        why = await until_slot(
            parts.dialings, self._call_id, parts.trunk, slot, parts.seconds_per_call
        )
        if not self._room.isconnected():
            # Somebody ended the room. Dialling would open it again, without us in it.
            why = why or NotNow.STOPPED
        if why is not None:
            await self._not_now(why)
        return why is None

    async def _ring(self) -> bool:
        """The phone rings from here on: whichever says first that it is answered, counts."""
        parts, dial = self._parts, self._dial
        self._may_have_rung = True
        dialling = asyncio.create_task(originate(parts.livekit, dial), name="dial")
        said = self._write(parts.dialings.dialled(self._call_id))
        self._tasks.append(asyncio.create_task(said, name="note dialled"))
        active = asyncio.create_task(
            wait_until_active(self._room, dial.identity, dial.answer_seconds, coming=True),
            name="answer",
        )
        await asyncio.wait({dialling, active}, return_when=asyncio.FIRST_COMPLETED)
        answered = active.done() and active.result()
        refused = None if answered else await dialling
        active.cancel()
        if refused is not None:
            await self._not_reached(refused)
            return False
        # Somebody is on the line: write in the background.
        self._tasks += [asyncio.create_task(self._write_answered(), name="write answer"), dialling]
        return True

    async def _write_answered(self) -> None:
        await self._write_again(lambda: self._parts.dialings.answered(self._call_id))
        await self._write(self._parts.trunks.works(self._parts.trunk))

    async def _not_reached(self, found: NotReached) -> None:
        event = outbound_events.not_connected(
            self._call_id,
            self._now(),
            Source.WORKER,
            found.reason,
            sip_code=found.sip_code,
            sip_status=found.sip_status,
        )
        self._journal.record(event, urgent=True)
        parts = self._parts
        if found.fault is None:
            await self._write_again(lambda: parts.dialings.finish(self._call_id, [event]))
            await self._write(parts.trunks.works(parts.trunk))
            return
        tell = log.error if isinstance(found.fault, TrunkMisconfigured) else log.warning
        tell("trunk_refused", fault=type(found.fault).__name__, sip_code=found.sip_code)
        await self._write(parts.trunks.failed(parts.trunk, found.fault))
        await self._requeue([event], type(found.fault).__name__)

    async def _not_now(self, why: NotNow) -> None:
        """The call was not allowed to dial. No phone rang."""
        log.info("not_dialled", why=why)
        self.holds_room = why is not NotNow.TAKEN_BACK
        if why is NotNow.TAKEN_BACK:
            return
        reason = Reason.NOT_ALLOWED if why.is_final else Reason.STOPPED
        event = outbound_events.not_connected(self._call_id, self._now(), Source.WORKER, reason)
        self._journal.record(event, urgent=True)
        if why.is_final:
            refuse = self._parts.dialings.refuse
            await self._write_again(lambda: refuse(self._call_id, [event], why))
        else:
            await self._requeue([event], why)

    async def _requeue(self, events: list[CallEvent], why: str) -> None:
        now = self._now()
        due = next_try(self._attempt.tries, now, self._parts.rng)
        again = Again((due - now).total_seconds(), self._parts.new_id()) if due else None
        give_back = self._parts.dialings.give_back
        await self._write_again(lambda: give_back(self._call_id, events, why, again))

    async def _write(self, writing: Coroutine[None, None, object]) -> bool:
        """Write what only helps; False if the database is away."""
        try:
            await writing
        except DatabaseUnavailable:
            log.warning("dialling_state_not_written", call_id=str(self._call_id))
            return False
        return True

    async def _write_again(self, write: Callable[[], Coroutine[None, None, object]]) -> None:
        """Write what must be known, a few times; after that the reaper will find it."""
        for _ in range(_WRITE_TRIES):
            if await self._write(write()):
                return
            await asyncio.sleep(_WRITE_AGAIN_SECONDS)
