"""Customers' lines that the stand-in spoke itself, found again in what comes over the telephone.

No offline model hears French or German well over a phone line, and none hears Dutch. So what a
customer says in those is not recognised but known: its sound was made here from a text, and where
that sound comes back the text is the answer. Everything else goes on to the recogniser.
"""

import itertools
import re
import threading
from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from agent.local.providers.recognition import SAMPLE_RATE, Pcm

Shape = npt.NDArray[np.float32]
"""The loudness of each band in each step of time: (steps, bands), in decibels."""

KEPT = 80
"""Clauses; the oldest are forgotten. Each costs a look at an utterance a millisecond or less."""

_STEP_S = 0.02
_WINDOW_S = 0.04
_BANDS_HZ = (300, 700, 1200, 1900, 2700, 3400)
"""What a telephone lets through."""
_QUIET_DB = 35.0
"""Below the loudest: there the line's hiss is as loud as the voice."""
_ALIKE = 0.88
"""Correlation of two shapes. The same sound after an A-law line with some hiss has 0.94 and more,
other speech, also of the same voice, 0.80 and less (23 utterances in four languages)."""
_SHORTEST_STEPS = 8
_COVERED = 0.6
"""Of the sound in an utterance: a known word in unknown speech is a coincidence."""

_CLAUSES = re.compile(r"(?<=[.!?,;:…])\s+")


@dataclass(frozen=True, slots=True)
class KnownLine:
    """What was said, word for word, and in which language (two letters)."""

    text: str
    language: str


@dataclass(frozen=True, slots=True)
class _Clause:
    text: str
    language: str
    shape: Shape


def clauses(text: str) -> list[str]:
    """The pieces of a line that are spoken, and found, each by itself."""
    return [part for part in _CLAUSES.split(text.strip()) if part]


class KnownLines:
    """What customers' voices said lately. May be asked from several threads."""

    def __init__(self) -> None:
        self._clauses: deque[_Clause] = deque(maxlen=KEPT)
        self._lock = threading.Lock()

    def remember(self, text: str, language: str, pcm: Pcm, rate: int) -> None:
        """A clause was spoken so: mono samples, `rate` a second."""
        shape = _trimmed(_shape(pcm, rate))
        if len(shape) < _SHORTEST_STEPS:
            return
        with self._lock:
            known = any(each.text == text and each.language == language for each in self._clauses)
            if not known:
                self._clauses.append(_Clause(text, language, shape))

    def find(self, pcm: Pcm) -> KnownLine | None:
        """The clauses that are in this utterance (16 kHz), in their order; None: it is unknown."""
        with self._lock:
            candidates = list(self._clauses)
        if not candidates:
            return None
        heard = _shape(pcm, SAMPLE_RATE)
        free = np.ones(len(heard), bool)
        found: list[tuple[int, _Clause]] = []
        scored = [(*_best(clause.shape, heard), clause) for clause in candidates]
        for alike, start, clause in sorted(scored, key=lambda each: -each[0]):
            steps = slice(start, start + len(clause.shape))
            if alike >= _ALIKE and free[steps].mean() > 0.8:
                free[steps] = False
                found.append((start, clause))
        sound = heard.max(axis=1) > heard.max() - _QUIET_DB / 2
        if not found or (sound & ~free).sum() < _COVERED * sound.sum():
            return None
        found.sort(key=lambda each: each[0])
        text = " ".join(clause.text for _, clause in found)
        longest = max((clause for _, clause in found), key=lambda each: len(each.shape))
        return KnownLine(text, longest.language)


def _shape(pcm: Pcm, rate: int) -> Shape:
    step, window = round(_STEP_S * rate), round(_WINDOW_S * rate)
    samples = np.pad(pcm.astype(np.float32), (0, max(0, window - len(pcm))))
    windows = np.lib.stride_tricks.sliding_window_view(samples, window)[::step]
    power = np.abs(np.fft.rfft(windows * np.hanning(window), axis=1)) ** 2
    hertz = np.fft.rfftfreq(window, 1 / rate)
    bands = [
        power[:, (hertz >= low) & (hertz < high)].sum(axis=1)
        for low, high in itertools.pairwise(_BANDS_HZ)
    ]
    decibels = 10 * np.log10(np.stack(bands, axis=1) + 1.0)
    shape: Shape = np.maximum(decibels, decibels.max() - _QUIET_DB).astype(np.float32)
    return shape


def _trimmed(shape: Shape) -> Shape:
    loud = np.flatnonzero(shape.max(axis=1) > shape.max() - _QUIET_DB / 2)
    return shape[loud[0] : loud[-1] + 1] if len(loud) else shape[:0]


def _best(clause: Shape, heard: Shape) -> tuple[float, int]:
    """How alike the clause is to the part of what was heard that it is most like; and where."""
    length = len(clause)
    if length > len(heard):
        return 0.0, 0
    # Each band by itself: what all speech has in common, more low tones than high, says nothing.
    places = np.lib.stride_tricks.sliding_window_view(heard, length, axis=0)
    flat = (places - places.mean(axis=2, keepdims=True)).reshape(len(places), -1)
    wanted = (clause - clause.mean(axis=0)).T.reshape(-1)
    norms = np.linalg.norm(flat, axis=1) * np.linalg.norm(wanted) + 1e-6
    alike = (flat @ wanted) / norms
    start = int(np.argmax(alike))
    return float(alike[start]), start
