"""Deepgram's speech protocol (`/deepgram/v1/speak`) over the offline voices.

Over a WebSocket as the plugin uses it (P/deepgram/tts.py): `Speak` with a word each, `Flush` at the
end of a piece, then its audio and `Flushed`; and over HTTP, a whole text at once.
"""

import asyncio
import json
import time
import uuid

from aiohttp import WSCloseCode, WSMsgType, web
from pydantic import BaseModel, ValidationError

from agent.local.providers.answers import LABEL, MODEL, hang, refused
from agent.local.providers.faults import Behaviour, Fault, ProviderPart, not_before
from agent.local.providers.voices import OUTPUT_RATE, Voices

_PIECE = OUTPUT_RATE // 10 * 2
"""Bytes of audio in a message: 0.1 s."""


class _Text(BaseModel):
    """The body of `POST /v1/speak`."""

    text: str


class SpeakApi:
    """Speaks for agents; who is connected is thrown out when the provider is to fail for good."""

    def __init__(self, voices: Voices, behaviour: Behaviour) -> None:
        self._voices = voices
        self._behaviour = behaviour
        self._connected: set[web.WebSocketResponse] = set()

    def routes(self) -> list[web.RouteDef]:
        return [
            web.get("/deepgram/v1/speak", self.stream),
            web.post("/deepgram/v1/speak", self.speak),
        ]

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """A WebSocket: words in, audio out."""
        if wrong := _wrong(request):
            return _bad_request(wrong)
        if self._behaviour.down(ProviderPart.SPEECH):
            return refused(ProviderPart.SPEECH)
        socket = web.WebSocketResponse(heartbeat=30.0)
        socket.headers[LABEL] = ProviderPart.SPEECH
        await socket.prepare(request)
        self._connected.add(socket)
        try:
            await _Speaker(socket, request.query["model"], self._voices, self._behaviour).run()
        finally:
            self._connected.discard(socket)
        return socket

    async def speak(self, request: web.Request) -> web.StreamResponse:
        """A text as raw audio."""
        started = time.monotonic()
        if wrong := _wrong(request):
            return _bad_request(wrong)
        try:
            text = _Text.model_validate_json(await request.read()).text
        except ValidationError as error:
            return _bad_request(str(error))
        fault = self._behaviour.take(ProviderPart.SPEECH)
        if fault is Fault.REFUSE:
            return refused(ProviderPart.SPEECH)
        if fault is Fault.HANG:
            await hang()
        response = web.StreamResponse(
            headers={
                LABEL: ProviderPart.SPEECH,
                "Content-Type": "audio/l16;rate=24000",
                "dg-request-id": str(uuid.uuid4()),
            }
        )
        await not_before(started, self._behaviour.latency.tts_ms)
        await response.prepare(request)
        if fault is not Fault.GARBAGE:  # of which, as audio, there is none: the answer is empty
            async for pcm in self._voices.speak(text, voice_of(request.query["model"])):
                await response.write(pcm)
        await response.write_eof()
        return response

    async def faults_changed(self) -> None:
        """A provider that goes down takes its open connections with it."""
        if self._behaviour.down(ProviderPart.SPEECH):
            await self.close()

    async def close(self) -> None:
        """Tell everybody that the server goes away."""
        await asyncio.gather(
            *(socket.close(code=WSCloseCode.GOING_AWAY) for socket in list(self._connected))
        )


class _Speaker:
    """One connection: what is said between two flushes is spoken as one piece."""

    def __init__(
        self, socket: web.WebSocketResponse, model: str, voices: Voices, behaviour: Behaviour
    ) -> None:
        self._socket = socket
        self._voice = voice_of(model)
        self._voices = voices
        self._behaviour = behaviour
        self._words: list[str] = []
        self._began = 0.0
        self._flushed = 0

    async def run(self) -> None:
        """Until the client closes it or goes away."""
        await self._send({"type": "Metadata", "request_id": str(uuid.uuid4()), "model_name": MODEL})
        async for message in self._socket:
            if message.type is not WSMsgType.TEXT:
                continue
            try:
                order = json.loads(message.data)
                kind = order["type"]
                word = str(order["text"]) if kind == "Speak" else ""
            except (ValueError, KeyError, TypeError):
                await self._send({"type": "Error", "description": "not a message of this protocol"})
                continue
            if kind == "Speak":
                self._began = self._began if self._words else time.monotonic()
                self._words.append(word)
            elif kind == "Clear":
                self._words.clear()
                await self._send({"type": "Cleared", "sequence_id": self._flushed})
            elif kind == "Flush":
                await self._speak()
            elif kind == "Close":
                break
        if not self._socket.closed:
            await self._socket.close()

    async def _speak(self) -> None:
        text, self._words = "".join(self._words).strip(), []
        if text:
            fault = self._behaviour.take(ProviderPart.SPEECH)
            if fault is Fault.HANG:
                return
            if fault is Fault.REFUSE:
                await self._socket.close(code=WSCloseCode.INTERNAL_ERROR)
                return
            if fault is Fault.GARBAGE:
                await self._socket.send_str('{"type": "Flu')
                return
            async for pcm in self._voices.speak(text, self._voice):
                await not_before(self._began, self._behaviour.latency.tts_ms)
                for start in range(0, len(pcm), _PIECE):
                    await self._socket.send_bytes(pcm[start : start + _PIECE])
        await self._send({"type": "Flushed", "sequence_id": self._flushed})
        self._flushed += 1

    async def _send(self, message: dict[str, object]) -> None:
        if not self._socket.closed:
            await self._socket.send_str(json.dumps(message))


def voice_of(model: str) -> str:
    """Our voice for Deepgram's: aura-2-agathe-fr is French."""
    return f"agent:{model.rpartition('-')[2]}"


def _wrong(request: web.Request) -> str | None:
    """What this stand-in cannot do of what the query asks."""
    query = request.query
    if not query.get("model", "").startswith("aura-"):
        return f"no such model: {query.get('model', '')}"
    if query.get("encoding", "linear16") != "linear16":
        return f"encoding {query['encoding']} is not spoken here"
    if query.get("sample_rate", str(OUTPUT_RATE)) != str(OUTPUT_RATE):
        return f"sample_rate {query['sample_rate']} is not spoken here"
    return None


def _bad_request(message: str) -> web.Response:
    """HTTP 400 as Deepgram words it; a WebSocket client sees the header only."""
    return web.json_response(
        {"err_code": "INVALID_QUERY_PARAMETER", "err_msg": message},
        status=400,
        headers={LABEL: ProviderPart.SPEECH, "dg-error": message},
    )
