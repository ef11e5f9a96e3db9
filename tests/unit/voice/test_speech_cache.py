"""Lines rendered before they are needed."""

from pathlib import Path

import numpy as np
import pytest
from livekit.agents import APIConnectionError, APIConnectOptions, tts
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS

from agent.voice.speech_cache import SAMPLE_RATE, SpeechCache

SECOND = np.full(SAMPLE_RATE, 1000, np.int16).tobytes()


class Engine(tts.TTS[str]):
    """Speaks every line as one second of sound, but for those it cannot speak."""

    def __init__(self, *unspeakable: str, audio: bytes = SECOND) -> None:
        super().__init__(
            capabilities=tts.TTSCapabilities(streaming=False),
            sample_rate=SAMPLE_RATE,
            num_channels=1,
        )
        self.unspeakable = set(unspeakable)
        self.audio = audio
        self.asked: list[str] = []

    def synthesize(
        self, text: str, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS
    ) -> tts.ChunkedStream:
        """Speak."""
        self.asked.append(text)
        return _Stream(
            tts=self, input_text=text, conn_options=APIConnectOptions(max_retry=0, timeout=1)
        )


class _Stream(tts.ChunkedStream):
    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        assert isinstance(self._tts, Engine)
        if self.input_text in self._tts.unspeakable:
            raise APIConnectionError("scripted", retryable=False)
        output_emitter.initialize(
            request_id="scripted", sample_rate=SAMPLE_RATE, num_channels=1, mime_type="audio/pcm"
        )
        output_emitter.push(self._tts.audio)
        output_emitter.flush()


async def test_a_line_is_rendered_once_and_found_again_by_the_next_process(tmp_path: Path) -> None:
    engine = Engine()
    spoken = SpeechCache(tmp_path, "voice")
    assert spoken.frames("Hello.") is None
    assert spoken.seconds("Hello.") == 0
    assert await spoken.render(["Hello.", "Bye."], engine) == []
    assert await spoken.render(["Hello.", "Bye."], engine) == []
    assert engine.asked == ["Hello.", "Bye."]
    assert spoken.seconds("Hello.") == pytest.approx(1, abs=0.03)

    later = SpeechCache(tmp_path, "voice")
    assert later.load(["Hello.", "New."]) == ["New."]
    assert later.seconds("Hello.") == spoken.seconds("Hello.")


async def test_audio_of_one_voice_is_never_played_as_anothers(tmp_path: Path) -> None:
    await SpeechCache(tmp_path, "ash").render(["Hello."], Engine())
    assert SpeechCache(tmp_path, "coral").load(["Hello."]) == ["Hello."]


async def test_a_line_that_cannot_be_spoken_is_told_and_the_others_are_kept(tmp_path: Path) -> None:
    spoken = SpeechCache(tmp_path, "voice")
    assert await spoken.render(["One.", "Two.", "Three."], Engine("Two.")) == ["Two."]
    assert spoken.frames("Two.") is None
    assert spoken.load(["One.", "Two.", "Three."]) == ["Two."]


async def test_a_folder_that_cannot_be_written_costs_nothing_but_the_next_rendering(
    tmp_path: Path,
) -> None:
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    spoken = SpeechCache(tmp_path / "file", "voice")
    assert await spoken.render(["Hello."], Engine()) == []
    assert spoken.seconds("Hello.") > 0


async def test_the_frames_of_a_line_are_its_audio_and_nothing_else(tmp_path: Path) -> None:
    spoken = SpeechCache(tmp_path, "voice")
    tone = (np.arange(SAMPLE_RATE // 4) % 200 + 2000).astype(np.int16)
    await spoken.render(["Hm."], Engine(audio=tone.tobytes()))
    frames = spoken.frames("Hm.")
    assert frames is not None
    heard = np.concatenate([np.frombuffer(frame.data, np.int16) async for frame in frames])
    assert np.array_equal(heard[: len(tone)], tone)
    assert not heard[len(tone) :].any()


async def test_a_line_can_be_played_twice_at_once(tmp_path: Path) -> None:
    spoken = SpeechCache(tmp_path, "voice")
    await spoken.render(["Hm."], Engine(audio=SECOND[: SAMPLE_RATE // 10 * 2]))
    first, second = spoken.frames("Hm."), spoken.frames("Hm.")
    assert first is not None
    assert second is not None
    await anext(first)
    assert len([frame async for frame in second]) == 5
    assert len([frame async for frame in first]) == 4


async def test_leading_silence_is_cut_off(tmp_path: Path) -> None:
    spoken = SpeechCache(tmp_path, "voice")
    await spoken.render(["Hm."], Engine(audio=bytes(SAMPLE_RATE) + SECOND))
    assert 1 <= spoken.seconds("Hm.") < 1.1
