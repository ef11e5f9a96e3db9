"""A call that comes in: the caller is in the room, and hears ringing until our audio starts."""

import asyncio
import contextlib

from livekit import rtc
from livekit.agents import AutoSubscribe, JobContext

from agent.conversation.live_call import LiveCall
from agent.domain.calls import CallOrigin, Direction, EventKind
from agent.telephony.dispatch import BrowserCall
from agent.telephony.remote_party import GONE, RemoteParty, read_caller, wait_until_active
from agent.worker.call import CallJob
from agent.worker.parts import BuildParts

_CALLER_COMES_SECONDS = 5.0
"""The caller joins before the agent is dispatched; a caller who is not there has hung up."""
_RINGS_SECONDS = 180.0


async def take_inbound(
    build: BuildParts, ctx: JobContext, page: BrowserCall | None = None
) -> CallJob:
    """Somebody calls us, or has done so and hung up before we were there. `page`: a test call."""
    await ctx.connect(auto_subscribe=AutoSubscribe.AUDIO_ONLY)
    caller = GONE
    # RuntimeError: the server has closed the room that everybody had left.
    with contextlib.suppress(TimeoutError, RuntimeError):
        async with asyncio.timeout(_CALLER_COMES_SECONDS):
            kind = rtc.ParticipantKind.PARTICIPANT_KIND_SIP
            caller = read_caller(await ctx.wait_for_participant(kind=kind))
    parts = await build(ctx.proc, page, ctx.job.id)
    return CallJob(ctx, parts, caller, InboundCall(ctx.room, caller, parts.origin))


class InboundCall:
    """The leg of a caller."""

    direction = Direction.INBOUND
    may_hear_us = True
    """The caller is there from the beginning."""
    holds_room = True

    def __init__(self, room: rtc.Room, caller: RemoteParty, origin: CallOrigin) -> None:
        self._room = room
        self._caller = caller
        self._origin = origin

    def note_created(self, call: LiveCall) -> None:
        """Record the call: nobody knows of it yet."""
        playbook = call.playbook
        call.note(
            EventKind.CREATED,
            urgent=True,
            direction=self.direction,
            from_number=self._caller.number,
            to_number=self._caller.our_number,
            room_name=self._room.name,
            playbook=playbook.name,
            language=playbook.language,
            required_questions=",".join(playbook.required_questions),
            telnyx_session_id=self._caller.telnyx_session_id,
            telnyx_leg_id=self._caller.telnyx_leg_id,
            **({} if self._origin is CallOrigin.PHONE else {"origin": self._origin}),
        )
        call.note(EventKind.RINGING)

    async def reach(self, call: LiveCall) -> bool:
        """Wait until the carrier has put the caller through to us."""
        if await wait_until_active(self._room, self._caller.identity, _RINGS_SECONDS):
            return True
        # No event told us of a caller who left while we got ready: note the hang-up now.
        gone = self._caller.identity not in self._room.remote_participants
        if gone and not call.noted(EventKind.CALLER_HUNG_UP):
            call.note(EventKind.CALLER_HUNG_UP)
        return False

    def note_answered(self, call: LiveCall) -> None:
        """Record the answer: the carrier's ids are known since the call began."""
        call.note(EventKind.ANSWERED)

    async def over(self) -> None:
        """Nothing but the record is left, and that is the job's."""
