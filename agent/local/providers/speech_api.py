"""The speech half of OpenAI's protocol: text to audio, and audio to text."""

import io
import time
import uuid
import wave

import numpy as np
from aiohttp import web
from pydantic import BaseModel, ValidationError

from agent.local.providers.answers import LABEL, MODEL, bad_request, hang, refused
from agent.local.providers.faults import CUSTOMER_HEADER, Behaviour, Fault, ProviderPart, not_before
from agent.local.providers.recognition import SAMPLE_RATE, Pcm, Recogniser
from agent.local.providers.voices import OUTPUT_RATE, Voices


class SpeechRequest(BaseModel):
    """What we read of `POST /v1/audio/speech`; the plugins send more."""

    input: str
    voice: str = ""
    speed: float = 1.0


class SpeechApi:
    """`POST /v1/audio/speech` and `POST /v1/audio/transcriptions`."""

    def __init__(self, voices: Voices, recogniser: Recogniser, behaviour: Behaviour) -> None:
        self._voices = voices
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
        pieces = self._voices.speak(order.input, order.voice, order.speed)
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
