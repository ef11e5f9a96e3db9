"""The speech half of OpenAI's protocol: text to audio, and audio to text."""

import io
import time
import uuid
import wave
from collections.abc import AsyncIterator

import numpy as np
from aiohttp import web
from pydantic import BaseModel, ValidationError

from agent.local.providers.answers import LABEL, MODEL, bad_request, hang, refused
from agent.local.providers.faults import CUSTOMER_HEADER, Behaviour, Fault, ProviderPart, not_before
from agent.local.providers.known_lines import KnownLines, clauses
from agent.local.providers.recognition import SAMPLE_RATE, Pcm, Recogniser
from agent.local.providers.voices import OUTPUT_RATE, Voices, language_of

HEARD = "en"
"""The language that the offline recogniser hears."""

_SILENT = 300
_CLAUSE_PAUSE_S = 0.1
_SENTENCE_PAUSE_S = 0.2
"""Shorter than what ends an utterance for the recogniser: a line is one."""


class SpeechRequest(BaseModel):
    """What we read of `POST /v1/audio/speech`; the plugins send more."""

    input: str
    voice: str = ""
    speed: float = 1.0


class SpeechApi:
    """`POST /v1/audio/speech` and `POST /v1/audio/transcriptions`."""

    def __init__(
        self, voices: Voices, recogniser: Recogniser, known: KnownLines, behaviour: Behaviour
    ) -> None:
        self._voices = voices
        self._known = known
        self._recogniser = recogniser
        self._behaviour = behaviour

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/v1/audio/speech", self.speak),
            web.post("/v1/audio/transcriptions", self.transcribe),
        ]

    async def speak(self, request: web.Request) -> web.StreamResponse:
        """Audio as it is made. Always `audio/pcm`, 24 kHz mono, whatever format was asked for:

        the plugin goes by the Content-Type of the answer.
        """
        started = time.monotonic()
        try:
            order = SpeechRequest.model_validate_json(await request.read())
        except ValidationError as error:
            return bad_request(ProviderPart.SPEECH, str(error))
        customer = CUSTOMER_HEADER in request.headers
        fault = Fault.OK if customer else self._behaviour.take(ProviderPart.SPEECH)
        if fault is Fault.REFUSE:
            return refused(ProviderPart.SPEECH)
        if fault is Fault.HANG:
            await hang()
        if fault is Fault.GARBAGE:
            # As an event stream, because any bytes are valid PCM and would be heard as noise.
            return web.Response(
                body=b'data: {"type": "speech.audio.delta", "aud\n\n',
                headers={LABEL: ProviderPart.SPEECH, "Content-Type": "text/event-stream"},
            )
        response = web.StreamResponse(
            headers={
                LABEL: ProviderPart.SPEECH,
                "Content-Type": "audio/pcm",
                "X-Sample-Rate": str(OUTPUT_RATE),
                "X-Request-Id": uuid.uuid4().hex,  # the plugin warns where there is none
            }
        )
        foreign = customer and language_of(order.voice) != HEARD
        pieces = (
            self._foreign(order)
            if foreign
            else self._voices.speak(order.input, order.voice, order.speed)
        )
        async for piece in pieces:
            if not response.prepared:
                if not customer:
                    await not_before(started, self._behaviour.latency.tts_ms)
                await response.prepare(request)
            await response.write(piece)
        if not response.prepared:
            await response.prepare(request)
        await response.write_eof()
        return response

    async def _foreign(self, order: SpeechRequest) -> AsyncIterator[bytes]:
        """A customer's line in a language that no offline model hears: it is known by its sound."""
        language = language_of(order.voice)
        for clause in clauses(order.input):
            pcm = b"".join(
                [piece async for piece in self._voices.speak(clause, order.voice, order.speed)]
            )
            samples = np.frombuffer(pcm, "<i2")
            self._known.remember(clause, language, samples, OUTPUT_RATE)
            loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > _SILENT)
            pause = _SENTENCE_PAUSE_S if clause[-1] in ".!?…" else _CLAUSE_PAUSE_S
            end = int(loud[-1]) + 1 if len(loud) else len(samples)
            yield samples[int(loud[0]) if len(loud) else 0 : end].tobytes()
            yield bytes(round(pause * OUTPUT_RATE) * 2)

    async def transcribe(self, request: web.Request) -> web.StreamResponse:
        """A WAV file (16-bit, any rate) in a multipart form, whole; JSON {"text": …} back."""
        started = time.monotonic()
        form = await request.post()
        upload = form.get("file")
        if not isinstance(upload, web.FileField):
            return bad_request(ProviderPart.LISTEN, "the form has no file")
        fault = self._behaviour.take(ProviderPart.LISTEN)
        if fault is Fault.REFUSE:
            return refused(ProviderPart.LISTEN)
        if fault is Fault.HANG:
            await hang()
        if fault is Fault.GARBAGE:
            return web.Response(
                body=b'{"text": ',
                headers={LABEL: ProviderPart.LISTEN, "Content-Type": "application/json"},
            )
        try:
            pcm = _read_wav(upload.file.read())
        except (wave.Error, EOFError, ValueError) as error:
            return bad_request(ProviderPart.LISTEN, f"not a 16-bit WAV file: {error}")
        recognised = await self._recogniser.final(pcm)
        await not_before(started, self._behaviour.latency.stt_ms)
        return web.json_response(
            {"text": recognised.text, "model": MODEL}, headers={LABEL: ProviderPart.LISTEN}
        )


def _read_wav(data: bytes) -> Pcm:
    """The first channel of a 16-bit WAV file, at the recogniser's rate."""
    with wave.open(io.BytesIO(data)) as file:
        if file.getsampwidth() != 2:
            raise ValueError(f"{file.getsampwidth() * 8} bits a sample")
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        samples = samples[:: file.getnchannels()].astype(np.float32)
        at = np.arange(len(samples) * SAMPLE_RATE // file.getframerate())
        at = at * (file.getframerate() / SAMPLE_RATE)
    pcm: Pcm = np.interp(at, np.arange(len(samples)), samples).astype(np.int16)
    return pcm
