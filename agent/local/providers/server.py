"""The HTTP server of the providers' stand-in: its routes, its faults and its delays."""

import argparse
import asyncio
import contextlib
import logging
import signal
from datetime import datetime
from pathlib import Path

from aiohttp import web
from pydantic import ValidationError

from agent.errors import StackError
from agent.local.providers.answers import LABEL, bad_request
from agent.local.providers.chat_api import ChatApi
from agent.local.providers.faults import Behaviour, FaultOrder, Latency, ProviderPart
from agent.local.providers.known_lines import KnownLines
from agent.local.providers.listen_api import ListenApi
from agent.local.providers.recognition import Recogniser
from agent.local.providers.speak_api import SpeakApi
from agent.local.providers.speech_api import SpeechApi
from agent.local.providers.voices import Voices

logger = logging.getLogger(__name__)

LARGEST_UPLOAD = 25 * 2**20
"""Bytes; OpenAI's own limit for a recording to transcribe."""

GRACE_S = 0.25
"""How long a request that runs may go on after SIGTERM."""


class Providers:
    """The server. `start`, then `close`; the port is free again when `close` returns."""

    def __init__(self, behaviour: Behaviour, default: str, folder: Path) -> None:
        """Loads the models (about a second). Raises ScenarioError."""
        self._behaviour = behaviour
        self._chat = ChatApi(
            behaviour, default=default, folder=folder, now=lambda: datetime.now().astimezone()
        )
        self._recogniser = Recogniser()
        self._voices = Voices()
        known = KnownLines()
        self._listen = ListenApi(self._recogniser, known, behaviour)
        self._speak = SpeakApi(self._voices, behaviour)
        app = web.Application(client_max_size=LARGEST_UPLOAD)
        app.add_routes(
            [
                *self._chat.routes(),
                *SpeechApi(self._voices, self._recogniser, known, behaviour).routes(),
                *self._listen.routes(),
                *self._speak.routes(),
                web.get("/healthz", self._health),
                web.get("/stand-in", self._state),
                web.put("/stand-in/latency", self._set_latency),
                web.put("/stand-in/faults", self._set_faults),
            ]
        )
        # Cancelled with the client, or a request that was told to hang would stay for ever.
        self._runner = web.AppRunner(
            app, handler_cancellation=True, shutdown_timeout=GRACE_S, access_log=None
        )

    async def start(self, host: str, port: int) -> None:
        """Listen. Raises StackError when the port is taken."""
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, host, port).start()
        except OSError as error:
            await self._runner.cleanup()
            raise StackError(
                f"the providers' stand-in cannot listen on {host}:{port} ({error.strerror}): "
                "free that port or choose another"
            ) from None

    async def close(self) -> None:
        """Stop listening, end what runs."""
        await self._listen.close()
        await self._speak.close()
        await self._runner.cleanup()
        self._recogniser.close()
        self._voices.close()

    async def _health(self, request: web.Request) -> web.Response:
        return web.json_response({"status": "ok"}, headers={LABEL: "providers"})

    async def _state(self, request: web.Request) -> web.Response:
        return web.json_response(
            {
                "latency": self._behaviour.latency.model_dump(),
                "faults": {part: self._behaviour.current(part) for part in ProviderPart},
                "listening": self._listen.connected,
            },
            headers={LABEL: "providers"},
        )

    async def _set_latency(self, request: web.Request) -> web.Response:
        try:
            wanted = Latency.model_validate_json(await request.read())
        except ValidationError as error:
            return bad_request(ProviderPart.CHAT, str(error))
        changes = wanted.model_dump(exclude_unset=True)
        self._behaviour.latency = self._behaviour.latency.model_copy(update=changes)
        return await self._state(request)

    async def _set_faults(self, request: web.Request) -> web.Response:
        try:
            self._behaviour.order(FaultOrder.model_validate_json(await request.read()))
        except ValidationError as error:
            return bad_request(ProviderPart.CHAT, str(error))
        await self._listen.faults_changed()
        await self._speak.faults_changed()
        return await self._state(request)


async def serve(options: argparse.Namespace) -> None:
    """Run until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    latency = Latency(llm_ms=options.llm_ms, tts_ms=options.tts_ms, stt_ms=options.stt_ms)
    providers = Providers(Behaviour(latency), options.default, options.scenarios)
    await providers.start(options.host, options.port)
    logger.info("providers' stand-in listens on %s:%d", options.host, options.port)
    try:
        await stop.wait()
    finally:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(providers.close(), 2 * GRACE_S)
