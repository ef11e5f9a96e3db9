"""The API process, put together."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from uuid import uuid4

import structlog

from agent.api.access import Gatekeeper
from agent.api.app import build_app, public_paths
from agent.api.parts import ApiParts
from agent.api.rate_limits import RateLimiter, RateLimits
from agent.api.tokens import build_verifier
from agent.api.webhook_receiver import WebhookReceiver
from agent.doctor.exposure import check_exposure
from agent.errors import SettingsError
from agent.playbook.load import playbook_names
from agent.settings import Environment, Settings
from agent.store.attempts import AttemptStore
from agent.store.call_list import CallList
from agent.store.calls import CallStore
from agent.store.connections import API_POOL, API_WEBHOOK_POOL
from agent.store.database import Database
from agent.store.heartbeats import HeartbeatStore, ProcessKind
from agent.store.kill_switch import KillSwitchStore
from agent.store.opt_outs import OptOutList
from agent.store.statistics import ActivityStore
from agent.store.trunks import TrunkStore
from agent.store.webhook_freshness import WebhookFreshness
from agent.store.webhook_inbox import WebhookInbox
from agent.store.webhook_links import WebhookLinks, keep_linking
from agent.telephony.livekit_api import client
from agent.telephony.livekit_webhooks import LiveKitSignatures
from agent.telephony.rooms import LiveKitOverview
from agent.telephony.telnyx_signatures import TelnyxSignatures
from agent.wiring.outbound_calls import outbound_settings
from agent.wiring.process import keep_beating
from agent.wiring.web_server import WebServer

log = structlog.get_logger(__name__)

_GRACE_SECONDS = 15
"""How long requests that are being answered may still take after SIGTERM."""


async def run_api(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. Raises CallError for what a person can fix."""
    check_exposure(settings)
    listening = _listen(settings)
    with listening:
        async with (
            api_parts(settings) as parts,
            _meanwhile(keep_beating(settings, ProcessKind.API)),
        ):
            server = WebServer(build_app(parts), at_once=None, grace=_GRACE_SECONDS)
            host, port = listening.getsockname()[:2]
            log.info("api_listens", host=host, port=port)
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, server.handle_exit, number, None)
            await server.serve(sockets=[listening])


@asynccontextmanager
async def api_parts(settings: Settings) -> AsyncIterator[ApiParts]:
    """Everything the routes need, open for the length of the block."""
    settings.need("LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET", "DATABASE_URL")
    verifier = build_verifier(settings)
    outbound = outbound_settings(settings)
    limits = RateLimits(settings.api_requests_per_minute, settings.api_requests_per_minute_overall)
    docs_open = settings.api_docs and settings.environment is not Environment.PRODUCTION
    async with (
        Database(settings.database_url or "", max_size=API_POOL) as database,
        client(settings) as livekit,
        webhook_receiver(settings) as webhooks,
    ):
        yield ApiParts(
            gatekeeper=Gatekeeper(
                verifier,
                RateLimiter(limits, settings.redis_url),
                public_paths(docs_open=docs_open),
            ),
            attempts=AttemptStore(database),
            calls=CallStore(database),
            call_list=CallList(database),
            opt_outs=OptOutList(database),
            heartbeats=HeartbeatStore(database),
            activity=ActivityStore(database),
            trunks=TrunkStore(database),
            kill_switch=KillSwitchStore(database),
            freshness=WebhookFreshness(database),
            livekit=LiveKitOverview(livekit),
            rules=outbound.rules,
            thresholds=outbound.thresholds,
            playbooks=frozenset(playbook_names(settings.prompts_dir)),
            country=outbound.home_country,
            outbound_trunk=outbound.trunk,
            recordings_dir=settings.recordings_dir,
            now=partial(datetime.now, UTC),
            new_id=uuid4,
            docs_open=docs_open,
            webhooks=webhooks,
        )


@asynccontextmanager
async def webhook_receiver(settings: Settings) -> AsyncIterator[WebhookReceiver]:
    """Open for the length of the block. Raises SettingsError for a key that cannot be read."""
    now = partial(datetime.now, UTC)
    keys = (settings.telnyx_public_key, settings.telnyx_public_key_old)
    telnyx = TelnyxSignatures([key for key in keys if key], now)
    livekit = LiveKitSignatures(settings.livekit_api_key or "", settings.livekit_api_secret or "")
    async with Database(settings.database_url or "", max_size=API_WEBHOOK_POOL) as database:
        inbox = WebhookInbox(database, now)
        linking = keep_linking(WebhookLinks(database), inbox.stored)
        async with _meanwhile(inbox.run(), linking):
            yield WebhookReceiver(telnyx, livekit, inbox, now)


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.api_host else socket.AF_INET
    try:
        return socket.create_server(
            (settings.api_host, settings.api_port), family=family, backlog=512
        )
    except OSError as error:
        raise SettingsError(
            f"API_PORT: {settings.api_host}:{settings.api_port} cannot be listened on "
            f"({error.strerror}); set API_PORT to a free port, or 0 for any"
        ) from None


@asynccontextmanager
async def _meanwhile(*work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Run all of it for the length of the block."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task
