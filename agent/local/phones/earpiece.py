"""What a phone hears: everybody else in the room, mixed, through 8 kHz G.711, every 20 ms."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass

import numpy as np
from livekit import rtc

from agent.local.phones.g711 import (
    FRAME_SAMPLES,
    FRAME_SECONDS,
    PHONE_RATE,
    Doubler,
    Law,
    Samples,
    loudness,
    over_the_line,
)
from agent.local.phones.measurements import SPEECH_LOUDNESS, PhoneMeasurements

_JITTER_FRAMES = 8
"""What may wait for its turn, per track: 160 ms. What is older is dropped, as a phone does."""
_USUAL_FRAMES = 2
"""What waits on a quiet machine. A longer queue is shortened in the pauses, where none hears it."""
_LISTENER_FRAMES = 3000
"""A listener that is a minute behind loses the oldest."""
_HICCUP_SECONDS = 0.5
"""After a longer standstill of the loop the lost time is not made up for."""


@dataclass(frozen=True, slots=True)
class HeardFrame:
    """20 ms of what the phone plays: int16 mono at 16 kHz; `at` is `time.monotonic()`."""

    pcm: bytes
    at: float


@dataclass(slots=True)
class _Track:
    pump: asyncio.Task[None]
    frames: deque[Samples]
    speaking: bool = False


class Earpiece:
    """Deaf until `open()`: before the answer no sound reaches a phone."""

    def __init__(self, measurements: PhoneMeasurements, law: Law) -> None:
        self._measurements = measurements
        self._law = law
        self._tracks: dict[str, _Track] = {}
        self._listeners: set[asyncio.Queue[HeardFrame | None]] = set()
        self._open = False
        self._closed = False
        self._doubler = Doubler()

    def add(self, track: rtc.RemoteAudioTrack) -> None:
        """Hear this track too."""
        frames: deque[Samples] = deque()
        pump = asyncio.create_task(self._pump(track, frames), name=f"hear {track.sid}")
        self._tracks[track.sid] = _Track(pump, frames)

    def remove(self, sid: str) -> None:
        """The track is gone."""
        if track := self._tracks.pop(sid, None):
            track.pump.cancel()

    def open(self) -> None:
        """The call is answered."""
        self._open = True
        for track in self._tracks.values():
            track.frames.clear()

    async def listen(self) -> AsyncIterator[HeardFrame]:
        """Every frame from now, or the answer, to the end of the call."""
        queue: asyncio.Queue[HeardFrame | None] = asyncio.Queue()
        if self._closed:
            return
        self._listeners.add(queue)
        try:
            while (frame := await queue.get()) is not None:
                yield frame
        finally:
            self._listeners.discard(queue)

    async def run(self) -> None:
        """Play a frame every 20 ms, for ever; the phone owns the task."""
        due = time.monotonic()
        while True:
            due += FRAME_SECONDS
            wait = due - time.monotonic()
            if wait > 0:
                await asyncio.sleep(wait)
            elif wait < -_HICCUP_SECONDS:
                due = time.monotonic()
            if self._open:
                self._play(self._mixed())

    async def close(self) -> None:
        """Listeners' loops end."""
        self._closed = True
        self._open = False
        for queue in self._listeners:
            queue.put_nowait(None)
        pumps = [track.pump for track in self._tracks.values()]
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)
        self._tracks.clear()

    def _mixed(self) -> Samples:
        mix = np.zeros(FRAME_SAMPLES, np.int32)
        for track in self._tracks.values():
            if not track.frames:
                # In the middle of speech this is a hole that the person hears.
                self._measurements.dropped_frames += track.speaking
                track.speaking = False
                continue
            while len(track.frames) > _USUAL_FRAMES and loudness(track.frames[0]) < SPEECH_LOUDNESS:
                track.frames.popleft()
            frame = track.frames.popleft()
            track.speaking = loudness(frame) >= SPEECH_LOUDNESS
            mix += frame
        return over_the_line(np.clip(mix, -32768, 32767).astype(np.int16), self._law)

    def _play(self, samples: Samples) -> None:
        at = time.monotonic()
        self._measurements.heard(loudness(samples), at)
        frame = HeardFrame(self._doubler.double(samples), at)
        for queue in self._listeners:
            if queue.qsize() >= _LISTENER_FRAMES:
                queue.get_nowait()
                self._measurements.dropped_frames += 1
            queue.put_nowait(frame)

    async def _pump(self, track: rtc.RemoteAudioTrack, frames: deque[Samples]) -> None:
        stream = rtc.AudioStream(
            track, sample_rate=PHONE_RATE, num_channels=1, frame_size_ms=int(FRAME_SECONDS * 1000)
        )
        try:
            async for event in stream:
                if not self._open:
                    continue
                if len(frames) >= _JITTER_FRAMES:
                    dropped = frames.popleft()
                    self._measurements.dropped_frames += loudness(dropped) >= SPEECH_LOUDNESS
                frames.append(np.frombuffer(event.frame.data, np.int16))
        finally:
            await stream.aclose()
