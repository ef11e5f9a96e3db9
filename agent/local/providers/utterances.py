"""Cuts a stream of audio into utterances, by voice activity."""

from collections import deque
from dataclasses import dataclass

import livekit.local_inference as local_inference
import numpy as np

from agent.local.providers.recognition import LONGEST_UTTERANCE_S, SAMPLE_RATE, Pcm

WINDOW = 512
"""Samples (32 ms) that the voice activity model looks at, at once."""

SPEECH_STARTS_AT = 0.5
SPEECH_GOES_ON_AT = 0.35
KEPT_BEFORE_START = 12
"""Windows (0.38 s) kept from before the start, so that the first consonant is not lost."""


@dataclass(frozen=True, slots=True)
class Started:
    """Somebody began to speak. `at`: seconds since the stream began."""

    at: float


@dataclass(frozen=True, slots=True)
class Ended:
    """An utterance, from `start` to `end` seconds, trailing silence included in `pcm` only.

    `complete` is False where it was only cut because it grew too long for the recogniser.
    """

    pcm: Pcm
    start: float
    end: float
    complete: bool


class UtteranceSegmenter:
    """Feed it audio of any length, get what begins and ends in it.

    `end_silence` is how many seconds of quiet end an utterance.
    """

    def __init__(self, end_silence: float) -> None:
        self._end_silence = end_silence
        self._vad = local_inference.VAD()
        self._rest: Pcm = np.zeros(0, np.int16)
        self._before: deque[Pcm] = deque(maxlen=KEPT_BEFORE_START)
        self._utterance: list[Pcm] = []
        self._start = 0.0
        self._quiet = 0.0
        self.speaking = False
        self.position = 0.0
        """Seconds of audio looked at."""

    def feed(self, pcm: Pcm) -> list[Started | Ended]:
        """Take in more 16 kHz audio."""
        self._rest = np.concatenate([self._rest, pcm])
        found: list[Started | Ended] = []
        while len(self._rest) >= WINDOW:
            window, self._rest = self._rest[:WINDOW].copy(), self._rest[WINDOW:]
            self.position += WINDOW / SAMPLE_RATE
            event = self._look(window, self._vad.predict(window))
            if event is not None:
                found.append(event)
        return found

    def so_far(self) -> Pcm:
        """The utterance that is being spoken, up to now."""
        return np.concatenate(self._utterance)

    @property
    def spoken_for(self) -> float:
        """Seconds since the utterance that is being spoken began."""
        return self.position - self._start

    def cut(self) -> Ended | None:
        """End the utterance that is being spoken now, if there is one."""
        if not self.speaking:
            return None
        self.speaking = False
        return self._take(complete=True)

    def _look(self, window: Pcm, speech: float) -> Started | Ended | None:
        if not self.speaking:
            self._before.append(window)
            if speech <= SPEECH_STARTS_AT:
                return None
            self.speaking = True
            self._begin(list(self._before))
            self._before.clear()
            return Started(self._start)
        self._utterance.append(window)
        self._quiet = 0.0 if speech > SPEECH_GOES_ON_AT else self._quiet + WINDOW / SAMPLE_RATE
        if self._quiet >= self._end_silence:
            return self.cut()
        if len(self._utterance) * WINDOW >= (LONGEST_UTTERANCE_S - 1) * SAMPLE_RATE:
            ended = self._take(complete=False)
            self._begin([])
            return ended
        return None

    def _begin(self, windows: list[Pcm]) -> None:
        self._utterance = windows
        self._start = self.position
        self._quiet = 0.0

    def _take(self, *, complete: bool) -> Ended:
        ended = Ended(self.so_far(), self._start, self.position - self._quiet, complete)
        self._utterance = []
        return ended
