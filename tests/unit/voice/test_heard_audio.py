"""Which words were heard of an utterance that was cut short."""

from collections.abc import AsyncIterator

import numpy as np
import pytest
from livekit import rtc
from livekit.agents.types import USERDATA_TIMED_TRANSCRIPT
from livekit.agents.voice.io import AudioOutput, AudioOutputCapabilities, PlaybackFinishedEvent

from agent.voice.heard_audio import HeardAudio, Utterance
from agent.voice.onset import without_lead

RATE = 24_000


def audio(seconds: float, *sentences: str, silent: bool = False) -> rtc.AudioFrame:
    samples = np.full(round(seconds * RATE), 0 if silent else 9000, np.int16)
    frame = rtc.AudioFrame(samples.tobytes(), RATE, 1, len(samples))
    frame.userdata[USERDATA_TIMED_TRANSCRIPT] = list(sentences)
    return frame


def utterance(*frames: rtc.AudioFrame) -> Utterance:
    made = Utterance()
    for frame in frames:
        made.add(frame)
    made.complete = True
    return made


def test_the_played_part_of_a_sentences_sound_is_the_heard_part_of_its_words() -> None:
    spoken = utterance(audio(4, "aaaa bbbb cccc dddd"))
    assert [spoken.heard(seconds) for seconds in (0, 1, 2, 3, 4)] == [
        "",
        "aaaa",
        "aaaa bbbb",
        "aaaa bbbb cccc",
        "aaaa bbbb cccc dddd",
    ]


def test_silence_holds_no_words() -> None:
    spoken = utterance(
        audio(1, "aaaa bbbb ", silent=True),
        audio(2),
        audio(3, silent=True),
        audio(2, "cccc dddd"),
    )
    assert spoken.heard(1) == ""
    assert spoken.heard(2) == "aaaa"
    assert spoken.heard(6) == "aaaa bbbb "
    assert spoken.heard(7) == "aaaa bbbb cccc"


def test_a_sentence_whose_audio_is_still_on_its_way_is_not_taken_for_whole() -> None:
    spoken = Utterance()
    spoken.add(audio(1, "aaaa bbbb cccc dddd eeee ffff gg."))  # two seconds, as one speaks
    assert spoken.heard(1) == "aaaa bbbb cccc dddd"


def test_without_its_text_nothing_is_claimed() -> None:
    assert utterance(audio(1)).heard(0.5) is None


async def test_the_sentences_survive_the_cutting_of_the_silence_before_them() -> None:
    async def frames() -> AsyncIterator[rtc.AudioFrame]:
        yield audio(0.5, "aaaa bbbb", silent=True)
        yield audio(2)

    spoken = utterance(*[frame async for frame in without_lead(frames())])
    assert spoken.heard(1.02) == "aaaa"


class Sink(AudioOutput):
    """Plays nothing; tells what it is told to tell."""

    def __init__(self) -> None:
        super().__init__(label="sink", capabilities=AudioOutputCapabilities(pause=True))

    async def capture_frame(self, frame: rtc.AudioFrame) -> None:
        await super().capture_frame(frame)

    def flush(self) -> None:
        super().flush()

    def clear_buffer(self) -> None:
        pass


@pytest.fixture
def sink() -> Sink:
    return Sink()


@pytest.fixture
def output(sink: Sink) -> tuple[HeardAudio, list[PlaybackFinishedEvent]]:
    made, told = HeardAudio(sink), list[PlaybackFinishedEvent]()
    made.on("playback_finished", told.append)
    return made, told


async def test_an_interruption_is_reported_with_the_words_that_were_heard(
    sink: Sink, output: tuple[HeardAudio, list[PlaybackFinishedEvent]]
) -> None:
    heard, told = output
    await heard.capture_frame(audio(4, "aaaa bbbb cccc dddd"))
    heard.flush()
    guess = "aaaa bbbb cccc dddd"
    sink.on_playback_finished(playback_position=2, interrupted=True, synchronized_transcript=guess)
    assert [event.synchronized_transcript for event in told] == ["aaaa bbbb"]


async def test_what_was_played_to_its_end_is_left_as_it_is_and_does_not_mix_with_the_next(
    sink: Sink, output: tuple[HeardAudio, list[PlaybackFinishedEvent]]
) -> None:
    heard, told = output
    await heard.capture_frame(audio(1, "first"))
    heard.flush()
    sink.on_playback_finished(
        playback_position=1, interrupted=False, synchronized_transcript="first"
    )
    await heard.capture_frame(audio(2, "aaaa bbbb"))
    sink.on_playback_finished(playback_position=1, interrupted=True, synchronized_transcript="-")
    assert [event.synchronized_transcript for event in told] == ["first", "aaaa"]
