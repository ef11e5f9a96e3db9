"""Voices that do as they are told: speak, refuse, hang, stop in mid-sentence, send nothing.

>>> ScriptedVoice("first", Speaks(), DiesAfter(0.2))
"""

import asyncio
from dataclasses import dataclass

import numpy as np
from livekit.agents import APIConnectionError, APIConnectOptions, tts
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS

RATE = 24_000


@dataclass(frozen=True, slots=True)
class Speaks:
    """A second of sound."""


@dataclass(frozen=True, slots=True)
class Refuses:
    """An error before any sound."""


@dataclass(frozen=True, slots=True)
class Hangs:
    """Nothing, for ever."""


@dataclass(frozen=True, slots=True)
class SaysNothing:
    """An end without any sound."""


@dataclass(frozen=True, slots=True)
class DiesAfter:
    """So many seconds of sound, then an error."""

    seconds: float


@dataclass(frozen=True, slots=True)
class StallsAfter:
    """So many seconds of sound, then nothing for ever."""

    seconds: float


Act = Speaks | Refuses | Hangs | SaysNothing | DiesAfter | StallsAfter


class ScriptedVoice(tts.TTS[str]):
    """Acts in the order given, the last one for ever; its sound has a loudness to know it by."""

    def __init__(self, loudness: int, *acts: Act, streaming: bool = False) -> None:
        super().__init__(
            capabilities=tts.TTSCapabilities(streaming=streaming),
            sample_rate=RATE,
            num_channels=1,
        )
        self.loudness = loudness
        self._acts = list(acts)
        self.asked: list[str] = []
        self.closed = 0

    @property
    def model(self) -> str:
        return f"voice-{self.loudness}"

    def synthesize(
        self, text: str, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS
    ) -> tts.ChunkedStream:
        return _Whole(tts=self, input_text=text, conn_options=conn_options)

    def stream(
        self, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS
    ) -> tts.SynthesizeStream:
        return _Streamed(tts=self, conn_options=conn_options)

    async def aclose(self) -> None:
        self.closed += 1

    async def act(self, text: str, output: tts.AudioEmitter) -> None:
        """Do the next act."""
        self.asked.append(text)
        act = self._acts.pop(0) if len(self._acts) > 1 else self._acts[0]
        match act:
            case Speaks():
                output.push(self._sound(1.0))
            case Refuses():
                raise APIConnectionError("scripted refusal")
            case Hangs():
                await asyncio.Event().wait()
            case SaysNothing():
                pass
            case DiesAfter(seconds):
                output.push(self._sound(seconds))
                output.flush()
                await asyncio.sleep(0)
                raise APIConnectionError("scripted death")
            case StallsAfter(seconds):
                output.push(self._sound(seconds))
                await asyncio.Event().wait()

    def _sound(self, seconds: float) -> bytes:
        return np.full(round(seconds * RATE), self.loudness, np.int16).tobytes()


class _Whole(tts.ChunkedStream):
    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        assert isinstance(self._tts, ScriptedVoice)
        output_emitter.initialize(
            request_id="scripted", sample_rate=RATE, num_channels=1, mime_type="audio/pcm"
        )
        await self._tts.act(self.input_text, output_emitter)
        output_emitter.flush()


class _Streamed(tts.SynthesizeStream):
    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        assert isinstance(self._tts, ScriptedVoice)
        output_emitter.initialize(
            request_id="scripted",
            sample_rate=RATE,
            num_channels=1,
            mime_type="audio/pcm",
            stream=True,
        )
        output_emitter.start_segment(segment_id="scripted")
        text = ""
        async for data in self._input_ch:
            text += data if isinstance(data, str) else ""
        self._mark_started()
        await self._tts.act(text, output_emitter)
        output_emitter.end_segment()
