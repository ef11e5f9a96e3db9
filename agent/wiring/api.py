"""The API process, put together."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from uuid import uuid4

import structlog
import uvicorn

from agent.api.access import Gatekeeper
from agent.api.app import build_app, public_paths
from agent.api.parts import ApiParts
from agent.api.rate_limits import RateLimiter, RateLimits
from agent.errors import SettingsError
from agent.playbook.load import playbook_names
from agent.settings import Environment, Settings
from agent.store.attempts import AttemptStore
from agent.store.call_list import CallList
from agent.store.calls import CallStore
from agent.store.database import Database
from agent.store.heartbeats import HeartbeatStore, ProcessKind
from agent.store.kill_switch import KillSwitchStore
from agent.store.opt_outs import OptOutList
from agent.store.statistics import ActivityStore
from agent.store.trunks import TrunkStore
from agent.store.webhook_freshness import WebhookFreshness
from agent.telephony.livekit_api import client
from agent.telephony.rooms import LiveKitOverview
from agent.wiring.dialling import trunk_name
from agent.wiring.process import keep_beating
from agent.wiring.production import check_exposure
from agent.wiring.rules import gate_rules, home_country, watch_thresholds
from agent.wiring.tokens import build_verifier
from agent.wiring.webhooks import webhook_receiver

log = structlog.get_logger(__name__)

_POOL = 8
_KEEP_ALIVE_SECONDS = 20
_CONCURRENT_REQUESTS = 200
_GRACE_SECONDS = 15
"""How long requests that are being answered may still take after SIGTERM."""


async def run_api(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. Raises CallError for what a person can mend."""
    check_exposure(settings)
    listening = _listen(settings)
    with listening:
        async with api_parts(settings) as parts, _beating(settings):
            server = _Server(
                uvicorn.Config(
                    build_app(parts),
                    log_config=None,
                    access_log=False,  # ours knows no numbers; theirs prints paths and queries
                    server_header=False,
                    lifespan="off",
                    limit_concurrency=_CONCURRENT_REQUESTS,
                    timeout_keep_alive=_KEEP_ALIVE_SECONDS,
                    timeout_graceful_shutdown=_GRACE_SECONDS,
                )
            )
            host, port = listening.getsockname()[:2]
            log.info("api_listens", host=host, port=port)
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGINT):
                loop.add_signal_handler(number, server.handle_exit, number, None)
            await server.serve(sockets=[listening])


class _Server(uvicorn.Server):
    """uvicorn, which ends by returning instead of by the signal that told it to."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Its own raises the signal again at the end: our connections would stay open."""
        yield


@asynccontextmanager
async def api_parts(settings: Settings) -> AsyncIterator[ApiParts]:
    """Everything the routes need, open for the length of the block."""
    settings.need("LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET", "DATABASE_URL")
    verifier = build_verifier(settings)
    limits = RateLimits(settings.api_requests_per_minute, settings.api_requests_per_minute_overall)
    docs_open = settings.api_docs and settings.environment is not Environment.PRODUCTION
    async with (
        Database(settings.database_url or "", max_size=_POOL) as database,
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
            rules=gate_rules(settings),
            thresholds=watch_thresholds(settings),
            playbooks=frozenset(playbook_names(settings.prompts_dir)),
            country=home_country(settings),
            outbound_trunk=trunk_name(),
            recordings_dir=settings.recordings_dir,
            now=partial(datetime.now, UTC),
            new_id=uuid4,
            docs_open=docs_open,
            webhooks=webhooks,
        )


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
async def _beating(settings: Settings) -> AsyncIterator[None]:
    """Say that this process lives, for the length of the block."""
    beating = asyncio.create_task(keep_beating(settings, ProcessKind.API), name="heartbeats")
    try:
        yield
    finally:
        beating.cancel()
        with suppress(asyncio.CancelledError):
            await beating
