"""Where speech begins in audio: the silence before it is heard as hesitation."""

from collections.abc import AsyncIterable, AsyncIterator

import numpy as np
from livekit import rtc
from livekit.agents.types import USERDATA_TIMED_TRANSCRIPT

SILENT_BELOW = 300
"""Of 32767: the hiss of a synthesiser is below, the softest consonant above."""
_KEPT_SECONDS = 0.02
"""Of what comes before the first sound: a consonant may begin below the threshold."""
_LONGEST_SECONDS = 1.0
"""Silence that lasts longer is no synthesiser's habit: it is played."""


async def without_lead(speech: AsyncIterable[rtc.AudioFrame]) -> AsyncIterator[rtc.AudioFrame]:
    """The same audio (mono), without the silence at its beginning."""
    held: list[rtc.AudioFrame] = []
    begun = False
    async for frame in speech:
        if begun:
            yield frame
            continue
        held.append(frame)
        begun = _is_loud(frame) or sum(part.duration for part in held) >= _LONGEST_SECONDS
        if begun:
            yield _from_first_sound(held)
    if held and not begun:
        yield _joined(held)


def _is_loud(frame: rtc.AudioFrame) -> bool:
    return int(np.abs(_samples(frame)).max(initial=0)) > SILENT_BELOW


def _from_first_sound(frames: list[rtc.AudioFrame]) -> rtc.AudioFrame:
    """The frames as one, from just before the first sound; whole where there is none."""
    whole = _joined(frames)
    loud = np.abs(_samples(whole)) > SILENT_BELOW
    first = max(0, int(np.argmax(loud)) - int(_KEPT_SECONDS * whole.sample_rate))
    rest = np.frombuffer(whole.data, np.int16)[first:]
    return _frame(rest.tobytes(), frames)


def _joined(frames: list[rtc.AudioFrame]) -> rtc.AudioFrame:
    return _frame(b"".join(frame.data.tobytes() for frame in frames), frames)


def _frame(pcm: bytes, of: list[rtc.AudioFrame]) -> rtc.AudioFrame:
    """Audio in place of `of`, with what they carried: when the synthesis began, the sentences."""
    made = rtc.AudioFrame(pcm, of[0].sample_rate, 1, len(pcm) // 2)
    for frame in reversed(of):
        made.userdata.update({k: v for k, v in frame.userdata.items() if v})
    sentences = [text for frame in of for text in frame.userdata.get(USERDATA_TIMED_TRANSCRIPT, [])]
    if sentences:
        made.userdata[USERDATA_TIMED_TRANSCRIPT] = sentences
    return made


def _samples(frame: rtc.AudioFrame) -> "np.typing.NDArray[np.int32]":
    """Wide enough that the loudest negative sample has an absolute value."""
    return np.frombuffer(frame.data, np.int16).astype(np.int32)
