"""A voice that is never silent for long: where the first does not speak in time, the second does.

It speaks a sentence at a time, so that what a voice that dies had still to say is the rest of one
sentence. That sentence is said again, whole, by the next voice: half a price is another price.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterable, Callable, Sequence
from contextlib import aclosing

import structlog
from livekit import rtc
from livekit.agents import APIConnectOptions, APIError, APITimeoutError, tts, utils
from livekit.agents.types import DEFAULT_API_CONNECT_OPTIONS

from agent.voice.standby import Standby

FIRST_SOUND_SECONDS = 2.5
"""From a sentence to its first sound, where another voice stands by."""
ALONE_SECONDS = 4.0
"""The same, and between two pieces, where none does: nobody else would be faster."""
GAP_SECONDS = 1.5
"""Between two pieces of the sound of one sentence, where another voice stands by."""
AT_ONCE_SECONDS = 0.1
"""A voice that fails so fast is asked once more. An idle connection may have been closed by the
other side, which is found out only by using it; the next is a new one."""

Say = Callable[[str], str]
"""From a sentence as it is written to how it is said."""

log = structlog.get_logger(__name__)


def as_written(text: str) -> str:
    """For voices that know by themselves how numbers are said."""
    return text


class VoiceChain(tts.TTS[str]):
    """Voices in order of preference, as one. A single one is asked twice before it has failed."""

    def __init__(
        self,
        voices: Sequence[tts.TTS[str]],
        now: Callable[[], float] = time.monotonic,
        say: Say = as_written,
    ) -> None:
        """All voices must have the same sample rate, and one channel.

        `say` turns a sentence into what the voices are given; record and history keep the sentence.
        """
        first = voices[0]
        assert {voice.sample_rate for voice in voices} == {first.sample_rate}
        super().__init__(
            capabilities=tts.TTSCapabilities(streaming=False),
            sample_rate=first.sample_rate,
            num_channels=1,
        )
        self._standby: Standby[tts.TTS[str]] = Standby(voices, now)
        self._speaking = first
        self._say = say
        for voice in voices:
            voice.on("metrics_collected", self._counted)

    @property
    def model(self) -> str:
        return self._speaking.model

    @property
    def provider(self) -> str:
        return self._speaking.provider

    @property
    def voices(self) -> tuple[tts.TTS[str], ...]:
        """All, in order of preference."""
        return self._standby.members

    def synthesize(
        self, text: str, *, conn_options: APIConnectOptions = DEFAULT_API_CONNECT_OPTIONS
    ) -> tts.ChunkedStream:
        """`conn_options` are not obeyed: the deadlines here stand, and retries are other voices."""
        return _Sentence(self, text)

    def prewarm(self) -> None:
        self.voices[0].prewarm()

    async def aclose(self) -> None:
        for voice in self.voices:
            voice.off("metrics_collected", self._counted)
            await voice.aclose()

    async def speak(self, text: str) -> AsyncGenerator[rtc.AudioFrame, None]:
        """The sound of one sentence. Raises the last voice's APIError when no voice speaks it."""
        text = self._say(text)
        attempts = self._standby.in_order()
        alone = len(attempts) == 1
        first, gap = (ALONE_SECONDS,) * 2 if alone else (FIRST_SOUND_SECONDS, GAP_SECONDS)
        asked_before: tts.TTS[str] | None = None
        while attempts:
            voice, began, sounded = attempts.pop(0), time.monotonic(), False
            try:
                async with aclosing(_sound(voice, text, first, gap)) as sound:
                    async for frame in sound:
                        self._speaking, sounded = voice, True
                        yield frame
            except APIError as error:
                log.warning("voice_failed", voice=voice.label, error=type(error).__name__)
                at_once = not sounded and time.monotonic() - began < AT_ONCE_SECONDS
                if voice is not asked_before and (alone or at_once):
                    asked_before = voice
                    attempts.insert(0, voice)
                    continue
                self._standby.failed(voice)
                if not attempts:
                    raise
            else:
                return

    def _counted(self, *metrics: object) -> None:
        self.emit("metrics_collected", *metrics)


class _Sentence(tts.ChunkedStream):
    def __init__(self, chain: VoiceChain, text: str) -> None:
        super().__init__(tts=chain, input_text=text, conn_options=APIConnectOptions(max_retry=0))
        self._chain = chain

    async def _metrics_monitor_task(self, event_aiter: AsyncIterable[tts.SynthesizedAudio]) -> None:
        """The voice that speaks counts its own characters and seconds."""
        async for _ in event_aiter:
            pass

    async def _run(self, output_emitter: tts.AudioEmitter) -> None:
        rate = self._chain.sample_rate
        output_emitter.initialize(
            request_id=utils.shortuuid(), sample_rate=rate, num_channels=1, mime_type="audio/pcm"
        )
        if any(letter.isalnum() for letter in self._input_text):
            async with aclosing(self._chain.speak(self._input_text)) as sound:
                async for frame in sound:
                    output_emitter.push(frame.data.tobytes())
        else:
            output_emitter.push(bytes(rate // 50 * 2))  # "…" has no sound, and is no failure
        output_emitter.flush()


async def _sound(
    voice: tts.TTS[str], text: str, first: float, gap: float
) -> AsyncGenerator[rtc.AudioFrame, None]:
    """What one voice makes of a sentence. Raises APITimeoutError when it is silent for too long."""
    options = APIConnectOptions(max_retry=0, timeout=first)
    if voice.capabilities.streaming:
        streamed = voice.stream(conn_options=options)
        streamed.push_text(text)
        streamed.end_input()
        source: tts.SynthesizeStream | tts.ChunkedStream = streamed
    else:
        source = voice.synthesize(text, conn_options=options)
    limit = first
    async with source:
        while True:
            try:
                async with asyncio.timeout(limit):
                    audio = await anext(source)
            except StopAsyncIteration:
                return
            except TimeoutError:
                raise APITimeoutError(f"{voice.label} was silent for {limit} s") from None
            yield audio.frame
            limit = gap
