"""Deepgram's streaming protocol (`/deepgram/v1/listen`) over the offline recogniser."""

import asyncio
import json
import logging
import time
import uuid
from collections.abc import Mapping

import numpy as np
from aiohttp import WSCloseCode, WSMsgType, web
from livekit import rtc

from agent.local.providers.answers import LABEL, MODEL, bad_request, hang, refused
from agent.local.providers.faults import CUSTOMER_HEADER, Behaviour, Fault, ProviderPart, not_before
from agent.local.providers.known_lines import KnownLines
from agent.local.providers.listen_messages import ListenOptions, timed_words
from agent.local.providers.recognition import SAMPLE_RATE, Pcm, Recognised, Recogniser
from agent.local.providers.utterances import Ended, Started, UtteranceSegmenter

logger = logging.getLogger(__name__)

INTERIM_EVERY_S = 0.4
KNOWN_CONFIDENCE = 0.95
"""Of words that were not recognised but known: as a good line gives them."""


class ListenApi:
    """Accepts listeners, and throws them out when the provider is to fail or to stop."""

    def __init__(self, recogniser: Recogniser, known: KnownLines, behaviour: Behaviour) -> None:
        self._recogniser = recogniser
        self._known = known
        self._behaviour = behaviour
        self._agents: set[web.WebSocketResponse] = set()
        self._customers: set[web.WebSocketResponse] = set()

    def routes(self) -> list[web.RouteDef]:
        return [web.get("/deepgram/v1/listen", self.listen)]

    async def listen(self, request: web.Request) -> web.StreamResponse:
        """A WebSocket: audio and control messages in, SpeechStarted and Results out."""
        try:
            options = ListenOptions.parse(request.query)
        except ValueError as error:
            return bad_request(ProviderPart.LISTEN, str(error))
        customer = CUSTOMER_HEADER in request.headers
        fault = Fault.OK if customer else self._behaviour.take(ProviderPart.LISTEN)
        if fault is Fault.REFUSE:
            return refused(ProviderPart.LISTEN)
        if fault is Fault.HANG:
            await hang()
        socket = web.WebSocketResponse(heartbeat=30.0)
        socket.headers[LABEL] = ProviderPart.LISTEN
        await socket.prepare(request)
        behaviour = Behaviour() if customer else self._behaviour
        listener = _Listener(
            socket,
            options,
            self._recogniser,
            self._known,
            behaviour,
            spoilt=fault is Fault.GARBAGE,
        )
        connected = self._customers if customer else self._agents
        connected.add(socket)
        try:
            await listener.run()
        finally:
            connected.discard(socket)
        return socket

    @property
    def connected(self) -> int:
        """How many agents listen now."""
        return len(self._agents)

    async def faults_changed(self) -> None:
        """A provider that goes down takes its open connections with it."""
        if self._behaviour.current(ProviderPart.LISTEN) is Fault.REFUSE:
            await self._close(self._agents)

    async def close(self) -> None:
        """Tell everybody that the server goes away."""
        await self._close(self._agents | self._customers)

    async def _close(self, sockets: set[web.WebSocketResponse]) -> None:
        await asyncio.gather(
            *(socket.close(code=WSCloseCode.GOING_AWAY) for socket in list(sockets))
        )


class _Listener:
    """One connection. Finals keep their order; an interim is dropped rather than late."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        options: ListenOptions,
        recogniser: Recogniser,
        known: KnownLines,
        behaviour: Behaviour,
        *,
        spoilt: bool,
    ) -> None:
        self._socket = socket
        self._options = options
        self._recogniser = recogniser
        self._known = known
        self._behaviour = behaviour
        self._spoilt = spoilt
        self._gate = UtteranceSegmenter(options.end_silence)
        self._resampler = (
            None
            if options.sample_rate == SAMPLE_RATE
            else rtc.AudioResampler(options.sample_rate, SAMPLE_RATE)
        )
        self._request_id = str(uuid.uuid4())
        self._finals: asyncio.Queue[Ended | None] = asyncio.Queue()
        self._interim: asyncio.Task[None] | None = None
        self._last_interim = 0.0
        self._owes_utterance_end = False
        self._last_word_end = 0.0

    async def run(self) -> None:
        """Until the client closes the stream or goes away."""
        finals = asyncio.create_task(self._send_finals())
        try:
            async for message in self._socket:
                if message.type is WSMsgType.BINARY:
                    await self._heard(self._to_pcm(message.data))
                elif message.type is WSMsgType.TEXT and not await self._told(message.data):
                    break
            # The finals that are owed go out before the goodbye, unless nobody is there.
            self._finals.put_nowait(None)
            if not self._socket.closed:
                await finals
                await self._send({"type": "Metadata", **self._metadata()})
                await self._socket.close()
        except ConnectionError:
            logger.debug("listener gone", extra={"request_id": self._request_id})
        finally:
            for task in (finals, self._interim):
                if task is not None:
                    task.cancel()
            await asyncio.gather(
                *(task for task in (finals, self._interim) if task is not None),
                return_exceptions=True,
            )

    async def _told(self, data: str) -> bool:
        """Obey a control message; False: the stream is closed."""
        try:
            kind = json.loads(data)["type"]
        except (ValueError, KeyError, TypeError):
            await self._send({"type": "Error", "description": "not a control message"})
            return True
        if kind in ("Finalize", "CloseStream"):
            ended = self._gate.cut()
            if ended is not None:
                self._finals.put_nowait(ended)
        return bool(kind != "CloseStream")

    async def _heard(self, pcm: Pcm) -> None:
        if self._behaviour.current(ProviderPart.LISTEN) is Fault.HANG:
            return
        for event in self._gate.feed(pcm):
            if isinstance(event, Started):
                self._last_interim = self._gate.position
                self._owes_utterance_end = False
                await self._send(
                    {"type": "SpeechStarted", "channel": [0, 1], "timestamp": event.at}
                )
            else:
                self._finals.put_nowait(event)
                self._owes_utterance_end = event.complete
                self._last_word_end = event.end
        await self._maybe_interim()
        await self._maybe_utterance_end()

    async def _maybe_interim(self) -> None:
        due = self._gate.position - self._last_interim >= INTERIM_EVERY_S
        if not (self._options.interim and self._gate.speaking and due):
            return
        if self._interim is None or self._interim.done():
            self._last_interim = self._gate.position
            self._interim = asyncio.create_task(self._send_interim())

    async def _send_interim(self) -> None:
        start = self._gate.position - self._gate.spoken_for
        end = self._gate.position
        so_far = self._gate.so_far()
        recognised = await self._by_text(so_far) or await self._recogniser.interim(so_far)
        # Meanwhile the utterance may have ended: its final is on the way and says it better.
        if recognised is None or not recognised.text or not self._gate.speaking:
            return
        await self._results(recognised, start, end, final=False, endpoint=False)

    async def _send_finals(self) -> None:
        while (ended := await self._finals.get()) is not None:
            asked = time.monotonic()
            known = await self._by_text(ended.pcm)
            recognised = known or await self._recogniser.final(ended.pcm)
            await not_before(asked, self._behaviour.latency.stt_ms)
            await self._results(
                recognised,
                ended.start,
                ended.end,
                final=True,
                endpoint=ended.complete,
            )

    async def _by_text(self, pcm: Pcm) -> Recognised | None:
        """What was said, where its sound is one that we made from a text ourselves."""
        known = await asyncio.to_thread(self._known.find, pcm)
        if known is None:
            return None
        return Recognised(known.text, KNOWN_CONFIDENCE, known.language, by_text=True)

    async def _maybe_utterance_end(self) -> None:
        after = self._options.utterance_end
        if after is None or not self._owes_utterance_end:
            return
        if self._gate.position - self._last_word_end >= after:
            self._owes_utterance_end = False
            await self._send(
                {
                    "type": "UtteranceEnd",
                    "channel": [0, 1],
                    "last_word_end": round(self._last_word_end, 3),
                }
            )

    async def _results(
        self, recognised: Recognised, start: float, end: float, *, final: bool, endpoint: bool
    ) -> None:
        text, confidence = recognised.text, recognised.confidence
        alternative: dict[str, object] = {
            "transcript": text,
            "confidence": round(confidence, 3),
            "words": timed_words(text, confidence, start, end),
        }
        if self._options.multilingual and text:
            alternative["languages"] = [recognised.language]
        metadata = self._metadata()
        if recognised.by_text:
            metadata["by_text"] = True  # nobody takes this for something that was recognised
        await self._send(
            {
                "type": "Results",
                "channel_index": [0, 1],
                "start": round(start, 3),
                "duration": round(end - start, 3),
                "is_final": final,
                "speech_final": endpoint,
                "metadata": metadata,
                "channel": {"alternatives": [alternative]},
            }
        )

    def _metadata(self) -> dict[str, object]:
        return {"request_id": self._request_id, "model_info": {"name": MODEL}}

    async def _send(self, message: Mapping[str, object]) -> None:
        if self._socket.closed:
            return
        text = json.dumps(message)
        await self._socket.send_str(text[: len(text) // 2] if self._spoilt else text)

    def _to_pcm(self, data: bytes) -> Pcm:
        if self._resampler is None:
            return np.frombuffer(data, "<i2")
        frames = self._resampler.push(bytearray(data))
        return np.concatenate(
            [np.zeros(0, np.int16), *(np.frombuffer(frame.data, np.int16) for frame in frames)]
        )
