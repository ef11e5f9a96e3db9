"""The agent's voice begins with its first sound."""

from collections.abc import AsyncIterator

import numpy as np
import pytest
from livekit import rtc

from agent.voice.onset import SILENT_BELOW, without_lead

RATE = 24_000


def silence(seconds: float) -> np.ndarray:
    return np.full(int(seconds * RATE), SILENT_BELOW // 2, np.int16)


def speech(seconds: float) -> np.ndarray:
    return np.full(int(seconds * RATE), -5000, np.int16)


async def in_frames(audio: np.ndarray, seconds: float) -> AsyncIterator[rtc.AudioFrame]:
    step = int(seconds * RATE)
    for start in range(0, len(audio), step):
        part = audio[start : start + step]
        yield rtc.AudioFrame(part.tobytes(), RATE, 1, len(part))


async def heard(audio: np.ndarray, frame_seconds: float) -> np.ndarray:
    frames = [frame async for frame in without_lead(in_frames(audio, frame_seconds))]
    return np.concatenate([np.frombuffer(frame.data, np.int16) for frame in frames])


@pytest.mark.parametrize("frame_seconds", [0.01, 0.05, 0.2, 5.0])
async def test_silence_before_the_first_sound_is_left_out_but_for_a_breath(
    frame_seconds: float,
) -> None:
    audio = np.concatenate([silence(0.34), speech(0.5)])
    kept = await heard(audio, frame_seconds)
    assert np.array_equal(kept, audio[int(0.32 * RATE) :])


async def test_later_pauses_stay() -> None:
    audio = np.concatenate([speech(0.3), silence(0.4), speech(0.3)])
    assert np.array_equal(await heard(audio, 0.2), audio)


async def test_speech_that_begins_at_once_is_played_whole() -> None:
    audio = speech(0.3)
    assert np.array_equal(await heard(audio, 0.05), audio)


async def test_a_long_silence_is_not_waited_for() -> None:
    """A voice that has said nothing for a second gets its way: nobody waits to judge it."""
    audio = silence(3.0)
    frames = without_lead(in_frames(audio, 0.2))
    first = await anext(frames)
    assert first.duration == pytest.approx(1.0)
    rest = [frame async for frame in frames]
    assert sum(frame.duration for frame in rest) == pytest.approx(2.0)


async def test_short_speech_of_silence_alone_is_played_too() -> None:
    assert np.array_equal(await heard(silence(0.4), 0.1), silence(0.4))
