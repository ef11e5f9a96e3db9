"""One handset in one call: a real participant of kind SIP, with a telephone's sound.

phone = await network.place_call(caller="+32470123456", callee="+3226010500")
await phone.wait_active(30)
await phone.say(pcm)
async for frame in phone.listen(): ...
await phone.hang_up()
"""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from livekit import rtc
from livekit.rtc.participant import PublishTrackError

from agent.errors import LiveKitUnavailable, Unavailable
from agent.local.phones.earpiece import Earpiece, HeardFrame
from agent.local.phones.g711 import Law
from agent.local.phones.measurements import PhoneMeasurements
from agent.local.phones.mouthpiece import Mouthpiece

__all__ = ["CallStatus", "EndOfCall", "HeardFrame", "Phone", "PhoneMeasurements"]

log = logging.getLogger(__name__)

STATUS = "sip.callStatus"
_DIGITS = "0123456789*#ABCD"
"""RFC 4733: a digit's event code is its place here."""
_ATTRIBUTES_SECONDS = 5.0
_SECONDS_A_DIGIT = 0.24  # as recorded from a softphone


class CallStatus(StrEnum):
    """The values of `sip.callStatus`, in their order."""

    DIALING = "dialing"
    RINGING = "ringing"
    AUTOMATION = "automation"
    """Answered; the digits that the caller asked for are being sent."""
    ACTIVE = "active"
    HANGUP = "hangup"


@dataclass(frozen=True, slots=True)
class EndOfCall:
    """How a phone's call ended: `us` is this phone and its network, `them` the room's side."""

    by: Literal["us", "them"]
    reason: str
    """`hung_up`, `refused_486`, `rang_out`, `too_long`, `transferred`, or LiveKit's own word."""


class Phone:
    """Made by a PhoneNetwork, which answers, refuses and ends its call as its carrier would."""

    def __init__(
        self,
        *,
        number: str,
        identity: str,
        attributes: Mapping[str, str],
        headers: Mapping[str, str] | None = None,
        room_name: str = "",
        law: Law = Law.A,
    ) -> None:
        self.number = number
        self.identity = identity
        self.room_name = room_name
        """Empty for a caller whom no trunk takes: that call never reaches a room."""
        self.attributes = dict(attributes)
        self.headers = dict(headers or {})
        """SIP headers of the INVITE that rang this phone."""
        self.status = CallStatus(attributes[STATUS])
        self.measurements = PhoneMeasurements()
        self.hears_somebody = asyncio.Event()
        """Somebody else's audio track is subscribed: what an inbound call waits for."""
        self._room = rtc.Room()
        self._ear = Earpiece(self.measurements, law)
        self._mouth = Mouthpiece(self.measurements, law)
        self._pressed: asyncio.Queue[str | None] = asyncio.Queue()
        self._answered_or_over = asyncio.Event()
        self._end: asyncio.Future[EndOfCall] = asyncio.get_running_loop().create_future()
        self._cut = asyncio.Event()
        """The connection to the room is gone, whoever ended it."""
        self._leaving = False
        self._goodbye: asyncio.Task[None] | None = None
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def call_id(self) -> str:
        """LiveKit's id of the call, `SCL_…`; empty when the call never reached LiveKit."""
        return self.attributes.get("sip.callID", "")

    @property
    def participant_id(self) -> str:
        """The participant's `PA_…`."""
        return self._room.local_participant.sid

    @property
    def answered_at(self) -> float | None:
        """`time.monotonic()` of the answer."""
        return self.measurements.answered_at

    @property
    def end(self) -> EndOfCall | None:
        """None while the call lasts."""
        return self._end.result() if self._end.done() else None

    @property
    def pressed(self) -> AsyncIterator[str]:
        """The keys that the agent presses, as they arrive, to the end of the call. One reader."""
        return self._digits()

    async def room_sid(self) -> str:
        """The room's `RM_…`, which the agent's requests to its providers carry. Once joined."""
        return await self._room.sid

    async def say(self, pcm: bytes, sample_rate: int = 16000) -> None:
        """Speak int16 mono `pcm`; returns when it was sent, or cut. Utterances queue up."""
        if not self._leaving:
            await self._mouth.say(pcm, sample_rate)

    def stop_saying(self) -> None:
        """Fall silent: what is left of every say() is dropped, and they return."""
        self._mouth.stop()

    def listen(self) -> AsyncIterator[HeardFrame]:
        """What the phone plays, frame by frame, silence included, to the end of the call."""
        return self._ear.listen()

    async def press(self, digits: str) -> None:
        """Press keys (0-9 * # A-D), a quarter of a second each."""
        for digit in digits.upper():
            code = _DIGITS.index(digit)
            await self._room.local_participant.publish_dtmf(code=code, digit=digit)
            await asyncio.sleep(_SECONDS_A_DIGIT)

    async def hang_up(self) -> None:
        """Put the receiver down, in whatever state the call is."""
        await self.leave(EndOfCall("us", "hung_up"), hangup=True)

    async def wait_active(self, timeout: float) -> None:
        """Return when the call is answered. Raises TimeoutError, or Unavailable when it ended."""
        await asyncio.wait_for(self._answered_or_over.wait(), timeout)
        if self.answered_at is None:
            reason = self.end.reason if self.end else "hanging up"
            raise Unavailable(f"the call ended before it was answered: {reason}")

    async def wait_ended(self, timeout: float | None) -> EndOfCall:
        """How the call ended. Raises TimeoutError when it lasts longer than `timeout` seconds."""
        return await asyncio.wait_for(asyncio.shield(self._end), timeout)

    # What the network does with a phone.

    async def join(self, url: str, token: str) -> None:
        """Enter the room with the sound on. Raises LiveKitUnavailable."""
        self._room.on("track_subscribed", self._on_track)
        self._room.on("track_unsubscribed", lambda track, *_: self._ear.remove(track.sid))
        self._room.on("sip_dtmf_received", lambda dtmf: self._pressed.put_nowait(dtmf.digit))
        self._room.on("disconnected", self._on_disconnected)
        try:
            await self._room.connect(url, token)
        except rtc.ConnectError as error:
            raise LiveKitUnavailable(f"a phone cannot join its room: {error}") from error
        track = rtc.LocalAudioTrack.create_audio_track(self.identity, self._mouth.source)
        options = rtc.TrackPublishOptions(
            source=rtc.TrackSource.SOURCE_MICROPHONE,
            dtx=False,  # a phone's line sends its silence
        )
        self._tasks += [
            asyncio.create_task(self._publish(track, options), name="phone publishes"),
            asyncio.create_task(self._mouth.run(), name="phone speaks"),
            asyncio.create_task(self._ear.run(), name="phone hears"),
        ]

    async def update(self, changes: Mapping[str, str]) -> None:
        """Change the participant's attributes; unknown to the room when the call is over."""
        self.attributes.update(changes)
        if not self._room.isconnected():
            return
        setting = asyncio.create_task(self._room.local_participant.set_attributes(dict(changes)))
        cut = asyncio.create_task(self._cut.wait())
        waiting: list[asyncio.Task[Any]] = [setting, cut]
        try:
            # The server confirms to those who are still in the room.
            await asyncio.wait(
                waiting, timeout=_ATTRIBUTES_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    async def become(self, status: CallStatus) -> None:
        """The call's next state."""
        if self._end.done():
            return
        self.status = status
        if status is CallStatus.ACTIVE:
            self.measurements.answered_at = time.monotonic()
            self._ear.open()
        await self.update({STATUS: status})
        if status is CallStatus.ACTIVE:
            self._answered_or_over.set()

    async def leave(
        self,
        end: EndOfCall,
        *,
        hangup: bool = False,
        reason: "rtc.DisconnectReason.ValueType" = rtc.DisconnectReason.CLIENT_INITIATED,
    ) -> None:
        """End the call from the phone's side, once; `hangup` says so in `sip.callStatus` first."""
        if not self._leaving and not self._end.done():
            self._leaving = True
            # A task of its own: whoever asked may be cancelled, the call is over all the same.
            self._goodbye = asyncio.create_task(
                self._leave(end, hangup, reason), name=f"leave {self.call_id}"
            )
        await asyncio.shield(self._end)

    async def _leave(
        self, end: EndOfCall, hangup: bool, reason: "rtc.DisconnectReason.ValueType"
    ) -> None:
        try:
            self._mouth.stop()
            if hangup:
                self.status = CallStatus.HANGUP
                await self.update({STATUS: CallStatus.HANGUP})
            if self._room.isconnected():
                await self._room.disconnect(reason=reason)
        finally:
            await self._close()
            if not self._end.done():
                self._end.set_result(end)

    async def _publish(self, track: rtc.LocalAudioTrack, options: rtc.TrackPublishOptions) -> None:
        try:
            await self._room.local_participant.publish_track(track, options)
        except PublishTrackError:
            if not self._leaving and not self._end.done():
                log.exception("phone_cannot_publish", extra={"sip_call_id": self.call_id})

    def _on_track(
        self,
        track: rtc.Track,
        publication: rtc.RemoteTrackPublication,
        participant: rtc.RemoteParticipant,
    ) -> None:
        if isinstance(track, rtc.RemoteAudioTrack):
            self._ear.add(track)
            self.hears_somebody.set()

    def _on_disconnected(self, reason: "rtc.DisconnectReason.ValueType") -> None:
        self._cut.set()
        if self._leaving or self._end.done():
            return
        self._leaving = True
        name = rtc.DisconnectReason.Name(reason)
        self._goodbye = asyncio.create_task(self._was_cut(name), name=f"cut {self.call_id}")

    async def _was_cut(self, reason: str) -> None:
        self.status = CallStatus.HANGUP
        await self._close()
        self._end.set_result(EndOfCall("them", reason))

    async def _digits(self) -> AsyncIterator[str]:
        while (digit := await self._pressed.get()) is not None:
            yield digit

    async def _close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._ear.close()
        await self._mouth.close()
        self._pressed.put_nowait(None)
        self._answered_or_over.set()
