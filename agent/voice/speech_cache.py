"""Lines rendered to audio before they are needed, and kept on disk between calls.

The first words of a call must not wait for a provider, and an apology for a failing provider
cannot come from it.
"""

import asyncio
import hashlib
import os
import tempfile
from collections.abc import AsyncIterator, Iterable
from pathlib import Path

import numpy as np
import structlog
from livekit import rtc
from livekit.agents import APIError, tts
from livekit.agents.types import USERDATA_TIMED_TRANSCRIPT
from livekit.agents.voice.io import TimedString

from agent.voice.onset import SILENT_BELOW

SAMPLE_RATE = 24_000
"""Of the audio kept here: Hz, mono, 16 bit."""
_FRAME_SAMPLES = SAMPLE_RATE // 50
_LEAD_SECONDS = 0.5
_TAIL_FRAMES = 8

log = structlog.get_logger(__name__)


class SpeechCache:
    """Audio of fixed lines, by voice and text.

    `voice` names the provider, model and voice: audio of one voice is never played as another's.
    Several processes may fill the same directory at once.
    """

    def __init__(self, directory: Path, voice: str) -> None:
        self._directory = directory
        self._voice = voice
        self._audio: dict[str, bytes] = {}

    def load(self, lines: Iterable[str]) -> list[str]:
        """Take what is on disk into memory. Returns the lines that are not there yet."""
        missing = []
        for line in lines:
            if line in self._audio:
                continue
            try:
                self._audio[line] = self._path(line).read_bytes()
            except OSError:  # also a cache that we may not read: it costs a rendering
                missing.append(line)
        return missing

    async def render(self, lines: Iterable[str], engine: tts.TTS[str]) -> list[str]:
        """Make sure that every line has audio. Returns those that the engine could not speak."""
        failed = []
        for line in self.load(lines):
            try:
                pcm = await _speak(engine, line)
            except APIError as error:
                log.warning("line_not_rendered", error=type(error).__name__)
                failed.append(line)
                continue
            self._audio[line] = pcm
            self._keep(line, pcm)
        return failed

    def seconds(self, line: str) -> float:
        """How long the line takes to speak; 0 if it has no audio."""
        return len(self._audio.get(line, b"")) / 2 / SAMPLE_RATE

    def frames(self, line: str) -> AsyncIterator[rtc.AudioFrame] | None:
        """The line's audio in 20 ms frames, or None if it has not been rendered."""
        pcm = self._audio.get(line)
        return None if pcm is None else _frames(line, pcm)

    def _path(self, line: str) -> Path:
        name = hashlib.sha256(f"{self._voice}\0{line}".encode()).hexdigest()
        return self._directory / f"{name}.pcm"

    def _keep(self, line: str, pcm: bytes) -> None:
        """Best effort: a full disk costs the next call a rendering, not this call its voice."""
        try:
            self._directory.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=self._directory)
            with os.fdopen(handle, "wb") as file:
                file.write(pcm)
            Path(temporary).replace(self._path(line))
        except OSError as error:
            log.warning("line_not_kept", error=type(error).__name__)


async def _speak(engine: tts.TTS[str], line: str) -> bytes:
    pcm = bytearray()
    async with engine.synthesize(line) as stream:
        async for event in stream:
            frame = event.frame
            assert frame.sample_rate == SAMPLE_RATE, frame.sample_rate
            pcm += frame.data.tobytes()
    return _trimmed(bytes(pcm))


def _trimmed(pcm: bytes) -> bytes:
    """Without the silence before the first sound, which is heard as hesitation, and after the last.

    A short tail stays: the last consonant fades into it.
    """
    samples = np.frombuffer(pcm, np.int16)
    frames = samples[: len(samples) // _FRAME_SAMPLES * _FRAME_SAMPLES].reshape(-1, _FRAME_SAMPLES)
    loud = np.abs(frames).max(axis=1, initial=0) > SILENT_BELOW
    if not loud.any():
        return pcm
    first = max(0, int(np.argmax(loud)) - 1)
    last = len(loud) - int(np.argmax(loud[::-1])) + _TAIL_FRAMES
    return frames[first:last].tobytes()


async def _frames(line: str, pcm: bytes) -> AsyncIterator[rtc.AudioFrame]:
    """In real time but for a short lead.

    All at once, ten seconds of audio would keep the framework's transcript synchroniser, and with
    it the call's loop, busy for 0.2 s just when the first word is due.
    """
    loop = asyncio.get_running_loop()
    began = loop.time()
    step = _FRAME_SAMPLES * 2
    for start in range(0, len(pcm), step):
        ahead = start / 2 / SAMPLE_RATE - (loop.time() - began)
        if ahead > _LEAD_SECONDS:
            await asyncio.sleep(ahead - _LEAD_SECONDS)
        chunk = pcm[start : start + step].ljust(step, b"\0")
        frame = rtc.AudioFrame(chunk, SAMPLE_RATE, 1, _FRAME_SAMPLES)
        if start == 0:
            frame.userdata[USERDATA_TIMED_TRANSCRIPT] = [TimedString(line, start_time=0.0)]
        yield frame
