"""Which words of an utterance have been heard when it is cut short.

A speech provider gives no times for its words, and the framework guesses from a usual number of
syllables a second: up to six words more than were heard. What is known is the audio of each
sentence and how much of it was played. We assume that letters and sound (silence not counted) run
in proportion: 60 % of a sentence's sound played = the first 60 % of its letters heard.
"""

import re
from collections import deque

import numpy as np
from livekit import rtc
from livekit.agents import AgentSession
from livekit.agents.types import USERDATA_TIMED_TRANSCRIPT
from livekit.agents.voice.io import AudioOutput, AudioOutputCapabilities

from agent.voice.onset import SILENT_BELOW

_PIECE_SECONDS = 0.02
_LETTERS_A_SECOND = 17.0
"""Of sound; for a sentence whose audio was still on its way when it was cut."""
_WORD = re.compile(r"\s*\S+")


class Utterance:
    """The audio of one utterance (16 bit, mono) and the sentences in it."""

    def __init__(self) -> None:
        self._pcm = bytearray()
        self._rate = 1
        self._sentences: list[tuple[int, str]] = []
        """Where each begins, in bytes."""
        self.complete = False
        """No audio of it is to come."""

    def add(self, frame: rtc.AudioFrame) -> None:
        """The next audio, with the sentences that begin in it."""
        for text in frame.userdata.get(USERDATA_TIMED_TRANSCRIPT, []):
            self._sentences.append((len(self._pcm), str(text)))
        self._pcm += frame.data.tobytes()
        self._rate = frame.sample_rate

    def heard(self, seconds: float) -> str | None:
        """The words of the first `seconds`; None if its text is not known."""
        if not self._sentences:
            return None
        played = round(seconds * self._rate) * 2
        ends = [start for start, _ in self._sentences[1:]] + [len(self._pcm)]
        heard = ""
        for (start, text), end in zip(self._sentences, ends, strict=True):
            if played <= start:
                break
            whole = self._sound(start, end)
            if end == len(self._pcm) and not self.complete:
                whole = max(whole, len(text) / _LETTERS_A_SECOND)
            part = self._sound(start, min(played, end)) / whole if whole else 1.0
            heard += _beginning(text, part)
        return heard

    def _sound(self, start: int, end: int) -> float:
        """Seconds in which there is sound, between two places in bytes."""
        samples = np.frombuffer(bytes(self._pcm[start:end]), np.int16)
        size = round(_PIECE_SECONDS * self._rate)
        pieces = samples[: len(samples) // size * size].reshape(-1, size)
        loudest = np.abs(pieces.astype(np.int32)).max(axis=1, initial=0)
        return float(np.count_nonzero(loudest > SILENT_BELOW)) * _PIECE_SECONDS


def _beginning(text: str, part: float) -> str:
    """The words of which more than half stand in the first `part` of the text."""
    letters = part * len(text)
    kept = 0
    for word in _WORD.finditer(text):
        if (word.start() + word.end()) / 2 > letters:
            break
        kept = word.end()
    return text if part >= 1 else text[:kept]


class HeardAudio(AudioOutput):
    """The first audio output of the chain: corrects what the framework reports as heard."""

    def __init__(self, next_in_chain: AudioOutput) -> None:
        super().__init__(
            label="HeardAudio",
            next_in_chain=next_in_chain,
            sample_rate=next_in_chain.sample_rate,
            capabilities=AudioOutputCapabilities(pause=True),
        )
        assert self.next_in_chain is not None
        self._next = self.next_in_chain  # not the argument: the framework may have wrapped it
        self._utterances: deque[Utterance] = deque()

    @classmethod
    def attach(cls, session: AgentSession[None]) -> None:
        """Place it on a session's audio; after the recorder, so that it comes first."""
        if session.output.audio is not None:
            session.output.audio = cls(session.output.audio)

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        if not self._pending_playback_count:
            self._utterances.clear()  # of a capture that was taken back
        await self._next.capture_frame(frame)
        await super().capture_frame(frame)
        if not self._utterances or self._utterances[-1].complete:
            self._utterances.append(Utterance())
        self._utterances[-1].add(frame)

    def flush(self) -> None:
        super().flush()
        if self._utterances:
            self._utterances[-1].complete = True
        self._next.flush()

    def clear_buffer(self) -> None:
        self._next.clear_buffer()

    def on_playback_finished(
        self,
        *,
        playback_position: float,
        interrupted: bool,
        synchronized_transcript: str | None = None,
    ) -> None:
        utterance = self._utterances.popleft() if self._utterances else None
        heard = utterance.heard(playback_position) if utterance and interrupted else None
        super().on_playback_finished(
            playback_position=playback_position,
            interrupted=interrupted,
            synchronized_transcript=synchronized_transcript if heard is None else heard,
        )
