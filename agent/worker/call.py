"""One job is one call: from the participant in the room to the record in the journal.

What differs between a call that comes in and one that we place is its leg: `inbound_call.py`,
`outbound_call.py`.

The entrypoint returns when the first words are spoken; from then on events drive the call. What
must be kept is written in `end_call`, which the framework runs however the session ended.
"""

import asyncio
from collections.abc import Coroutine
from typing import Protocol

from livekit import rtc
from livekit.agents import JobContext
from livekit.agents.voice.room_io import RoomOptions, TextOutputOptions

from agent.conversation.conversation import Conversation
from agent.conversation.live_call import LiveCall
from agent.conversation.summary import summarise
from agent.domain.calls import CallOrigin, Direction, EventKind
from agent.domain.identities import PERSON
from agent.domain.phone_numbers import PhoneNumber
from agent.errors import Refused
from agent.playbook.instructions import instructions
from agent.telephony.control import CONTROL_TOPIC, ControlReader, ControlText
from agent.telephony.phone_line import LiveKitPhoneLine
from agent.telephony.remote_party import GONE, RemoteParty
from agent.voice.heard_audio import HeardAudio
from agent.voice.pipeline import LISTENING, build_session
from agent.voice.recorder import CallRecorder
from agent.worker.call_languages import assumed_language, callee_of, language_switch
from agent.worker.parts import CallParts
from agent.worker.warm_transfer import LONGEST_TALK_SECONDS, WarmTransfer

_HARD_LIMIT_SECONDS = 4.0
"""This long after our last words are due, we hang up even if the pipeline hangs."""
_LAST_WORDS_SECONDS = 20.0
_SUMMARY_SECONDS = 8.0
_JOURNAL_SECONDS = 15.0

# Our own doing; everything else is the caller's, or the network's on the caller's side.
_WE_HUNG_UP = (rtc.DisconnectReason.ROOM_DELETED, rtc.DisconnectReason.PARTICIPANT_REMOVED)


class CallLeg(Protocol):
    """How the remote party comes onto the line, and what is recorded of it."""

    @property
    def direction(self) -> Direction:
        """Who called whom."""
        ...

    @property
    def may_hear_us(self) -> bool:
        """Whether somebody may be listening: if our code breaks, they are owed an apology."""
        ...

    @property
    def holds_room(self) -> bool:
        """Whether the room is this job's to delete: never another job's call in it."""
        ...

    def note_created(self, call: LiveCall) -> None:
        """Record that the call exists, unless that was recorded before the job began."""
        ...

    async def reach(self, call: LiveCall) -> bool:
        """Return when the call is answered. False: it will not be, and why is on record."""
        ...

    def note_answered(self, call: LiveCall) -> None:
        """Record the answer, at the moment when `reach` has returned True."""
        ...

    async def over(self) -> None:
        """Nobody is on the line any more."""
        ...


class CallJob:
    """The call that this job runs."""

    def __init__(
        self, ctx: JobContext, parts: CallParts, remote: RemoteParty, leg: CallLeg
    ) -> None:
        self.room = ctx.room
        self._ctx = ctx
        self._leg = leg
        self._parts = parts
        self._remote = remote
        self._session = build_session(
            parts.pipeline, silence_seconds=parts.playbook.silence_seconds
        )
        self._control = ControlReader(parts.livekit_secret, ctx.room.name, parts.now)
        self._line = LiveKitPhoneLine(
            ctx.api,
            ctx.room.name,
            remote.identity,
            is_test=parts.origin is CallOrigin.BROWSER,
        )
        self.call = LiveCall(
            id=parts.call_id,
            direction=leg.direction,
            caller_number=remote.number,
            playbook=parts.playbook,
            understanding=parts.understanding,
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
            instructions(
                parts.prompts_dir, parts.playbook, leg.direction, parts.now(), callee_of(parts)
            ),
            language_switch(self.call, parts),
        )
        if parts.person_line is not None:
            self._transfer = WarmTransfer(
                self._session,
                ctx.room,
                parts.person_line,
                self.call.id,
                remote.identity,
                self._brief,
            )
            self.call.warm_transfer = self._warm_transfer
        self._timers: list[asyncio.TimerHandle] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._session_started = False
        self._on_hold = self._handed_over = False

    async def run(self) -> None:
        """Record the call, get ready, wait for the answer, speak the first words."""
        self._leg.note_created(self.call)
        if self._remote == GONE:
            self.call.note(EventKind.CALLER_HUNG_UP)
            await self.hang_up()
            return
        await self._get_ready()
        if (code := await assumed_language(self._parts, self._remote.number)) is not None:
            await self._conversation.begin_in(code)
        if not await self._leg.reach(self.call):
            await self.hang_up()
            return
        self._leg.note_answered(self.call)
        self._session.input.set_audio_enabled(True)
        self._limit_duration()
        await self._conversation.open()

    async def _get_ready(self) -> None:
        """Everything that takes time and can be done while nobody listens."""
        self.room.on("participant_disconnected", self._on_participant_left)
        self.room.on("sip_dtmf_received", self._on_key)
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
                close_on_disconnect=False,  # `_on_participant_left` knows when
                delete_room_on_close=False,  # `hang_up` does it, once
            ),
            # A host hands the whole prompt to whoever in the room asks, and takes their words for
            # the caller's.
            session_host=False,
            record=False,
        )
        self._session_started = True
        # What is heard before the answer are tones, not words.
        self._session.input.set_audio_enabled(False)
        if self._parts.playbook.recording:
            self.call.recorder.attach(self._session)
        HeardAudio.attach(self._session)

    async def apologise(self) -> None:
        """Something broke in our own code: tell the caller and hang up."""
        if not self._leg.may_hear_us:
            await self.hang_up()
            return
        self._conversation.ending.conclude(self.call.playbook.lines.technical_goodbye)
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
            await self._leg.over()
            await self._save_recording()
            await self._summarise()
        finally:
            await self._parts.journal.close(_JOURNAL_SECONDS)
            await self._parts.close()

    async def _warm_transfer(self, number: PhoneNumber) -> None:
        """Dial a person into this room; from then on it is their call.

        Raises Refused if the two were not put together: the caller talks to the agent again.
        """
        # Unlike after a REFER, whoever leaves now hangs up.
        self.call.handing_over, self._on_hold = False, True
        try:
            if self._remote.identity not in self.room.remote_participants:
                self._note_hung_up()
                raise Refused("the caller has hung up")
            await self._transfer.warm_transfer(number)
            self.call.handing_over = self._handed_over = True
        finally:
            self._on_hold = False
        for timer in self._timers:
            timer.cancel()
        self._timers = [
            asyncio.get_running_loop().call_later(
                LONGEST_TALK_SECONDS, lambda: self._spawn(self.hang_up())
            )
        ]
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
            self.call.playbook,
            self._conversation.turns,
            _SUMMARY_SECONDS,
        )

    async def _summarise(self) -> None:
        summary = await self._summary()
        if summary is not None:
            self.call.note(EventKind.SUMMARISED, summary=summary)

    def _note_hung_up(self) -> None:
        if not self.call.noted(EventKind.CALLER_HUNG_UP):
            detail = {"on_hold": True} if self._on_hold else {}
            self.call.note(EventKind.CALLER_HUNG_UP, **detail)

    def _note_ended(self) -> None:
        if not self.call.noted(EventKind.ENDED):
            self.call.note(EventKind.ENDED, urgent=True)

    def _limit_duration(self) -> None:
        """Say goodbye at the limit; hang up a little later, whatever hangs."""
        limit = self._parts.max_call_seconds
        loop = asyncio.get_running_loop()
        last = limit + _LAST_WORDS_SECONDS + _HARD_LIMIT_SECONDS
        self._timers = [
            loop.call_later(limit, self._conversation.time_is_up),
            loop.call_later(last, lambda: self._spawn(self.hang_up())),
        ]

    def _on_participant_left(self, participant: rtc.RemoteParticipant) -> None:
        if participant.identity == PERSON and self._handed_over:
            self._spawn(self.hang_up())
        if participant.identity != self._remote.identity:
            return
        if not self._leg.may_hear_us:
            return  # a phone that leaves unanswered: `reach` says why
        reason = participant.disconnect_reason
        if reason == rtc.DisconnectReason.ROOM_DELETED:
            self._line.room_was_deleted()
        ours = reason in _WE_HUNG_UP or self.call.noted(EventKind.AGENT_HUNG_UP)
        if not ours and not self.call.handing_over:
            self._note_hung_up()
        self._note_ended()
        if self._session_started:
            self._session.shutdown(drain=False)

    def _on_key(self, key: rtc.SipDTMF) -> None:
        # A person whom the caller is put through to has keys too.
        if key.participant is not None and key.participant.identity == self._remote.identity:
            self._conversation.key_pressed(key.digit)

    def _on_data(self, packet: rtc.DataPacket) -> None:
        if packet.topic == CONTROL_TOPIC and self._control.read(packet.data) is ControlText.END:
            self._conversation.ending.conclude(self.call.playbook.lines.time_is_up)

    async def hang_up(self) -> None:
        """End the call for everybody, and this job. Doing it twice is harmless."""
        if self._leg.holds_room:
            await self._line.hang_up()
        self._ctx.shutdown(reason="call over")

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
