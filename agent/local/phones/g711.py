"""What a telephone does to a voice: 8 kHz, and eight bits a sample.

Every sample that a phone of ours sends or hears goes through here, so that speech recognition
meets phone audio. PCM is int16, little endian, mono.
"""

from enum import StrEnum

import numpy as np
from livekit import rtc
from numpy.typing import NDArray

PHONE_RATE = 8000
"""Samples a second on a telephone line."""
FRAME_SECONDS = 0.02
FRAME_SAMPLES = int(PHONE_RATE * FRAME_SECONDS)

Samples = NDArray[np.int16]


class Law(StrEnum):
    """The two ways of putting a sample into eight bits."""

    A = "alaw"
    """Europe."""
    MU = "mulaw"
    """North America and Japan."""


def encode(samples: Samples, law: Law) -> NDArray[np.uint8]:
    """Each sample as one byte on the line."""
    return _ENCODED[law][samples.view(np.uint16)]


def decode(line: NDArray[np.uint8], law: Law) -> Samples:
    """The samples that a phone plays for these bytes."""
    return _DECODED[law][line]


def over_the_line(samples: Samples, law: Law = Law.A) -> Samples:
    """Encoded and decoded again: as it sounds at the other end."""
    return decode(encode(samples, law), law)


def to_line(pcm: bytes, sample_rate: int) -> list[Samples]:
    """A whole utterance at `sample_rate` as 20 ms frames at 8 kHz; the last is padded."""
    if sample_rate == PHONE_RATE:
        samples = np.frombuffer(pcm, np.int16)
    else:
        resampler = rtc.AudioResampler(
            sample_rate, PHONE_RATE, quality=rtc.AudioResamplerQuality.HIGH
        )
        parts = [*resampler.push(bytearray(pcm)), *resampler.flush()]
        samples = np.frombuffer(b"".join(bytes(part.data) for part in parts), np.int16)
    padded = np.zeros(-(-len(samples) // FRAME_SAMPLES) * FRAME_SAMPLES, np.int16)
    padded[: len(samples)] = samples
    return list(padded.reshape(-1, FRAME_SAMPLES))


class Doubler:
    """8 kHz to 16 kHz, frame by frame, with a delay of 1 ms and no clicks between frames."""

    _TAPS = 8

    def __init__(self) -> None:
        # Half-band interpolation: a sample stays, the one between is a windowed sinc of 16 around.
        at = np.arange(-self._TAPS, self._TAPS) + 0.5
        kernel = np.sinc(at) * np.hamming(2 * self._TAPS)
        self._kernel = (kernel / kernel.sum()).astype(np.float32)
        self._history = np.zeros(2 * self._TAPS - 1, np.float32)

    def double(self, frame: Samples) -> bytes:
        """`frame` (n samples, 8 kHz) as 2n samples at 16 kHz."""
        line = np.concatenate([self._history, frame.astype(np.float32)])
        self._history = line[-len(self._history) :]
        between = np.convolve(line, self._kernel, mode="valid")
        doubled = np.empty(2 * len(frame), np.float32)
        doubled[0::2] = line[self._TAPS - 1 : self._TAPS - 1 + len(frame)]
        doubled[1::2] = between
        return np.clip(doubled, -32768, 32767).astype(np.int16).tobytes()


def loudness(samples: Samples) -> float:
    """Root mean square; speech on a phone is in the thousands, line noise below 200."""
    wide = samples.astype(np.float32)
    return float(np.sqrt(np.mean(wide * wide))) if len(wide) else 0.0


def _alaw_tables() -> tuple[NDArray[np.uint8], Samples]:
    """ITU-T G.711: 13 bits, eight segments, even bits inverted."""
    samples = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32) >> 3
    mask = np.where(samples >= 0, 0xD5, 0x55)
    size = np.where(samples >= 0, samples, -samples - 1)
    segment = np.searchsorted([0x1F, 0x3F, 0x7F, 0xFF, 0x1FF, 0x3FF, 0x7FF], size)
    step = (size >> np.maximum(segment, 1)) & 0x0F
    encoded = (((segment << 4) | step) ^ mask).astype(np.uint8)

    line = np.arange(256) ^ 0x55
    segment = (line & 0x70) >> 4
    size = ((line & 0x0F) << 4) + np.where(segment == 0, 8, 0x108)
    size = size << np.maximum(segment - 1, 0)
    return encoded, np.where(line & 0x80, size, -size).astype(np.int16)


def _mulaw_tables() -> tuple[NDArray[np.uint8], Samples]:
    """ITU-T G.711: 14 bits, eight segments over a bias of 33, all bits inverted."""
    samples = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.int32) >> 2
    mask = np.where(samples >= 0, 0xFF, 0x7F)
    size = np.minimum(np.abs(samples), 8158) + 0x21
    segment = np.searchsorted([0x3F, 0x7F, 0xFF, 0x1FF, 0x3FF, 0x7FF, 0xFFF], size)
    encoded = (((segment << 4) | ((size >> (segment + 1)) & 0x0F)) ^ mask).astype(np.uint8)

    line = ~np.arange(256) & 0xFF
    size = ((((line & 0x0F) << 3) + 0x84) << ((line & 0x70) >> 4)) - 0x84
    return encoded, np.where(line & 0x80, -size, size).astype(np.int16)


_TABLES = {Law.A: _alaw_tables(), Law.MU: _mulaw_tables()}
_ENCODED = {law: tables[0] for law, tables in _TABLES.items()}
_DECODED = {law: tables[1] for law, tables in _TABLES.items()}
