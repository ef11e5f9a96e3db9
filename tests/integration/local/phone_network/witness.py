"""A participant who writes down what happens in a room, in the recording's own words."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from livekit import rtc

from agent.local.phones.g711 import loudness


@dataclass(frozen=True, slots=True)
class Seen:
    """One event; `what` is `connected`, `attributes`, `track`, `disconnected`, `dtmf`, `cut`."""

    what: str
    identity: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    reason: str = ""
    kind: int = -1


class Witness:
    """Can also play the agent: it publishes a track, speaks tones and listens."""

    def __init__(self) -> None:
        self.room = rtc.Room()
        self.seen: list[Seen] = []
        self.loudest = 0.0
        self.heard: list[tuple[float, float]] = []
        """(time.monotonic(), loudness) of every 20 ms heard."""
        self._news = asyncio.Event()
        self._source = rtc.AudioSource(48000, 1)
        self._tasks: list[asyncio.Task[None]] = []
        self._join_handlers()

    async def join(self, url: str, token: str) -> None:
        """Whoever is there already counts as connected."""
        await self.room.connect(url, token)
        for participant in self.room.remote_participants.values():
            if not self.of("connected", participant.identity):
                self._arrived(participant)

    async def publish(self) -> None:
        """What an agent does when it is ready."""
        track = rtc.LocalAudioTrack.create_audio_track("agent", self._source)
        await self.room.local_participant.publish_track(
            track, rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE)
        )

    async def tone(self, seconds: float, hertz: float = 700) -> None:
        """Speak; returns when it was played."""
        at = np.arange(int(48000 * seconds)) / 48000
        pcm = (9000 * np.sin(2 * np.pi * hertz * at)).astype(np.int16)
        for chunk in np.split(pcm, range(960, len(pcm), 960)):
            await self._source.capture_frame(rtc.AudioFrame(chunk.tobytes(), 48000, 1, len(chunk)))
        await self._source.wait_for_playout()

    async def leave(self) -> None:
        """Also when the room is gone already."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.room.disconnect()
        await self._source.aclose()

    async def sees(
        self, wanted: Callable[["Witness"], bool], what: str, timeout: float = 10
    ) -> None:
        """Return when `wanted` holds; fails saying `what` was not seen."""
        deadline = time.monotonic() + timeout
        while not wanted(self):
            self._news.clear()
            try:
                await asyncio.wait_for(self._news.wait(), deadline - time.monotonic())
            except TimeoutError:
                raise AssertionError(f"never seen: {what}; but {self.seen}") from None

    def of(self, what: str, identity: str | None = None) -> list[Seen]:
        """The events of one kind."""
        return [
            event
            for event in self.seen
            if event.what == what and identity in (None, event.identity)
        ]

    def statuses(self, identity: str) -> list[str]:
        """The values of sip.callStatus, in the order seen."""
        found = [
            event.attributes["sip.callStatus"]
            for event in self.seen
            if event.identity == identity and "sip.callStatus" in event.attributes
        ]
        return [value for at, value in enumerate(found) if at == 0 or found[at - 1] != value]

    def _join_handlers(self) -> None:
        self.room.on("participant_connected", self._arrived)
        self.room.on(
            "participant_attributes_changed",
            lambda changed, who: self._add(Seen("attributes", who.identity, dict(changed))),
        )
        self.room.on("participant_disconnected", self._left)
        self.room.on("track_subscribed", self._track)
        self.room.on(
            "sip_dtmf_received",
            lambda dtmf: self._add(Seen("dtmf", attributes={"digit": dtmf.digit}, kind=dtmf.code)),
        )
        self.room.on(
            "disconnected",
            lambda reason: self._add(Seen("cut", reason=rtc.DisconnectReason.Name(reason))),
        )

    def _arrived(self, who: rtc.RemoteParticipant) -> None:
        self._add(Seen("connected", who.identity, dict(who.attributes), kind=who.kind))

    def _left(self, who: rtc.RemoteParticipant) -> None:
        reason = rtc.DisconnectReason.Name(
            who.disconnect_reason or rtc.DisconnectReason.UNKNOWN_REASON
        )
        self._add(Seen("disconnected", who.identity, dict(who.attributes), reason))

    def _track(self, track: rtc.Track, publication: object, who: rtc.RemoteParticipant) -> None:
        self._add(Seen("track", who.identity, kind=track.kind))
        if isinstance(track, rtc.RemoteAudioTrack):
            self._tasks.append(asyncio.create_task(self._listen(track)))

    async def _listen(self, track: rtc.RemoteAudioTrack) -> None:
        stream = rtc.AudioStream(track, sample_rate=16000, num_channels=1, frame_size_ms=20)
        try:
            async for event in stream:
                loud = loudness(np.frombuffer(event.frame.data, np.int16))
                self.loudest = max(self.loudest, loud)
                self.heard.append((time.monotonic(), loud))
                self._news.set()
        finally:
            await stream.aclose()

    def _add(self, event: Seen) -> None:
        self.seen.append(event)
        self._news.set()
