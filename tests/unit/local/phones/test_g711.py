"""The telephone line, against FFmpeg's own G.711 (PyAV) as the independent second opinion."""

import av
import numpy as np
import pytest

from agent.local.phones.g711 import (
    FRAME_SAMPLES,
    Doubler,
    Law,
    Samples,
    decode,
    encode,
    loudness,
    over_the_line,
    to_line,
)

EVERY_BYTE = np.arange(256, dtype=np.uint8)
EVERY_SAMPLE = np.arange(-32768, 32768).astype(np.int16)


def tone(hertz: float, seconds: float, rate: int) -> Samples:
    at = np.arange(int(seconds * rate)) / rate
    return (8000 * np.sin(2 * np.pi * hertz * at)).astype(np.int16)


def played_by_ffmpeg(line: bytes, law: Law) -> Samples:
    codec = av.CodecContext.create(f"pcm_{law}", "r")
    assert isinstance(codec, av.AudioCodecContext)
    codec.sample_rate = 8000
    codec.layout = "mono"
    frames = codec.decode(av.Packet(line))
    return np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames]).astype(np.int16)


@pytest.mark.parametrize("law", list(Law))
def test_every_byte_plays_as_ffmpeg_plays_it(law: Law) -> None:
    assert np.array_equal(decode(EVERY_BYTE, law), played_by_ffmpeg(EVERY_BYTE.tobytes(), law))


@pytest.mark.parametrize("law", list(Law))
def test_a_sample_that_went_over_the_line_once_is_not_changed_by_going_again(law: Law) -> None:
    once = over_the_line(EVERY_SAMPLE, law)
    assert np.array_equal(over_the_line(once, law), once)


@pytest.mark.parametrize("law", list(Law))
def test_no_sample_is_changed_by_more_than_half_its_segments_step(law: Law) -> None:
    change = np.abs(EVERY_SAMPLE.astype(int) - over_the_line(EVERY_SAMPLE, law).astype(int))
    loud = np.abs(EVERY_SAMPLE.astype(int))
    inside = loud < 32000  # mu-law clips above
    assert (change[inside] <= 8 + loud[inside] / 16).all()
    assert np.unique(encode(EVERY_SAMPLE, law)).size >= 255


def test_an_utterance_becomes_whole_20_ms_frames_at_8_khz() -> None:
    frames = to_line(tone(440, 0.99, 24000).tobytes(), 24000)
    assert {len(frame) for frame in frames} == {FRAME_SAMPLES}
    assert len(frames) in (50, 51)
    assert loudness(frames[20]) == pytest.approx(8000 / np.sqrt(2), rel=0.05)


def test_what_a_telephone_cannot_carry_is_gone() -> None:
    assert loudness(to_line(tone(6000, 1, 16000).tobytes(), 16000)[20]) < 100


def test_doubling_the_rate_keeps_the_tone_and_makes_no_click_between_frames() -> None:
    doubler = Doubler()
    frames = np.split(tone(700, 0.4, 8000), 20)
    heard = np.frombuffer(b"".join(doubler.double(frame) for frame in frames), np.int16)
    assert len(heard) == 6400
    spectrum = np.abs(np.fft.rfft(heard[640:].astype(float) * np.hanning(len(heard) - 640)))
    hertz = np.fft.rfftfreq(len(heard) - 640, 1 / 16000)
    assert hertz[spectrum.argmax()] == pytest.approx(700, abs=5)
    elsewhere = spectrum[np.abs(hertz - 700) > 50]
    assert elsewhere.max() < spectrum.max() / 300
