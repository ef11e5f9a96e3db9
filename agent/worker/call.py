"""One job is one call: from the participant in the room to the record in the journal.

A call that comes in is here; how one of ours is placed: `outbound.py`.

The entrypoint returns when the first words are spoken; from then on events drive the call. What
must be kept is written in `end_call`, which the framework runs however the session ended.
"""

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Protocol

from livekit import rtc
from livekit.agents import AutoSubscribe, JobContext
from livekit.agents.voice.room_io import RoomOptions, TextOutputOptions

from agent.conversation.conversation import Conversation
from agent.conversation.live_call import LiveCall
from agent.conversation.summary import summarise
from agent.domain.calls import Direction, EventKind
from agent.domain.phone_numbers import PhoneNumber
from agent.playbook.instructions import instructions
from agent.telephony.dispatch import CONTROL_TOPIC
from agent.telephony.phone_line import LiveKitPhoneLine
from agent.telephony.remote_party import GONE, RemoteParty, read_caller, wait_until_active
from agent.voice.heard_audio import HeardAudio
from agent.voice.pipeline import LISTENING, build_session
from agent.voice.recorder import CallRecorder
from agent.worker.parts import BuildParts, CallParts
from agent.worker.warm_transfer import PERSON, WarmTransfer

_CALLER_COMES_SECONDS = 5.0
"""A caller is in the room before its agent is sent for; who is not there any more has hung up."""
_RINGS_SECONDS = 180.0
_HARD_LIMIT_SECONDS = 4.0
"""After our last words are due, the line is put down even if the pipeline hangs."""
_LAST_WORDS_SECONDS = 20.0
_SUMMARY_SECONDS = 8.0
_JOURNAL_SECONDS = 15.0

# LiveKit's reasons for which the framework closes the session by itself.
_SESSION_CLOSES = (
    rtc.DisconnectReason.CLIENT_INITIATED,
    rtc.DisconnectReason.ROOM_DELETED,
    rtc.DisconnectReason.USER_REJECTED,
)
# Our own doing; everything else is the caller's, or the network's on the caller's side.
_WE_HUNG_UP = (rtc.DisconnectReason.ROOM_DELETED, rtc.DisconnectReason.PARTICIPANT_REMOVED)


class Placing(Protocol):
    """Reaching the callee of a call of ours: `outbound.OutboundCall`."""

    async def reach(self) -> bool:
        """Whether somebody answered; if not, why is on record."""
        ...

    async def over(self) -> None:
        """Nobody is on the line any more."""
        ...


class CallJob:
    """The call that this job holds."""

    def __init__(
        self, ctx: JobContext, parts: CallParts, caller: RemoteParty, direction: Direction
    ) -> None:
        self.room = ctx.room
        self.placing: Placing | None = None
        """Only of a call of ours: how the callee is reached."""
        self._ctx = ctx
        self._parts = parts
        self._remote = caller
        self._session = build_session(
            parts.pipeline, silence_seconds=parts.playbook.silence_seconds
        )
        self._line = LiveKitPhoneLine(ctx.api, ctx.room.name, caller.identity)
        self.call = LiveCall(
            id=parts.call_id,
            direction=direction,
            caller_number=caller.number,
            playbook=parts.playbook,
            phrases=parts.phrases,
            rules=parts.rules,
            events=parts.journal,
            phone=self._line,
            spoken=parts.spoken,
            recorder=CallRecorder(parts.recordings_dir, str(parts.call_id)),
            now=parts.now,
            calendar=parts.calendar,
        )
        self._conversation = Conversation(
            self._session,
            self.call,
            instructions(parts.prompts_dir, parts.playbook, self.call.direction, parts.now()),
        )
        if parts.person_line is not None:
            self._hand_over = WarmTransfer(
                self._session,
                ctx.room,
                parts.person_line,
                self.call.id,
                caller.identity,
                self._brief,
            )
            self.call.warm_transfer = self._bring_in
        self._timers: list[asyncio.TimerHandle] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def hold(self) -> None:
        """Write the call down, get ready, wait for the answer, speak the first words."""
        if self.placing is None:
            self._note_created()
        if self._remote == GONE:
            self.call.note(EventKind.CALLER_HUNG_UP)
            await self.hang_up()
            return
        await self._get_ready()
        if not await self._is_answered():
            self._note_gone_before_answer()
            await self.hang_up()
            return
        self._note_answered()
        self._session.input.set_audio_enabled(True)
        self._limit_duration()
        await self._conversation.open()

    async def _is_answered(self) -> bool:
        if self.placing is not None:
            return await self.placing.reach()
        return await wait_until_active(self.room, self._remote.identity, _RINGS_SECONDS)

    async def _get_ready(self) -> None:
        """Everything that takes time and can be done while nobody listens."""
        self.room.on("participant_disconnected", self._on_participant_left)
        self.room.on("sip_dtmf_received", lambda key: self._conversation.key_pressed(key.digit))
        self.room.on("data_received", self._on_data)
        self._session.on("close", lambda _: self._spawn(self.hang_up()))
        await self._session.start(
            self._conversation.agent,
            room=self.room,
            room_options=RoomOptions(
                participant_identity=self._remote.identity,
                audio_input=LISTENING,
                text_output=TextOutputOptions(next_in_chain=self.call.heard),
                text_input=False,
                # A phone that leaves without an answer: the dial's own error says why.
                close_on_disconnect=self.placing is None,
                delete_room_on_close=False,  # `hang_up` does it, once
            ),
            record=False,
        )
        if self.placing is not None:
            # What is heard before the answer are tones, not words.
            self._session.input.set_audio_enabled(False)
        if self._parts.playbook.recording:
            self.call.recorder.attach(self._session)
        HeardAudio.attach(self._session)

    async def apologise(self) -> None:
        """Something broke in our own code: tell the caller and put the line down."""
        if self.placing is not None and not self.call.noted(EventKind.ANSWERED):
            await self.hang_up()
            return
        self._conversation.ending.conclude(self._parts.playbook.lines.technical_goodbye)
        await self._conversation.ending.wait()

    async def finish(self) -> None:
        """The session is over: complete the record. Runs in `on_session_end`."""
        for timer in self._timers:
            timer.cancel()
        try:
            await self._conversation.close()
            await self._conversation.ending.wait()
            await self.hang_up()
            self._note_ended()
            if self.placing is not None:
                await self.placing.over()
            await self._save_recording()
            await self._summarise()
        finally:
            await self._parts.journal.close(_JOURNAL_SECONDS)
            await self._parts.close()

    async def _bring_in(self, number: PhoneNumber) -> None:
        """Put the caller through to a person in this room; from then on it is their call."""
        await self._hand_over.warm_transfer(number)
        for timer in self._timers:
            timer.cancel()
        await self._save_recording()

    async def _brief(self) -> str:
        summary = await self._summary()
        about = f" {summary}" if summary else ""
        return f"{self._parts.playbook.lines.briefing}{about}"

    async def _save_recording(self) -> None:
        recording = await self.call.recorder.finish()
        if recording is not None:
            self.call.note(EventKind.RECORDING_SAVED, path=recording.name)

    async def _summary(self) -> str | None:
        return await summarise(
            self._parts.pipeline.llm,
            self._parts.prompts_dir,
            self._parts.playbook,
            self._conversation.turns,
            _SUMMARY_SECONDS,
        )

    async def _summarise(self) -> None:
        summary = await self._summary()
        if summary is not None:
            self.call.note(EventKind.SUMMARISED, summary=summary)

    def _note_created(self) -> None:
        playbook = self._parts.playbook
        self.call.note(
            EventKind.CREATED,
            urgent=True,
            direction=self.call.direction,
            from_number=self._remote.number,
            to_number=self._remote.our_number,
            room_name=self._ctx.room.name,
            playbook=playbook.name,
            language=playbook.language,
            required_questions=",".join(playbook.required_questions),
            telnyx_session_id=self._remote.telnyx_session_id,
            telnyx_leg_id=self._remote.telnyx_leg_id,
        )
        self.call.note(EventKind.RINGING)

    def _note_answered(self) -> None:
        callee = self.room.remote_participants.get(self._remote.identity)
        if self.placing is None or callee is None:
            self.call.note(EventKind.ANSWERED)
            return
        # Of a call that we place they come with the answer; webhooks find their call by them.
        told = read_caller(callee)
        self.call.note(
            EventKind.ANSWERED,
            telnyx_session_id=told.telnyx_session_id,
            telnyx_leg_id=told.telnyx_leg_id,
        )

    def _note_gone_before_answer(self) -> None:
        """Who left while we were getting ready has left unnoticed."""
        gone = self._remote.identity not in self.room.remote_participants
        if self.placing is None and gone and not self.call.noted(EventKind.CALLER_HUNG_UP):
            self.call.note(EventKind.CALLER_HUNG_UP)

    def _note_ended(self) -> None:
        if not self.call.noted(EventKind.ENDED):
            self.call.note(EventKind.ENDED, urgent=True)

    def _limit_duration(self) -> None:
        """Say goodbye at the limit; put the line down a little later, whatever hangs."""
        limit = self._parts.max_call_seconds
        loop = asyncio.get_running_loop()
        last = limit + _LAST_WORDS_SECONDS + _HARD_LIMIT_SECONDS
        self._timers = [
            loop.call_later(limit, self._conversation.time_is_up),
            loop.call_later(last, lambda: self._spawn(self.hang_up())),
        ]

    def _on_participant_left(self, participant: rtc.RemoteParticipant) -> None:
        if participant.identity == PERSON and self.call.noted(EventKind.TRANSFERRED):
            self._spawn(self.hang_up())
        if participant.identity != self._remote.identity:
            return
        if self.placing is not None and not self.call.noted(EventKind.ANSWERED):
            return
        reason = participant.disconnect_reason
        if reason == rtc.DisconnectReason.ROOM_DELETED:
            self._line.room_was_deleted()
        ours = reason in _WE_HUNG_UP or self.call.noted(EventKind.AGENT_HUNG_UP)
        if not ours and not self.call.handing_over:
            self.call.note(EventKind.CALLER_HUNG_UP)
        self._note_ended()
        if self.placing is not None or reason not in _SESSION_CLOSES:
            self._session.shutdown(drain=False)

    def _on_data(self, packet: rtc.DataPacket) -> None:
        # Who is in the room could send the same; only the server itself is nobody in it.
        if packet.topic == CONTROL_TOPIC and packet.participant is None:
            self._conversation.ending.conclude(self._parts.playbook.lines.time_is_up)

    async def hang_up(self) -> None:
        """End the call for everybody, and this job. Doing it twice is harmless."""
        await self._line.hang_up()
        self._ctx.shutdown(reason="call over")

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


async def take_inbound(build: BuildParts, ctx: JobContext) -> CallJob:
    """Somebody calls us, or has done so and hung up before we were there."""
    await ctx.connect(auto_subscribe=AutoSubscribe.AUDIO_ONLY)
    caller = GONE
    # RuntimeError: the server has closed the room that everybody had left.
    with contextlib.suppress(TimeoutError, RuntimeError):
        async with asyncio.timeout(_CALLER_COMES_SECONDS):
            kind = rtc.ParticipantKind.PARTICIPANT_KIND_SIP
            caller = read_caller(await ctx.wait_for_participant(kind=kind))
    parts = await build(ctx.proc, None)
    return CallJob(ctx, parts, caller, Direction.INBOUND)
