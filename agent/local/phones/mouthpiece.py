"""What a phone sends: a frame every 20 ms from the first moment to the last, speech or silence."""

import asyncio
import time
from collections import deque
from dataclasses import dataclass

import numpy as np
from livekit import rtc

from agent.local.phones.g711 import (
    FRAME_SAMPLES,
    FRAME_SECONDS,
    PHONE_RATE,
    Law,
    Samples,
    loudness,
    over_the_line,
    to_line,
)
from agent.local.phones.measurements import PhoneMeasurements

# Enough that a loop that was busy for a moment makes no hole in the sound, and short enough that
# stop_saying() is heard at once.
_LEAD_SECONDS = 0.06
_SILENCE: Samples = np.zeros(FRAME_SAMPLES, np.int16)


@dataclass(slots=True)
class _Utterance:
    frames: deque[Samples]
    sent: asyncio.Future[float]
    """Seconds until the last of it is out; 0 when it was cut."""


class Mouthpiece:
    """Queued utterances, paced in real time through 8 kHz G.711, with silence between them."""

    def __init__(self, measurements: PhoneMeasurements, law: Law) -> None:
        self.source = rtc.AudioSource(PHONE_RATE, 1, queue_size_ms=200)
        self._measurements = measurements
        self._law = law
        self._queue: deque[_Utterance] = deque()
        self._closed = False

    async def say(self, pcm: bytes, sample_rate: int) -> None:
        """Return when the last of `pcm` (int16 mono) went out, or stop() or close() cut it."""
        frames = await asyncio.to_thread(to_line, pcm, sample_rate)
        if not frames or self._closed:
            return
        utterance = _Utterance(deque(frames), asyncio.get_running_loop().create_future())
        self._queue.append(utterance)
        try:
            still = await utterance.sent
        finally:
            if utterance in self._queue:  # we were cancelled: nobody wants the rest
                self._queue.remove(utterance)
        # Not wait_for_playout(): the silence that follows is played too, and it never ends.
        await asyncio.sleep(still)

    def stop(self) -> None:
        """Cut what is left of everything queued."""
        for utterance in self._queue:
            if not utterance.sent.done():
                utterance.sent.set_result(0.0)
        if self._queue:
            self._queue.clear()
            self._measurements.finished_saying()

    async def run(self) -> None:
        """Send for ever; the phone owns the task."""
        while True:
            while self.source.queued_duration < _LEAD_SECONDS:
                await self._send(self._next())
            await asyncio.sleep(FRAME_SECONDS)

    async def close(self) -> None:
        """Nothing more goes out; whoever waits in say() returns."""
        self._closed = True
        self.stop()
        await self.source.aclose()

    def _next(self) -> Samples:
        while self._queue:
            utterance = self._queue[0]
            if utterance.frames:
                return utterance.frames.popleft()
            self._queue.popleft()
            self._measurements.finished_saying()
            if not utterance.sent.done():
                utterance.sent.set_result(self.source.queued_duration)
        return _SILENCE

    async def _send(self, samples: Samples) -> None:
        line = over_the_line(samples, self._law)
        self._measurements.said(
            loudness(line), time.monotonic() + self.source.queued_duration + FRAME_SECONDS
        )
        await self.source.capture_frame(
            rtc.AudioFrame(line.tobytes(), PHONE_RATE, 1, FRAME_SAMPLES)
        )
